//! RSQRT: `y = 1 / sqrt(x)`, element by element.
//!
//! Source: TensorFlow Lite Micro, `RsqrtEvalQuantized`. Int8 results are looked up in a table that [`int8_table`] fills.

use crate::elementwise::{float_elementwise, table};
use crate::error::{attempt, elements, ensure, length, multiplier, zero_point};
use crate::fixed::{clamp, multiply_by_quantized_multiplier};
use crate::{InvalidSpec, WrongLength, float, gemmlowp};

pub use crate::elementwise::{Int8, Int8Spec};

float_elementwise!("RSQRT", "0 gives infinity, and what is below it NaN.", |x: f32| 1.0 / float::sqrt(x));

/// Bits that the root gains before it is scaled.
const GAINED_BITS: i32 = 20;

/// What the table of an int8 RSQRT is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// `1 / (sqrt(input scale) * output scale)`, a Q0.31.
    pub multiplier: i32,
    /// Its exponent in `-11..=30`.
    pub shift: i32,
}

/// The table of an int8 RSQRT. Inputs up to 0, which have no root, give the largest value.
pub fn int8_table(spec: TableSpec) -> Result<[i8; 256], InvalidSpec> {
    zero_point(spec.input_zero_point)?;
    zero_point(spec.output_zero_point)?;
    multiplier(spec.multiplier, spec.shift)?;
    ensure!(spec.shift >= GAINED_BITS - 31, "the shift of RSQRT must be at least -11");
    Ok(table(|x| {
        let x = i32::from(x) - spec.input_zero_point;
        if x <= 0 {
            return i8::MAX;
        }
        let y = inverse_root(x, spec.multiplier, spec.shift);
        clamp(y.wrapping_add(spec.output_zero_point), -128, 127)
    }))
}

/// `1 / sqrt(x)` of a positive `x`, scaled.
#[inline(always)]
fn inverse_root(x: i32, multiplier: i32, shift: i32) -> i32 {
    let (root, root_shift) = gemmlowp::inverse_square_root(x);
    let root = multiply_by_quantized_multiplier(1, root, root_shift + GAINED_BITS);
    multiply_by_quantized_multiplier(root, multiplier, shift - GAINED_BITS)
}

/// Everything about an int16 RSQRT that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
    /// `1 / (sqrt(input scale) * output scale)`, a Q0.31.
    pub multiplier: i32,
    /// Its exponent in `-11..=30`.
    pub shift: i32,
}

/// Int16 RSQRT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        attempt!(multiplier(spec.multiplier, spec.shift));
        ensure!(spec.shift >= GAINED_BITS - 31, "the shift of RSQRT must be at least -11");
        Ok(Self { spec })
    }

    /// Any shape, row-major. Inputs up to 0, which have no root, give the largest value.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        let Int16Spec { len, multiplier, shift } = self.spec;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = if input > 0 {
                inverse_root(input.into(), multiplier, shift).min(i16::MAX.into()) as i16
            } else {
                i16::MAX
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_int8_table_is_within_a_step_of_the_real_function() {
        // Input scale 1/4, output scale 1/32: 2 * 32 is 2^30 / 2^31 * 2^7.
        let spec =
            TableSpec { input_zero_point: -128, output_zero_point: -100, multiplier: 1 << 30, shift: 7 };
        let table = int8_table(spec).unwrap();
        for x in -127..=127_i8 {
            let exact = 32.0 / (f64::from(i32::from(x) + 128) / 4.0).sqrt() - 100.0;
            let y = f64::from(table[usize::from(x as u8)]);
            assert!((y - exact).abs() <= 0.51, "{x}: {y} for {exact}");
        }
        assert_eq!(table[128], 127);
        assert!(int8_table(TableSpec { shift: -12, ..spec }).is_err());
    }

    #[test]
    fn int16_is_close_to_the_real_function() {
        // Input scale 1/1024, output scale 1/512: 32 * 512 is 2^30 / 2^31 * 2^15.
        let kernel = Int16::new(Int16Spec { len: 1, multiplier: 1 << 30, shift: 15 }).unwrap();
        let mut output = [0];
        for x in 1..=i16::MAX {
            assert_eq!(kernel.run(&[x], &mut output), Ok(()));
            let exact = 512.0 / (f64::from(x) / 1024.0).sqrt();
            assert!((f64::from(output[0]) - exact).abs() <= 1.5, "{x}: {output:?} for {exact}");
        }
        assert_eq!(kernel.run(&[-1], &mut output), Ok(()));
        assert_eq!(output, [i16::MAX]);
    }

    #[test]
    fn float_values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[4.0, 0.25, 0.0], &mut output), Ok(()));
        assert_eq!(output, [0.5, 2.0, f32::INFINITY]);
    }
}
