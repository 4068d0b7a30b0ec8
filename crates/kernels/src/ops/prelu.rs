//! PRELU: `y = x` where `x >= 0`, else `y = alpha * x`, element by element; an extent of 1 of alpha stretches.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::BroadcastPrelu4DSlow` and `BroadcastPrelu4DSlowFloat`. For int16 alpha
//! is int8.

use super::broadcast::Broadcast;
use crate::error::{attempt, ensure, multiplier};
use crate::fixed::{clamp, multiply_by_quantized_multiplier};
use crate::{InvalidSpec, WrongLength};

/// Everything about a quantised PRELU that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8Spec {
    /// Extents of the input with leading ones.
    pub input_shape: [usize; 6],
    /// Extents of alpha with leading ones.
    pub alpha_shape: [usize; 6],
    /// The quantised value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in alpha.
    pub alpha_zero_point: i32,
    /// The quantised value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Input scale over output scale, a Q0.31, for inputs that are not negative.
    pub identity_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub identity_shift: i32,
    /// Input scale times alpha's scale over output scale, a Q0.31, for negative inputs.
    pub alpha_multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub alpha_shift: i32,
}

/// Everything about a float PRELU that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32Spec {
    /// Extents of the input with leading ones.
    pub input_shape: [usize; 6],
    /// Extents of alpha with leading ones.
    pub alpha_shape: [usize; 6],
}

/// Int8 PRELU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    broadcast: Broadcast,
    spec: Int8Spec,
}

/// Int16 PRELU with int8 alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    broadcast: Broadcast,
    spec: Int8Spec,
}

/// Float PRELU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    broadcast: Broadcast,
}

impl Int8Spec {
    /// Checks everything, the zero points of input and output against the range of their type.
    const fn check(&self, low: i32, high: i32) -> Result<Broadcast, InvalidSpec> {
        ensure!(
            low <= self.input_zero_point
                && self.input_zero_point <= high
                && low <= self.output_zero_point
                && self.output_zero_point <= high
                && -128 <= self.alpha_zero_point
                && self.alpha_zero_point <= 127,
            "zero points of PRELU must be values of its types"
        );
        attempt!(multiplier(self.identity_multiplier, self.identity_shift));
        attempt!(multiplier(self.alpha_multiplier, self.alpha_shift));
        broadcast(self.input_shape, self.alpha_shape)
    }

    /// The result before it is clamped.
    #[inline(always)]
    fn apply(&self, x: i32, alpha: i8) -> i32 {
        let x = x - self.input_zero_point;
        let scaled = if x >= 0 {
            multiply_by_quantized_multiplier(x, self.identity_multiplier, self.identity_shift)
        } else {
            let product = x * (i32::from(alpha) - self.alpha_zero_point);
            multiply_by_quantized_multiplier(product, self.alpha_multiplier, self.alpha_shift)
        };
        scaled.wrapping_add(self.output_zero_point)
    }
}

