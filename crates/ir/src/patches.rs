//! Some operators of a program, strip by strip: patch-based execution (Lin et al., *MCUNetV2: Memory-Efficient Patch-based
//! Inference for Tiny Deep Learning*, 2021).
//!
//! The largest activations of a network of images are mostly its first ones. Where operators are a chain of windows, the
//! rows that one strip of their last result needs are computed for that strip alone, so that the activations between are never there as
//! a whole. A strip begins and ends where the window does, so that kernels see the same padding and compute the same bits; rows
//! that two strips need are computed twice.

use crate::graph::{Graph, TensorIdx};
use crate::kernel::Kernel;
use crate::ops;
use crate::program::{Call, Operand, Part, Program, Target};
use crate::sharing::Window;
use crate::tensor::Tensor;

/// A program of which some calls run strip by strip.
#[derive(Debug, Clone)]
pub struct Patched {
    /// The graph with the tensors of the strips, which no node names.
    pub graph: Graph,
    /// The program's calls and parts; its constants are as they were.
    pub calls: Vec<Call>,
    /// See [`Program::parts`].
    pub parts: Vec<Part>,
    /// Multiply-accumulates of the whole program before.
    pub macs_before: u64,
    /// Multiply-accumulates of the whole program now.
    pub macs: u64,
}

macro_rules! windows {
    ($($variant:ident),*) => {
        impl Kernel {
            /// The window of a kernel that goes over an image, row by row.
            pub(crate) fn window(&self) -> Option<Window> {
                match self {
                    $(Kernel::$variant(spec) => Some(spec.window),)*
                    _ => None,
                }
            }

            /// The kernel with another window; one without a window as it is.
            pub(crate) fn with_window(mut self, window: Window) -> Self {
                match &mut self {
                    $(Kernel::$variant(spec) => spec.window = window,)*
                    _ => {}
                }
                self
            }
        }
    };
}

windows! {
    AveragePool2dFloat32, AveragePool2dInt16, AveragePool2dInt8, AveragePool2dInt8HalvesUp, Conv2dCoded, Conv2dFloat32,
    Conv2dInt16, Conv2dInt4, Conv2dInt8, Conv2dInt8Asymmetric, Conv2dStored, DepthwiseConv2dFloat32, DepthwiseConv2dInt16,
    DepthwiseConv2dInt4, DepthwiseConv2dInt8, DepthwiseConv2dInt8Asymmetric, DepthwiseConv2dStored, MaxPool2dFloat32,
    MaxPool2dInt16, MaxPool2dInt8
}

/// Calls that may run strip by strip: a chain of windows, each the only reader of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The first call.
    pub first: usize,
    /// The height of each call's result.
    pub heights: Vec<usize>,
}

/// The longest stages of a program, in order.
pub fn stages(graph: &Graph, program: &Program) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut from: Option<TensorIdx> = None;
    for (at, call) in program.calls.iter().enumerate() {
        let linked = link(call).filter(|(window, input, result)| {
            let is_part = |tensor: &TensorIdx| program.part(*tensor).is_some();
            window.batches == 1 && !is_part(input) && !is_part(result)
        });
        let Some((window, input, result)) = linked else {
            from = None;
            continue;
        };
        let is_next = from.is_some_and(|tensor| input == tensor && is_passed_on(graph, program, tensor));
        match stages.last_mut().filter(|_| is_next) {
            Some(stage) => stage.heights.push(window.out_h),
            None => stages.push(Stage { first: at, heights: vec![window.out_h] }),
        }
        from = Some(result);
    }
    stages
}

/// Whether one call reads a tensor and nothing else does.
pub(crate) fn is_passed_on(graph: &Graph, program: &Program, tensor: TensorIdx) -> bool {
    program.n_reads(tensor) == 1 && !program.is_viewed(tensor) && !graph.outputs.contains(&tensor)
}

