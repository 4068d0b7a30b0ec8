//! Adaptive rounding: each weight goes to the step above or below it, whichever leaves the layer's results nearest to the float
//! ones on calibration data, not to the nearest (Nagel et al., *Up or Down? Adaptive Rounding for Post-Training Quantization*,
//! 2020).
//!
//! The error of an output is `r' G r` with the rounding errors `r` of its weights and the Gram matrix `G = sum over x of x x'` of
//! what they are multiplied with (equation 10 there). That is a quadratic problem over binary choices; here it is solved by going
//! through the weights and turning each that makes it smaller, from the nearest steps on, until none does. Where the layer has a
//! bias, that takes the mean error away, and the matrix is that of the inputs less their means.

use super::calibrate::observe;
use crate::CompressError;
use smidgen_ir::{Graph, Op, TensorIdx};
use smidgen_kernels::window::Window;
use std::collections::BTreeMap;

/// Vectors of inputs that a matrix is made of, spread over the calibration data.
const VECTORS: usize = 4096;
/// Weights of an output beyond which its matrix takes too much memory.
const MAX_WEIGHTS: usize = 2048;
/// Spreads the beginnings.
const PRIME: usize = 7919;
/// Most rounds over the weights.
const ROUNDS: usize = 20;

/// The Gram matrices of a layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gram {
    /// Weights of an output.
    len: usize,
    /// One for all outputs, or one for each channel of the input of a depthwise layer.
    matrices: Vec<Vec<f64>>,
    /// Sums of the inputs of each matrix, in the end their means, and how many were summed.
    means: Vec<(Vec<f64>, f64)>,
    /// Whether the layer has a bias.
    centred: bool,
    /// Inferences so far.
    taken: usize,
    /// Weights of neighbouring taps stand so far apart in the filter, and those of neighbouring outputs so far.
    strides: [usize; 2],
    /// Outputs for each matrix.
    outputs: usize,
}

/// Those of all layers whose weights are rounded, by the position of their nodes.
pub(super) type Grams = BTreeMap<usize, Gram>;

/// A layer's inputs under one output position.
enum Shape {
    /// Rows of inputs as they stand.
    Rows(usize),
    /// Patches, all channels together or each by itself.
    Patches { window: Window, depthwise: bool },
}

/// The Gram matrices of the layers of `graph` over the calibration data; layers with groups or with very many weights for an
/// output have none.
///
/// # Errors
/// As [`super::apply`].
pub(super) fn grams(graph: &Graph, inputs: &[Vec<f32>]) -> Result<Grams, CompressError> {
    let mut shapes: BTreeMap<usize, (TensorIdx, Shape)> = BTreeMap::new();
    let mut grams = Grams::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        let operand = |at: usize| node.inputs.get(at).copied().flatten();
        let (Some(input), Some(filter)) = (operand(0), operand(1)) else { continue };
        if let Some((shape, gram)) = layer(graph, &node.op, input, filter, operand(2).is_some()) {
            shapes.insert(at, (input, shape));
            grams.insert(at, gram);
        }
    }
    observe(graph, inputs, &mut |idx, values| {
        for (at, (_, shape)) in shapes.iter().filter(|(_, (input, _))| *input == idx) {
            if let Some(gram) = grams.get_mut(at) {
                gram.take(shape, values, inputs.len());
            }
        }
        Ok(())
    })?;
    grams.values_mut().for_each(Gram::finish);
    Ok(grams)
}

fn layer(
    graph: &Graph,
    op: &Op,
    input: TensorIdx,
    filter: TensorIdx,
    centred: bool,
) -> Option<(Shape, Gram)> {
    let (input, filter) = (graph.tensor(input), graph.tensor(filter));
    filter.is_const().then_some(())?;
    let four = |shape: &[usize]| <[usize; 4]>::try_from(shape).ok();
    let (shape, len, matrices, strides, outputs) = match op {
        Op::FullyConnected(_) => {
            let (&n_out, &len) = (filter.shape.first()?, filter.shape.get(1)?);
            (Shape::Rows(len), len, 1, [1, len], n_out)
        }
        Op::Conv2d(op) => {
            let shape = four(&filter.shape)?;
            let (window, groups) = op.window(four(&input.shape)?, shape).ok()?;
            let len = shape[1] * shape[2] * shape[3];
            (groups == 1).then_some(())?;
            (Shape::Patches { window, depthwise: false }, len, 1, [1, len], shape[0])
        }
        Op::DepthwiseConv2d(op) => {
            let shape = four(&filter.shape)?;
            let window = op.window(four(&input.shape)?, shape).ok()?;
            let len = shape[1] * shape[2];
            let shape_of = Shape::Patches { window, depthwise: true };
            (shape_of, len, window.in_c, [shape[3], 1], op.depth_multiplier)
        }
        _ => return None,
    };
    (len > 0 && len <= MAX_WEIGHTS && outputs > 0).then_some(())?;
    let means = vec![(vec![0.0; len], 0.0); matrices];
    let matrices = vec![vec![0.0; len * len]; matrices];
    Some((shape, Gram { len, matrices, means, centred, taken: 0, strides, outputs }))
}

