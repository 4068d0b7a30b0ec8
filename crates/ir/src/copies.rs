//! CONCATENATION, SPLIT, PACK, UNPACK and SLICE without copies, in a lowered program.
//!
//! Where the parts of a whole follow each other in memory, what is copied may as well be there from the beginning: an operand that becomes
//! a part of a result is written to its place there, and a result that is a part of an operand is read where it is.

use std::ops::Range;

use smidgen_kernels::ops::strided_copy;

use crate::graph::{Graph, TensorIdx};
use crate::kernel::Kernel;
use crate::program::{Call, Operand, Part, Program, Target};

/// The program without copies between a tensor and bytes of another one that follow each other, as far as nothing else needs both.
#[must_use]
pub fn without_copies(graph: &Graph, mut program: Program) -> Program {
    let mut at = 0;
    while at < program.calls.len() {
        let moved = program.calls.get(at).and_then(Move::of);
        let part = moved
            .and_then(|moved| moved.split(graph, &program).or_else(|| moved.joined(graph, &program, at)));
        let Some(part) = part else {
            at += 1;
            continue;
        };
        let copy = program.calls.remove(at);
        program.parts.push(part);
        if !is_sound(&program) {
            program.parts.pop();
            program.calls.insert(at, copy);
            at += 1;
        }
    }
    program
}

/// A copy of bytes that follow each other.
#[derive(Debug, Clone, Copy)]
struct Move {
    from: TensorIdx,
    to: TensorIdx,
    /// Where it begins in each, in bytes, and how many bytes they have.
    from_start: usize,
    to_start: usize,
    from_bytes: usize,
    to_bytes: usize,
    bytes: usize,
}

impl Move {
    fn of(call: &Call) -> Option<Self> {
        let (spec, size) = match call.kernel {
            Kernel::StridedCopy8(spec) => (spec, 1),
            Kernel::StridedCopy16(spec) => (spec, 2),
            Kernel::StridedCopy32(spec) => (spec, 4),
            Kernel::StridedCopy64(spec) => (spec, 8),
            _ => return None,
        };
        let strided_copy::Spec { shape, in_strides, out_strides, .. } = spec;
        let [.., run] = shape;
        let is_run =
            shape[..5].iter().all(|&extent| extent == 1) && in_strides[5] == 1 && out_strides[5] == 1;
        let (Operand::Tensor(from), &[(Target::Result(to), _)]) =
            (call.operands.first()?.0, call.targets.as_slice())
        else {
            return None;
        };
        is_run.then_some(Move {
            from,
            to,
            from_start: spec.in_start * size,
            to_start: spec.out_start * size,
            from_bytes: spec.in_len * size,
            to_bytes: spec.out_len * size,
            bytes: run * size,
        })
    }

    /// The result as a part of the operand, if it is all of the result.
    fn split(&self, graph: &Graph, program: &Program) -> Option<Part> {
        let is_whole = self.bytes == self.to_bytes && is_free(graph, program, self.to);
        (is_whole && !is_state(graph, self.from))
            .then(|| part_of(program, self.to, self.from, self.from_start, self.bytes))
    }

    /// The operand as a part of the result, if it is all of the operand.
    fn joined(&self, graph: &Graph, program: &Program, at: usize) -> Option<Part> {
        let is_input = graph.inputs.contains(&self.from);
        // What several calls write is there as a whole only after the last one.
        let written =
            program.calls[..at].iter().filter(|call| call.results().any(|result| result == self.from));
        let is_whole = self.bytes == self.from_bytes && is_free(graph, program, self.from);
        let is_fit = is_whole && !is_input && !is_state(graph, self.to) && written.count() == 1;
        is_fit.then(|| part_of(program, self.from, self.to, self.to_start, self.bytes))
    }
}

/// Whether a tensor may get its bytes elsewhere: nobody outside the program and no view looks for them.
fn is_free(graph: &Graph, program: &Program, tensor: TensorIdx) -> bool {
    let is_part = program.parts.iter().any(|part| part.tensor == tensor || part.whole == tensor);
    !program.is_viewed(tensor) && !is_part && !graph.outputs.contains(&tensor) && !is_state(graph, tensor)
}

fn is_state(graph: &Graph, tensor: TensorIdx) -> bool {
    graph.get(tensor).is_none_or(|tensor| tensor.is_variable)
}

