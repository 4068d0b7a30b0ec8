//! SQUARE: `y = x * x`, element by element, in float.
//!
//! Source: TensorFlow Lite Micro, `SquareEval`.

use crate::elementwise::float_elementwise;

float_elementwise!("SQUARE", "NaN stays NaN.", |x: f32| x * x);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[-3.0, 0.5, 0.0], &mut output), Ok(()));
        assert_eq!(output, [9.0, 0.25, 0.0]);
        assert!(kernel.run(&[0.0; 2], &mut output).is_err());
    }
}
