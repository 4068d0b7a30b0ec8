//! Computes what does not depend on any input: nodes whose operands are all constants.

use std::sync::Arc;

use super::dead_code;
use crate::error::IrError;
use crate::graph::{Dialect, Graph, Node, TensorIdx};
use crate::interpreter::Interpreter;
use crate::ops::{Op, TensorType};
use crate::tensor::{DType, Tensor};

/// The graph with the results of nodes that read constants only as constants. Nodes that write a model output stay, and
/// those that change a variable.
///
/// # Errors
/// [`IrError::Invalid`] for a graph that the verifier refuses; what [`evaluate`] finds.
pub fn fold_constants(graph: &Graph) -> Result<Graph, IrError> {
    graph.verify().map_err(IrError::Invalid)?;
    let mut folded = graph.clone();
    let mut kept = Vec::with_capacity(graph.nodes.len());
    for node in std::mem::take(&mut folded.nodes) {
        if !is_constant(&folded, &node) {
            kept.push(node);
            continue;
        }
        let operands: Vec<Option<&Tensor>> =
            node.inputs.iter().map(|input| input.map(|idx| folded.tensor(idx))).collect();
        let results: Vec<&Tensor> = node.outputs.iter().map(|&output| folded.tensor(output)).collect();
        let values = evaluate(graph.dialect, &node.op, &operands, &results)?;
        for (&output, data) in node.outputs.iter().zip(values) {
            folded.tensor_mut(output).data = Some(data);
        }
    }
    folded.nodes = kept;
    dead_code(&folded)
}

fn is_constant(graph: &Graph, node: &Node) -> bool {
    node.op.states().is_empty()
        && node.inputs.iter().flatten().all(|&input| graph.tensor(input).is_const())
        && !node.outputs.iter().any(|output| graph.outputs.contains(output))
}

/// What `op` makes of constant operands in the arithmetic of `dialect`: the data of each result, whose types and quantisation `results` give.
///
/// # Errors
/// Operands that are not constant or do not fit, and operators that have no kernel for them.
pub fn evaluate(
    dialect: Dialect,
    op: &Op,
    operands: &[Option<&Tensor>],
    results: &[&Tensor],
) -> Result<Vec<Arc<[u8]>>, IrError> {
    let mut graph = Graph { dialect, ..Graph::default() };
    // Every graph has an input; nobody reads this one.
    let nothing = graph.add_tensor(Tensor::activation("nothing", DType::I8, vec![1]));
    graph.inputs = vec![nothing];
    let inputs =
        operands.iter().map(|operand| operand.map(|tensor| graph.add_tensor(tensor.clone()))).collect();
    let activation = |tensor: &&Tensor| Tensor { data: None, is_variable: false, ..(*tensor).clone() };
    let outputs: Vec<TensorIdx> =
        results.iter().map(activation).map(|tensor| graph.add_tensor(tensor)).collect();
    graph.nodes = vec![Node { op: op.clone(), inputs, outputs: outputs.clone() }];
    graph.outputs = outputs;
    let bytes = Interpreter::new(&graph)?.run(&[0])?;
    let mut rest = bytes.as_slice();
    let data = results.iter().map(|tensor| {
        let (own, behind) = rest.split_at(tensor.n_bytes());
        rest = behind;
        Arc::from(own)
    });
    Ok(data.collect())
}

/// The results of `op` on constant operands, as constants without quantisation; `None` where an operand is no constant or
/// the operator cannot take them. Importers follow the arithmetic of shapes with it.
pub fn try_evaluate(op: &Op, operands: &[Option<&Tensor>]) -> Option<Vec<Tensor>> {
    if !operands.iter().flatten().all(|tensor| tensor.is_const()) {
        return None;
    }
    let results = op.infer(operands).ok()?.into_iter();
    let results: Vec<Tensor> =
        results.map(|TensorType { dtype, shape }| Tensor::activation("", dtype, shape)).collect();
    let values = evaluate(Dialect::default(), op, operands, &results.iter().collect::<Vec<_>>()).ok()?;
    let constant = |(tensor, data)| Tensor { data: Some(data), ..tensor };
    Some(results.into_iter().zip(values).map(constant).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Builder;

    #[test]
    fn nodes_without_inputs_become_constants() {
        let mut net = Builder::new("", |_| Vec::new());
        let x = net.input("x", &[2]);
        let a = net.constant(Tensor::const_f32("a", vec![2], &[1.0, -2.0]));
        let b = net.constant(Tensor::const_f32("b", vec![2], &[3.0, 1.0]));
        let sum = net.add(a, b);
        let positive = net.relu(sum);
        let y = net.add(x, positive);
        let graph = net.finish(&[y]).unwrap();
        let folded = fold_constants(&graph).unwrap();
        assert_eq!(folded.nodes.len(), 1);
        let constant = folded.nodes[0].inputs[1].unwrap();
        assert_eq!(folded.tensor(constant).f32s(), Some(vec![4.0, 0.0]));
        let input: Vec<u8> = [0.5f32, 1.0].into_iter().flat_map(f32::to_le_bytes).collect();
        let outputs = |graph| Interpreter::new(graph).unwrap().run(&input).unwrap();
        assert_eq!(outputs(&folded), outputs(&graph));
    }
}
