//! Where tensors lie in the arena, for the text of the model.

use std::ops::Range;

use smidgen_ir::{Call, Elem, Graph, Program, TensorIdx};
use smidgen_plan::Plan;

use crate::CodegenError;
use crate::names::printable;

/// An operand and a result in one region of the arena.
pub(crate) struct Shared {
    pub(crate) input: Range<usize>,
    pub(crate) output: Range<usize>,
    pub(crate) elem: Elem,
}

/// Where tensors lie in the arena.
pub(crate) struct Memory<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) program: &'a Program,
    pub(crate) plan: &'a Plan,
}

impl Memory<'_> {
    /// The bytes of a tensor in the arena, from its first to its last.
    pub(crate) fn tensor(&self, tensor: TensorIdx) -> Result<Range<usize>, CodegenError> {
        self.plan.range(self.program, tensor).ok_or_else(|| {
            let name = self.graph.get(tensor).map_or("", |tensor| &tensor.name);
            CodegenError::NotPlanned { tensor, name: printable(name) }
        })
    }

    /// Whether all bytes of a range are those of the tensor in it.
    pub(crate) fn is_dense(&self, tensor: TensorIdx, range: &Range<usize>) -> bool {
        self.graph.get(tensor).is_some_and(|tensor| tensor.n_bytes() == range.len())
    }

    /// Name, type and shape of a tensor.
    pub(crate) fn describe(&self, tensor: TensorIdx) -> String {
        let Some(tensor) = self.graph.get(tensor) else { return String::new() };
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        format!("\"{}\" {} {}", printable(&tensor.name), tensor.dtype.name(), shape.join("\u{d7}"))
    }

    /// Where operand and result of a call lie, if its kernel takes both in one region: where they overlap, and always where it
    /// reads no other tensor, so that a kernel that takes them apart too is not in the firmware twice.
    pub(crate) fn shared(&self, call: &Call) -> Result<Option<Shared>, CodegenError> {
        let (Some(_), &[(target, elem)]) = (call.sharing(), call.targets.as_slice()) else {
            return Ok(None);
        };
        let tensors: Vec<TensorIdx> = call.reads().collect();
        let (Some(&first), Some(result)) = (tensors.first(), target.tensor()) else { return Ok(None) };
        let (input, output) = (self.tensor(first)?, self.tensor(result)?);
        let overlap = input.start < output.end && output.start < input.end;
        Ok((overlap || tensors.len() == 1).then_some(Shared { input, output, elem }))
    }

    /// The bytes of a call's scratch memory.
    pub(crate) fn scratch(&self, call: usize) -> Result<Range<usize>, CodegenError> {
        self.plan.scratch(call).ok_or(CodegenError::NoScratch { call })
    }
}
