//! ELU: `y = x` where `x >= 0`, else `y = exp(x) - 1`, element by element.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Elu`; int8 results are looked up in a table made from the scales.

use crate::elementwise::float_elementwise;
use crate::float;

pub use crate::elementwise::{Int8, Int8Spec};

float_elementwise!("ELU", "NaN stays NaN.", |x: f32| if x < 0.0 { float::expm1(x) } else { x });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 4];
        let kernel = Float32::new(Float32Spec { len: 4 }).unwrap();
        assert_eq!(kernel.run(&[-100.0, -1.0, 0.0, 3.0], &mut output), Ok(()));
        assert_eq!(output, [-1.0, -0.632_120_55, 0.0, 3.0]);
    }
}
