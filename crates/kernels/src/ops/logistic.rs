//! LOGISTIC: `y = 1 / (1 + exp(-x))`, element by element.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::Logistic` for int8 and int16 and `reference_ops::Logistic`.
//! Int8 results are looked up in a table that [`int8_table`] fills with gemmlowp's fixed-point function.

use crate::elementwise::{float_elementwise, table};
use crate::error::{attempt, elements, ensure, length, multiplier, zero_point};
use crate::fixed::{clamp, multiply_by_quantized_multiplier, rounding_divide_by_pot};
use crate::sigmoid::{self, Rescale};
use crate::{InvalidSpec, WrongLength, float, gemmlowp};

pub use crate::elementwise::{Int8, Int8Spec};

float_elementwise!("LOGISTIC", "NaN stays NaN.", float::logistic);

/// What the table of an int8 LOGISTIC or TANH is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// `input scale * 2^27` as a Q0.31 …
    pub input_multiplier: i32,
    /// … and its exponent.
    pub input_shift: i32,
    /// Inputs that are as far or further from the zero point have the smallest or largest result.
    pub input_range_radius: i32,
}

impl TableSpec {
    /// The table of a function from Q4.27 to Q0.31 whose results have that many fractional bits, and a zero point.
    pub(super) fn table(
        self,
        function: impl Fn(i32) -> i32,
        fraction_bits: u32,
        output_zero_point: i32,
    ) -> Result<[i8; 256], InvalidSpec> {
        zero_point(self.input_zero_point)?;
        multiplier(self.input_multiplier, self.input_shift)?;
        ensure!(self.input_range_radius >= 0, "the radius of the input range must not be negative");
        Ok(table(|x| {
            let x = i32::from(x) - self.input_zero_point;
            if x <= -self.input_range_radius {
                return i8::MIN;
            }
            if x >= self.input_range_radius {
                return i8::MAX;
            }
            let x = multiply_by_quantized_multiplier(x, self.input_multiplier, self.input_shift);
            let y = rounding_divide_by_pot(function(x), 31 - fraction_bits);
            clamp(y + output_zero_point, -128, 127)
        }))
    }
}

/// The table of an int8 LOGISTIC, whose output has scale 1/256 and zero point -128.
pub fn int8_table(spec: TableSpec) -> Result<[i8; 256], InvalidSpec> {
    spec.table(gemmlowp::logistic, 8, -128)
}

/// Everything about an int16 LOGISTIC that is known when it is compiled. The output has scale `2^-15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
    /// `input scale * 12288 * 2^shift`, rounded down; at most 32767.
    pub input_multiplier: i32,
    /// The shift, in `0..=31`.
    pub input_shift: i32,
}

/// Int16 LOGISTIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    len: usize,
    rescale: Rescale,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        let len = attempt!(elements(&[spec.len]));
        Ok(Self { len, rescale: attempt!(Rescale::new(spec.input_multiplier, spec.input_shift)) })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        length("input", input.len(), self.len)?;
        length("output", output.len(), self.len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            *output = sigmoid::logistic(input, self.rescale);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Input scale 1/16: `2^27 / 16 = 2^23`, and the radius is `15 * 2^27 / 2^23 / 16`.
    const SIXTEENTHS: TableSpec = TableSpec {
        input_zero_point: 3,
        input_multiplier: 1 << 30,
        input_shift: 24,
        input_range_radius: 120,
    };

    #[test]
    fn the_int8_table_is_within_a_step_of_the_real_function() {
        let table = int8_table(SIXTEENTHS).unwrap();
        for x in -117..=127_i8 {
            let real = f64::from(i32::from(x) - 3) / 16.0;
            let exact = (256.0 / (1.0 + (-real).exp()) - 128.0).min(127.0);
            let y = f64::from(table[usize::from(x as u8)]);
            assert!((y - exact).abs() <= 0.51, "{x}: {y} for {exact}");
        }
        assert_eq!(table[usize::from(-118_i8 as u8)], -128);
        assert!(int8_table(TableSpec { input_range_radius: -1, ..SIXTEENTHS }).is_err());
    }

    #[test]
    fn int16_is_close_to_the_real_function() {
        // Input scale 2^-12.
        let kernel = Int16::new(Int16Spec { len: 1, input_multiplier: 3, input_shift: 0 }).unwrap();
        let mut output = [0];
        for x in i16::MIN..=i16::MAX {
            assert_eq!(kernel.run(&[x], &mut output), Ok(()));
            let exact = 32_768.0 / (1.0 + (-f64::from(x) / 4096.0).exp());
            assert!((f64::from(output[0]) - exact).abs() <= 2.0, "{x}: {output:?} for {exact}");
        }
        for wrong in [(32_768, 0), (-1, 0), (1, 32), (1, -1)] {
            let spec = Int16Spec { len: 1, input_multiplier: wrong.0, input_shift: wrong.1 };
            assert!(Int16::new(spec).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn float_values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[0.0, 30.0, -200.0], &mut output), Ok(()));
        assert_eq!(output, [0.5, 1.0, 0.0]);
    }
}
