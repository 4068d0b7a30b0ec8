//! Finds out whether a plan is right by running the program over an arena that remembers who wrote each byte.

mod overlapping;

use crate::{ALIGNMENT_BYTES, Plan};
use smidgen_ir::{Graph, Program, TensorIdx};
use std::collections::BTreeSet;
use std::ops::Range;

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A tensor or scratch memory has no buffer, or several.
    #[error("{what} has {found} buffers, expected 1")]
    NotOneBuffer {
        /// What the buffer is for.
        what: String,
        /// Its buffers.
        found: usize,
    },
    /// A buffer is smaller than what belongs into it.
    #[error("{what} has {found} bytes, expected {expected}")]
    WrongSize {
        /// What the buffer is for.
        what: String,
        /// Expected size in bytes.
        expected: usize,
        /// Size of the buffer in bytes.
        found: usize,
    },
    /// A buffer or the arena is not aligned.
    #[error("{what} stands at {offset}, which is no multiple of {ALIGNMENT_BYTES}")]
    Unaligned {
        /// What it is.
        what: String,
        /// Where it stands, or how large it is.
        offset: usize,
    },
    /// A buffer reaches beyond the arena.
    #[error("{what} ends at {end}, beyond the arena's {arena_bytes} bytes")]
    OutsideArena {
        /// What the buffer is for.
        what: String,
        /// Its end.
        end: usize,
        /// Size of the arena.
        arena_bytes: usize,
    },
    /// Bytes are read after something else was written over them.
    #[error("{reader} reads {what}, but its bytes were overwritten by {by}")]
    Overwritten {
        /// Who reads.
        reader: String,
        /// What is read.
        what: String,
        /// Who wrote there last.
        by: String,
    },
}

/// Nobody has written these bytes.
const NOBODY: usize = usize::MAX;

/// Checks a plan without the planner's idea of lifetimes: an arena of owners is run through the program.
///
/// # Errors
/// Every violation, in the order of the calls.
pub fn check(graph: &Graph, program: &Program, plan: &Plan) -> Result<(), Vec<Violation>> {
    let mut run = Run { graph, program, plan, owners: vec![NOBODY; plan.arena_bytes], found: Vec::new() };
    if !plan.arena_bytes.is_multiple_of(ALIGNMENT_BYTES) {
        let what = "the arena's end".to_owned();
        run.found.push(Violation::Unaligned { what, offset: plan.arena_bytes });
    }
    for &input in &graph.inputs {
        run.write_tensor(input);
    }
    let variables: Vec<TensorIdx> = (0u32..)
        .map(TensorIdx)
        .zip(&graph.tensors)
        .filter(|(_, tensor)| tensor.is_variable)
        .map(|(idx, _)| idx)
        .collect();
    for &variable in &variables {
        run.write_tensor(variable);
    }
    let mut written: BTreeSet<TensorIdx> = variables.iter().copied().collect();
    for (at, call) in program.calls.iter().enumerate() {
        // A kernel reads its operands while it writes, so both must be whole after it.
        let targets: Vec<TensorIdx> = call.targets.iter().filter_map(|(target, _)| target.tensor()).collect();
        // A state must be whole before the call too, and a result that several calls fill after each of them.
        let reader = format!("call {at}");
        for &target in targets.iter().filter(|target| written.contains(*target)) {
            run.read(&reader, target);
        }
        written.extend(targets.iter().copied());
        if run.overlaps(call) {
            run.step_by_step(&reader, call);
            targets.iter().for_each(|&target| run.read(&reader, target));
            continue;
        }
        targets.iter().for_each(|&target| run.write_tensor(target));
        if call.scratch_bytes() > 0 {
            run.write_scratch(at, call.scratch_bytes());
        }
        call.reads().for_each(|tensor| run.read(&reader, tensor));
        for target in targets {
            run.read(&reader, target);
        }
    }
    // Variables keep their bytes until the next inference.
    for &variable in &variables {
        run.read("the next inference", variable);
    }
    for &output in &graph.outputs {
        run.read("the user", output);
    }
    if run.found.is_empty() { Ok(()) } else { Err(run.found) }
}

