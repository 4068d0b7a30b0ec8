//! MAX_POOL_2D: the maximum of each window and channel; its gradient goes to the first position that holds it.

use smidgen_ir::ops::max_pool_2d::MaxPool2d;

use crate::activation::Clamp;
use crate::error::TrainError;
use crate::operands::Operands;
use crate::ops::Seen;
use crate::simd::{ChannelLoop, load, map, over_channels, store};
use crate::window::Window;

/// A compiled MAX_POOL_2D.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) clamp: Clamp,
    window: Window,
}

impl Layer {
    pub(crate) fn compile(op: &MaxPool2d, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let extents = op.window(operands.extents(0)?).map_err(|problem| operands.refuse(problem))?;
        Ok(Layer { clamp: Clamp::of(op.activation), window: Window::new(&extents) })
    }

    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32], n: usize) {
        let (window, clamp) = (&self.window, self.clamp);
        over_channels(window.in_c, Forward { window, clamp, images: n * window.images, x, y });
    }

    pub(crate) fn input_gradient(&self, seen: Seen<'_>, dx: &mut [f32], n: usize) {
        let w = &self.window;
        dx.fill(0.0);
        for image in 0..n * w.images {
            let x = &seen.x[0][image * w.in_image()..][..w.in_image()];
            let dx = &mut dx[image * w.in_image()..][..w.in_image()];
            let dy = &seen.dy[image * w.out_image()..][..w.out_image()];
            for (pixel, dy) in dy.chunks_exact(w.out_c).enumerate() {
                for (channel, &dy) in dy.iter().enumerate().filter(|(_, dy)| **dy != 0.0) {
                    let larger = |best, at| if x[at] > x[best] { at } else { best };
                    if let Some(at) = w.positions(pixel).map(|at| at + channel).reduce(larger) {
                        dx[at] += dy;
                    }
                }
            }
        }
    }
}

/// The larger value, NaN when one is NaN.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
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
                let mut best = [f32::NEG_INFINITY; N];
                for at in w.positions(pixel) {
                    let x = load::<N>(self.x, image * w.in_image() + at + channel);
                    best = map(|i| larger(best[i], x[i]));
                }
                let at = image * w.out_image() + pixel * w.out_c + channel;
                store(self.y, at, map::<N>(|i| self.clamp.apply(best[i])));
            }
        }
    }
}
