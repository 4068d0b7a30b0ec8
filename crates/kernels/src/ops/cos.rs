//! COS: `y = cos(x)`, `x` in radians, element by element, in float.
//!
//! Source: TensorFlow Lite Micro, `CosEval`.

use crate::elementwise::float_elementwise;
use crate::float;

float_elementwise!("COS", "Infinities give NaN.", float::cos);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[0.0, core::f32::consts::PI, 1000.0], &mut output), Ok(()));
        assert_eq!(output, [1.0, -1.0, 0.562_379_06]);
        assert!(kernel.run(&[0.0; 2], &mut output).is_err());
    }
}
