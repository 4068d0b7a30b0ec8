//! Which calls need which buffer.

use crate::{Buffer, PlanError};
use smidgen_ir::{Graph, Program, TensorIdx};
use std::collections::BTreeMap;

/// The tensor whose bytes `tensor` is a view or a part of, through any number of views; itself when it is none.
pub(crate) fn origin(program: &Program, tensor: TensorIdx) -> TensorIdx {
    let mut origin = program.part(tensor).map_or(tensor, |part| part.whole);
    // A chain of views is no longer than their number; the bound ends a circle, which no program should have.
    for _ in 0..program.views.len() {
        match program.views.iter().find(|(view, _)| *view == origin) {
            Some(&(_, of)) => origin = of,
            None => break,
        }
    }
    origin
}

/// The buffers without their places: tensors by index, then scratch memory by call.
pub(crate) fn buffers(graph: &Graph, program: &Program) -> Result<Vec<Buffer>, PlanError> {
    let last = program.calls.len().saturating_sub(1);
    let mut lives = Lives { graph, program, lives: BTreeMap::new() };
    let variables = graph.tensors.iter().enumerate().filter(|(_, tensor)| tensor.is_variable);
    for (at, _) in variables {
        // Its bytes are its own for good: the next inference finds them as this one leaves them.
        lives.lives.insert(TensorIdx(at as u32), Live { first: 0, last });
    }
    for &input in &graph.inputs {
        lives.write(input, 0)?;
    }
    for (at, call) in program.calls.iter().enumerate() {
        for tensor in call.reads() {
            let name = lives.name(tensor)?;
            lives.read(tensor, at).ok_or(PlanError::ReadBeforeWritten { call: at, tensor, name })?;
        }
        for target in call.targets.iter().filter_map(|(target, _)| target.tensor()) {
            lives.write(target, at)?;
        }
    }
    for &output in &graph.outputs {
        let name = lives.name(output)?;
        lives.read(output, last).ok_or(PlanError::OutputNotWritten { tensor: output, name })?;
    }
    let tensor = |(&tensor, live): (&TensorIdx, &Live)| Buffer {
        tensor: Some(tensor),
        offset: 0,
        bytes: graph.tensor(tensor).n_bytes(),
        first_call: live.first,
        last_call: live.last,
    };
    let scratch = |(at, call): (usize, &smidgen_ir::Call)| {
        let bytes = call.scratch_bytes();
        (bytes > 0).then_some(Buffer { tensor: None, offset: 0, bytes, first_call: at, last_call: at })
    };
    let scratches = program.calls.iter().enumerate().filter_map(scratch);
    Ok(lives.lives.iter().map(tensor).chain(scratches).collect())
}

/// First and last call that needs a tensor.
struct Live {
    first: usize,
    last: usize,
}

struct Lives<'a> {
    graph: &'a Graph,
    program: &'a Program,
    lives: BTreeMap<TensorIdx, Live>,
}

impl Lives<'_> {
    fn name(&self, tensor: TensorIdx) -> Result<String, PlanError> {
        let n_tensors = self.graph.tensors.len();
        let found = self.graph.get(tensor).ok_or(PlanError::NoSuchTensor { tensor, n_tensors })?;
        Ok(found.name.clone())
    }

    fn write(&mut self, tensor: TensorIdx, at: usize) -> Result<(), PlanError> {
        let origin = origin(self.program, tensor);
        self.name(origin)?;
        let live = self.lives.entry(origin).or_insert(Live { first: at, last: at });
        live.last = live.last.max(at);
        Ok(())
    }

    /// `None` when nothing has written it.
    fn read(&mut self, tensor: TensorIdx, at: usize) -> Option<()> {
        let live = self.lives.get_mut(&origin(self.program, tensor))?;
        live.last = live.last.max(at);
        Some(())
    }
}
