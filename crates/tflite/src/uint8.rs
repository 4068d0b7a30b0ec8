//! Models quantised to uint8: converted to int8 when they are read and back when they are written.
//!
//! Every value and zero point becomes 128 less, which changes no real number. The graph then means
//! [`Dialect::Uint8`], since TFLite's uint8 kernels round a little otherwise than the int8 ones. Inputs and outputs stay
//! uint8, with a QUANTIZE that flips the highest bit beside each. A QUANTIZE or DEQUANTIZE alone is no reason to
//! convert: many int8 models take uint8 images so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smidgen_ir::ops::quantize::Quantize;
use smidgen_ir::{DType, Dialect, Graph, Node, NodeIdx, Op, Tensor, TensorIdx};

use crate::findings::{Budget, Fault, Findings};
use crate::rewrite::{drop_unused_tensors, for_each_index};

/// What values and zero points differ by.
const OFFSET: i32 = 128;

/// Operators whose uint8 kernels in TFLite are known to give what Smidgen's give in this dialect.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "ADD", "ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "BATCH_TO_SPACE_ND", "CAST", "CONCATENATION", "CONV_2D",
    "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE", "EXPAND_DIMS", "FULLY_CONNECTED", "GATHER", "MAXIMUM",
    "MAX_POOL_2D", "MINIMUM", "MIRROR_PAD", "MUL", "PACK", "PAD", "PADV2", "QUANTIZE", "RELU", "RELU6", "RESHAPE",
    "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "SLICE", "SOFTMAX", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT",
    "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "SUB", "TILE", "TRANSPOSE", "UNPACK",
];

/// Converts a graph that computes in uint8.
pub(crate) fn to_int8(graph: &mut Graph, budget: &mut Budget, findings: &mut Findings) -> Result<(), Fault> {
    let converted = computed_in_uint8(graph);
    if converted.is_empty() {
        return Ok(());
    }
    for (idx, node) in numbered(graph) {
        let mut touched = node.inputs.iter().flatten().chain(&node.outputs);
        let signed = |at: &TensorIdx| {
            graph.get(*at).is_some_and(|tensor| matches!(tensor.dtype, DType::I4 | DType::I8 | DType::I16))
        };
        if !converts(node) && touched.any(signed) {
            let message = "the model computes in uint8 elsewhere and in int8 here, which round differently; \
                           convert it to int8 throughout";
            findings.problem(&graph.describe(idx), message);
        }
    }
    let other: BTreeSet<&str> = numbered(graph)
        .filter(|(_, node)| node.outputs.iter().any(|output| converted.contains(output)))
        .map(|(_, node)| node.op.name())
        .filter(|name| !KNOWN.contains(name))
        .collect();
    if !other.is_empty() {
        let names = other.into_iter().collect::<Vec<_>>().join(", ");
        findings.warn(format!(
            "{names} of uint8 are computed as int8, and may round otherwise than TFLite's uint8 kernels"
        ));
    }
    convert(graph, &converted, budget)?;
    graph.dialect = Dialect::Uint8;
    Ok(())
}

fn numbered(graph: &Graph) -> impl Iterator<Item = (NodeIdx, &Node)> {
    (0u32..).map(NodeIdx).zip(&graph.nodes)
}

/// Whether the node only takes numbers from one type to another.
fn converts(node: &Node) -> bool {
    matches!(node.op, Op::Quantize(_) | Op::Dequantize(_)) || is_cast(node)
}

/// CAST takes the integers for what they are, without their scale.
fn is_cast(node: &Node) -> bool {
    node.op.name() == "CAST"
}

/// The quantised uint8 tensors that some node computes with or makes.
fn computed_in_uint8(graph: &Graph) -> BTreeSet<TensorIdx> {
    let quantized = |idx: &TensorIdx| {
        graph.get(*idx).is_some_and(|tensor| tensor.dtype == DType::U8 && tensor.quant.is_some())
    };
    let computing = graph.nodes.iter().filter(|node| !converts(node));
    let touched = computing.flat_map(|node| node.inputs.iter().flatten().chain(&node.outputs)).copied();
    touched.filter(quantized).collect()
}

/// Values that mean the same in the other type of eight bits.
fn flipped(data: &[u8]) -> Arc<[u8]> {
    data.iter().map(|byte| byte ^ 0x80).collect()
}

fn shift_zero_points(tensor: &mut Tensor, by: i32) {
    for zero_point in tensor.quant.iter_mut().flat_map(|quant| &mut quant.zero_points) {
        *zero_point = zero_point.saturating_add(by);
    }
}

fn quantize(from: TensorIdx, to: TensorIdx, dtype: DType) -> Node {
    Node { op: Op::Quantize(Quantize { to: dtype }), inputs: vec![Some(from)], outputs: vec![to] }
}