/// Alpha stretched to the input, which has the shape of the output.
const fn broadcast(input: [usize; 6], alpha: [usize; 6]) -> Result<Broadcast, InvalidSpec> {
    let mut axis = 0;
    while axis < input.len() {
        ensure!(alpha[axis] == 1 || alpha[axis] == input[axis], "extents of alpha must be 1 or the input's");
        axis += 1;
    }
    Broadcast::new(input, alpha)
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { broadcast: attempt!(spec.check(-128, 127)), spec })
    }

    /// The output has the shape of the input.
    #[inline(never)]
    pub fn run(&self, input: &[i8], alpha: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        self.broadcast.check(input.len(), alpha.len(), output.len())?;
        self.broadcast
            .apply(input, alpha, output, |x, alpha| clamp(self.spec.apply(x.into(), alpha), -128, 127));
        Ok(())
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int8Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { broadcast: attempt!(spec.check(-32_768, 32_767)), spec })
    }

    /// The output has the shape of the input.
    #[inline(never)]
    pub fn run(&self, input: &[i16], alpha: &[i8], output: &mut [i16]) -> Result<(), WrongLength> {
        self.broadcast.check(input.len(), alpha.len(), output.len())?;
        self.broadcast.apply(input, alpha, output, |x, alpha| {
            self.spec.apply(x.into(), alpha).clamp(i16::MIN.into(), i16::MAX.into()) as i16
        });
        Ok(())
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Float32Spec) -> Result<Self, InvalidSpec> {
        Ok(Self { broadcast: attempt!(broadcast(spec.input_shape, spec.alpha_shape)) })
    }

    /// The output has the shape of the input. NaN stays NaN.
    #[inline(never)]
    pub fn run(&self, input: &[f32], alpha: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        self.broadcast.check(input.len(), alpha.len(), output.len())?;
        self.broadcast.apply(input, alpha, output, |x, alpha| if x >= 0.0 { x } else { x * alpha });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::{Random, scale};

    const SPEC: Int8Spec = Int8Spec {
        input_shape: [1, 1, 1, 1, 2, 2],
        alpha_shape: [1, 1, 1, 1, 1, 2],
        input_zero_point: 0,
        alpha_zero_point: 0,
        output_zero_point: 0,
        identity_multiplier: 1 << 30,
        identity_shift: 1,
        alpha_multiplier: 1 << 30,
        alpha_shift: -3,
    };

    #[test]
    fn values_by_hand() {
        // Alpha 8/16 and 24/16.
        let mut output = [0; 4];
        assert_eq!(Int8::new(SPEC).unwrap().run(&[-10, -10, 10, 7], &[8, 24], &mut output), Ok(()));
        assert_eq!(output, [-5, -15, 10, 7]);
        let mut output = [0; 4];
        let kernel = Int16::new(SPEC).unwrap();
        assert_eq!(kernel.run(&[-1000, -32_768, 10, 7], &[8, 24], &mut output), Ok(()));
        assert_eq!(output, [-500, -32_768, 10, 7]);
        let mut output = [0.0; 4];
        let spec = Float32Spec { input_shape: SPEC.input_shape, alpha_shape: SPEC.alpha_shape };
        let kernel = Float32::new(spec).unwrap();
        assert_eq!(kernel.run(&[-1.0, -2.0, 3.0, 4.0], &[0.5, 0.25], &mut output), Ok(()));
        assert_eq!(output, [-0.5, -0.5, 3.0, 4.0]);
    }

    #[test]
    fn random_values_equal_wide_integers() {
        for seed in 0..2000 {
            let random = &mut Random::new(seed);
            let spec = Int8Spec {
                input_shape: [1; 6],
                alpha_shape: [1; 6],
                input_zero_point: random.within(-128, 127) as i32,
                alpha_zero_point: random.within(-128, 127) as i32,
                output_zero_point: random.within(-128, 127) as i32,
                identity_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
                identity_shift: random.within(-5, 3) as i32,
                alpha_multiplier: random.within(1 << 30, i32::MAX.into()) as i32,
                alpha_shift: random.within(-12, 0) as i32,
            };
            let (x, alpha) = (random.bits() as i8, random.bits() as i8);
            let mut output = [0];
            assert_eq!(Int8::new(spec).unwrap().run(&[x], &[alpha], &mut output), Ok(()));
            let x = i128::from(x) - i128::from(spec.input_zero_point);
            let scaled = if x >= 0 {
                scale(x, spec.identity_multiplier, spec.identity_shift)
            } else {
                let product = x * (i128::from(alpha) - i128::from(spec.alpha_zero_point));
                scale(product, spec.alpha_multiplier, spec.alpha_shift)
            };
            let expected = (scaled + i128::from(spec.output_zero_point)).clamp(-128, 127);
            assert_eq!(i128::from(output[0]), expected, "seed {seed}");
        }
    }

    #[test]
    fn senseless_specifications_fail() {
        for wrong in [
            Int8Spec { alpha_shape: [1, 1, 1, 2, 1, 2], ..SPEC },
            Int8Spec { alpha_shape: [1, 1, 1, 1, 1, 3], ..SPEC },
            Int8Spec { alpha_multiplier: -1, ..SPEC },
            Int8Spec { input_zero_point: 128, ..SPEC },
        ] {
            assert!(Int8::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(Int16::new(Int8Spec { input_zero_point: 128, ..SPEC }).is_ok());
    }
}
