//! RELU_N1_TO_1: `y = min(max(x, -1), 1)`. TFLM has no such kernel; int8 is LiteRT's, which rescales.

use smidgen_kernels::ops::relu_n1_to_1;

use super::Activation;
use super::relu::int8_spec;
use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::tensor::{DType, Tensor};

/// RELU_N1_TO_1 has no attributes. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReluN1To1;

impl Unary for ReluN1To1 {
    const NAME: &'static str = "RELU_N1_TO_1";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8];

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        Ok(match input.dtype {
            DType::I8 => Kernel::ReluN1To1Int8(int8_spec(Activation::ReluN1To1, input, output)?).into(),
            _ => Kernel::ReluN1To1Float32(relu_n1_to_1::Float32Spec { len: input.n_elements() }).into(),
        })
    }
}