/// A part of a tensor, which may be a part itself.
fn part_of(program: &Program, tensor: TensorIdx, whole: TensorIdx, offset: usize, bytes: usize) -> Part {
    match program.part(whole) {
        Some(outer) => Part { tensor, whole: outer.whole, offset: outer.offset + offset, bytes },
        None => Part { tensor, whole, offset, bytes },
    }
}

/// Whether no call reads and writes bytes of the same tensor, or reads some of its bytes twice and others once.
fn is_sound(program: &Program) -> bool {
    let place = |tensor: TensorIdx| match program.part(tensor) {
        Some(part) => (part.whole, part.offset..part.offset + part.bytes),
        None => (tensor, 0..usize::MAX),
    };
    program.calls.iter().all(|call| {
        let reads: Vec<(TensorIdx, Range<usize>)> = call.reads().map(place).collect();
        let writes_read =
            call.results().any(|result| reads.iter().any(|(whole, _)| *whole == place(result).0));
        let overlap = |(a, x): &(TensorIdx, Range<usize>), (b, y): &(TensorIdx, Range<usize>)| {
            a == b && x != y && x.start < y.end && y.start < x.end
        };
        !writes_read && !reads.iter().any(|read| reads.iter().any(|other| overlap(read, other)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Builder, Conv};
    use crate::ops::concatenation::Concatenation;
    use crate::ops::split::Split;
    use crate::{Interpreter, Op, lower};

    fn check(graph: &Graph, expected: usize) {
        let program = lower(graph).unwrap();
        let without = without_copies(graph, program.clone());
        assert_eq!(program.calls.len() - without.calls.len(), expected);
        let input: Vec<u8> =
            (0..graph.input_bytes() / 4).flat_map(|at| (at as f32 * 0.1 - 3.0).to_le_bytes()).collect();
        let wanted = Interpreter::new(graph).unwrap().run(&input).unwrap();
        assert_eq!(Interpreter::with_program(graph, without).unwrap().run(&input).unwrap(), wanted);
    }

    fn net() -> Builder<'static> {
        let mut at = 0.0f32;
        Builder::new("net", move |parameter| {
            (0..parameter.n_elements())
                .map(|_| {
                    at += 0.7;
                    at.sin()
                })
                .collect()
        })
    }

    #[test]
    fn parts_that_follow_each_other_are_not_copied() {
        let mut net = net();
        let x = net.input("x", &[1, 4, 4, 2]);
        let a = net.conv_2d(x, Conv::new(3, [3, 3]));
        let b = net.conv_2d(x, Conv::new(3, [1, 1]));
        // Rows behind rows; then two halves of the rows, of which one is read once more.
        let y = net.node(Op::Concatenation(Concatenation { axis: 1 }), &[Some(a), Some(b)], None);
        let halves = net.nodes(Op::Split(Split { axis: 1, parts: 2 }), &[Some(y)], &[None, None]);
        let sum = net.add(halves[0], halves[1]);
        let sum = net.add(sum, a);
        let graph = net.finish(&[sum]).unwrap();
        check(&graph, 4);
    }

    #[test]
    fn what_lies_apart_or_is_needed_elsewhere_is_copied() {
        let mut net = net();
        let x = net.input("x", &[1, 4, 4, 2]);
        let a = net.conv_2d(x, Conv::new(3, [3, 3]));
        let b = net.conv_2d(x, Conv::new(3, [1, 1]));
        // Channels beside channels; the input itself; a twice; and what is made of its own neighbour.
        let y = net.node(Op::Concatenation(Concatenation { axis: 3 }), &[Some(a), Some(b)], None);
        let z = net.node(Op::Concatenation(Concatenation { axis: 1 }), &[Some(x), Some(x)], None);
        let twice = net.node(Op::Concatenation(Concatenation { axis: 1 }), &[Some(a), Some(a)], None);
        let c = net.conv_2d(b, Conv::new(3, [1, 1]));
        let chained = net.node(Op::Concatenation(Concatenation { axis: 1 }), &[Some(b), Some(c)], None);
        let graph = net.finish(&[y, z, twice, chained]).unwrap();
        // Only b or c may lie in the last one, not both.
        check(&graph, 1);
    }
}
