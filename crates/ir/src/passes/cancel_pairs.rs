//! Takes out operators that undo each other, and those that do nothing.

use super::dead_code;
use crate::error::IrError;
use crate::graph::{Graph, Node, TensorIdx};
use crate::ops::{Op, reshape::Reshape, transpose::Transpose};
use crate::tensor::DType;

/// The graph without QUANTIZE behind DEQUANTIZE of the same scale and zero point, QUANTIZE to what the operand has, RESHAPE and
/// TRANSPOSE that change nothing; of several in a row only one.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn cancel_pairs(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut rest = graph.clone();
    // What each tensor is read as.
    let mut same: Vec<TensorIdx> = (0..graph.tensors.len()).map(|at| TensorIdx(at as u32)).collect();
    for at in 0..rest.nodes.len() {
        for input in rest.nodes[at].inputs.iter_mut().flatten() {
            *input = same[input.idx()];
        }
        let &[output] = rest.nodes[at].outputs.as_slice() else { continue };
        while let Some(change) = simpler(&rest, &rest.nodes[..at], &rest.nodes[at], output) {
            match change {
                Simpler::Node(op, input) => {
                    rest.nodes[at].op = op;
                    rest.nodes[at].inputs[0] = Some(input);
                }
                Simpler::Same(tensor) => {
                    // An output of the model keeps its name and its node.
                    if !graph.outputs.contains(&output) {
                        same[output.idx()] = tensor;
                    }
                    break;
                }
            }
        }
    }
    dead_code(&rest)
}

/// What stands for a node.
enum Simpler {
    /// A tensor that is there already.
    Same(TensorIdx),
    /// The operator on an earlier tensor.
    Node(Op, TensorIdx),
}

fn simpler(graph: &Graph, before: &[Node], node: &Node, output: TensorIdx) -> Option<Simpler> {
    let input = node.inputs.first().copied().flatten()?;
    let is_same = |tensor: TensorIdx| {
        let (a, b) = (graph.tensor(tensor), graph.tensor(output));
        (a.dtype, &a.shape, &a.quant) == (b.dtype, &b.shape, &b.quant) && !a.is_variable
    };
    let maker = before.iter().rev().find(|node| node.outputs == [input]);
    let made_of = maker.and_then(|maker| maker.inputs.first().copied().flatten());
    match (&node.op, maker.map(|maker| &maker.op)) {
        (Op::Quantize(_), _) if is_same(input) => Some(Simpler::Same(input)),
        // Float32 holds the values of 16 bits and fewer exactly enough to be rounded back.
        (Op::Quantize(to), Some(Op::Dequantize(_))) if to.to != DType::I32 && is_same(made_of?) => {
            Some(Simpler::Same(made_of?))
        }
        (Op::Reshape(_), _) if is_same(input) => Some(Simpler::Same(input)),
        (Op::Reshape(own), Some(Op::Reshape(_) | Op::Squeeze(_) | Op::ExpandDims(_))) => {
            Some(Simpler::Node(Op::Reshape(Reshape { shape: own.shape.clone() }), made_of?))
        }
        (Op::Transpose(own), _) if own.permutation.iter().enumerate().all(|(at, from)| at == *from) => {
            is_same(input).then_some(Simpler::Same(input))
        }
        (Op::Transpose(own), Some(Op::Transpose(first))) => {
            let permutation = own
                .permutation
                .iter()
                .map(|&at| first.permutation.get(at).copied())
                .collect::<Option<_>>()?;
            Some(Simpler::Node(Op::Transpose(Transpose { permutation }), made_of?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Builder;
    use crate::{Interpreter, Quant};

    #[test]
    fn what_undoes_each_other_goes() {
        let mut net = Builder::new("net", |_| Vec::new());
        let quant = || Quant::per_tensor(0.037, -9);
        let x = net.input_int8("x", &[2, 3, 4], quant());
        let y = net.dequantize(x);
        let y = net.quantize(y, quant());
        let turn = |net: &mut Builder<'_>, x, permutation: [usize; 3]| {
            net.node(Op::Transpose(Transpose { permutation: permutation.to_vec() }), &[Some(x)], None)
        };
        let y = turn(&mut net, y, [1, 2, 0]);
        let y = turn(&mut net, y, [2, 0, 1]);
        let y = net.reshape(y, &[4, 6]);
        let y = net.reshape(y, &[2, 3, 4]);
        let y = turn(&mut net, y, [2, 1, 0]);
        let y = turn(&mut net, y, [1, 0, 2]);
        // To another scale: stays.
        let y = net.quantize(y, Quant::per_tensor(0.05, 0));
        let graph = net.finish(&[y]).unwrap();
        let rest = cancel_pairs(&graph).unwrap();
        let ops: Vec<&str> = rest.nodes.iter().map(|node| node.op.name()).collect();
        assert_eq!(ops, ["TRANSPOSE", "QUANTIZE"]);
        let input: Vec<u8> = (0..24).map(|at| (at * 11) as u8).collect();
        let outputs = |graph| Interpreter::new(graph).unwrap().run(&input).unwrap();
        assert_eq!(outputs(&rest), outputs(&graph));
    }

    #[test]
    fn every_value_survives_its_pair() {
        for scale in [1.0, 0.1, 1e-6, 0.003_921_569, 7.77e3] {
            for zero_point in [-128, -1, 0, 127] {
                let mut net = Builder::new("net", |_| Vec::new());
                let x = net.input_int8("x", &[1, 256], Quant::per_tensor(scale, zero_point));
                let y = net.dequantize(x);
                let y = net.quantize(y, Quant::per_tensor(scale, zero_point));
                // The same again as a change of scale.
                let y = net.quantize(y, Quant::per_tensor(scale, zero_point));
                let graph = net.finish(&[y]).unwrap();
                let every: Vec<u8> = (0..=255).collect();
                assert_eq!(Interpreter::new(&graph).unwrap().run(&every).unwrap(), every);
            }
        }
    }
}
