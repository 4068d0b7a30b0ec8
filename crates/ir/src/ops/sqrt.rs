//! SQRT: `y` is the square root of `x`. TFLM has it in float only; int8 is LiteRT's, which cuts fractions off.
//!
//! LiteRT stops at an int8 input below the zero point; here it gives the value of a real 0.

use smidgen_kernels::ops::sqrt;

use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::scales::per_tensor;
use crate::tensor::{DType, Tensor};

/// SQRT has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sqrt;

/// SqrtEvalQuantized for every int8.
fn int8_table(input: (f32, i32), output: (f32, i32)) -> [i8; 256] {
    std::array::from_fn(|bits| {
        let x = i32::from((bits as u8).cast_signed());
        let root = (input.0 * (x - input.1).max(0) as f32).sqrt();
        ((root / output.0) as i32).saturating_add(output.1).clamp(-128, 127) as i8
    })
}

impl Unary for Sqrt {
    const NAME: &'static str = "SQRT";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let table = int8_table(per_tensor("input", input)?, per_tensor("output", output)?);
                Lowered::int8(Kernel::SqrtInt8(sqrt::Int8Spec { len }), table)
            }
            _ => Kernel::SqrtFloat32(sqrt::Float32Spec { len }).into(),
        })
    }
}
