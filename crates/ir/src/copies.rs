//! CONCATENATION, SPLIT, PACK, UNPACK and SLICE without copies, in a lowered program.
//!
//! What is copied may as well be there from the beginning: an operand that becomes a part of a result is written to its place there,
//! and a result that is a part of an operand is read where it is. That holds for every operator where the bytes of a part follow each
//! other, and for CONV_2D also where they are some channels of every pixel.

use std::ops::Range;

use smidgen_kernels::ops::{conv_2d, strided_copy};

use crate::graph::{Graph, TensorIdx};
use crate::kernel::Kernel;
use crate::program::{Call, Operand, Part, Program, Target};

/// The program without copies between a tensor and a part of another one, as far as nothing else needs both.
#[must_use]
pub fn without_copies(graph: &Graph, mut program: Program) -> Program {
    // Weights are not copied with every trial.
    let consts = std::mem::take(&mut program.consts);
    let mut at = 0;
    while at < program.calls.len() {
        let moved = program.calls.get(at).and_then(Move::of);
        let trial = moved
            .and_then(|moved| moved.split(graph, &program, at).or_else(|| moved.joined(graph, &program, at)));
        match trial.filter(is_sound) {
            Some(without) => program = without,
            None => at += 1,
        }
    }
    Program { consts, ..program }
}

/// A copy of rows of elements that follow each other: the pixels of some channels, or one row of everything.
#[derive(Debug, Clone, Copy)]
struct Move {
    from: Side,
    to: Side,
    rows: usize,
    /// Elements of a row.
    row: usize,
    /// Bytes of an element.
    size: usize,
}

/// A tensor that a copy reads or writes, in elements.
#[derive(Debug, Clone, Copy)]
struct Side {
    tensor: TensorIdx,
    len: usize,
    start: usize,
    /// From one row to the next.
    step: usize,
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
        let strided_copy::Spec { shape: [1, 1, 1, 1, rows, row], in_strides, out_strides, .. } = spec else {
            return None;
        };
        let (Operand::Tensor(from), &[(Target::Result(to), _)]) =
            (call.operands.first()?.0, call.targets.as_slice())
        else {
            return None;
        };
        let step = |strides: [isize; 6]| if rows == 1 { Some(row) } else { usize::try_from(strides[4]).ok() };
        let from = Side { tensor: from, len: spec.in_len, start: spec.in_start, step: step(in_strides)? };
        let to = Side { tensor: to, len: spec.out_len, start: spec.out_start, step: step(out_strides)? };
        // Rows that overlap are copied several times.
        let is_apart = from.step >= row && to.step >= row;
        let is_dense = in_strides[5] == 1 && out_strides[5] == 1;
        (is_apart && is_dense).then_some(Move { from, to, rows, row, size })
    }

    /// Without the copy, its result being a part of the operand, if it is all of the result.
    fn split(&self, graph: &Graph, program: &Program, at: usize) -> Option<Program> {
        let Move { from, to, .. } = *self;
        let is_fit = self.is_all(to) && is_free(graph, program, to.tensor) && !is_state(graph, from.tensor);
        let mut without = is_fit.then(|| self.part(graph, program, at, to, from))??;
        if from.step > self.row {
            for call in without.calls.iter_mut().filter(|call| call.reads().any(|read| read == to.tensor)) {
                let spec = pixels(call)?;
                let fits = (spec.window.batches * spec.window.in_h * spec.window.in_w, spec.window.in_c);
                let spec = (fits == (self.rows, self.row)).then_some(spec)?;
                call.kernel =
                    Kernel::Conv2dInt8Stepped(conv_2d::Int8SteppedSpec { input_step: from.step, ..spec });
            }
        }
        Some(without)
    }

    /// Without the copy, its operand being a part of the result, if it is all of the operand.
    fn joined(&self, graph: &Graph, program: &Program, at: usize) -> Option<Program> {
        let Move { from, to, .. } = *self;
        let is_input = graph.inputs.contains(&from.tensor);
        // What several calls write is there as a whole only after the last one.
        let mut writers = program.calls[..at]
            .iter()
            .enumerate()
            .filter(|(_, call)| call.results().any(|result| result == from.tensor));
        let (Some((writer, _)), None) = (writers.next(), writers.next()) else { return None };
        let is_fit = self.is_all(from) && is_free(graph, program, from.tensor);
        let is_fit = is_fit && !is_input && !is_state(graph, to.tensor);
        let mut without = is_fit.then(|| self.part(graph, program, at, from, to))??;
        if to.step > self.row {
            let call = without.calls.get_mut(writer)?;
            let spec = pixels(call)?;
            let fits = (spec.window.batches * spec.window.out_h * spec.window.out_w, spec.window.out_c);
            let spec =
                (fits == (self.rows, self.row) && program.n_reads(from.tensor) == 1).then_some(spec)?;
            call.kernel =
                Kernel::Conv2dInt8Stepped(conv_2d::Int8SteppedSpec { output_step: to.step, ..spec });
        }
        Some(without)
    }

    /// Whether it moves all of a tensor.
    fn is_all(&self, side: Side) -> bool {
        side.step == self.row && side.len == self.rows * self.row
    }

    /// The program without the copy at `at`, one side being a part of the other, which may be a part itself.
    fn part(&self, graph: &Graph, program: &Program, at: usize, side: Side, of: Side) -> Option<Program> {
        let bytes = ((self.rows - 1) * of.step + self.row) * self.size;
        let offset = of.start * self.size;
        let part = match program.part(of.tensor) {
            Some(outer) if outer.bytes == graph.get(of.tensor)?.n_bytes() => {
                Part { tensor: side.tensor, whole: outer.whole, offset: outer.offset + offset, bytes }
            }
            Some(_) => return None,
            None => Part { tensor: side.tensor, whole: of.tensor, offset, bytes },
        };
        let mut without = program.clone();
        without.calls.remove(at);
        without.parts.push(part);
        Some(without)
    }
}

/// What a call does to some channels of every pixel; `None` if it is no int8 CONV_2D.
fn pixels(call: &Call) -> Option<conv_2d::Int8SteppedSpec> {
    match call.kernel {
        Kernel::Conv2dInt8(spec) => Some(conv_2d::Int8SteppedSpec {
            window: spec.window,
            groups: spec.groups,
            input_step: spec.window.in_c,
            output_step: spec.window.out_c,
            input_zero_point: spec.input_zero_point,
            output_zero_point: spec.output_zero_point,
            act_min: spec.act_min,
            act_max: spec.act_max,
        }),
        Kernel::Conv2dInt8Stepped(spec) => Some(spec),
        _ => None,
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
