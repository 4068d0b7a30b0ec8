//! Calls whose operand and result lie in the same bytes, in the steps of their kernels.

use std::ops::Range;

use smidgen_ir::{Call, Sharing, TensorIdx, Window};

use super::{Run, Violation};

/// What a kernel reads and writes in one step, in elements of its operand and result.
struct Step {
    reads: Vec<Range<usize>>,
    writes: Range<usize>,
}

impl Run<'_> {
    /// The tensors that a call reads, views followed to their origin.
    fn operands(&self, call: &Call) -> Vec<TensorIdx> {
        call.reads().map(|tensor| self.origin(tensor)).collect()
    }

    /// The first operand and the result.
    fn pair(&self, call: &Call) -> Option<(TensorIdx, TensorIdx)> {
        let result = call.targets.iter().find_map(|(target, _)| target.tensor())?;
        Some((*self.operands(call).first()?, self.origin(result)))
    }

    /// Whether the kernel may write its result over its first operand, and the plan has it so.
    pub(super) fn overlaps(&self, call: &Call) -> bool {
        let range = |tensor: TensorIdx| {
            let buffer = self.plan.buffers.iter().find(|buffer| buffer.tensor == Some(tensor));
            buffer.map_or(0..0, crate::Buffer::range)
        };
        let meet = |(x, y): (Range<usize>, Range<usize>)| x.start < y.end && y.start < x.end;
        call.sharing().is_some() && self.pair(call).is_some_and(|(x, y)| meet((range(x), range(y))))
    }

    /// Runs such a call: what a step reads must not have been overwritten.
    pub(super) fn step_by_step(&mut self, reader: &str, call: &Call) {
        let (Some(sharing), Some((x, y))) = (call.sharing(), self.pair(call)) else { return };
        let n_bytes = |tensor: TensorIdx| self.graph.get(tensor).map_or(0, |tensor| tensor.n_bytes());
        let (n_x, n_y) = (n_bytes(x), n_bytes(y));
        let operand = self.buffer(&self.tensor_name(x), Some(x), 0, n_x);
        let result = self.buffer(&self.tensor_name(y), Some(y), 0, n_y);
        let (Some((read, from)), Some((made, to))) = (operand, result) else { return };
        let size = call.targets.first().map_or(1, |(_, elem)| elem.bytes());
        let bytes = |range: &Range<usize>, base: usize| base + range.start * size..base + range.end * size;
        let mut steps = match sharing {
            Sharing::Elements => (0..n_y / size).map(element).collect(),
            Sharing::Pixels { window, at_once } => pixels(&window, at_once.max(1)),
        };
        if to.start > from.start {
            steps.reverse();
        }
        for Step { reads, writes } in steps {
            // A pixel is read while it is written, an element before.
            if sharing != Sharing::Elements {
                self.own(made, bytes(&writes, to.start));
            }
            for range in reads.iter().map(|range| bytes(range, from.start)) {
                let mut owners = self.owners.iter().take(range.end).skip(range.start);
                if owners.any(|&owner| owner != read) {
                    let (what, by) = (self.tensor_name(x), self.tensor_name(y));
                    return self.found.push(Violation::Overwritten { reader: reader.to_owned(), what, by });
                }
            }
            self.own(made, bytes(&writes, to.start));
        }
        for other in self.operands(call).into_iter().skip(1) {
            self.read(reader, other);
        }
    }
}

fn element(at: usize) -> Step {
    let range = at..at + 1;
    Step { reads: vec![range.clone()], writes: range }
}

/// Blocks of output pixels, with the input pixels in their windows.
fn pixels(window: &Window, at_once: usize) -> Vec<Step> {
    let n_pixels = window.batches * window.out_h * window.out_w;
    let step = |first: usize| {
        let end = n_pixels.min(first + at_once);
        Step {
            reads: (first..end).flat_map(|pixel| taps(window, pixel)).collect(),
            writes: first * window.out_c..end * window.out_c,
        }
    };
    (0..n_pixels).step_by(at_once).map(step).collect()
}

fn taps(window: &Window, pixel: usize) -> Vec<Range<usize>> {
    let (row, x) = (pixel / window.out_w, pixel % window.out_w);
    let (batch, y) = (row / window.out_h, row % window.out_h);
    let at = |position: usize, pad: usize, extent: usize| position.checked_sub(pad).filter(|at| *at < extent);
    let mut taps = Vec::new();
    for k_y in 0..window.k_h {
        let y = at(y * window.stride_h + k_y * window.dilation_h, window.pad_top, window.in_h);
        for k_x in 0..window.k_w {
            let x = at(x * window.stride_w + k_x * window.dilation_w, window.pad_left, window.in_w);
            if let (Some(y), Some(x)) = (y, x) {
                let pixel = (batch * window.in_h + y) * window.in_w + x;
                taps.push(pixel * window.in_c..(pixel + 1) * window.in_c);
            }
        }
    }
    taps
}
