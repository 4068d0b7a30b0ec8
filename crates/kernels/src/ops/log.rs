//! LOG: `y` is the natural logarithm of `x`, element by element.
//!
//! Source: TensorFlow Lite Micro, `LogEval`, for float; LiteRT for int8, looked up, and int16, interpolated, in tables
//! made from the scales.

use crate::elementwise::float_elementwise;
use crate::float;

pub use crate::elementwise::{Int8, Int8Spec, Int16, Int16Spec};

float_elementwise!("LOG", "0 gives minus infinity, and what is below it NaN.", float::log);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let mut output = [0.0; 3];
        let kernel = Float32::new(Float32Spec { len: 3 }).unwrap();
        assert_eq!(kernel.run(&[0.0, 1.0, core::f32::consts::E], &mut output), Ok(()));
        assert_eq!(output, [f32::NEG_INFINITY, 0.0, 1.0]);
    }
}
