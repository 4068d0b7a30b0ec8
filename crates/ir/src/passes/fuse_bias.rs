//! Moves the ADD of a constant for each channel into the float layer before it, as its bias.

use super::{dead_code, readers};
use crate::error::IrError;
use crate::graph::Graph;
use crate::ops::{Activation, Op};
use crate::tensor::DType;

/// The graph with every ADD of a constant of one value a channel as the bias of the float CONV_2D, DEPTHWISE_CONV_2D or
/// FULLY_CONNECTED that only it reads, where that has neither bias nor activation: a sum then has the same terms in the same order.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn fuse_bias(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut fused = graph.clone();
    let readers = readers(graph);
    for at in 0..fused.nodes.len() {
        let node = &fused.nodes[at];
        let (Op::Add(add), &[Some(sum), Some(bias)], &[output]) =
            (&node.op, node.inputs.as_slice(), node.outputs.as_slice())
        else {
            continue;
        };
        let activation = add.activation;
        let constant = fused.tensor(bias);
        let n = fused.tensor(output).shape.last().copied().unwrap_or(1);
        let is_bias = constant.is_const() && constant.dtype == DType::F32 && constant.n_elements() == n;
        let is_row =
            constant.shape.last() == Some(&n) && fused.tensor(sum).shape == fused.tensor(output).shape;
        let before = fused.nodes[..at].iter().position(|node| node.outputs == [sum]);
        let Some(before) = before.filter(|_| is_bias && is_row && readers[sum.idx()] == 1) else { continue };
        let layer = &fused.nodes[before];
        let has_bias = layer.inputs.get(2).copied().flatten().is_some();
        let is_layer = matches!(layer.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_));
        if has_bias || !is_layer {
            continue;
        }
        let mut constant = constant.clone();
        constant.shape = vec![n];
        let op = &mut fused.nodes[before].op;
        let Some(slot) = op.activation_mut().filter(|slot| **slot == Activation::None) else { continue };
        *slot = activation;
        let bias = fused.add_tensor(constant);
        let layer = &mut fused.nodes[before];
        layer.inputs.resize(3, None);
        layer.inputs[2] = Some(bias);
        layer.outputs = vec![output];
        fused.nodes[at].outputs.clear();
    }
    fused.nodes.retain(|node| !node.outputs.is_empty() || !matches!(node.op, Op::Add(_)));
    dead_code(&fused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Builder, Conv};
    use crate::{Interpreter, Tensor};

    #[test]
    fn a_constant_for_each_channel_is_a_bias() {
        let mut net = Builder::new("net", |parameter| vec![0.3; parameter.n_elements()]);
        let x = net.input("x", &[1, 2, 2, 2]);
        let y = net.conv_2d(x, Conv::new(3, [1, 1]).no_bias());
        let bias = net.constant(Tensor::const_f32("b", vec![1, 1, 1, 3], &[0.1, -2.0, 7.0]));
        let y = net.add(y, bias);
        let y = net.relu(y);
        // One that has a bias keeps its ADD: another order of the sum may round otherwise.
        let y = net.conv_2d(y, Conv::new(3, [1, 1]));
        let y = net.add(y, bias);
        let graph = net.finish(&[y]).unwrap();
        let fused = fuse_bias(&graph).unwrap();
        assert_eq!((graph.nodes.len(), fused.nodes.len()), (5, 4));
        let input: Vec<u8> = (0..8).flat_map(|at| (at as f32 * 0.7 - 3.0).to_le_bytes()).collect();
        let outputs = |graph| Interpreter::new(graph).unwrap().run(&input).unwrap();
        assert_eq!(outputs(&fused), outputs(&graph));
    }
}
