//! NEG: `y = -x`, element by element.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Negate`.

use crate::elementwise::float_elementwise;

float_elementwise!("NEG", "NaN stays NaN.", |x: f32| -x);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[-2.0, 0.5, f32::INFINITY], &mut output), Ok(()));
        assert_eq!(output, [2.0, -0.5, f32::NEG_INFINITY]);
    }
}
