//! RSQRT: `y = 1 / sqrt(x)`, element by element.
//!
//! Source: TensorFlow Lite Micro, `RsqrtEvalQuantized`, for int8, looked up in a table that [`int8_table`] fills; LiteRT
//! for int16, interpolated in a table.

use crate::elementwise::{float_elementwise, table};
use crate::error::{ensure, multiplier, zero_point};
use crate::fixed::{clamp, multiply_by_quantized_multiplier};
use crate::{InvalidSpec, float, gemmlowp};

pub use crate::elementwise::{Int8, Int8Spec, Int16, Int16Spec};

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
        let (root, shift) = gemmlowp::inverse_square_root(x);
        let root = multiply_by_quantized_multiplier(1, root, shift + GAINED_BITS);
        let y = multiply_by_quantized_multiplier(root, spec.multiplier, spec.shift - GAINED_BITS);
        clamp(y.wrapping_add(spec.output_zero_point), -128, 127)
    }))
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
    fn float_values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[4.0, 0.25, 0.0], &mut output), Ok(()));
        assert_eq!(output, [0.5, 2.0, f32::INFINITY]);
    }
}
