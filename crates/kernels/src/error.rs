//! What a specification or a call can get wrong, and the checks that find it.

use core::fmt;

/// A specification that no kernel can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidSpec {
    /// What was expected, in one sentence without a full stop.
    pub reason: &'static str,
}

impl fmt::Display for InvalidSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl core::error::Error for InvalidSpec {}

/// A slice whose length does not fit the specification of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongLength {
    /// The argument of `run`: `"input"`, `"filter"`, ….
    pub operand: &'static str,
    /// Elements that the specification asks for.
    pub expected: usize,
    /// Elements of the slice.
    pub found: usize,
}

impl fmt::Display for WrongLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {} elements, found {}", self.operand, self.expected, self.found)
    }
}

impl core::error::Error for WrongLength {}

/// Elements of the largest tensor: their count is an `i32` on every target.
const MAX_ELEMENTS: usize = i32::MAX as usize;

/// Returns the error when the condition does not hold. For `const fn new`.
macro_rules! ensure {
    ($condition:expr, $reason:expr) => {
        if !$condition {
            return Err($crate::InvalidSpec { reason: $reason });
        }
    };
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

pub(crate) use {attempt, ensure};

/// Elements of a shape whose extents are above 0 and whose product is at most `i32::MAX`.
pub(crate) const fn elements(extents: &[usize]) -> Result<usize, InvalidSpec> {
    let mut product = 1_usize;
    let mut at = 0;
    while at < extents.len() {
        ensure!(extents[at] > 0, "every extent must be at least 1");
        product = match product.checked_mul(extents[at]) {
            Some(product) if product <= MAX_ELEMENTS => product,
            _ => return Err(InvalidSpec { reason: "a tensor must have fewer than 2^31 elements" }),
        };
        at += 1;
    }
    Ok(product)
}

/// A zero point of an int8 tensor.
pub(crate) const fn zero_point(value: i32) -> Result<(), InvalidSpec> {
    ensure!(-128 <= value && value <= 127, "a zero point must be in -128..=127");
    Ok(())
}

/// A zero point of a tensor whose elements are in `low..=high`.
pub(crate) const fn within(zero_point: i32, low: i32, high: i32) -> Result<(), InvalidSpec> {
    ensure!(low <= zero_point && zero_point <= high, "a zero point must be in the range of its tensor");
    Ok(())
}

/// The bounds of an int8 activation.
pub(crate) const fn activation(min: i32, max: i32) -> Result<(), InvalidSpec> {
    ensure!(-128 <= min && min <= max && max <= 127, "activation bounds must be ordered and in -128..=127");
    Ok(())
}

/// The bounds of a float activation, finite because their text is a Rust literal.
pub(crate) const fn activation_f32(min: f32, max: f32) -> Result<(), InvalidSpec> {
    ensure!(min.is_finite() && max.is_finite() && min <= max, "activation bounds must be finite and ordered");
    Ok(())
}

/// A quantised multiplier `multiplier / 2^31 * 2^shift`.
pub(crate) const fn multiplier(multiplier: i32, shift: i32) -> Result<(), InvalidSpec> {
    ensure!(multiplier >= 0, "a quantised multiplier must not be negative");
    ensure!(-31 <= shift && shift <= 30, "a shift must be in -31..=30");
    Ok(())
}

/// A scale of a quantised tensor.
pub(crate) const fn scale(value: f32) -> Result<(), InvalidSpec> {
    ensure!(value.is_finite() && value > 0.0, "a scale must be finite and above 0");
    Ok(())
}

/// Fails unless an argument of `run` has the expected length.
#[inline]
pub(crate) fn length(operand: &'static str, found: usize, expected: usize) -> Result<(), WrongLength> {
    if found == expected { Ok(()) } else { Err(WrongLength { operand, expected, found }) }
}

/// Fails unless an optional argument of `run` is empty or has the expected length.
#[inline]
pub(crate) fn optional_length(
    operand: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), WrongLength> {
    if found == 0 { Ok(()) } else { length(operand, found, expected) }
}
