//! AVERAGE_POOL_2D: the mean of each window and channel; padding does not count.

use smidgen_ir::ops::average_pool_2d::AveragePool2d;

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::operands::Operands;
use crate::simd::{ChannelLoop, add_to_block, load, map, over_channels, store};
use crate::window::Window;

/// A compiled AVERAGE_POOL_2D.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    window: Window,
}

impl Layer {
    pub(crate) fn compile(op: &AveragePool2d, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let extents = op.window(operands.extents(0)?).map_err(|problem| operands.refuse(problem))?;
        Ok(Layer { clamp: Clamp::of(op.activation), window: Window::new(&extents) })
    }

    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32], n: usize) {
        let (window, clamp) = (&self.window, self.clamp);
        over_channels(window.in_c, Forward { window, clamp, images: n * window.images, x, y });
    }

    pub(crate) fn input_gradient(&self, dy: &[f32], dx: &mut [f32], n: usize) {
        dx.fill(0.0);
        let window = &self.window;
        over_channels(window.in_c, InputGradient { window, images: n * window.images, dy, dx });
    }
}

/// The share of each input position in the mean at an output position.
#[inline(always)]
fn share(window: &Window, pixel: usize) -> f32 {
    1.0 / window.positions(pixel).count().max(1) as f32
}

struct Forward<'a> {
    window: &'a Window,
    clamp: Clamp,
    images: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl ChannelLoop for Forward<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let w = self.window;
        for image in 0..self.images {
            for pixel in 0..w.out_pixels() {
                let mut sums = [0.0; N];
                for at in w.positions(pixel) {
                    let x = load::<N>(self.x, image * w.in_image() + at + channel);
                    sums = map(|i| sums[i] + x[i]);
                }
                let share = share(w, pixel);
                let at = image * w.out_image() + pixel * w.out_c + channel;
                store(self.y, at, map::<N>(|i| self.clamp.apply(sums[i] * share)));
            }
        }
    }
}

struct InputGradient<'a> {
    window: &'a Window,
    images: usize,
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl ChannelLoop for InputGradient<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let w = self.window;
        for image in 0..self.images {
            for pixel in 0..w.out_pixels() {
                let share = share(w, pixel);
                let dy = load::<N>(self.dy, image * w.out_image() + pixel * w.out_c + channel);
                let part = map::<N>(|i| dy[i] * share);
                for at in w.positions(pixel) {
                    add_to_block(self.dx, image * w.in_image() + at + channel, part);
                }
            }
        }
    }
}
