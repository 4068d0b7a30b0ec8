//! Signal front ends: from samples to the features that a network sees, in training and on the device.
//!
//! A front end is a specification, which `new` checks (at compile time in firmware), and tables, which the host makes
//! (`tables`) and the device has as constants. Memory is the caller's. Float sums run in order without fused
//! multiply-add and functions are those of [`smidgen_kernels::float`], so host and device agree on every bit.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "tables"))]
extern crate std;

pub mod beats;
pub mod decision;
pub mod filter;
pub mod image;
pub mod mel;
pub mod mfcc;
pub mod micro_speech;
pub mod normalise;
pub mod spectral;
pub mod statistics;
pub mod stream;
#[cfg(any(test, feature = "tables"))]
pub mod tables;
pub mod wavelet;

pub use smidgen_kernels::{InvalidSpec, WrongLength};

/// [`WrongLength`] unless a slice has the expected length.
fn length(operand: &'static str, found: usize, expected: usize) -> Result<(), WrongLength> {
    if found == expected { Ok(()) } else { Err(WrongLength { operand, expected, found }) }
}

/// The `?` operator of a `const fn`.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

/// Returns the error when the condition does not hold. For `const fn new`.
macro_rules! ensure {
    ($condition:expr, $reason:expr) => {
        if !$condition {
            return Err($crate::InvalidSpec { reason: $reason });
        }
    };
}

use {attempt, ensure};