impl Gram {
    /// Adds what an activation holds, of one of `n` inferences.
    fn take(&mut self, shape: &Shape, values: &[f32], n: usize) {
        match shape {
            Shape::Rows(len) => values.chunks_exact((*len).max(1)).for_each(|row| self.add(0, row)),
            Shape::Patches { window, depthwise } => {
                let pixels = window.batches * window.out_h * window.out_w;
                let step = (pixels * n).div_ceil(VECTORS).max(1);
                let mut patch = Vec::new();
                // Another beginning each time: a step of whole rows would see one column only.
                let from = self.taken.wrapping_mul(PRIME) % step;
                self.taken += 1;
                for pixel in (from..pixels).step_by(step) {
                    if *depthwise {
                        for channel in 0..self.matrices.len() {
                            gather(window, values, pixel, channel..channel + 1, &mut patch);
                            self.add(channel, &patch);
                        }
                    } else {
                        gather(window, values, pixel, 0..window.in_c, &mut patch);
                        self.add(0, &patch);
                    }
                }
            }
        }
    }

    fn add(&mut self, matrix: usize, x: &[f32]) {
        if let (Some(matrix), Some((sums, n))) = (self.matrices.get_mut(matrix), self.means.get_mut(matrix)) {
            add(matrix, x);
            sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += f64::from(*x));
            *n += 1.0;
        }
    }

    /// Makes means of sums, and takes them out of the matrices where a bias takes them.
    fn finish(&mut self) {
        for (matrix, (means, n)) in self.matrices.iter_mut().zip(&mut self.means) {
            means.iter_mut().for_each(|sum| *sum /= n.max(1.0));
            for (row, a) in matrix.chunks_exact_mut(self.len).zip(means.iter()).filter(|_| self.centred) {
                row.iter_mut().zip(means.iter()).for_each(|(g, b)| *g -= *n * a * b);
            }
        }
    }

    /// Places of an output's weights in the filter, and its scale.
    fn output(&self, output: usize, scales: &[f32]) -> (Vec<usize>, f64) {
        let place = |tap: usize| tap * self.strides[0] + output * self.strides[1];
        let scale = scales.get(output).or(scales.first()).copied().unwrap_or(1.0);
        ((0..self.len).map(place).collect(), f64::from(scale))
    }

    /// Takes off the biases what the rounded weights add in the mean.
    pub(super) fn correct(&self, biases: &mut [f32], steps: &[i8], values: &[f32], scales: &[f32]) {
        for (output, bias) in biases.iter_mut().enumerate() {
            let (places, scale) = self.output(output, scales);
            let Some((means, _)) = self.means.get(output / self.outputs) else { continue };
            let error = |(place, mean): (usize, &f64)| {
                let (step, value) =
                    (steps.get(place).copied().unwrap_or(0), values.get(place).copied().unwrap_or(0.0));
                mean * (f64::from(step) * scale - f64::from(value))
            };
            *bias = (f64::from(*bias) - places.into_iter().zip(means).map(error).sum::<f64>()) as f32;
        }
    }

    /// Turns the roundings of `steps`, which are the nearest to `values` in the scale of each output (one for all where there is
    /// one). Returns how many were turned.
    pub(super) fn round(&self, steps: &mut [i8], values: &[f32], scales: &[f32]) -> usize {
        let mut turned = 0;
        for output in 0..self.matrices.len() * self.outputs {
            let (places, scale) = self.output(output, scales);
            if let Some(matrix) = self.matrices.get(output / self.outputs) {
                turned += descend(matrix, &places, steps, values, scale);
            }
        }
        turned
    }
}

/// The inputs of some channels under an output position, zeros where it looks beyond the edge.
fn gather(
    window: &Window,
    values: &[f32],
    pixel: usize,
    channels: std::ops::Range<usize>,
    patch: &mut Vec<f32>,
) {
    patch.clear();
    let (column, rest) = (pixel % window.out_w, pixel / window.out_w);
    let (row, image) = (rest % window.out_h, rest / window.out_h);
    let inside = |at: usize, tap: usize, padding: usize, extent: usize| {
        (at + tap).checked_sub(padding).filter(|&at| at < extent)
    };
    for tap_y in 0..window.k_h {
        let y = inside(row * window.stride_h, tap_y * window.dilation_h, window.pad_top, window.in_h);
        for tap_x in 0..window.k_w {
            let x = inside(column * window.stride_w, tap_x * window.dilation_w, window.pad_left, window.in_w);
            let from = y.zip(x).map(|(y, x)| ((image * window.in_h + y) * window.in_w + x) * window.in_c);
            let there = from.and_then(|from| values.get(from + channels.start..from + channels.end));
            match there {
                Some(there) => patch.extend_from_slice(there),
                None => patch.extend(channels.clone().map(|_| 0.0)),
            }
        }
    }
}

