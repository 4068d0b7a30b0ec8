//! Float arithmetic that is the same on host and device: no library, no fused multiply-add.

mod erf;
mod exp;
mod log;
mod round;
mod sqrt;
mod tanh;
mod trig;

pub use erf::erfc;
pub use exp::{exp, expm1};
pub use log::log;
pub use round::{ceil, floor, round, round_ties_even};
pub use sqrt::sqrt;
pub use tanh::{logistic, tanh};
pub use trig::{cos, sin};

/// `x` between bounds, NaN left as it is (TFLite's `ActivationFunctionWithMinMax`).
#[inline(always)]
pub fn clamp(x: f32, min: f32, max: f32) -> f32 {
    let x = if x < min { min } else { x };
    if max < x { max } else { x }
}

/// `x` with the bits of its mantissa from `low_bits` down cleared: a product with another such number is exact.
#[inline(always)]
fn leading(x: f32, low_bits: u32) -> f32 {
    f32::from_bits(x.to_bits() & (u32::MAX << low_bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance in units in the last place of the nearest float.
    pub(super) fn ulps(result: f32, exact: f64) -> f64 {
        let unit = f64::from((exact as f32).abs().next_up()) - f64::from((exact as f32).abs());
        (f64::from(result) - exact).abs() / unit
    }

    /// The largest distance over every `step`th float between `low` and `high`, which have the same sign.
    pub(super) fn worst(
        low: f32,
        high: f32,
        step: usize,
        f: impl Fn(f32) -> f32,
        exact: impl Fn(f64) -> f64,
    ) -> f64 {
        let (low, high) = (low.to_bits().min(high.to_bits()), low.to_bits().max(high.to_bits()));
        let floats = (low..=high).step_by(step).map(f32::from_bits);
        floats.fold(0.0, |worst, x| worst.max(ulps(f(x), exact(f64::from(x)))))
    }

    #[test]
    fn bounds_hold_and_nan_passes() {
        assert_eq!([-2.0, 0.5, 2.0].map(|x| clamp(x, -1.0, 1.0)), [-1.0, 0.5, 1.0]);
        assert!(clamp(f32::NAN, -1.0, 1.0).is_nan());
    }
}
