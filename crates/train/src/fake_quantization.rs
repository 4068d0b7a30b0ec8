//! What makes a network compute as its int8 form will: weights on their steps, activations on theirs (Jacob et al.,
//! *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*, 2018, section 3).
//!
//! Weights are symmetric, `greatest` steps either side of 0. Their scale follows their greatest magnitude, or is learnt: then
//! the logarithm of each scale is a parameter with the gradient of Esser et al. (*Learned Step Size Quantization*, 2020),
//! so that a step of the optimiser changes a scale by a share of itself.

use std::ops::Range as Elements;

use serde::{Deserialize, Serialize};
use smidgen_ir::range::{greatest_step, symmetric_factor, symmetric_scale};

use crate::ops::fake_quantize::{Grid, Steps, round};

/// A trained tensor of weights on steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FakeWeights {
    /// Its index in the graph.
    pub tensor: usize,
    /// Dimension of its channels where each has its own scale.
    pub axis: Option<usize>,
    /// Bits of a weight: 2 to 8.
    pub bits: u32,
    /// The steps of the input.
    pub input: Option<FakeSteps>,
    /// The steps of the result.
    pub output: Option<FakeSteps>,
    /// Index of the bias, which is rounded to steps of the input's scale times the weights'.
    pub bias: Option<usize>,
    /// The scales are learnt, beginning with these; empty where they follow the greatest magnitude.
    pub learned: Vec<f32>,
}

/// Where the steps of an activation come from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum FakeSteps {
    /// The range at this place in [`FakeQuantization::ranges`].
    Range(usize),
    /// Always this scale and zero point.
    Fixed(f32, i32),
}

/// The arithmetic of an int8 network in float32.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FakeQuantization {
    /// Weights on steps.
    pub weights: Vec<FakeWeights>,
    /// Activations on steps, by their index in the graph.
    pub activations: Vec<(usize, FakeSteps)>,
    /// Least and greatest value of activations, to begin with.
    pub ranges: Vec<(f32, f32)>,
    /// Share of its old value that a range keeps in a training step.
    pub momentum: f32,
}

/// The elements of a tensor of weights, by channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    /// In the array of trained values.
    pub(crate) elements: Elements<usize>,
    /// Channels with a scale each.
    pub(crate) n_channels: usize,
    /// Elements of a channel that lie in a row.
    pub(crate) inner: usize,
    pub(crate) greatest: f32,
    /// The bias in the array of trained values, and the steps of the input.
    pub(crate) bias: Option<(Elements<usize>, Steps)>,
    /// The steps of input and output, where the kernel takes its sums from the one to the other.
    pub(crate) rescaled: Option<(Steps, Steps)>,
    /// The logarithms of the scales in the array of trained values, where they are learnt.
    pub(crate) learned: Option<Elements<usize>>,
}

impl Filter {
    fn channel(&self, at: usize) -> usize {
        (at / self.inner) % self.n_channels
    }

    /// For each channel the scale, and what values are multiplied by to become steps.
    fn scales(&self, params: &[f32]) -> Vec<(f32, f32)> {
        if let Some(learned) = &self.learned {
            let scale = |log: &f32| log.exp().max(f32::MIN_POSITIVE);
            return params[learned.clone()].iter().map(|log| (scale(log), 1.0 / scale(log))).collect();
        }
        let mut magnitudes = vec![0.0f32; self.n_channels];
        for (at, value) in params[self.elements.clone()].iter().enumerate() {
            let magnitude = &mut magnitudes[self.channel(at)];
            *magnitude = magnitude.max(value.abs());
        }
        let of = |&magnitude: &f32| {
            let scale = symmetric_scale(magnitude, self.greatest);
            (scale, symmetric_factor(scale, magnitude, self.greatest))
        };
        magnitudes.iter().map(of).collect()
    }

    /// Runs of elements of one channel, with the channel.
    fn runs(&self) -> impl Iterator<Item = (usize, Elements<usize>)> {
        let (inner, n) = (self.inner, self.elements.len());
        (0..n / inner.max(1)).map(move |run| (run % self.n_channels, run * inner..(run + 1) * inner))
    }

