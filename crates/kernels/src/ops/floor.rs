//! FLOOR: `y` is the largest integer that is not above `x`, element by element, in float.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Floor`.

use crate::elementwise::float_elementwise;
use crate::float;

float_elementwise!("FLOOR", "NaN stays NaN.", float::floor);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[-1.5, 0.25, 2.0], &mut output), Ok(()));
        assert_eq!(output, [-2.0, 0.0, 2.0]);
        assert!(kernel.run(&[0.0; 2], &mut output).is_err());
    }
}
