//! LEAKY_RELU: `y = x` where `x >= 0`, else `y = alpha * x`.
//!
//! Multipliers are quotients in single precision, as TFLM has them today; earlier releases took double precision, which
//! now and then gives a neighbouring int16.

use smidgen_kernels::ops::leaky_relu;

use super::attributes::Attributes;
use super::unary::{Lowered, Unary};
use crate::kernel::Kernel;
use crate::scales::{Multiplier, per_tensor, quantize_multiplier};
use crate::tensor::{DType, Tensor};

/// Attributes of LEAKY_RELU. Inputs: x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeakyRelu {
    /// Slope of the negative side.
    pub alpha: f32,
}

/// CalculateOpDataLeakyRelu: products and quotients in single precision. A negative alpha makes a negative multiplier.
fn scaling(alpha: f32, input: (f32, i32), output: (f32, i32)) -> Result<leaky_relu::TableSpec, String> {
    let real = f64::from(input.0 * alpha / output.0);
    let Multiplier { multiplier, shift } = quantize_multiplier(real.abs())?;
    let identity = quantize_multiplier(f64::from(input.0 / output.0))?;
    Ok(leaky_relu::TableSpec {
        input_zero_point: input.1,
        output_zero_point: output.1,
        identity_multiplier: identity.multiplier,
        identity_shift: identity.shift,
        alpha_multiplier: if real < 0.0 { -multiplier } else { multiplier },
        alpha_shift: shift,
    })
}

impl Unary for LeakyRelu {
    const NAME: &'static str = "LEAKY_RELU";
    const TYPES: &'static [DType] = &[DType::F32, DType::I8, DType::I16];

    fn from_text(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(LeakyRelu { alpha: attributes.take("alpha")? })
    }

    fn to_text(&self) -> Attributes {
        Attributes::default().with("alpha", format!("{:?}", self.alpha))
    }

    fn check(&self, _input: &Tensor) -> Result<(), String> {
        if self.alpha.is_finite() {
            return Ok(());
        }
        Err(format!("its alpha must be finite, found {:?}", self.alpha))
    }

    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String> {
        let len = input.n_elements();
        if input.dtype == DType::F32 {
            return Ok(Kernel::LeakyReluFloat32(leaky_relu::Float32Spec { len, alpha: self.alpha }).into());
        }
        let spec = scaling(self.alpha, per_tensor("input", input)?, per_tensor("output", output)?)?;
        Ok(if input.dtype == DType::I8 {
            let table = leaky_relu::int8_table(spec).map_err(|error| error.to_string())?;
            Lowered::int8(Kernel::LeakyReluInt8(leaky_relu::Int8Spec { len }), table)
        } else {
            Kernel::LeakyReluInt16(leaky_relu::Int16Spec {
                len,
                input_zero_point: spec.input_zero_point,
                output_zero_point: spec.output_zero_point,
                identity_multiplier: spec.identity_multiplier,
                identity_shift: spec.identity_shift,
                alpha_multiplier: spec.alpha_multiplier,
                alpha_shift: spec.alpha_shift,
            })
            .into()
        })
    }
}
