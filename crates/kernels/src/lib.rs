//! The quantised and float operators that run on the device, without allocation, panic or dependency.
//!
//! An operator is a module of [`ops`]. Its `Int8Spec` or `Float32Spec` says everything that is known when the network
//! is compiled; `Int8::new` checks it once, at compile time in firmware; `run` then checks the lengths of its slices
//! and has no way to fail after that. Int8 results equal the reference kernels of TensorFlow Lite Micro bit for bit.
//! Float sums run in order without fused multiply-add, so that host and device agree on every bit.
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(target_endian = "big")]
compile_error!("weights and tensors are little endian: big-endian targets are not supported");

mod elementwise;
mod error;
mod fixed;
pub mod float;
mod gemmlowp;
pub mod memory;
pub mod ops;
mod power;
mod rows;
mod shared;
mod sigmoid;
mod wide;
pub mod window;

pub use error::{InvalidSpec, WrongLength};
pub use shared::Shared;
