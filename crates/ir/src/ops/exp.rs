//! EXP: `y = e^x`. TFLM has it in float only; int8 and int16 are LiteRT's.

use smidgen_kernels::ops::exp;

use super::unary::{Lowered, Unary, symmetric_scales};
use crate::kernel::Kernel;
use crate::scales::per_tensor;
use crate::tables;
use crate::tensor::{DType, Tensor};

/// EXP has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exp;

impl Unary for Exp {
    const NAME: &'static str = "EXP";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        Ok(match input.dtype {
            DType::I8 => {
                let (input, output) = (per_tensor("input", input)?, per_tensor("output", output)?);
                let table = tables::int8(input, output, tables::exp);
                Lowered::int8(Kernel::ExpInt8(exp::Int8Spec { len }), table)
            }
            DType::I16 => {
                let [input, output] = symmetric_scales(input, output)?;
                let table = tables::int16(input, output, tables::exp);
                Lowered::int16(Kernel::ExpInt16(exp::Int16Spec { len }), [("table", table)])
            }
            _ => Kernel::ExpFloat32(exp::Float32Spec { len }).into(),
        })
    }
}
