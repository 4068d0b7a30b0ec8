//! ADD: `y = act(a + b)` with broadcasting.

use smidgen_kernels::ops::add;

use super::Activation;
use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType, float_or_int8, rank_6};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{activation_range, float_activation_range, per_tensor, quantize_multiplier_below_one};
use crate::tensor::{DType, Tensor};

/// Bits by which TFLM's int8 ADD widens its operands before it rescales them.
const LEFT_SHIFT: i32 = 20;

/// Attributes of ADD. Inputs: a, b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Add {
    /// Fused activation.
    pub activation: Activation,
}

impl Add {
    fn int8_spec(&self, operands: &Operands<'_>, output: &Tensor) -> Result<add::Int8Spec, String> {
        let (a, b) = (operands.get(0)?, operands.get(1)?);
        let (a_scale, a_zero_point) = per_tensor("first operand", a)?;
        let (b_scale, b_zero_point) = per_tensor("second operand", b)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let twice_max_input_scale = 2.0 * f64::from(a_scale.max(b_scale));
        let a_real = quantize_multiplier_below_one(f64::from(a_scale) / twice_max_input_scale)?;
        let b_real = quantize_multiplier_below_one(f64::from(b_scale) / twice_max_input_scale)?;
        let output_real = twice_max_input_scale / (f64::from(1 << LEFT_SHIFT) * f64::from(output_scale));
        let output_real = quantize_multiplier_below_one(output_real)?;
        let [act_min, act_max] = activation_range(self.activation, output_scale, output_zero_point)?;
        Ok(add::Int8Spec {
            a_shape: rank_6("first operand", &a.shape)?,
            b_shape: rank_6("second operand", &b.shape)?,
            a_zero_point,
            b_zero_point,
            output_zero_point,
            left_shift: LEFT_SHIFT,
            a_multiplier: a_real.multiplier,
            a_shift: a_real.shift,
            b_multiplier: b_real.multiplier,
            b_shift: b_real.shift,
            output_multiplier: output_real.multiplier,
            output_shift: output_real.shift,
            act_min,
            act_max,
        })
    }
}

/// The extents of a result whose operands broadcast from the last dimension on.
fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let (a_padded, b_padded) = (rank_6("first operand", a)?, rank_6("second operand", b)?);
    let pairs = a_padded.iter().zip(&b_padded).skip(a_padded.len() - rank);
    let extents = pairs.map(|pair| match pair {
        (&x, &y) if x == y || y == 1 => Ok(x),
        (1, &y) => Ok(y),
        _ => Err(format!("its operands {a:?} and {b:?} do not broadcast: extents must be equal or 1")),
    });
    extents.collect()
}

impl Operator for Add {
    fn name() -> &'static str {
        "ADD"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Add { activation: attributes.take("activation")? })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("activation", self.activation)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["first operand", "second operand"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let (a, b) = (operands.get(0)?, operands.get(1)?);
        let dtype = float_or_int8("first operand", a)?;
        if b.dtype != dtype {
            let (a, b) = (dtype.name(), b.dtype.name());
            return Err(format!("its operands must have one element type, found {a} and {b}"));
        }
        Ok(TensorType::one(dtype, broadcast(&a.shape, &b.shape)?))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        if output.dtype == DType::I8 {
            self.int8_spec(operands, output)?;
        }
        Ok(())
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let kernel = if output.dtype == DType::I8 {
            Kernel::AddInt8(self.int8_spec(operands, output)?)
        } else {
            let [act_min, act_max] = float_activation_range(self.activation);
            Kernel::AddFloat32(add::Float32Spec {
                a_shape: rank_6("first operand", &operands.get(0)?.shape)?,
                b_shape: rank_6("second operand", &operands.get(1)?.shape)?,
                act_min,
                act_max,
            })
        };
        let arguments = vec![to.operand(0), to.operand(1)];
        to.call(kernel, arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast_from_the_right() {
        assert_eq!(broadcast(&[1, 4, 4, 8], &[8]), Ok(vec![1, 4, 4, 8]));
        assert_eq!(broadcast(&[3, 1], &[2, 1, 5]), Ok(vec![2, 3, 5]));
        assert_eq!(broadcast(&[], &[2]), Ok(vec![2]));
        assert!(broadcast(&[3], &[2]).is_err());
        assert!(broadcast(&[1; 7], &[2]).is_err());
    }
}
