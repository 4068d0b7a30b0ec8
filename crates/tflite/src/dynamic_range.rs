//! Dynamic-range models: int8 or int4 weights beside float activations, which TFLite quantises anew in every inference.
//! Smidgen has no such kernels. On request the weights become float32, each exactly `scale * (q - zero_point)`.

use std::collections::BTreeMap;
use std::sync::Arc;

use smidgen_ir::{DType, Graph, Node, NodeIdx, Op, Tensor, TensorIdx};

use crate::findings::{Budget, Fault, Findings};
use crate::rewrite::drop_unused_tensors;

/// What to do with a model of int8 weights and float activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DynamicRange {
    /// Refuse it and say how it can be read.
    #[default]
    Refuse,
    /// Compute it in float32, with the weights that the integers stand for.
    Float,
}

/// Refuses or converts the quantised weights of nodes that compute in float.
pub(crate) fn resolve(
    graph: &mut Graph,
    how: DynamicRange,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<(), Fault> {
    let hybrid: Vec<(usize, usize, TensorIdx)> = (0..graph.nodes.len())
        .flat_map(|at| {
            hybrid_operands(graph, &graph.nodes[at]).into_iter().map(move |(operand, idx)| (at, operand, idx))
        })
        .collect();
    if hybrid.is_empty() {
        return Ok(());
    }
    if how == DynamicRange::Refuse {
        let mut told = None;
        for (at, _, idx) in hybrid {
            if told.replace(at) != Some(at) {
                let place = graph.describe(NodeIdx(u32::try_from(at).unwrap_or(u32::MAX)));
                let dtype = graph.tensor(idx).dtype.name();
                findings.problem(
                    &place,
                    format!(
                        "{dtype} weights with float32 activations (dynamic-range quantisation): read the model with \
                         --dynamic-range float to compute it in float32, or convert it to int8 with a \
                         representative data set"
                    ),
                );
            }
        }
        return Ok(());
    }
    let mut converted: BTreeMap<TensorIdx, TensorIdx> = BTreeMap::new();
    let mut bytes = 0usize;
    for (at, operand, idx) in hybrid {
        let to = match converted.get(&idx) {
            Some(&known) => known,
            None => {
                let n_elements = graph.tensor(idx).n_elements();
                // Once while they are collected, once where they stay.
                budget.charge(n_elements.saturating_mul(8))?;
                budget.charge_for::<Tensor>(2)?;
                budget.charge(graph.tensor(idx).name.len())?;
                bytes = bytes.saturating_add(n_elements.saturating_mul(4));
                let Some(float) = dequantized(graph.tensor(idx)) else { continue };
                let to = graph.add_tensor(float);
                converted.insert(idx, to);
                to
            }
        };
        if let Some(slot) = graph.nodes.get_mut(at).and_then(|node| node.inputs.get_mut(operand)) {
            *slot = Some(to);
        }
    }
    drop_unused_tensors(graph);
    findings.warn(format!(
        "{} quantised weights beside float activations are computed in float32 and take {bytes} bytes; \
         `smidgen quantize` makes the whole model int8",
        converted.len()
    ));
    Ok(())
}

/// Positions and tensors of quantised constants that `node` multiplies with floats.
fn hybrid_operands(graph: &Graph, node: &Node) -> Vec<(usize, TensorIdx)> {
    let float = |idx: &TensorIdx| graph.get(*idx).is_some_and(|tensor| tensor.dtype == DType::F32);
    let converts = matches!(node.op, Op::Dequantize(_));
    if converts || !node.outputs.iter().any(float) {
        return Vec::new();
    }
    let quantized = |idx: TensorIdx| {
        graph.get(idx).is_some_and(|tensor| {
            let integer = matches!(tensor.dtype, DType::I4 | DType::I8 | DType::U8);
            integer && tensor.is_const() && tensor.quant.is_some()
        })
    };
    let operands = node.inputs.iter().enumerate().filter_map(|(at, idx)| Some((at, (*idx)?)));
    operands.filter(|&(_, idx)| quantized(idx)).collect()
}

/// The float32 tensor that a quantised constant stands for; `None` where scales and shape do not fit, which the verifier
/// says of it.
fn dequantized(tensor: &Tensor) -> Option<Tensor> {
    let (data, quant) = (tensor.data.as_ref()?, tensor.quant.as_ref()?);
    let n_scales = quant.scales.len();
    if n_scales == 0 || quant.zero_points.len() != n_scales {
        return None;
    }
    let inner: usize = tensor.shape.get(quant.axis + 1..).unwrap_or_default().iter().product();
    let integer = |at: usize| match tensor.dtype {
        DType::I4 => data.get(at / 2).map(|&byte| {
            let half = if at.is_multiple_of(2) { byte << 4 } else { byte & 0xf0 };
            i32::from(half.cast_signed() >> 4)
        }),
        DType::I8 => data.get(at).map(|byte| i32::from(byte.cast_signed())),
        _ => data.get(at).copied().map(i32::from),
    };
    let real = |at: usize| {
        let channel = if n_scales == 1 { 0 } else { (at / inner.max(1)) % n_scales };
        let (scale, zero_point) = (quant.scales.get(channel)?, quant.zero_points.get(channel)?);
        Some(scale * integer(at)?.wrapping_sub(*zero_point) as f32)
    };
    let mut bytes = Vec::with_capacity(tensor.n_elements() * 4);
    for at in 0..tensor.n_elements() {
        bytes.extend(real(at)?.to_le_bytes());
    }
    let data: Arc<[u8]> = Arc::from(bytes);
    Some(Tensor { dtype: DType::F32, quant: None, data: Some(data), ..tensor.clone() })
}