struct Run<'a> {
    graph: &'a Graph,
    program: &'a Program,
    plan: &'a Plan,
    /// For each byte of the arena: index of the buffer that was written there last.
    owners: Vec<usize>,
    found: Vec<Violation>,
}

impl Run<'_> {
    fn write_tensor(&mut self, tensor: TensorIdx) {
        let origin = self.origin(tensor);
        let expected = self.graph.get(origin).map_or(0, |tensor| tensor.n_bytes());
        if let Some((index, range)) = self.buffer(&self.tensor_name(tensor), Some(origin), 0, expected) {
            self.own(index, range);
        }
    }

    fn write_scratch(&mut self, call: usize, expected: usize) {
        if let Some((index, range)) = self.buffer(&format!("scratch of call {call}"), None, call, expected) {
            self.own(index, range);
        }
    }

    fn own(&mut self, index: usize, range: Range<usize>) {
        self.owners.iter_mut().take(range.end).skip(range.start).for_each(|owner| *owner = index);
    }

    fn read(&mut self, reader: &str, tensor: TensorIdx) {
        let origin = self.origin(tensor);
        let Some(index) = self.plan.buffers.iter().position(|buffer| buffer.tensor == Some(origin)) else {
            return;
        };
        let Some(buffer) = self.plan.buffers.get(index) else { return };
        let end = buffer.offset.saturating_add(buffer.bytes);
        let mut owners = self.owners.iter().take(end).skip(buffer.offset);
        if let Some(&other) = owners.find(|&&owner| owner != index) {
            let by = match self.plan.buffers.get(other) {
                Some(writer) => match writer.tensor {
                    Some(tensor) => self.tensor_name(tensor),
                    None => format!("scratch of call {}", writer.first_call),
                },
                None => "nobody".to_owned(),
            };
            let what = self.tensor_name(tensor);
            self.found.push(Violation::Overwritten { reader: reader.to_owned(), what, by });
        }
    }

    /// The only buffer of a tensor or of a call's scratch memory, when it is in order.
    fn buffer(
        &mut self,
        what: &str,
        tensor: Option<TensorIdx>,
        call: usize,
        expected: usize,
    ) -> Option<(usize, Range<usize>)> {
        let what = what.to_owned();
        let is_it = |(_, buffer): &(usize, &crate::Buffer)| {
            buffer.tensor == tensor && (tensor.is_some() || buffer.first_call == call)
        };
        let found: Vec<_> = self.plan.buffers.iter().enumerate().filter(is_it).collect();
        let &[(index, buffer)] = found.as_slice() else {
            self.found.push(Violation::NotOneBuffer { what, found: found.len() });
            return None;
        };
        let (offset, bytes, arena_bytes) = (buffer.offset, buffer.bytes, self.plan.arena_bytes);
        let end = offset.saturating_add(bytes);
        if bytes != expected {
            self.found.push(Violation::WrongSize { what, expected, found: bytes });
        } else if !offset.is_multiple_of(ALIGNMENT_BYTES) {
            self.found.push(Violation::Unaligned { what, offset });
        } else if end > arena_bytes {
            self.found.push(Violation::OutsideArena { what, end, arena_bytes });
        } else {
            return Some((index, offset..end));
        }
        None
    }

    /// Parts count as what they are parts of: all of it must be there.
    fn origin(&self, tensor: TensorIdx) -> TensorIdx {
        let tensor = self.program.part(tensor).map_or(tensor, |part| part.whole);
        // Views stand in execution order, so that walking them backwards follows a chain to its end.
        self.program
            .views
            .iter()
            .rev()
            .fold(tensor, |at, &(view, origin)| if view == at { origin } else { at })
    }

    fn tensor_name(&self, tensor: TensorIdx) -> String {
        let name = self.graph.get(tensor).map_or("", |tensor| tensor.name.as_str());
        format!("tensor {} \"{name}\"", tensor.0)
    }
}

#[cfg(test)]
mod tests;