    /// Puts the weights and the bias in `params` on their steps. Returns what the kernel's first rounding of a sum is finer by
    /// than its second, by channel.
    fn put_on_steps(&self, params: &mut [f32], grids: &[Grid]) -> Vec<f32> {
        let scales = self.scales(params);
        if let Some((bias, input)) = &self.bias {
            let input = input.grid(grids).scale;
            for (bias, (scale, _)) in params[bias.clone()].iter_mut().zip(scales.iter().cycle()) {
                let step = input * scale;
                *bias = round(*bias / step) * step;
            }
        }
        let greatest = self.greatest;
        let values = &mut params[self.elements.clone()];
        for (channel, run) in self.runs() {
            let (scale, factor) = scales[channel];
            for value in &mut values[run] {
                *value = round(*value * factor).clamp(-greatest, greatest) * scale;
            }
        }
        let Some((input, output)) = self.rescaled else { return Vec::new() };
        let (input, output) = (input.grid(grids).scale, output.grid(grids).scale);
        scales
            .iter()
            .map(|(scale, _)| finer(f64::from(input) * f64::from(*scale) / f64::from(output)))
            .collect()
    }

    /// Turns the gradients of weights on their steps into those of the weights and of learnt scales.
    fn learn(&self, params: &[f32], gradients: &mut [f32]) {
        let Some(learned) = &self.learned else { return };
        let scales = self.scales(params);
        let mut slopes = vec![0.0f32; self.n_channels];
        let (values, greatest) = (&params[self.elements.clone()], self.greatest);
        let start = self.elements.start;
        for (channel, run) in self.runs() {
            for at in run {
                let steps = values[at] * scales[channel].1;
                let gradient = &mut gradients[start + at];
                let is_inside = steps.abs() <= greatest;
                let slope = if is_inside { round(steps) - steps } else { greatest.copysign(steps) };
                slopes[channel] += *gradient * slope;
                if !is_inside {
                    *gradient = 0.0;
                }
            }
        }
        let n = self.elements.len() as f32 / self.n_channels as f32;
        let share = 1.0 / (n * greatest).sqrt();
        for ((at, slope), (scale, _)) in learned.clone().zip(slopes).zip(scales) {
            gradients[at] += slope * scale * share;
        }
    }
}

/// A sum is multiplied by 31 bits of the multiplier and rounded, then divided by a power of two and rounded again (gemmlowp):
/// that power of two.
fn finer(multiplier: f64) -> f32 {
    if multiplier >= 1.0 || multiplier <= 0.0 {
        return 1.0;
    }
    // The multiplier is 2^-n times something from a half up to 1.
    let n = -(multiplier.log2().floor() + 1.0);
    n.clamp(0.0, 31.0).exp2() as f32
}

/// All weights on steps of a network.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Filters {
    pub(crate) list: Vec<Filter>,
}

/// A network's values as its int8 form would have them, for one step of training.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Arithmetic {
    /// All parameters with weights on their steps; empty where there are none such.
    pub(crate) params: Vec<f32>,
    /// By range of an activation.
    pub(crate) grids: Vec<Grid>,
    /// By filter: what the first rounding of its sums is finer by than the second, by channel.
    pub(crate) finer: Vec<Vec<f32>>,
}

impl Arithmetic {
    /// Of a network that stays in float32.
    pub(crate) const FLOAT: Self = Arithmetic { params: Vec::new(), grids: Vec::new(), finer: Vec::new() };

    /// With these parameters and steps of activations.
    pub(crate) fn set(&mut self, filters: &Filters, params: &[f32], grids: Vec<Grid>) {
        self.grids = grids;
        self.finer.clear();
        self.params.clear();
        if !filters.list.is_empty() {
            self.params.extend_from_slice(params);
        }
        for filter in &filters.list {
            self.finer.push(filter.put_on_steps(&mut self.params, &self.grids));
        }
    }

    /// The parameters to compute with.
    pub(crate) fn params<'a>(&'a self, float: &'a [f32]) -> &'a [f32] {
        if self.params.is_empty() { float } else { &self.params }
    }
}

