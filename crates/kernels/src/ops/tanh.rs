//! TANH: `y = tanh(x)`, element by element.
//!
//! Source: TensorFlow Lite Micro, `reference_integer_ops::Tanh` for int8 and int16 and `reference_ops::Tanh`. Int8
//! results are looked up in a table that [`int8_table`] fills with gemmlowp's fixed-point function.

use crate::elementwise::float_elementwise;
use crate::error::{attempt, elements, length};
use crate::sigmoid::{self, Rescale};
use crate::{InvalidSpec, WrongLength, float, gemmlowp};

pub use super::logistic::TableSpec;
pub use crate::elementwise::{Int8, Int8Spec};

float_elementwise!("TANH", "NaN stays NaN.", float::tanh);

/// The table of an int8 TANH, whose output has scale 1/128 and zero point 0.
pub fn int8_table(spec: TableSpec) -> Result<[i8; 256], InvalidSpec> {
    spec.table(gemmlowp::tanh, 7, 0)
}

/// Everything about an int16 TANH that is known when it is compiled. The output has scale `2^-15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
    /// `input scale * 12288 * 2^shift`, rounded down; at most 32767.
    pub input_multiplier: i32,
    /// The shift, in `0..=31`.
    pub input_shift: i32,
}

/// Int16 TANH.
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
            *output = sigmoid::tanh(input, self.rescale);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_int8_table_is_within_a_step_of_the_real_function() {
        // Input scale 1/32: `2^27 / 32 = 2^22 = 2^30 / 2^31 * 2^23`.
        let spec = TableSpec {
            input_zero_point: -5,
            input_multiplier: 1 << 30,
            input_shift: 23,
            input_range_radius: 240,
        };
        let table = int8_table(spec).unwrap();
        for x in i8::MIN..=i8::MAX {
            let exact = (f64::from(i32::from(x) + 5) / 32.0).tanh() * 128.0;
            let y = f64::from(table[usize::from(x as u8)]);
            assert!((y - exact.min(127.0)).abs() <= 0.51, "{x}: {y} for {exact}");
        }
    }

    #[test]
    fn int16_is_close_to_the_real_function() {
        // Input scale 2^-12.
        let kernel = Int16::new(Int16Spec { len: 1, input_multiplier: 3, input_shift: 0 }).unwrap();
        let mut output = [0];
        for x in i16::MIN..=i16::MAX {
            assert_eq!(kernel.run(&[x], &mut output), Ok(()));
            let exact = 32_768.0 * (f64::from(x) / 4096.0).tanh();
            assert!((f64::from(output[0]) - exact).abs() <= 4.0, "{x}: {output:?} for {exact}");
        }
    }

    #[test]
    fn float_values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[0.0, 30.0, -30.0], &mut output), Ok(()));
        assert_eq!(output, [0.0, 1.0, -1.0]);
    }
}
