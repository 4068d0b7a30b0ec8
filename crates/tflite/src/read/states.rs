//! States that the file keeps inside of an operator, as variables of the graph.

use smidgen_ir::{DType, Graph, NodeIdx, Tensor, TensorIdx};

use crate::findings::{Budget, Fault, Findings};

/// Gives each node the variables that its operator keeps inside in TFLite.
pub(super) fn add_own_states(
    graph: &mut Graph,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<(), Fault> {
    for at in 0..graph.nodes.len() {
        let Some(node) = graph.nodes.get(at) else { break };
        let Some(&first) = node.op.states().first() else { continue };
        let operands: Vec<Option<&Tensor>> =
            node.inputs.iter().map(|input| input.and_then(|idx| graph.get(idx))).collect();
        let types = match node.op.own_states(&operands) {
            Ok(types) => types,
            // Tensors that could not be read are findings already.
            Err(_) if !findings.is_clean() => continue,
            Err(message) => {
                findings.problem(&graph.describe(NodeIdx(at as u32)), message);
                continue;
            }
        };
        // The verifier refuses a node that has other operands already.
        if types.is_empty() || node.inputs.len() != first {
            continue;
        }
        let result = node.outputs.first().and_then(|&idx| graph.get(idx));
        let result_name = result.map_or("", |result| result.name.as_str());
        let quant = operands.first().copied().flatten().and_then(|input| input.quant.clone());
        let mut states = Vec::with_capacity(types.len());
        for (of, name) in types.into_iter().zip(node.op.operand_names().iter().skip(first)) {
            budget.charge_for::<Tensor>(1)?;
            budget.charge_for_messages(1, result_name.len())?;
            let quant = quant.clone().filter(|_| of.dtype == DType::I8);
            states.push(Tensor::variable(format!("{result_name}/{name}"), of.dtype, of.shape, quant));
        }
        let results = node.outputs.clone();
        // TFLM's CIRCULAR_BUFFER keeps its state in its result, which some files mark as a variable.
        for result in results {
            if let Some(result) = graph.tensors.get_mut(result.idx()) {
                result.is_variable = false;
            }
        }
        for state in states {
            let idx: TensorIdx = graph.add_tensor(state);
            if let Some(node) = graph.nodes.get_mut(at) {
                node.inputs.push(Some(idx));
            }
        }
    }
    Ok(())
}
