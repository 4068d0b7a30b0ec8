//! Weights to begin with.

use smidgen_ir::ops::{Activation, Op};
use smidgen_ir::{DType, Graph, Node, NodeIdx, TensorIdx};

use crate::error::TrainError;
use crate::ops::{Role, roles};
use crate::random::{Purpose, signed_unit, stream};

/// The operand of UNIDIRECTIONAL_SEQUENCE_LSTM that is the bias of the forget gate.
const FORGET_BIAS: usize = 10;
/// Slope of PRELU to begin with (He et al., 2015).
const PRELU_SLOPE: f32 = 0.25;

/// Fills the constants that training changes: filters and weights uniformly, after He et al. (2015) where the result
/// goes through a rectifier and after Glorot and Bengio (2010) elsewhere; biases, beta and moving means with 0, gamma,
/// moving variances and the forget biases of LSTM with 1, slopes of PRELU with 1/4. The same graph and seed give the same weights.
///
/// Errors: a parameter that is not a float32 constant. The graph is then unchanged.
pub fn init(graph: &mut Graph, seed: u64) -> Result<(), TrainError> {
    let mut filled: Vec<(TensorIdx, Vec<f32>)> = Vec::new();
    for (at, node) in (0u32..).zip(&graph.nodes) {
        for &(operand, role) in roles(&node.op) {
            let Some(&Some(idx)) = node.inputs.get(operand) else { continue };
            let tensor = graph.get(idx).filter(|tensor| tensor.is_const() && tensor.dtype == DType::F32);
            let Some(tensor) = tensor else {
                let problem = format!("operand {operand} must be a float32 constant to be trained");
                return Err(TrainError::graph(graph.describe(NodeIdx(at)), problem));
            };
            if filled.iter().any(|(done, _)| *done == idx) {
                continue;
            }
            let n = tensor.n_elements();
            let values = match (&node.op, operand, role) {
                (Op::BatchNormalization(_), 1 | 4, _) => vec![1.0; n],
                // A memory that begins by keeping what it has (Jozefowicz et al., 2015).
                (Op::UnidirectionalSequenceLstm(_), FORGET_BIAS, _) => vec![1.0; n],
                (Op::Prelu(_), _, _) => vec![PRELU_SLOPE; n],
                (_, _, Role::Trained | Role::Moving) => vec![0.0; n],
                (_, _, Role::Weights) => {
                    let mut random = stream(seed, Purpose::Weights, filled.len() as u64);
                    let limit = limit(graph, node, &tensor.shape);
                    (0..n).map(|_| limit * signed_unit(&mut random)).collect()
                }
            };
            filled.push((idx, values));
        }
    }
    for (idx, values) in filled {
        graph.tensor_mut(idx).data = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }
    Ok(())
}

/// Half the width of the uniform distribution.
fn limit(graph: &Graph, node: &Node, shape: &[usize]) -> f32 {
    let (fan_in, fan_out) = match (&node.op, shape) {
        // 1HWO: each output sees the window of one channel.
        (Op::DepthwiseConv2d(op), &[_, k_h, k_w, _]) => (k_h * k_w, k_h * k_w * op.depth_multiplier),
        // OHWI and OI.
        (_, &[out_c, k_h, k_w, in_c]) => (k_h * k_w * in_c, k_h * k_w * out_c),
        (_, &[out_c, in_c]) => (in_c, out_c),
        _ => (shape.iter().product(), 1),
    };
    let (fan_in, fan_out) = (fan_in.max(1) as f32, fan_out as f32);
    if is_rectified(graph, node) { (6.0 / fan_in).sqrt() } else { (6.0 / (fan_in + fan_out)).sqrt() }
}

/// Whether the result goes through a rectifier, at once or after a batch normalisation.
fn is_rectified(graph: &Graph, node: &Node) -> bool {
    let fused = match &node.op {
        Op::Conv2d(op) => op.activation,
        Op::DepthwiseConv2d(op) => op.activation,
        Op::FullyConnected(op) => op.activation,
        _ => Activation::None,
    };
    let next = |node: &Node| {
        let consumer = *graph.consumers(*node.outputs.first()?).first()?;
        graph.nodes.get(consumer.idx())
    };
    let following = next(node).and_then(|following| match following.op {
        Op::BatchNormalization(_) => next(following),
        _ => Some(following),
    });
    matches!(fused, Activation::Relu | Activation::Relu6)
        || following.is_some_and(|node| matches!(node.op, Op::Relu(_) | Op::Relu6(_)))
}
