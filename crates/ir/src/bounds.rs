//! Which values each element of an int8 activation can have, whatever the inputs are.
//!
//! Interval arithmetic over the kernels themselves: each element has a least and a greatest value. An operator that never falls when
//! an operand rises gives its bounds from those of its operands; one of a single operand from all values between; a sum of products
//! from the bounds that each weight picks by its sign, scaled as the kernel scales. Nothing is sampled, so that what has one value
//! here has it for every input. What is not known is all of int8.

use std::sync::Arc;

use smidgen_kernels::ops::{conv_2d, depthwise_conv_2d, fully_connected};
use smidgen_kernels::window::Window;

use crate::kernel::Kernel;
use crate::passes::fold_constants::evaluate;
use crate::program::{ConstIdx, Program};
use crate::{DType, Graph, Node, Op, Tensor, TensorIdx, lower};

/// The least and the greatest value of each element of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Least values, row-major.
    pub low: Vec<i8>,
    /// Greatest values.
    pub high: Vec<i8>,
}

impl Bounds {
    fn all(n: usize) -> Self {
        Bounds { low: vec![i8::MIN; n], high: vec![i8::MAX; n] }
    }

    /// The value that all elements of a channel (the last of `n_channels`) always have; `None` where there are several.
    pub fn constant(&self, channel: usize, n_channels: usize) -> Option<i8> {
        let elements = || (channel..self.low.len()).step_by(n_channels.max(1));
        let first = *self.low.get(channel)?;
        elements().all(|at| self.low[at] == first && self.high[at] == first).then_some(first)
    }
}

/// Bounds of every int8 tensor of a verified graph by its index; `None` for tensors of other types.
pub fn bounds(graph: &Graph) -> Vec<Option<Bounds>> {
    let start = |tensor: &Tensor| match (tensor.dtype, tensor.i8s()) {
        (DType::I8, Some(values)) if tensor.is_const() => Some(Bounds { low: values.clone(), high: values }),
        (DType::I8, _) => Some(Bounds::all(tensor.n_elements())),
        _ => None,
    };
    let mut known: Vec<Option<Bounds>> = graph.tensors.iter().map(start).collect();
    for node in &graph.nodes {
        let &[output] = node.outputs.as_slice() else { continue };
        if graph.tensor(output).dtype != DType::I8 || graph.tensor(output).is_variable {
            continue;
        }
        let found = match &node.op {
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) => weighted(graph, &known, node),
            op if is_unary(op) => unary(graph, &known, node),
            op => by_corners(graph, &known, node, corners(op)),
        };
        if let Some(found) = found {
            known[output.idx()] = Some(found);
        }
    }
    known
}

/// Whether each element of the result is a function of that element of the only operand.
fn is_unary(op: &Op) -> bool {
    matches!(
        op,
        Op::Abs(_)
            | Op::Elu(_)
            | Op::Exp(_)
            | Op::Gelu(_)
            | Op::HardSwish(_)
            | Op::LeakyRelu(_)
            | Op::Log(_)
            | Op::Logistic(_)
            | Op::Quantize(_)
            | Op::Relu(_)
            | Op::Relu6(_)
            | Op::ReluN1To1(_)
            | Op::Rsqrt(_)
            | Op::Sqrt(_)
            | Op::Tanh(_)
    )
}

/// Which bounds of the operands give the bounds of the result: for each corner, whether the second operand has the other bound.
fn corners(op: &Op) -> &'static [[bool; 2]] {
    const RISING: &[[bool; 2]] = &[[false, false], [true, true]];
    match op {
        Op::Add(_)
        | Op::AveragePool2d(_)
        | Op::Concatenation(_)
        | Op::ExpandDims(_)
        | Op::MaxPool2d(_)
        | Op::Maximum(_)
        | Op::Mean(_)
        | Op::Minimum(_)
        | Op::Pad(_)
        | Op::Reshape(_)
        | Op::ResizeNearestNeighbor(_)
        | Op::Slice(_)
        | Op::Squeeze(_)
        | Op::StridedSlice(_)
        | Op::Transpose(_) => RISING,
        // What is subtracted pulls the other way.
        Op::Sub(_) => &[[false, true], [true, false]],
        // Linear in each operand.
        Op::Mul(_) => &[[false, false], [false, true], [true, false], [true, true]],
        _ => &[],
    }
}