impl Filters {
    /// The gradients of a lane, from those with respect to weights on their steps.
    pub(crate) fn learn(&self, params: &[f32], gradients: &mut [f32]) {
        self.list.iter().for_each(|filter| filter.learn(params, gradients));
    }
}

/// The scale for weights of `bits` bits that learning begins with: twice the mean magnitude over the root of the greatest step
/// (Esser et al., 2020), at most what the greatest magnitude asks for.
pub fn initial_scale(values: impl Iterator<Item = f32>, bits: u32) -> f32 {
    let greatest = greatest_step(bits);
    let (mut sum, mut n, mut magnitude) = (0.0f64, 0usize, 0.0f32);
    for value in values {
        (sum, n, magnitude) = (sum + f64::from(value.abs()), n + 1, magnitude.max(value.abs()));
    }
    let mean = (sum / n.max(1) as f64) as f32;
    let scale = (2.0 * mean / greatest.sqrt()).min(magnitude / greatest);
    if scale >= f32::MIN_POSITIVE { scale } else { symmetric_scale(magnitude, greatest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(learned: Option<Elements<usize>>, greatest: f32) -> Filter {
        Filter { elements: 0..6, n_channels: 2, inner: 3, greatest, bias: None, rescaled: None, learned }
    }

    #[test]
    fn weights_lie_on_the_steps_of_their_channel() {
        let bias = Some((6..8, Steps::Fixed(Grid::new(0.5, 0))));
        let filters = Filters { list: vec![Filter { bias, ..filter(None, 7.0) }] };
        let params = [0.7, -0.32, 0.04, 1.4, 0.0, -1.0, 0.22, 0.22, 9.0];
        let mut arithmetic = Arithmetic::default();
        assert_eq!(arithmetic.params(&params), params, "without filters they stay");
        arithmetic.set(&filters, &params, Vec::new());
        let made = arithmetic.params(&params);
        let expected = [0.7, -0.3, 0.0, 1.4, 0.0, -1.0, 0.2, 0.2, 9.0];
        assert!(made.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{made:?}");
    }

    #[test]
    fn the_first_rounding_is_finer_by_the_multipliers_power_of_two() {
        assert_eq!([0.9, 0.5, 0.49, 0.25, 0.13, 1.0, 3.0].map(finer), [1.0, 1.0, 2.0, 2.0, 4.0, 1.0, 1.0]);
    }

    #[test]
    fn learnt_scales_have_the_gradient_of_the_rounded_weights() {
        // Scales 0.1 and 0.2, greatest step 7: 0.9 is cut off.
        let params = [0.9, -0.32, 0.04, 0.5, 0.33, -0.21, 0.1f32.ln(), 0.2f32.ln()];
        let filter = filter(Some(6..8), 7.0);
        let mut gradients = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0];
        filter.learn(&params, &mut gradients);
        assert_eq!(gradients[..6], [0.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let share = 1.0 / (3.0f32 * 7.0).sqrt();
        let first = 1.0 * 7.0 + 2.0 * (-3.0 + 3.2) + 3.0 * (0.0 - 0.4);
        let second = 4.0 * (3.0 - 2.5) + 5.0 * (2.0 - 1.65) + 6.0 * (-1.0 + 1.05);
        let found = [gradients[6], gradients[7]];
        let expected = [first * 0.1 * share, second * 0.2 * share];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{found:?} {expected:?}");
    }

    #[test]
    fn learning_begins_within_the_magnitude() {
        let scale = initial_scale([1.0, -1.0, 1.0, -1.0].into_iter(), 4);
        assert!((scale - 1.0 / 7.0).abs() < 1e-6, "{scale}");
        let scale = initial_scale((0..100).map(|i| if i == 0 { 10.0 } else { 0.1 }), 4);
        assert!((scale - 2.0 * 0.199 / 7f32.sqrt()).abs() < 1e-4, "{scale}");
        assert!(initial_scale([0.0].into_iter(), 4) > 0.0);
    }
}