fn convert(graph: &mut Graph, converted: &BTreeSet<TensorIdx>, budget: &mut Budget) -> Result<(), Fault> {
    // The uint8 tensor beside each converted one that the world outside sees.
    let mut twins: BTreeMap<TensorIdx, TensorIdx> = BTreeMap::new();
    let ends = graph.inputs.iter().chain(&graph.outputs).copied().collect::<Vec<_>>();
    let cast = graph.nodes.iter().filter(|node| is_cast(node));
    let cast: BTreeSet<TensorIdx> = cast.flat_map(|node| node.inputs.iter().flatten()).copied().collect();
    for &idx in converted {
        let Some(tensor) = graph.get(idx).cloned() else { continue };
        budget.charge(tensor.data.as_ref().map_or(0, |data| data.len()).saturating_mul(2))?;
        if ends.contains(&idx) || cast.contains(&idx) {
            budget.charge_for::<(Tensor, Node)>(2)?;
            budget.charge(tensor.name.len().saturating_mul(2))?;
            let twin = graph.add_tensor(tensor);
            twins.insert(idx, twin);
        }
        let has_twin = twins.contains_key(&idx);
        let Some(tensor) = graph.tensors.get_mut(idx.idx()) else { continue };
        tensor.dtype = DType::I8;
        shift_zero_points(tensor, -OFFSET);
        tensor.data = tensor.data.as_deref().map(flipped);
        if has_twin {
            tensor.name.push_str("/int8");
        }
    }
    let twin = |idx: &TensorIdx| twins.get(idx).copied();
    let mut nodes = Vec::with_capacity(graph.nodes.len() + twins.len());
    for input in &mut graph.inputs {
        if let Some(twin) = twin(input) {
            nodes.push(quantize(twin, *input, DType::I8));
            *input = twin;
        }
    }
    let inputs: BTreeSet<TensorIdx> = graph.inputs.iter().copied().collect();
    let reaches_out: BTreeSet<TensorIdx> = graph.outputs.iter().copied().collect();
    for mut node in graph.nodes.drain(..) {
        if is_cast(&node) {
            node.inputs.iter_mut().flatten().for_each(|idx| *idx = twin(idx).unwrap_or(*idx));
        }
        let made: Vec<TensorIdx> = node.outputs.clone();
        nodes.push(node);
        for idx in made {
            if let Some(twin) = twin(&idx).filter(|twin| !inputs.contains(twin)) {
                nodes.push(quantize(idx, twin, DType::U8));
            }
        }
    }
    graph.nodes = nodes;
    for output in &mut graph.outputs {
        if reaches_out.contains(output) {
            *output = twin(output).unwrap_or(*output);
        }
    }
    Ok(())
}

/// The uint8 graph that a graph of [`Dialect::Uint8`] was read from, or would have been.
pub(crate) fn to_uint8(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    graph.dialect = Dialect::Tflm;
    // Beside a uint8 input or output stands its int8 twin; one of them is enough.
    let mut same: BTreeMap<TensorIdx, TensorIdx> = BTreeMap::new();
    let is_twin = |from: TensorIdx, to: TensorIdx| {
        let (Some(from), Some(to)) = (graph.get(from), graph.get(to)) else { return None };
        let mut shifted = to.clone();
        shift_zero_points(&mut shifted, if to.dtype == DType::I8 { OFFSET } else { -OFFSET });
        let opposite = [from.dtype, to.dtype];
        (shifted.quant == from.quant).then_some(opposite)
    };
    for node in &graph.nodes {
        let (Op::Quantize(_), [Some(from)], [to]) =
            (&node.op, node.inputs.as_slice(), node.outputs.as_slice())
        else {
            continue;
        };
        match is_twin(*from, *to) {
            Some([DType::U8, DType::I8]) => same.insert(*to, *from),
            Some([DType::I8, DType::U8]) if !same.contains_key(from) => same.insert(*from, *to),
            _ => None,
        };
    }
    graph.nodes.retain(|node| {
        let (Op::Quantize(_), [Some(from)], [to]) =
            (&node.op, node.inputs.as_slice(), node.outputs.as_slice())
        else {
            return true;
        };
        same.get(to) != Some(from) && same.get(from) != Some(to)
    });
    // The place of the int8 tensor and the name of its twin, so that writing is the same again after reading.
    for (inner, twin) in &same {
        let name = graph.get(*twin).map(|tensor| tensor.name.clone()).unwrap_or_default();
        if let Some(tensor) = graph.tensors.get_mut(inner.idx()) {
            tensor.name = name;
        }
    }
    let places: BTreeMap<TensorIdx, TensorIdx> = same.iter().map(|(&inner, &twin)| (twin, inner)).collect();
    for_each_index(&mut graph, |idx| *idx = places.get(idx).copied().unwrap_or(*idx));
    for tensor in graph.tensors.iter_mut().filter(|tensor| tensor.dtype == DType::I8) {
        tensor.dtype = DType::U8;
        shift_zero_points(tensor, OFFSET);
        tensor.data = tensor.data.as_deref().map(flipped);
    }
    for node in &mut graph.nodes {
        if let Op::Quantize(quantize) = &mut node.op
            && quantize.to == DType::I8
        {
            quantize.to = DType::U8;
        }
    }
    drop_unused_tensors(&mut graph);
    graph
}