fn operand(graph: &Graph, node: &Node, at: usize) -> Option<TensorIdx> {
    node.inputs.get(at).copied().flatten().filter(|&tensor| graph.tensor(tensor).dtype == DType::I8)
}

/// The least and the greatest of what the operator makes of some corners of its operands.
fn by_corners(graph: &Graph, known: &[Option<Bounds>], node: &Node, corners: &[[bool; 2]]) -> Option<Bounds> {
    let output = graph.tensor(*node.outputs.first()?);
    let mut found: Option<Bounds> = None;
    for [first, other] in corners {
        let with_bound = |(at, input): (usize, &Option<TensorIdx>)| -> Option<Option<Tensor>> {
            let Some(idx) = *input else { return Some(None) };
            let tensor = graph.tensor(idx);
            if tensor.is_const() {
                return Some(Some(tensor.clone()));
            }
            let bounds = known.get(idx.idx())?.as_ref()?;
            let is_high = if at == 1 { other } else { first };
            let values = if *is_high { &bounds.high } else { &bounds.low };
            let data = values.iter().map(|value| value.cast_unsigned()).collect();
            Some(Some(Tensor { data: Some(data), is_variable: false, ..tensor.clone() }))
        };
        let operands: Vec<Option<Tensor>> =
            node.inputs.iter().enumerate().map(with_bound).collect::<Option<_>>()?;
        let operands: Vec<Option<&Tensor>> = operands.iter().map(Option::as_ref).collect();
        let made = evaluate(graph.dialect, &node.op, &operands, &[output]).ok()?;
        let values: Vec<i8> = made.first()?.iter().map(|byte| byte.cast_signed()).collect();
        found = Some(match found {
            None => Bounds { low: values.clone(), high: values },
            Some(Bounds { low, high }) => Bounds {
                low: low.iter().zip(&values).map(|(a, b)| *a.min(b)).collect(),
                high: high.iter().zip(&values).map(|(a, b)| *a.max(b)).collect(),
            },
        });
    }
    found
}

/// From what the operator makes of every value between the bounds.
fn unary(graph: &Graph, known: &[Option<Bounds>], node: &Node) -> Option<Bounds> {
    let input = operand(graph, node, 0)?;
    let of_all =
        |tensor: &Tensor| Tensor { shape: vec![1, 256], data: None, is_variable: false, ..tensor.clone() };
    let every: Arc<[u8]> = (i8::MIN..=i8::MAX).map(i8::cast_unsigned).collect();
    let given = Tensor { data: Some(every), ..of_all(graph.tensor(input)) };
    let made =
        evaluate(graph.dialect, &node.op, &[Some(&given)], &[&of_all(graph.tensor(*node.outputs.first()?))])
            .ok()?;
    let table: Vec<i8> = made.first()?.iter().map(|byte| byte.cast_signed()).collect();
    let Bounds { low, high } = known.get(input.idx())?.as_ref()?;
    let between = |(&low, &high): (&i8, &i8)| {
        let at = |value: i8| (i16::from(value) + 128) as usize;
        let values = table.get(at(low)..=at(high))?.iter().copied();
        Some((values.clone().min()?, values.max()?))
    };
    let (low, high) = low.iter().zip(high).map(between).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    Some(Bounds { low, high })
}

/// A layer of weights as its kernel has it.
struct Layer {
    window: Window,
    /// Input channels that an output channel reads.
    reads: usize,
    /// Output channels that read the same ones.
    alike: usize,
    /// Distances in the filter: between output channels, places of the window and input channels.
    strides: [usize; 3],
    input_zero_point: i32,
    output_zero_point: i32,
    act_min: i32,
    act_max: i32,
}

