//! RELU_N1_TO_1: `y = min(max(x, -1), 1)`, element by element.
//!
//! Source: LiteRT, `QuantizedReluX` and `Relu1Eval`; TensorFlow Lite Micro has no such kernel. Int8 is rescaled as by
//! RELU, with other bounds.

use crate::elementwise::float_elementwise;
use crate::float;

pub use super::relu::{Int8, Int8Spec};

float_elementwise!("RELU_N1_TO_1", "NaN stays NaN.", |x: f32| float::clamp(x, -1.0, 1.0));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[-3.0, 0.5, 2.0], &mut output), Ok(()));
        assert_eq!(output, [-1.0, 0.5, 1.0]);
        // Scales 1/64 and 1/32, zero points 4 and 2: 84 is 1.25 and -96 is -1.5625.
        let spec = Int8Spec {
            len: 3,
            input_zero_point: 4,
            output_zero_point: 2,
            multiplier: 1 << 30,
            shift: 0,
            act_min: -30,
            act_max: 34,
        };
        let mut output = [0; 3];
        assert_eq!(Int8::new(spec).unwrap().run(&[-96, 24, 84], &mut output), Ok(()));
        assert_eq!(output, [-30, 12, 34]);
    }
}
