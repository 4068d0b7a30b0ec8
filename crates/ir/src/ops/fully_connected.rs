//! FULLY_CONNECTED: `y[b,o] = act(bias[o] + sum over i of x[b,i] * w[o,i])`. Converters also make it of the product of two
//! activations, so weights and bias may be computed.

use smidgen_kernels::ops::fully_connected;

use super::Activation;
use super::attributes::Attributes;
use super::conv_2d::{channel_constants, wide_bias, wide_constants};
use super::operator::{
    Operands, Operator, OutputQuant, Results, TensorType, checked_elements, weighted_types,
};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::scales::{
    activation_range, bias_scales, filter_scales, float_activation_range, per_tensor,
    quantized_activation_range, symmetric, tensor_multiplier, wide_multiplier,
};
use crate::tensor::{DType, Tensor};

/// Attributes of FULLY_CONNECTED. Inputs: x (any shape, flattened to `[batch, I]`), weights (OI), optional bias (O).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FullyConnected {
    /// Fused activation.
    pub activation: Activation,
    /// Whether the result keeps the leading dimensions of the input.
    pub keep_num_dims: bool,
}

/// Rows, inputs and outputs of the matrix product.
struct Product {
    batches: usize,
    in_c: usize,
    out_c: usize,
}

fn product(operands: &Operands<'_>) -> Result<Product, String> {
    let (input, weights) = (operands.get(0)?, operands.get(1)?);
    let &[out_c, in_c] = weights.shape.as_slice() else {
        return Err(format!("its weights must have the shape [outputs, inputs], found {:?}", weights.shape));
    };
    let elements = checked_elements(&input.shape)?;
    if in_c == 0 || elements % in_c != 0 {
        return Err(format!("its input {:?} does not divide into rows of {in_c} weights", input.shape));
    }
    Ok(Product { batches: elements / in_c, in_c, out_c })
}

impl Operator for FullyConnected {
    fn name() -> &'static str {
        "FULLY_CONNECTED"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let (activation, keep_num_dims) = (attributes.take("activation")?, attributes.take("keep_num_dims")?);
        Ok(FullyConnected { activation, keep_num_dims })
    }

    fn attributes(&self) -> Attributes {
        Attributes::default().with("activation", self.activation).with("keep_num_dims", self.keep_num_dims)
    }

    fn operands(&self) -> &'static [&'static str] {
        &["input", "weights", "bias"]
    }

    fn n_required(&self) -> usize {
        2
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let Product { batches, in_c, out_c } = product(operands)?;
        let dtype = weighted_types(operands, out_c, true)?;
        if !self.keep_num_dims {
            return Ok(TensorType::one(dtype, vec![batches, out_c]));
        }
        let mut shape = operands.get(0)?.shape.clone();
        match shape.last_mut() {
            Some(last) if *last == in_c => *last = out_c,
            _ => return Err(format!("its input {shape:?} must end in {in_c} to keep its dimensions")),
        }
        Ok(TensorType::one(dtype, shape))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        let weights = operands.get(1)?;
        let (input_scale, output_scale) = match output.dtype {
            DType::I8 => (per_tensor("input", operands.get(0)?)?.0, per_tensor("output", output)?.0),
            DType::I16 => (symmetric("input", operands.get(0)?)?, symmetric("output", output)?),
            _ => return Ok(()),
        };
        filter_scales("weights", weights, 0, output.dtype == DType::I8)?;
        if let (Some(bias), Some(quant)) = (operands.optional(2), &weights.quant) {
            bias_scales(bias, input_scale, &quant.scales, output_scale)?;
        }
        Ok(())
    }

    fn activation_mut(&mut self) -> Option<&mut Activation> {
        Some(&mut self.activation)
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    fn macs(&self, operands: &Operands<'_>, _results: &Results<'_>) -> u64 {
        product(operands).map_or(0, |of| of.batches as u64 * of.in_c as u64 * of.out_c as u64)
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let output = results.get(0)?;
        let Product { batches, in_c, out_c } = product(operands)?;
        if output.dtype == DType::F32 {
            let [act_min, act_max] = float_activation_range(self.activation);
            let spec = fully_connected::Float32Spec { batches, in_c, out_c, act_min, act_max };
            let arguments = vec![to.operand(0), to.operand(1), to.operand(2)];
            return to.call(Kernel::FullyConnectedFloat32(spec), arguments);
        }
        if output.dtype == DType::I16 {
            let scale = symmetric("output", output)?;
            let [act_min, act_max] = quantized_activation_range(DType::I16, self.activation, scale, 0)?;
            let narrow = operands.optional(2).is_some_and(|bias| bias.dtype == DType::I32);
            let spec = fully_connected::Int16Spec { batches, in_c, out_c, narrow, act_min, act_max };
            let [bias, multiplier, shift] = self.wide_constants(operands, output, out_c, to)?;
            let arguments = vec![to.operand(0), to.operand(1), bias, multiplier, shift];
            return to.call(Kernel::FullyConnectedInt16(spec), arguments);
        }
        let (input_scale, input_zero_point) = per_tensor("input", operands.get(0)?)?;
        let (output_scale, output_zero_point) = per_tensor("output", output)?;
        let [act_min, act_max] = activation_range(self.activation, output_scale, output_zero_point)?;
        let weights = operands.get(1)?;
        let (filter_zero_point, [multiplier, shift]) = match per_tensor("weights", weights) {
            Ok((scale, zero_point)) => {
                let quantized = tensor_multiplier(input_scale, scale, output_scale)?;
                (zero_point, to.multipliers(&[quantized.multiplier], &[quantized.shift]))
            }
            Err(_) => (0, channel_constants(operands, output, out_c, to)?),
        };
        let spec = fully_connected::Int8Spec {
            batches,
            in_c,
            out_c,
            input_zero_point,
            filter_zero_point,
            output_zero_point,
            act_min,
            act_max,
        };
        let kernel = match weights.dtype {
            DType::I4 => Kernel::FullyConnectedInt4(spec),
            _ => Kernel::FullyConnectedInt8(spec),
        };
        let arguments = vec![to.operand(0), to.operand(1), to.operand(2), multiplier, shift];
        to.call(kernel, arguments)
    }
}

impl FullyConnected {
    /// Bias, multipliers and shifts of an int16 layer: one multiplier where the weights have one scale.
    fn wide_constants(
        &self,
        operands: &Operands<'_>,
        output: &Tensor,
        out_c: usize,
        to: &mut NodeLowering<'_>,
    ) -> Result<[crate::Operand; 3], String> {
        let Ok((scale, _)) = per_tensor("weights", operands.get(1)?) else {
            return wide_constants(operands, output, out_c, to);
        };
        let (input_scale, output_scale) =
            (symmetric("input", operands.get(0)?)?, symmetric("output", output)?);
        let quantized = wide_multiplier(tensor_multiplier(input_scale, scale, output_scale)?)?;
        let [multiplier, shift] = to.multipliers(&[quantized.multiplier], &[quantized.shift]);
        Ok([wide_bias(operands, to)?, multiplier, shift])
    }
}