/// Window, operand and result of a call that reads one tensor and writes another.
fn link(call: &Call) -> Option<(Window, TensorIdx, TensorIdx)> {
    let window = call.kernel.window()?;
    let mut reads = call.reads();
    let (Some(input), None) = (reads.next(), reads.next()) else { return None };
    let &[(Target::Result(result), _)] = call.targets.as_slice() else { return None };
    matches!(call.operands.first(), Some((Operand::Tensor(first), _)) if *first == input)
        .then_some((window, input, result))
}

/// The program with the first `n_calls` calls of one of its [`stages`] in so many strips of rows; `None` where that cannot be.
pub fn patched(
    graph: &Graph,
    program: &Program,
    stage: &Stage,
    n_calls: usize,
    n_strips: usize,
) -> Option<Patched> {
    let height = *stage.heights.get(n_calls.checked_sub(1)?)?;
    if n_strips < 2 || n_strips > height {
        return None;
    }
    let (before, rest) = program.calls.split_at_checked(stage.first)?;
    let (stage, rest) = rest.split_at_checked(n_calls)?;
    let mut made = Strips { graph: graph.clone(), calls: Vec::new(), parts: program.parts.clone() };
    for strip in 0..n_strips {
        made.strip(stage, [strip * height / n_strips, (strip + 1) * height / n_strips])?;
    }
    let macs = |call: &Call| {
        let node = ops::macs(graph, call.node);
        let of = |call: &Call| call.kernel.window().map_or(0, |window| window.out_h as u64);
        let whole = stage.iter().find(|whole| whole.node == call.node).map_or(0, of);
        (node * of(call)).checked_div(whole).unwrap_or(node)
    };
    let sum = |calls: &[Call]| -> u64 { calls.iter().map(macs).sum() };
    let macs_before = graph.macs();
    let macs = macs_before + sum(&made.calls).saturating_sub(sum(stage));
    let calls = [before, made.calls.as_slice(), rest].concat();
    Some(Patched { graph: made.graph, calls, parts: made.parts, macs_before, macs })
}

/// What is made of the calls of a stage.
struct Strips {
    graph: Graph,
    calls: Vec<Call>,
    parts: Vec<Part>,
}

impl Strips {
    /// Adds the calls that compute these rows of the stage's result.
    fn strip(&mut self, stage: &[Call], rows: [usize; 2]) -> Option<()> {
        // From behind: the rows that each call writes, and last those that the first one reads.
        let mut windows: Vec<(Window, [usize; 2], [usize; 2])> = Vec::new();
        let mut written = rows;
        for call in stage.iter().rev() {
            let window = call.kernel.window()?;
            let (own, read) = of_rows(window, written);
            windows.push((own, read, written));
            written = read;
        }
        windows.reverse();
        let mut input = None;
        for (at, (call, (window, read, written))) in stage.iter().zip(windows).enumerate() {
            let (_, operand, result) = link(call)?;
            let source = match input {
                Some(tensor) => tensor,
                None => self.part(operand, read)?,
            };
            let target = match at + 1 == stage.len() {
                true => self.part(result, written)?,
                false => self.own(result, written)?,
            };
            let mut call = Call { kernel: call.kernel.with_window(window), ..call.clone() };
            call.operands.first_mut()?.0 = Operand::Tensor(source);
            call.targets.first_mut()?.0 = Target::Result(target);
            self.calls.push(call);
            input = Some(target);
        }
        Some(())
    }

    /// These rows of a tensor.
    fn tensor(&self, of: TensorIdx, [from, to]: [usize; 2]) -> Option<Tensor> {
        let whole = self.graph.get(of)?;
        let mut tensor = Tensor { name: format!("{} rows {from} to {to}", whole.name), ..whole.clone() };
        *tensor.shape.get_mut(1)? = to - from;
        Some(tensor)
    }

    /// A tensor of its own.
    fn own(&mut self, of: TensorIdx, rows: [usize; 2]) -> Option<TensorIdx> {
        let tensor = self.tensor(of, rows)?;
        Some(self.graph.add_tensor(tensor))
    }

