//! BATCH_NORMALIZATION: `y = act(gamma * (x - mean) / sqrt(variance + epsilon) + beta)` over the last axis.
//!
//! In training, mean and variance are those of the whole batch (Ioffe and Szegedy, 2015), and the moving ones follow
//! them; in evaluation they are the moving ones. What is computed over the batch goes through sums of each lane that
//! are joined in the order of the lanes.

use std::ops::Range;

use smidgen_ir::ops::batch_normalization::BatchNormalization;

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::operands::Operands;
use crate::simd::{ChannelLoop, load, map, over_channels, store};

/// A compiled BATCH_NORMALIZATION.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    /// Which of the network's batch normalisations this is.
    pub(crate) norm: usize,
    pub(crate) channels: usize,
    gamma: Range<usize>,
    beta: Range<usize>,
    mean: Range<usize>,
    variance: Range<usize>,
    epsilon: f32,
}

/// What the lanes share of a batch normalisation, one element a channel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statistics {
    mean: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`
    inverse_deviation: Vec<f32>,
    /// `y = scale * x + shift` before the activation.
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// `dx = scale * dy + slope * (x - mean) + offset`
    slope: Vec<f32>,
    offset: Vec<f32>,
}

/// Sums of one lane, one element a channel; `rows` of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    rows: usize,
    /// Mean of x in the forward pass, the sum of dy in the backward pass.
    first: Vec<f32>,
    /// Sum of squares around that mean, or the sum of dy * (x - mean).
    second: Vec<f32>,
}

impl Sums {
    fn clear(&mut self, channels: usize, rows: usize) {
        self.rows = rows;
        for sums in [&mut self.first, &mut self.second] {
            sums.clear();
            sums.resize(channels, 0.0);
        }
    }
}

impl Statistics {
    pub(crate) fn new(channels: usize) -> Self {
        let zeros = vec![0.0; channels];
        Statistics {
            mean: zeros.clone(),
            inverse_deviation: zeros.clone(),
            scale: zeros.clone(),
            shift: zeros.clone(),
            slope: zeros.clone(),
            offset: zeros,
        }
    }
}

impl Layer {
    pub(crate) fn compile(op: &BatchNormalization, operands: &Operands<'_>) -> Result<Self, TrainError> {
        operands.same_elements()?;
        let channels = operands.last_extent(0)?;
        Ok(Layer {
            clamp: Clamp::NONE,
            norm: operands.norm(),
            channels,
            gamma: operands.param(1, channels)?,
            beta: operands.param(2, channels)?,
            mean: operands.moving(3, channels)?,
            variance: operands.moving(4, channels)?,
            epsilon: op.epsilon,
        })
    }

    /// A lane's part of the batch statistics.
    pub(crate) fn measure(&self, x: &[f32], sums: &mut Sums) {
        sums.clear(self.channels, x.len() / self.channels);
        if sums.rows > 0 {
            over_channels(self.channels, Measure { channels: self.channels, x, sums });
        }
    }

    /// Joins the lanes' parts, sets the statistics for [`Layer::forward`] and moves the moving ones.
    pub(crate) fn join_measures<'a>(
        &self,
        lanes: impl Iterator<Item = &'a Sums> + Clone,
        params: &[f32],
        moving: &mut [f32],
        momentum: f32,
        statistics: &mut Statistics,
    ) {
        for channel in 0..self.channels {
            let (mut rows, mut mean, mut square) = (0.0, 0.0, 0.0);
            for sums in lanes.clone().filter(|sums| sums.rows > 0) {
                // Chan, Golub and LeVeque, 1983: joining two samples.
                let lane_rows = sums.rows as f64;
                let apart = f64::from(sums.first[channel]) - mean;
                let all = rows + lane_rows;
                mean += apart * lane_rows / all;
                square += f64::from(sums.second[channel]) + apart * apart * rows * lane_rows / all;
                rows = all;
            }
            let variance = (square / rows).max(0.0);
            // The moving variance estimates that of the population (Bessel's correction), as inference wants it.
            let population = square.max(0.0) / (rows - 1.0).max(1.0);
            let follow =
                |moving: &mut f32, now: f64| *moving = *moving * momentum + now as f32 * (1.0 - momentum);
            follow(&mut moving[self.mean.start + channel], mean);
            follow(&mut moving[self.variance.start + channel], population);
            self.set(channel, mean as f32, variance as f32, params, statistics);
        }
    }

    /// Sets the statistics from the moving ones, for evaluation.
    pub(crate) fn use_moving(&self, params: &[f32], moving: &[f32], statistics: &mut Statistics) {
        for channel in 0..self.channels {
            let (mean, variance) = (moving[self.mean.start + channel], moving[self.variance.start + channel]);
            self.set(channel, mean, variance, params, statistics);
        }
    }

    fn set(&self, channel: usize, mean: f32, variance: f32, params: &[f32], statistics: &mut Statistics) {
        let inverse_deviation = 1.0 / (variance + self.epsilon).sqrt();
        let scale = params[self.gamma.start + channel] * inverse_deviation;
        statistics.mean[channel] = mean;
        statistics.inverse_deviation[channel] = inverse_deviation;
        statistics.scale[channel] = scale;
        statistics.shift[channel] = params[self.beta.start + channel] - mean * scale;
    }

    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32], norms: &[Statistics]) {
        let statistics = &norms[self.norm];
        over_channels(self.channels, Forward { clamp: self.clamp, statistics, x, y });
    }

    /// A lane's part of the sums that the gradient needs; adds the gradients of gamma and beta.
    pub(crate) fn sums(
        &self,
        x: &[f32],
        dy: &[f32],
        norms: &[Statistics],
        dparams: &mut [f32],
        sums: &mut Sums,
    ) {
        sums.clear(self.channels, x.len() / self.channels);
        let statistics = &norms[self.norm];
        over_channels(self.channels, GradientSums { clamp: self.clamp, statistics, x, dy, sums });
        dparams[self.beta.clone()].iter_mut().zip(&sums.first).for_each(|(d, sum)| *d += sum);
        let dgamma = dparams[self.gamma.clone()].iter_mut().zip(&sums.second);
        dgamma.zip(&statistics.inverse_deviation).for_each(|((d, sum), inverse)| *d += sum * inverse);
    }

    /// Joins the lanes' sums for [`Layer::input_gradient`].
    pub(crate) fn join_sums<'a>(
        &self,
        lanes: impl Iterator<Item = &'a Sums> + Clone,
        statistics: &mut Statistics,
    ) {
        for channel in 0..self.channels {
            let (mut rows, mut first, mut second) = (0.0, 0.0, 0.0);
            for sums in lanes.clone() {
                rows += sums.rows as f64;
                first += f64::from(sums.first[channel]);
                second += f64::from(sums.second[channel]);
            }
            let (scale, inverse) = (statistics.scale[channel], statistics.inverse_deviation[channel]);
            statistics.slope[channel] = -scale * inverse * inverse * (second / rows) as f32;
            statistics.offset[channel] = -scale * (first / rows) as f32;
        }
    }

    pub(crate) fn input_gradient(&self, x: &[f32], dy: &[f32], dx: &mut [f32], norms: &[Statistics]) {
        let statistics = &norms[self.norm];
        over_channels(self.channels, InputGradient { clamp: self.clamp, statistics, x, dy, dx });
    }
}

struct Measure<'a> {
    channels: usize,
    x: &'a [f32],
    sums: &'a mut Sums,
}

impl ChannelLoop for Measure<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        // The first row is subtracted before summing, so that a large mean costs no digits.
        let origin = load::<N>(self.x, channel);
        let (mut sum, mut square) = ([0.0; N], [0.0; N]);
        for row in 0..self.sums.rows {
            let x = load::<N>(self.x, row * self.channels + channel);
            let apart: [f32; N] = map(|i| x[i] - origin[i]);
            sum = map(|i| sum[i] + apart[i]);
            square = map(|i| square[i] + apart[i] * apart[i]);
        }
        let rows = self.sums.rows as f32;
        store(&mut self.sums.first, channel, map::<N>(|i| sum[i] / rows + origin[i]));
        store(&mut self.sums.second, channel, map::<N>(|i| square[i] - sum[i] * sum[i] / rows));
    }
}

struct Forward<'a> {
    clamp: Clamp,
    statistics: &'a Statistics,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl ChannelLoop for Forward<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let channels = self.statistics.scale.len();
        let (scale, shift) =
            (load::<N>(&self.statistics.scale, channel), load::<N>(&self.statistics.shift, channel));
        for row in 0..self.x.len() / channels {
            let at = row * channels + channel;
            let x = load::<N>(self.x, at);
            store(self.y, at, map::<N>(|i| self.clamp.apply(x[i] * scale[i] + shift[i])));
        }
    }
}

struct GradientSums<'a> {
    clamp: Clamp,
    statistics: &'a Statistics,
    x: &'a [f32],
    dy: &'a [f32],
    sums: &'a mut Sums,
}

impl ChannelLoop for GradientSums<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let channels = self.statistics.scale.len();
        let (scale, shift) =
            (load::<N>(&self.statistics.scale, channel), load::<N>(&self.statistics.shift, channel));
        let mean = load::<N>(&self.statistics.mean, channel);
        let (mut first, mut second) = ([0.0; N], [0.0; N]);
        for row in 0..self.sums.rows {
            let (x, dy) =
                (load::<N>(self.x, row * channels + channel), load::<N>(self.dy, row * channels + channel));
            let dy: [f32; N] = map(|i| self.clamp.pass(x[i] * scale[i] + shift[i], dy[i]));
            first = map(|i| first[i] + dy[i]);
            second = map(|i| second[i] + dy[i] * (x[i] - mean[i]));
        }
        store(&mut self.sums.first, channel, first);
        store(&mut self.sums.second, channel, second);
    }
}

struct InputGradient<'a> {
    clamp: Clamp,
    statistics: &'a Statistics,
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl ChannelLoop for InputGradient<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let Statistics { mean, scale, shift, slope, offset, .. } = self.statistics;
        let channels = scale.len();
        let (scale, shift) = (load::<N>(scale, channel), load::<N>(shift, channel));
        let (mean, slope, offset) =
            (load::<N>(mean, channel), load::<N>(slope, channel), load::<N>(offset, channel));
        for row in 0..self.x.len() / channels {
            let at = row * channels + channel;
            let (x, dy) = (load::<N>(self.x, at), load::<N>(self.dy, at));
            let dy: [f32; N] = map(|i| self.clamp.pass(x[i] * scale[i] + shift[i], dy[i]));
            store(self.dx, at, map::<N>(|i| scale[i] * dy[i] + slope[i] * (x[i] - mean[i]) + offset[i]));
        }
    }
}
