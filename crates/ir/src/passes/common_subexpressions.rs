//! Computes what several nodes compute only once.

use std::collections::HashMap;

use super::dead_code;
use crate::error::IrError;
use crate::graph::{Graph, TensorIdx};
use crate::tensor::Tensor;

/// The graph with one node for all that have the same operator, the same operands and results of the same types. Equal constants
/// are the same operand. Nodes that change a variable stay, and so do those that write a model output.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses.
pub fn common_subexpressions(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut rest = graph.clone();
    let mut same = one_of_equal_constants(graph);
    let mut known: HashMap<String, Vec<TensorIdx>> = HashMap::new();
    // What reads a variable sees what it is at that time.
    let is_variable = |idx: &TensorIdx| graph.tensor(*idx).is_variable;
    for node in &mut rest.nodes {
        for input in node.inputs.iter_mut().flatten() {
            *input = same[input.idx()];
        }
        let reads_state = node.inputs.iter().flatten().any(is_variable);
        if !node.op.states().is_empty() || reads_state || node.outputs.iter().any(is_variable) {
            continue;
        }
        let types: Vec<_> = node.outputs.iter().map(|&output| kind(graph.tensor(output))).collect();
        let key = format!("{:?} {:?} {types:?}", node.op, node.inputs);
        match known.get(&key) {
            Some(first) if !node.outputs.iter().any(|output| graph.outputs.contains(output)) => {
                for (output, first) in node.outputs.iter().zip(first) {
                    same[output.idx()] = *first;
                }
            }
            Some(_) => {}
            None => {
                known.insert(key, node.outputs.clone());
            }
        }
    }
    dead_code(&rest)
}

/// Type, shape and quantisation; nothing that only readers see.
fn kind(tensor: &Tensor) -> impl std::fmt::Debug + '_ {
    (tensor.dtype, &tensor.shape, &tensor.quant)
}

/// For each tensor the first one that is the same constant, else itself.
fn one_of_equal_constants(graph: &Graph) -> Vec<TensorIdx> {
    let mut by_bytes: HashMap<&[u8], Vec<TensorIdx>> = HashMap::new();
    let mut same = Vec::with_capacity(graph.tensors.len());
    for (tensor, idx) in graph.tensors.iter().zip((0..).map(TensorIdx)) {
        let is_end = graph.inputs.contains(&idx) || graph.outputs.contains(&idx);
        let Some(data) = tensor.data.as_deref().filter(|_| tensor.is_const() && !is_end) else {
            same.push(idx);
            continue;
        };
        let alike = by_bytes.entry(data).or_default();
        let is_equal = |known: &&TensorIdx| {
            let known = graph.tensor(**known);
            (known.dtype, &known.shape, &known.quant) == (tensor.dtype, &tensor.shape, &tensor.quant)
        };
        let first = alike.iter().find(is_equal).copied();
        if first.is_none() {
            alike.push(idx);
        }
        same.push(first.unwrap_or(idx));
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Builder, Conv};
    use crate::{Interpreter, Tensor};

    #[test]
    fn branches_that_are_the_same_are_one() {
        let mut net = Builder::new("net", |parameter| vec![0.5; parameter.n_elements()]);
        let x = net.input("x", &[1, 3, 3, 2]);
        // Weights of their own that are equal.
        let a = net.conv_2d(x, Conv::new(4, [3, 3]));
        let b = net.conv_2d(x, Conv::new(4, [3, 3]));
        let other = net.conv_2d(x, Conv::new(4, [3, 3]).relu());
        let (a, b) = (net.relu(a), net.relu(b));
        let y = net.add(a, b);
        let one = net.constant(Tensor::const_f32("one", vec![4], &[1.0; 4]));
        let y = net.add(y, other);
        let y = net.add(y, one);
        let graph = net.finish(&[y]).unwrap();
        let rest = common_subexpressions(&graph).unwrap();
        let ops: Vec<&str> = rest.nodes.iter().map(|node| node.op.name()).collect();
        assert_eq!(ops, ["CONV_2D", "CONV_2D", "RELU", "ADD", "ADD", "ADD"]);
        let input: Vec<u8> = (0..18).flat_map(|at| (at as f32 * 0.1 - 1.0).to_le_bytes()).collect();
        let outputs = |graph| Interpreter::new(graph).unwrap().run(&input).unwrap();
        assert_eq!(outputs(&rest), outputs(&graph));
    }
}