    /// A tensor that is some rows of a whole.
    fn part(&mut self, whole: TensorIdx, rows: [usize; 2]) -> Option<TensorIdx> {
        let tensor = self.tensor(whole, rows)?;
        let bytes = tensor.n_bytes();
        let offset = bytes.checked_div(rows[1] - rows[0])? * rows[0];
        let tensor = self.graph.add_tensor(tensor);
        self.parts.push(Part { tensor, whole, offset, bytes });
        Some(tensor)
    }
}

/// The window that makes these rows of the output, and the rows of the input that it reads.
fn of_rows(window: Window, [from, to]: [usize; 2]) -> (Window, [usize; 2]) {
    let first = from * window.stride_h;
    let top = first.saturating_sub(window.pad_top);
    let reach = (to - 1) * window.stride_h + (window.k_h - 1) * window.dilation_h + 1;
    let bottom = reach.saturating_sub(window.pad_top).clamp(top + 1, window.in_h.max(top + 1));
    let pad_top = window.pad_top.saturating_sub(first);
    (Window { in_h: bottom - top, out_h: to - from, pad_top, ..window }, [top, bottom])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Builder, Conv};
    use crate::{Interpreter, lower};

    /// Windows of many kinds, one after the other.
    fn network(seed: u64) -> Graph {
        let mut state = seed;
        let mut draw = move |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let mut at = seed as f32;
        let mut net = Builder::new("net", move |parameter| {
            (0..parameter.n_elements())
                .map(|_| {
                    at += 0.7;
                    at.sin()
                })
                .collect()
        });
        let mut x = net.input("x", &[1, 17 + draw(8), 12 + draw(5), 2]);
        for _ in 0..5 {
            let stride = [1 + draw(2), 1 + draw(2)];
            let small = net.shape(x)[1] < 6 || net.shape(x)[2] < 6;
            let stride = if small { [1, 1] } else { stride };
            let conv = Conv::new(1 + draw(4), [1 + draw(3), 1 + draw(3)]).stride(stride);
            let conv = if draw(2) == 0 && !small { conv.valid() } else { conv };
            x = match draw(5) {
                0 => net.depthwise_conv_2d(x, Conv::new(1, [3, 3])),
                1 if !small => net.max_pool_2d(x, [2, 2], [2, 1]),
                2 if !small => net.average_pool_2d(x, [3, 2], [1, 1]),
                3 if !small => net.conv_2d(x, Conv::new(3, [3, 2]).dilation([2, 1])),
                _ => net.conv_2d(x, conv),
            };
        }
        let x = net.reshape(x, &[1, -1]);
        let x = net.fully_connected(x, 3);
        net.finish(&[x]).unwrap()
    }

    #[test]
    fn strips_compute_the_same_bits() {
        let mut n = 0;
        for seed in 0..40 {
            let graph = network(seed);
            let program = lower(&graph).unwrap();
            let found = stages(&graph, &program);
            let [stage] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!((stage.first, stage.heights.len()), (0, 5));
            let input: Vec<u8> = (0..graph.input_bytes() / 4)
                .flat_map(|at| ((at * 37 % 101) as f32 * 0.1 - 5.0).to_le_bytes())
                .collect();
            let wanted = Interpreter::new(&graph).unwrap().run(&input).unwrap();
            for (at, height) in stage.heights.iter().enumerate() {
                for strips in 2..=5.min(*height) {
                    let Patched { graph: made, calls, parts, macs, macs_before } =
                        patched(&graph, &program, stage, at + 1, strips).unwrap();
                    assert!(macs >= macs_before, "{seed}: {at} {strips}");
                    let program = Program { calls, parts, ..program.clone() };
                    let mut interpreter = Interpreter::with_program(&made, program).unwrap();
                    assert_eq!(
                        interpreter.run(&input).unwrap(),
                        wanted,
                        "{seed}: {} calls in {strips}",
                        at + 1
                    );
                    n += 1;
                }
            }
            assert!(patched(&graph, &program, stage, 6, 2).is_none());
            assert!(patched(&graph, &program, stage, 1, 100).is_none());
        }
        assert!(n > 400, "{n}");
    }
}
