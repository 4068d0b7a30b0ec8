//! HARD_SWISH: `y = x * min(max(x + 3, 0), 6) / 6`, element by element.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::HardSwish` for float and int8. Int8 results are looked up in a table
//! that [`int8_table`] fills with the 16-bit arithmetic of the source.

use crate::elementwise::{float_elementwise, table};
use crate::error::{ensure, zero_point};
use crate::fixed::{clamp, rounding_divide_by_pot};
use crate::{InvalidSpec, float};

pub use crate::elementwise::{Int8, Int8Spec};

float_elementwise!("HARD_SWISH", "NaN stays NaN.", |x: f32| x * float::clamp(x + 3.0, 0.0, 6.0) / 6.0);

/// What the table of an int8 HARD_SWISH is made from. Multipliers are Q0.15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// `input scale / 128 / output scale` …
    pub output_multiplier: i32,
    /// … and its exponent, in `-31..=0`.
    pub output_shift: i32,
    /// `input scale / 128 * 32768 / 3`: takes a real 3 to 1 …
    pub gate_multiplier: i32,
    /// … and its exponent, in `-31..=31`.
    pub gate_shift: i32,
}

/// The table of an int8 HARD_SWISH.
pub fn int8_table(spec: TableSpec) -> Result<[i8; 256], InvalidSpec> {
    zero_point(spec.input_zero_point)?;
    zero_point(spec.output_zero_point)?;
    let is_q15 = |multiplier: i32| (0..=i32::from(i16::MAX)).contains(&multiplier);
    ensure!(
        is_q15(spec.output_multiplier) && is_q15(spec.gate_multiplier),
        "multipliers of HARD_SWISH must be in 0..=32767"
    );
    ensure!(
        (-31..=0).contains(&spec.output_shift) && (-31..=31).contains(&spec.gate_shift),
        "shifts of HARD_SWISH must be in -31..=0 and -31..=31"
    );
    Ok(table(|x| {
        // 9 bits become the upper ones of 16.
        let x = (i32::from(x) - spec.input_zero_point) << 7;
        let scaled = high_mul(x, spec.output_multiplier);
        let gate = (gate(x, spec) + (1 << 15)) >> 1;
        // Not rounded but cut off, as the source explains by a bias.
        let product = gate * scaled / (1 << 15);
        let y = rounding_divide_by_pot(product, spec.output_shift.unsigned_abs());
        // The source adds the zero point in 16 bits.
        clamp(i32::from((y + spec.output_zero_point) as i16), -128, 127)
    }))
}

/// `x` on the scale where 3 is 1, saturated at 1 and -1, as Q0.15.
fn gate(x: i32, spec: TableSpec) -> i32 {
    if spec.gate_shift > 0 {
        // The last bit of the shift comes after the multiplication, so that saturation only happens there.
        let shifted = saturate(x.saturating_mul(1 << (spec.gate_shift - 1)));
        saturate(high_mul(shifted, spec.gate_multiplier) * 2)
    } else {
        rounding_divide_by_pot(high_mul(x, spec.gate_multiplier), spec.gate_shift.unsigned_abs())
    }
}

/// `a * b / 2^15`, rounded to nearest with halves towards plus infinity, for a `b` that is not negative.
fn high_mul(a: i32, b: i32) -> i32 {
    (a * b + (1 << 14)) >> 15
}

/// The nearest int16.
fn saturate(x: i32) -> i32 {
    x.clamp(i16::MIN.into(), i16::MAX.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_int8_table_is_within_a_step_of_the_real_function() {
        // Input and output scale 1/16: 1/128 is 2^14 / 2^15 * 2^-6; 32768 / 3 / 16 / 128 is 5 1/3 = 21845 / 2^15 * 2^3.
        let spec = TableSpec {
            input_zero_point: -2,
            output_zero_point: 4,
            output_multiplier: 1 << 14,
            output_shift: -6,
            gate_multiplier: 21_845,
            gate_shift: 3,
        };
        let table = int8_table(spec).unwrap();
        for x in i8::MIN..=i8::MAX {
            let real = f64::from(i32::from(x) + 2) / 16.0;
            let exact = real * (real + 3.0).clamp(0.0, 6.0) / 6.0 * 16.0 + 4.0;
            let y = f64::from(table[usize::from(x as u8)]);
            assert!((y - exact.min(127.0)).abs() <= 1.0, "{x}: {y} for {exact}");
        }
        assert!(int8_table(TableSpec { output_shift: 1, ..spec }).is_err());
        assert!(int8_table(TableSpec { gate_multiplier: 32_768, ..spec }).is_err());
    }

    #[test]
    fn float_values_by_hand() {
        let mut output = [0.0; 4];
        let kernel = Float32::new(Float32Spec { len: 4 }).unwrap();
        assert_eq!(kernel.run(&[-4.0, 0.0, 3.0, 10.0], &mut output), Ok(()));
        assert_eq!(output, [0.0, 0.0, 3.0, 10.0]);
    }
}
