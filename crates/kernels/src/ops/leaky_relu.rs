//! LEAKY_RELU: `y = x` where `x >= 0`, else `y = alpha * x`, element by element.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::LeakyRelu` and `QuantizeLeakyRelu`. Int8 results are looked up in a
//! table that [`int8_table`] fills.

use crate::elementwise::table;
use crate::error::{attempt, elements, ensure, length};
use crate::fixed::{clamp, multiply_by_quantized_multiplier};
use crate::{InvalidSpec, WrongLength};

pub use crate::elementwise::{Int8, Int8Spec};

/// How both sides of a quantised LEAKY_RELU are rescaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// The quantised value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The quantised value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Input scale over output scale, a Q0.31, for inputs that are not negative.
    pub identity_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub identity_shift: i32,
    /// Alpha times input scale over output scale, a Q0.31 with the sign of alpha, for negative inputs.
    pub alpha_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub alpha_shift: i32,
}

/// Everything about an int16 LEAKY_RELU that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
    /// The int16 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int16 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Input scale over output scale, a Q0.31, for inputs that are not negative.
    pub identity_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub identity_shift: i32,
    /// Alpha times input scale over output scale, a Q0.31 with the sign of alpha, for negative inputs.
    pub alpha_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub alpha_shift: i32,
}

/// Everything about a float LEAKY_RELU that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32Spec {
    /// Elements.
    pub len: usize,
    /// Slope of the negative side.
    pub alpha: f32,
}

/// Int16 LEAKY_RELU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    len: usize,
    sides: TableSpec,
}

/// Float LEAKY_RELU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float32 {
    spec: Float32Spec,
}

impl TableSpec {
    /// Checks multipliers, shifts and that zero points are in that range.
    const fn check(self, low: i32, high: i32) -> Result<Self, InvalidSpec> {
        ensure!(
            low <= self.input_zero_point
                && self.input_zero_point <= high
                && low <= self.output_zero_point
                && self.output_zero_point <= high,
            "zero points of LEAKY_RELU must be values of its type"
        );
        ensure!(self.identity_multiplier >= 0, "the multiplier of the identity must not be negative");
        ensure!(
            -31 <= self.identity_shift
                && self.identity_shift <= 30
                && -31 <= self.alpha_shift
                && self.alpha_shift <= 30,
            "a shift must be in -31..=30"
        );
        Ok(self)
    }

    /// The result before it is clamped.
    #[inline(always)]
    fn apply(&self, x: i32) -> i32 {
        let x = x - self.input_zero_point;
        let (multiplier, shift) = if x >= 0 {
            (self.identity_multiplier, self.identity_shift)
        } else {
            (self.alpha_multiplier, self.alpha_shift)
        };
        multiply_by_quantized_multiplier(x, multiplier, shift).wrapping_add(self.output_zero_point)
    }
}

/// The table of an int8 LEAKY_RELU.
pub fn int8_table(spec: TableSpec) -> Result<[i8; 256], InvalidSpec> {
    let sides = spec.check(-128, 127)?;
    Ok(table(|x| clamp(sides.apply(x.into()), -128, 127)))
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        let sides = TableSpec {
            input_zero_point: spec.input_zero_point,
            output_zero_point: spec.output_zero_point,
            identity_multiplier: spec.identity_multiplier,
            identity_shift: spec.identity_shift,
            alpha_multiplier: spec.alpha_multiplier,
            alpha_shift: spec.alpha_shift,
        };
        Ok(Self { len: attempt!(elements(&[spec.len])), sides: attempt!(sides.check(-32_768, 32_767)) })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        length("input", input.len(), self.len)?;
        length("output", output.len(), self.len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = self.sides.apply(input.into()).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        ensure!(spec.alpha.is_finite(), "alpha of LEAKY_RELU must be finite");
        Ok(Self { spec })
    }

    /// Any shape, row-major. NaN stays NaN.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        length("input", input.len(), self.spec.len)?;
        length("output", output.len(), self.spec.len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = if input > 0.0 { input } else { input * self.spec.alpha };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::{Random, scale};

    /// Same scales, alpha 1/4.
    const QUARTER: TableSpec = TableSpec {
        input_zero_point: 1,
        output_zero_point: -2,
        identity_multiplier: 1 << 30,
        identity_shift: 1,
        alpha_multiplier: 1 << 30,
        alpha_shift: -1,
    };

    #[test]
    fn values_by_hand() {
        let table = int8_table(QUARTER).unwrap();
        let read = |x: i8| table[usize::from(x as u8)];
        assert_eq!([-128, -99, 1, 0, 9, 127].map(read), [-34, -27, -2, -2, 6, 124]);
        let negative = int8_table(TableSpec { alpha_multiplier: -(1 << 30), ..QUARTER }).unwrap();
        assert_eq!(negative[usize::from(-99_i8 as u8)], 23);
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3, alpha: 0.25 }).unwrap();
        assert_eq!(kernel.run(&[-2.0, 0.0, 3.0], &mut output), Ok(()));
        assert_eq!(output, [-0.5, 0.0, 3.0]);
    }

    #[test]
    fn random_int16_equals_wide_integers() {
        for seed in 0..2000 {
            let random = &mut Random::new(seed);
            let spec = Int16Spec {
                len: 1,
                input_zero_point: random.within(-32_768, 32_767) as i32,
                output_zero_point: random.within(-32_768, 32_767) as i32,
                identity_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
                identity_shift: random.within(-10, 5) as i32,
                alpha_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
                alpha_shift: random.within(-10, 5) as i32,
            };
            let x = random.bits() as i16;
            let mut output = [0];
            assert_eq!(Int16::new(spec).unwrap().run(&[x], &mut output), Ok(()));
            let centred = i128::from(x) - i128::from(spec.input_zero_point);
            let scaled = if centred >= 0 {
                scale(centred, spec.identity_multiplier, spec.identity_shift)
            } else {
                scale(centred, spec.alpha_multiplier, spec.alpha_shift)
            };
            let expected = (scaled + i128::from(spec.output_zero_point)).clamp(-32_768, 32_767);
            assert_eq!(i128::from(output[0]), expected, "seed {seed}: {spec:?} of {x}");
        }
    }

    #[test]
    fn senseless_specifications_fail() {
        for wrong in [
            TableSpec { input_zero_point: 128, ..QUARTER },
            TableSpec { identity_multiplier: -1, ..QUARTER },
            TableSpec { identity_shift: 31, ..QUARTER },
            TableSpec { alpha_shift: -32, ..QUARTER },
        ] {
            assert!(int8_table(wrong).is_err(), "{wrong:?}");
        }
        assert!(Float32::new(Float32Spec { len: 1, alpha: f32::INFINITY }).is_err());
    }
}
