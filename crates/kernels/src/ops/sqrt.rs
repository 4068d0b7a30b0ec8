//! SQRT: `y` is the square root of `x`, element by element.
//!
//! Source: TensorFlow Lite Micro, `SqrtEval`, for float; LiteRT, `SqrtEvalQuantized`, for int8, looked up in a table
//! made from the scales.

use crate::elementwise::float_elementwise;
use crate::float;

pub use crate::elementwise::{Int8, Int8Spec};

float_elementwise!("SQRT", "What is below 0 gives NaN.", float::sqrt);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[0.0, 2.0, 144.0], &mut output), Ok(()));
        assert_eq!(output, [0.0, core::f32::consts::SQRT_2, 12.0]);
    }
}