/// Adds `x x'`.
fn add(matrix: &mut [f64], x: &[f32]) {
    for (row, &a) in matrix.chunks_exact_mut(x.len().max(1)).zip(x) {
        if a != 0.0 {
            row.iter_mut().zip(x).for_each(|(sum, &b)| *sum += f64::from(a) * f64::from(b));
        }
    }
}

/// Goes through the weights at `places` and turns the rounding of each that lowers the error; returns how many are not the
/// nearest in the end.
fn descend(matrix: &[f64], places: &[usize], steps: &mut [i8], values: &[f32], scale: f64) -> usize {
    let n = places.len();
    let value = |at: usize| values.get(at).map_or(0.0, |&value| f64::from(value) / scale);
    let nearest: Vec<i8> = places.iter().map(|&at| steps.get(at).copied().unwrap_or(0)).collect();
    let mut chosen = nearest.clone();
    let mut slope = vec![0.0; n];
    for (tap, &place) in places.iter().enumerate() {
        let error = f64::from(nearest[tap]) - value(place);
        let row = matrix.get(tap * n..(tap + 1) * n).unwrap_or(&[]);
        slope.iter_mut().zip(row).for_each(|(slope, g)| *slope += g * error);
    }
    for _ in 0..ROUNDS {
        let mut any = false;
        for (tap, &place) in places.iter().enumerate() {
            let other = if f64::from(chosen[tap]) > value(place) {
                chosen[tap] - 1
            } else {
                chosen[tap].saturating_add(1)
            };
            let by = f64::from(other) - f64::from(chosen[tap]);
            let row = matrix.get(tap * n..(tap + 1) * n).unwrap_or(&[]);
            let own = row.get(tap).copied().unwrap_or(0.0);
            let within = (f64::from(other) - value(place)).abs() < 1.0 && other != -128;
            if within && by != 0.0 && by * (2.0 * slope[tap] + by * own) < -1e-9 * own.abs() {
                chosen[tap] = other;
                slope.iter_mut().zip(row).for_each(|(slope, g)| *slope += g * by);
                any = true;
            }
        }
        if !any {
            break;
        }
    }
    for (&place, step) in places.iter().zip(&chosen) {
        steps.get_mut(place).into_iter().for_each(|place| *place = *step);
    }
    nearest.iter().zip(&chosen).filter(|(a, b)| a != b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error of rounded weights over the inputs.
    fn error(matrix: &[f64], r: &[f64]) -> f64 {
        let n = r.len();
        (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| r[i] * matrix[i * n + j] * r[j]).sum()
    }

    #[test]
    fn the_choice_is_about_as_good_as_the_best_of_all() {
        let n = 10;
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let mut matrix = vec![0.0; n * n];
        for _ in 0..30 {
            // Inputs after RELU: what they have in common makes errors add up.
            let x: Vec<f32> = (0..n).map(|_| next()).collect();
            add(&mut matrix, &x);
        }
        // The nearest steps all lie below.
        let values: Vec<f32> = (0..n).map(|_| (10.0 * next() - 5.0).floor() + 0.3 + 0.15 * next()).collect();
        let mut steps: Vec<i8> = values.iter().map(|value| value.round() as i8).collect();
        let of = |steps: &[i8]| {
            let r: Vec<f64> = steps.iter().zip(&values).map(|(s, v)| f64::from(*s) - f64::from(*v)).collect();
            error(&matrix, &r)
        };
        let nearest = of(&steps);
        let places: Vec<usize> = (0..n).collect();
        let turned = descend(&matrix, &places, &mut steps, &values, 1.0);
        let best = (0..1u32 << n)
            .map(|choice| {
                let up = |at: usize| choice >> at & 1 == 1;
                let steps: Vec<i8> = values
                    .iter()
                    .enumerate()
                    .map(|(at, v)| if up(at) { v.ceil() } else { v.floor() } as i8)
                    .collect();
                of(&steps)
            })
            .fold(f64::INFINITY, f64::min);
        assert!(
            turned > 0 && of(&steps) < 0.5 * nearest && of(&steps) < 3.0 * best,
            "{nearest} {} {best}",
            of(&steps)
        );
        assert!(steps.iter().zip(&values).all(|(s, v)| (f32::from(*s) - v).abs() < 1.0));
    }

    #[test]
    fn patches_look_beyond_the_edge() {
        let op = smidgen_ir::ops::conv_2d::Conv2d {
            stride: [2, 1],
            dilation: [1, 1],
            padding: smidgen_ir::Padding::Same,
            activation: smidgen_ir::Activation::None,
        };
        let (window, _) = op.window([1, 3, 2, 2], [1, 3, 3, 2]).unwrap();
        let values: Vec<f32> = (1..=12).map(|value| value as f32).collect();
        let mut patch = Vec::new();
        gather(&window, &values, 3, 0..2, &mut patch);
        // Row 2, column 1: rows 1 to 3, columns 0 to 2.
        assert_eq!(
            patch,
            [5.0, 6.0, 7.0, 8.0, 0.0, 0.0, 9.0, 10.0, 11.0, 12.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        gather(&window, &values, 3, 1..2, &mut patch);
        assert_eq!(patch, [6.0, 8.0, 0.0, 10.0, 12.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