impl Layer {
    fn of(kernel: Kernel) -> Option<Self> {
        Some(match kernel {
            Kernel::Conv2dInt8(spec) => {
                let conv_2d::Int8Spec {
                    window,
                    groups,
                    input_zero_point,
                    output_zero_point,
                    act_min,
                    act_max,
                } = spec;
                let (reads, alike) = (window.in_c / groups.max(1), window.out_c / groups.max(1));
                let strides = [window.k_h * window.k_w * reads, reads, 1];
                Layer { window, reads, alike, strides, input_zero_point, output_zero_point, act_min, act_max }
            }
            Kernel::DepthwiseConv2dInt8(spec) => {
                let depthwise_conv_2d::Int8Spec { window, depth_multiplier: alike, input_zero_point, .. } =
                    spec;
                let depthwise_conv_2d::Int8Spec { output_zero_point, act_min, act_max, .. } = spec;
                let (reads, strides) = (1, [1, window.out_c, 0]);
                Layer { window, reads, alike, strides, input_zero_point, output_zero_point, act_min, act_max }
            }
            Kernel::FullyConnectedInt8(spec) if spec.filter_zero_point == 0 => {
                let fully_connected::Int8Spec {
                    batches, in_c: reads, out_c: alike, input_zero_point, ..
                } = spec;
                let fully_connected::Int8Spec { output_zero_point, act_min, act_max, .. } = spec;
                let (window, strides) = (pixels(batches, reads, alike), [reads, 0, 1]);
                Layer { window, reads, alike, strides, input_zero_point, output_zero_point, act_min, act_max }
            }
            _ => return None,
        })
    }

    /// Least and greatest sums of every output.
    fn sums(&self, bounds: &Bounds, filter: &[i8], bias: &[i32]) -> Vec<[i64; 2]> {
        let w = &self.window;
        let [per_channel, per_place, per_input] = self.strides;
        let mut sums = Vec::with_capacity(w.batches * w.out_h * w.out_w * w.out_c);
        for (batch, y, x) in positions(w) {
            for channel in 0..w.out_c {
                let first = channel / self.alike.max(1) * self.reads;
                let start = i64::from(bias.get(channel).copied().unwrap_or(0));
                let [mut low, mut high] = [start; 2];
                for place in 0..w.k_h * w.k_w {
                    let Some(pixel) = inside(w, (y, x), place) else { continue };
                    let inputs = (batch * w.in_h * w.in_w + pixel) * w.in_c + first;
                    let weights = channel * per_channel + place * per_place;
                    for at in 0..self.reads {
                        let weight = i64::from(filter[weights + at * per_input]);
                        let [a, b] = [bounds.low[inputs + at], bounds.high[inputs + at]]
                            .map(|value| weight * (i64::from(value) - i64::from(self.input_zero_point)));
                        low += a.min(b);
                        high += a.max(b);
                    }
                }
                sums.push([low, high]);
            }
        }
        sums
    }
}

/// A window of one place that moves over nothing.
fn pixels(batches: usize, in_c: usize, out_c: usize) -> Window {
    Window {
        batches,
        in_h: 1,
        in_w: 1,
        in_c,
        out_h: 1,
        out_w: 1,
        out_c,
        k_h: 1,
        k_w: 1,
        stride_h: 1,
        stride_w: 1,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 0,
        pad_left: 0,
    }
}

fn positions(w: &Window) -> impl Iterator<Item = (usize, usize, usize)> {
    let (batches, out_h, out_w) = (w.batches, w.out_h, w.out_w);
    (0..batches).flat_map(move |batch| (0..out_h).flat_map(move |y| (0..out_w).map(move |x| (batch, y, x))))
}

