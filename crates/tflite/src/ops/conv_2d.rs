//! CONV_2D: `Conv2DOptions`.

use smidgen_ir::{DType, Graph, Node, Op, Quant, Tensor, ops::conv_2d::Conv2d};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, conv_2d_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::CONV_2D)?;
    fields.refuse_bias_type(field::QUANTIZED_BIAS_TYPE)?;
    Ok(Op::Conv2d(Conv2d {
        stride: fields.extents("stride", field::STRIDE_H, field::STRIDE_W, 0)?,
        dilation: fields.extents("dilation", field::DILATION_H, field::DILATION_W, 1)?,
        padding: fields.padding(field::PADDING)?,
        activation: fields.activation(field::ACTIVATION)?,
    }))
}

pub(super) fn write(op: &Conv2d, graph: &Graph, node: &Node) -> Encoded {
    let [stride_h, stride_w] = op.stride;
    let [dilation_h, dilation_w] = op.dilation;
    let options = Options::new(options::CONV_2D)
        .padding(field::PADDING, op.padding)
        .size(field::STRIDE_W, stride_w)
        .size(field::STRIDE_H, stride_h)
        .activation(field::ACTIVATION, op.activation)
        .size(field::DILATION_W, dilation_w)
        .size(field::DILATION_H, dilation_h);
    let encoded = Encoded::new(Code::Builtin(builtin::CONV_2D), version(graph, node), options);
    match zero_bias(graph, node) {
        Some(bias) => encoded.and(2, bias),
        None => encoded,
    }
}

fn version(graph: &Graph, node: &Node) -> Version {
    match (operand_type(graph, node, 0), operand_type(graph, node, 1)) {
        (_, Some(DType::I4)) => Version(7),
        _ if is_grouped(graph, node) => Version(6),
        (Some(DType::I16), _) => Version(4),
        (Some(DType::I8), _) => Version(3),
        _ => Version(1),
    }
}

fn is_grouped(graph: &Graph, node: &Node) -> bool {
    let channels = |at: usize| {
        let idx = node.inputs.get(at).copied().flatten()?;
        graph.get(idx)?.shape.last().copied()
    };
    channels(0) != channels(1)
}

/// The bias of a convolution without one: TFLite's kernel insists on it, TFLM's does not.
fn zero_bias(graph: &Graph, node: &Node) -> Option<Tensor> {
    let operand = |at: usize| node.inputs.get(at).copied().flatten().and_then(|idx| graph.get(idx));
    let (None, Some(input), Some(filter)) = (operand(2), operand(0), operand(1)) else { return None };
    let out_c = filter.shape.first().copied()?;
    if input.dtype == DType::F32 {
        return Some(Tensor::const_f32("bias", vec![out_c], &vec![0.0; out_c]));
    }
    let input_scale = input.quant.as_ref()?.scales.first().copied()?;
    let filter_quant = filter.quant.as_ref()?;
    let output = node.outputs.first().and_then(|&idx| graph.get(idx))?;
    let output_scale = output.quant.as_ref()?.scales.first().copied()?;
    let scales: Vec<f32> = filter_quant.scales.iter().map(|scale| scale * input_scale).collect();
    // A product that float32 does not hold well enough is left out; the zeros mean the same without.
    let held = |(filter, scale): (&f32, &f32)| {
        let error = f64::from(input_scale) * f64::from(*filter) - f64::from(*scale);
        *scale > 0.0 && error.abs() / f64::from(output_scale) < 0.02
    };
    let sound = filter_quant.scales.iter().zip(&scales).all(held);
    let quant = sound.then(|| Quant { zero_points: vec![0; scales.len()], scales, axis: 0 });
    let bias = Tensor::const_i32("bias", vec![out_c], &vec![0; out_c], quant);
    if input.dtype == DType::I16 {
        return Some(Tensor { dtype: DType::I64, data: Some(vec![0; 8 * out_c].into()), ..bias });
    }
    Some(bias)
}
