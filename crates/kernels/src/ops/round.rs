//! ROUND: `y` is the integer nearest to `x`, of two the even one, element by element, in float.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Round`.

use crate::elementwise::float_elementwise;
use crate::float;

float_elementwise!("ROUND", "NaN stays NaN.", float::round_ties_even);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[-1.5, 0.5, 2.75], &mut output), Ok(()));
        assert_eq!(output, [-2.0, 0.0, 3.0]);
        assert!(kernel.run(&[0.0; 2], &mut output).is_err());
    }
}
