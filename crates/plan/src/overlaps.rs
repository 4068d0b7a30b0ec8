//! Which buffers may overlap although one call needs both: an operand that ends with it, and its result.

use smidgen_ir::{Graph, Program, Target, TensorIdx};

use crate::lifetimes::origin;
use crate::{ALIGNMENT_BYTES, Buffer};

/// An operand and the result that may lie over it, by their places among the buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap {
    pub(crate) operand: usize,
    pub(crate) result: usize,
    /// Bytes by which a result must begin below the operand that begins below it.
    pub(crate) below: usize,
    /// Bytes by which it must begin above the operand otherwise.
    pub(crate) above: usize,
}

/// The pairs that the kernels of a program allow.
pub(crate) fn overlaps(graph: &Graph, program: &Program, buffers: &[Buffer]) -> Vec<Overlap> {
    let keeps = |tensor: TensorIdx| {
        let outputs = graph.outputs.iter().any(|&output| origin(program, output) == tensor);
        outputs || graph.get(tensor).is_none_or(|tensor| tensor.is_variable)
    };
    let find = |tensor: TensorIdx| buffers.iter().position(|buffer| buffer.tensor == Some(tensor));
    let of = |(at, call): (usize, &smidgen_ir::Call)| {
        let lags = call.sharing()?.lags();
        if call.reads().chain(call.results()).any(|tensor| program.part(tensor).is_some()) {
            return None;
        }
        let operands = || call.reads().map(|tensor| origin(program, tensor));
        let first = operands().next()?;
        let &[(Target::Result(result), elem)] = call.targets.as_slice() else { return None };
        if keeps(first) || operands().filter(|&operand| operand == first).count() > 1 {
            return None;
        }
        let (operand, result) = (find(first)?, find(origin(program, result))?);
        let (x, y) = (buffers.get(operand)?, buffers.get(result)?);
        let bytes = |elements: usize| (elements * elem.bytes()).next_multiple_of(ALIGNMENT_BYTES);
        let is_end = x.last_call == at && y.first_call == at && operand != result;
        is_end.then(|| Overlap { operand, result, below: bytes(lags.below), above: bytes(lags.above) })
    };
    program.calls.iter().enumerate().filter_map(of).collect()
}
