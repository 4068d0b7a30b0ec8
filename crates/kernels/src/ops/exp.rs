//! EXP: `y = e^x`, element by element.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::Exp`, for float; LiteRT for int8, looked up, and int16, interpolated,
//! in tables made from the scales.

use crate::elementwise::float_elementwise;
use crate::float;

pub use crate::elementwise::{Int8, Int8Spec, Int16, Int16Spec};

float_elementwise!("EXP", "NaN stays NaN.", float::exp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[-200.0, 0.0, 1.0], &mut output), Ok(()));
        assert_eq!(output, [0.0, 1.0, core::f32::consts::E]);
    }
}
