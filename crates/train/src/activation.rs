//! Activations fused into the operator before them, forward and backward.

use smidgen_ir::ops::Activation;

use crate::simd::{ChannelLoop, add_to_block, load, map, over_channels, store};

/// The interval that an activation clamps to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clamp {
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl Clamp {
    pub(crate) const NONE: Clamp = Clamp { low: f32::NEG_INFINITY, high: f32::INFINITY };
    pub(crate) const RELU: Clamp = Clamp { low: 0.0, high: f32::INFINITY };
    pub(crate) const RELU6: Clamp = Clamp { low: 0.0, high: 6.0 };

    pub(crate) fn of(activation: Activation) -> Self {
        match activation {
            Activation::None => Clamp::NONE,
            Activation::Relu => Clamp::RELU,
            Activation::Relu6 => Clamp::RELU6,
            Activation::ReluN1To1 => Clamp { low: -1.0, high: 1.0 },
        }
    }

    /// The clamped value. NaN stays NaN, so that a diverged network shows in its loss.
    #[inline(always)]
    pub(crate) fn apply(self, v: f32) -> f32 {
        let v = if v < self.low { self.low } else { v };
        if v > self.high { self.high } else { v }
    }

    /// The gradient `dy` where the result (or what is clamped) is `v`: nought outside the interval.
    #[inline(always)]
    pub(crate) fn pass(self, v: f32, dy: f32) -> f32 {
        if (v > self.low) & (v < self.high) { dy } else { 0.0 }
    }

    /// Makes the gradient of what is clamped from the gradient of the result `y`, in place.
    pub(crate) fn backward(self, y: &[f32], dy: &mut [f32]) {
        if self != Clamp::NONE {
            over_channels(dy.len(), Backward { clamp: self, y, dy });
        }
    }

    /// `y = clamp(y + bias)` over rows of the bias's length; an empty bias adds nothing.
    pub(crate) fn finish(self, y: &mut [f32], bias: &[f32]) {
        match bias.len() {
            0 if self == Clamp::NONE => {}
            0 => over_channels(y.len(), Finish { clamp: self, rows: 1, channels: 0, y, bias }),
            channels => {
                over_channels(channels, Finish { clamp: self, rows: y.len() / channels, channels, y, bias })
            }
        }
    }
}

struct Backward<'a> {
    clamp: Clamp,
    y: &'a [f32],
    dy: &'a mut [f32],
}

impl ChannelLoop for Backward<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, at: usize) {
        let (y, dy) = (load::<N>(self.y, at), load::<N>(self.dy, at));
        store(self.dy, at, map::<N>(|i| self.clamp.pass(y[i], dy[i])));
    }
}

struct Finish<'a> {
    clamp: Clamp,
    rows: usize,
    channels: usize,
    y: &'a mut [f32],
    bias: &'a [f32],
}

impl ChannelLoop for Finish<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let bias = if self.bias.is_empty() { [0.0; N] } else { load(self.bias, channel) };
        for row in 0..self.rows {
            let at = row * self.channels + channel;
            let y = load::<N>(self.y, at);
            store(self.y, at, map::<N>(|i| self.clamp.apply(y[i] + bias[i])));
        }
    }
}

struct BiasGradient<'a> {
    dy: &'a [f32],
    dbias: &'a mut [f32],
}

impl ChannelLoop for BiasGradient<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let channels = self.dbias.len();
        let mut sums = [0.0; N];
        for row in 0..self.dy.len() / channels {
            let dy = load::<N>(self.dy, row * channels + channel);
            sums = map(|i| sums[i] + dy[i]);
        }
        add_to_block(self.dbias, channel, sums);
    }
}

/// Adds the sum over rows of `dy` to `dbias`.
pub(crate) fn add_bias_gradient(dy: &[f32], dbias: &mut [f32]) {
    over_channels(dbias.len(), BiasGradient { dy, dbias });
}
