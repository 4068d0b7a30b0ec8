//! ABS: `y = |x|`, element by element.
//!
//! Source: TensorFlow Lite Micro, `AbsEvalQuantized`. Int8 results are looked up in a table that [`int8_table`] fills.

use crate::elementwise::{float_elementwise, table};
use crate::error::{attempt, elements, length, multiplier, zero_point};
use crate::fixed::{clamp, multiply_by_quantized_multiplier};
use crate::{InvalidSpec, WrongLength};

pub use crate::elementwise::{Int8, Int8Spec};

float_elementwise!("ABS", "NaN stays NaN.", f32::abs);

/// What the table of an int8 ABS is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// The int8 value of a real 0 in the input.
    pub input_zero_point: i32,
    /// The int8 value of a real 0 in the output.
    pub output_zero_point: i32,
    /// Input scale over output scale, a Q0.31 with its exponent in `-31..=30`; nothing if the scales are the same.
    pub rescale: Option<(i32, i32)>,
}

/// The table of an int8 ABS.
pub fn int8_table(spec: TableSpec) -> Result<[i8; 256], InvalidSpec> {
    zero_point(spec.input_zero_point)?;
    zero_point(spec.output_zero_point)?;
    if let Some((scale, shift)) = spec.rescale {
        multiplier(scale, shift)?;
    }
    Ok(table(|x| {
        let magnitude = (i32::from(x) - spec.input_zero_point).abs();
        let scaled = match spec.rescale {
            Some((multiplier, shift)) => multiply_by_quantized_multiplier(magnitude, multiplier, shift),
            None => magnitude,
        };
        clamp(scaled.wrapping_add(spec.output_zero_point), -128, 127)
    }))
}

/// Everything about an int16 ABS that is known when it is compiled. Zero points are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16Spec {
    /// Elements.
    pub len: usize,
    /// Input scale over output scale, a Q0.31: `2^30` with a shift of 1 keeps values as they are.
    pub multiplier: i32,
    /// Its exponent in `-31..=30`.
    pub shift: i32,
}

/// Int16 ABS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Int16Spec,
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Int16Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.len]));
        attempt!(multiplier(spec.multiplier, spec.shift));
        Ok(Self { spec })
    }

    /// Any shape, row-major.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        let Int16Spec { len, multiplier, shift } = self.spec;
        length("input", input.len(), len)?;
        length("output", output.len(), len)?;
        for (output, &input) in output.iter_mut().zip(input) {
            let scaled = multiply_by_quantized_multiplier(i32::from(input).abs(), multiplier, shift);
            *output = scaled.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let spec = TableSpec { input_zero_point: 3, output_zero_point: -128, rescale: None };
        let table = int8_table(spec).unwrap();
        let read = |x: i8| table[usize::from(x as u8)];
        assert_eq!([3, 4, 2, -128, 127].map(read), [-128, -127, -127, 3, -4]);
        let halved = int8_table(TableSpec { rescale: Some((1 << 30, 0)), ..spec }).unwrap();
        assert_eq!(halved[usize::from(-128_i8 as u8)], -62);
        assert!(int8_table(TableSpec { rescale: Some((-1, 0)), ..spec }).is_err());

        let mut output = [0; 3];
        let kernel = Int16::new(Int16Spec { len: 3, multiplier: 1 << 30, shift: 1 }).unwrap();
        assert_eq!(kernel.run(&[-32_768, -7, 7], &mut output), Ok(()));
        assert_eq!(output, [32_767, 7, 7]);

        let mut output = [0.0; 2];
        let kernel = Float32::new(Float32Spec { len: 2 }).unwrap();
        assert_eq!(kernel.run(&[-1.5, 2.0], &mut output), Ok(()));
        assert_eq!(output, [1.5, 2.0]);
    }
}
