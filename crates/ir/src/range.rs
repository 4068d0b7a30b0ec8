//! The interval of real values that an int8 tensor has to cover, and the scale and zero point that follow from it.

use crate::tensor::Quant;

/// Scales below this are not chosen: 6 in such steps, the bound of RELU6, still fits 32 bits.
const MIN_SCALE: f32 = 1e-8;

/// The least and the greatest value of a tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Least value.
    pub min: f32,
    /// Greatest value.
    pub max: f32,
}

impl Range {
    /// The range of `values`; `None` when there are none.
    ///
    /// # Errors
    /// The first value that is not finite.
    pub fn of(values: &[f32]) -> Result<Option<Self>, f32> {
        if let Some(&bad) = values.iter().find(|value| !value.is_finite()) {
            return Err(bad);
        }
        let min = values.iter().copied().reduce(f32::min);
        let max = values.iter().copied().reduce(f32::max);
        Ok(min.zip(max).map(|(min, max)| Range { min, max }))
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn union(self, other: Range) -> Range {
        Range { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// Asymmetric int8 (TFLite 8-bit quantisation specification): the range is widened to hold 0, its 255 steps are
    /// spread over -128..=127, and the zero point is rounded to an integer, so that real 0 is exact. A range of
    /// nothing but 0 gets scale 1.
    pub fn activation_quant(self) -> Quant {
        self.activation_quant_at_least(MIN_SCALE)
    }

    /// Symmetric int16 (TFLite 16x8 quantisation specification): the greatest magnitude is 32767 steps, zero point 0.
    pub fn activation_quant_16(self) -> Quant {
        let magnitude = self.min.abs().max(self.max.abs());
        Quant::per_tensor(symmetric_scale(magnitude, 32767.0).max(MIN_SCALE), 0)
    }

    /// [`Range::activation_quant`] with a scale of at least `min_scale`.
    pub fn activation_quant_at_least(self, min_scale: f32) -> Quant {
        let (min, max) = (self.min.min(0.0), self.max.max(0.0));
        // In double, because the difference of two finite floats may not be one.
        let scale = ((f64::from(max) - f64::from(min)) / 255.0) as f32;
        if scale == 0.0 {
            return Quant::per_tensor(min_scale.max(1.0), -128);
        }
        let scale = scale.max(min_scale);
        let zero_point = (-128.0 - min / scale).round().clamp(-128.0, 127.0);
        Quant::per_tensor(scale, zero_point as i32)
    }
}

/// The greatest step of symmetric weights of `bits` bits: 127 of 8, 7 of 4, 1 of 2. The least is its negative.
pub fn greatest_step(bits: u32) -> f32 {
    ((1u32 << (bits.clamp(2, 8) - 1)) - 1) as f32
}

/// Symmetric weights: the scale by which values of at most `magnitude` lie within `greatest` steps of 0; a sane one where that
/// would be 0 or too small to be normal.
pub fn symmetric_scale(magnitude: f32, greatest: f32) -> f32 {
    let scale = magnitude / greatest;
    if scale >= f32::MIN_POSITIVE { scale } else { 1.0 / greatest }
}

/// What weights are multiplied by to become steps. TensorFlow's converter divides the greatest step by the magnitude, which
/// may differ from the inverse of the scale in the last bit.
pub fn symmetric_factor(scale: f32, magnitude: f32, greatest: f32) -> f32 {
    if scale == magnitude / greatest { greatest / magnitude } else { 1.0 / scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quant(min: f32, max: f32) -> (f32, i32) {
        let quant = Range { min, max }.activation_quant();
        (quant.scales[0], quant.zero_points[0])
    }

    #[test]
    fn ranges_hold_zero_and_zero_points_are_nudged() {
        assert_eq!(quant(0.0, 2.55), (2.55 / 255.0, -128));
        assert_eq!(quant(-2.55, 0.0), (2.55 / 255.0, 127));
        assert_eq!(quant(-1.0, 1.0), (2.0 / 255.0, -1));
        assert_eq!(quant(1.0, 2.0).1, -128, "widened down to 0");
        assert_eq!(quant(-2.0, -1.0).1, 127, "widened up to 0");
        assert_eq!(quant(-0.1, 0.9).1, -103, "-102.5 rounds away from 0");
    }

    #[test]
    fn degenerate_ranges_have_sane_scales() {
        assert_eq!(quant(0.0, 0.0), (1.0, -128));
        assert_eq!(quant(0.0, 1e-30), (MIN_SCALE, -128));
        assert_eq!(quant(-1e-45, 1e-45), (1.0, -128), "a scale that underflows is none");
        let (scale, zero_point) = quant(f32::MIN, f32::MAX);
        assert!(scale.is_finite() && (-1..=0).contains(&zero_point));
    }

    #[test]
    fn range_of_values() {
        assert_eq!(Range::of(&[]), Ok(None));
        assert_eq!(Range::of(&[1.0, -2.0, 0.5]), Ok(Some(Range { min: -2.0, max: 1.0 })));
        assert!(Range::of(&[1.0, f32::NAN]).is_err());
        assert_eq!(Range::of(&[1.0, f32::INFINITY]), Err(f32::INFINITY));
        let union = Range { min: -1.0, max: 0.0 }.union(Range { min: 0.5, max: 2.0 });
        assert_eq!(union, Range { min: -1.0, max: 2.0 });
    }
}
