//! GELU: `y = x * P(X <= x)` of a standard normal `X`, exactly or by a tangent. TFLM has no such kernel; int8 is LiteRT's.

use std::f32::consts::FRAC_1_SQRT_2;

use smidgen_kernels::ops::gelu;

use super::attributes::Attributes;
use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::scales::per_tensor;
use crate::tables;
use crate::tensor::{DType, Tensor};

/// Attributes of GELU. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gelu {
    /// Whether the normal distribution is approximated by a hyperbolic tangent.
    pub approximate: bool,
}

/// GeluTransform and GeluTransformApproximate, in single precision and this order.
fn transform(approximate: bool, x: f32) -> f32 {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    if approximate {
        0.5 * x * (1.0 + tables::tanh(SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x)))
    } else {
        0.5 * x * tables::erfc(x * -FRAC_1_SQRT_2)
    }
}

impl Unary for Gelu {
    const NAME: &'static str = "GELU";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8];

    fn from_text(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Gelu { approximate: attributes.take("approximate")? })
    }

    fn to_text(&self) -> Attributes {
        Attributes::default().with("approximate", self.approximate)
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let (len, approximate) = (input.n_elements(), self.approximate);
        Ok(match input.dtype {
            DType::I8 => {
                let (input, output) = (per_tensor("input", input)?, per_tensor("output", output)?);
                let table = tables::int8(input, output, |x| transform(approximate, x));
                Lowered::int8(Kernel::GeluInt8(gelu::Int8Spec { len }), table)
            }
            _ => Kernel::GeluFloat32(gelu::Float32Spec { len, approximate }).into(),
        })
    }
}
