//! CEIL: `y` is the smallest integer that is not below `x`, element by element, in float.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Ceil`.

use crate::elementwise::float_elementwise;
use crate::float;

float_elementwise!("CEIL", "NaN stays NaN.", float::ceil);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[-1.5, 0.25, 2.0], &mut output), Ok(()));
        assert_eq!(output, [-1.0, 1.0, 2.0]);
        assert!(kernel.run(&[0.0; 2], &mut output).is_err());
    }
}
