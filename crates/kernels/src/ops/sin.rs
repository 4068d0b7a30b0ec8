//! SIN: `y = sin(x)`, `x` in radians, element by element, in float.
//!
//! Source: TensorFlow Lite Micro, `SinEval`.

use crate::elementwise::float_elementwise;
use crate::float;

float_elementwise!("SIN", "Infinities give NaN.", float::sin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[0.0, core::f32::consts::FRAC_PI_2, 1000.0], &mut output), Ok(()));
        assert_eq!(output, [0.0, 1.0, 0.826_879_5]);
        assert!(kernel.run(&[0.0; 2], &mut output).is_err());
    }
}