/// The pixel of the input under a place of the window, unless that is padding.
fn inside(w: &Window, (y, x): (usize, usize), place: usize) -> Option<usize> {
    let y = (y * w.stride_h + place / w.k_w * w.dilation_h).checked_sub(w.pad_top).filter(|y| *y < w.in_h)?;
    let x =
        (x * w.stride_w + place % w.k_w * w.dilation_w).checked_sub(w.pad_left).filter(|x| *x < w.in_w)?;
    Some(y * w.in_w + x)
}

/// The bounds that each weight picks by its sign, scaled by the kernel's own arithmetic.
fn weighted(graph: &Graph, known: &[Option<Bounds>], node: &Node) -> Option<Bounds> {
    let input = operand(graph, node, 0)?;
    let filter = graph.tensor(operand(graph, node, 1)?).i8s()?;
    let bias = match node.inputs.get(2).copied().flatten() {
        Some(bias) => graph.tensor(bias).i32s()?,
        None => Vec::new(),
    };
    let program = lowered(graph, node)?;
    let call = program.calls.first()?;
    let layer = Layer::of(call.kernel)?;
    let bytes = |idx: ConstIdx| program.consts.get(idx.0 as usize).map(|constant| constant.bytes.as_slice());
    let constant = |at: usize| bytes(call.operands.get(at)?.0.constant()?);
    let multiplier: Vec<i32> =
        constant(3)?.as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word)).collect();
    let shift: Vec<i8> = constant(4)?.iter().map(|byte| byte.cast_signed()).collect();
    let sums = layer.sums(known.get(input.idx())?.as_ref()?, &filter, &bias);
    let n_channels = layer.window.out_c.max(1);
    let of_channel = |at: usize, n: usize| if n == 1 { 0 } else { at % n_channels };
    let shift: Vec<i8> =
        (0..sums.len()).map(|at| shift.get(of_channel(at, shift.len())).copied()).collect::<Option<_>>()?;
    let multiplier: Vec<i32> = (0..sums.len())
        .map(|at| multiplier.get(of_channel(at, multiplier.len())).copied())
        .collect::<Option<_>>()?;
    let scaled = |which: usize| -> Option<Vec<i8>> {
        let sums: Vec<i32> = sums.iter().map(|sum| i32::try_from(sum[which]).unwrap_or(0)).collect();
        let mut output = vec![0; sums.len()];
        // With a filter of zeros the sums are the biases.
        let kernel = conv_2d::Int8::new(conv_2d::Int8Spec {
            window: pixels(1, 1, sums.len()),
            groups: 1,
            input_zero_point: 0,
            output_zero_point: layer.output_zero_point,
            act_min: layer.act_min,
            act_max: layer.act_max,
        });
        let kernel = kernel.ok()?;
        kernel.run(&[0], &vec![0; sums.len()], &sums, &multiplier, &shift, &mut output).ok()?;
        Some(output)
    };
    let (mut low, mut high) = (scaled(0)?, scaled(1)?);
    for (at, sum) in sums.iter().enumerate() {
        // Beyond 32 bits nothing is said about order.
        let shift = u32::from(shift[at].max(0).unsigned_abs());
        if sum.iter().any(|&sum| i32::try_from(i128::from(sum) << shift).is_err()) {
            (low[at], high[at]) = (i8::MIN, i8::MAX);
        }
    }
    Some(Bounds { low, high })
}

/// A node lowered alone.
fn lowered(graph: &Graph, node: &Node) -> Option<Program> {
    let named = node.inputs.iter().flatten().chain(&node.outputs);
    let mut alone = Graph { tensors: graph.tensors.clone(), dialect: graph.dialect, ..Graph::default() };
    alone.inputs = named
        .copied()
        .filter(|&tensor| !graph.tensor(tensor).is_const() && !node.outputs.contains(&tensor))
        .collect();
    alone.outputs = node.outputs.clone();
    alone.nodes = vec![node.clone()];
    lower(&crate::passes::dead_code(&alone).ok()?).ok()
}

#[cfg(test)]
mod tests;
