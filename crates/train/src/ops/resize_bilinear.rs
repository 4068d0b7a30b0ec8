//! RESIZE_BILINEAR: each pixel of the result is a sum of pixels of the input with weights that are the same for all
//! channels. The weights are read off the kernel, by resizing images of one bright pixel.

use smidgen_ir::ops::Op;
use smidgen_ir::ops::resize_bilinear::ResizeBilinear;

use crate::error::TrainError;
use crate::operands::{Operands, run};
use crate::ops::Seen;
use crate::ops::rule::{Rule, examples, examples_mut};

/// The most pixels of input and result, multiplied, that are probed.
const MAX_PROBED: usize = 1 << 28;

/// A weight between a pixel of the result and one of the input.
#[derive(Debug, Clone, Copy)]
struct Tap {
    to: u32,
    from: u32,
    weight: f32,
}

/// A compiled RESIZE_BILINEAR.
#[derive(Debug)]
pub(crate) struct Layer {
    taps: Vec<Tap>,
    channels: usize,
}

impl Layer {
    pub(crate) fn compile(op: &ResizeBilinear, operands: &Operands<'_>) -> Result<Self, TrainError> {
        let [batches, height, width, channels] = operands.extents(0)?;
        let pixels = height * width;
        if batches != 1 || pixels.saturating_mul(op.size[0] * op.size[1]) > MAX_PROBED {
            return Err(operands.refuse("resizes several or very large images; make them smaller"));
        }
        let mut taps = Vec::new();
        let mut image = vec![0.0; pixels];
        for from in 0..pixels {
            image[from] = 1.0;
            let shape = vec![1, height, width, 1];
            let resized = run(&Op::ResizeBilinear(op.clone()), shape, &image)
                .map_err(|error| operands.refuse(error.to_string()))?;
            let bright = resized.iter().enumerate().filter(|&(_, &weight)| weight != 0.0);
            taps.extend(bright.map(|(to, &weight)| Tap { to: to as u32, from: from as u32, weight }));
            image[from] = 0.0;
        }
        taps.sort_by_key(|tap| tap.to);
        Ok(Layer { taps, channels })
    }
}

fn add_scaled(to: &mut [f32], from: &[f32], weight: f32) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += weight * from);
}

fn pixel(at: u32, channels: usize) -> std::ops::Range<usize> {
    at as usize * channels..(at as usize + 1) * channels
}

impl Rule for Layer {
    fn forward(&self, _params: &[f32], x: &[&[f32]], y: &mut [f32], n: usize) {
        y.fill(0.0);
        for (x, y) in examples(x[0], n).zip(examples_mut(y, n)) {
            for tap in &self.taps {
                add_scaled(
                    &mut y[pixel(tap.to, self.channels)],
                    &x[pixel(tap.from, self.channels)],
                    tap.weight,
                );
            }
        }
    }

    fn input_gradient(&self, seen: Seen<'_>, _operand: usize, dx: &mut [f32], n: usize) {
        dx.fill(0.0);
        for (dx, dy) in examples_mut(dx, n).zip(examples(seen.dy, n)) {
            for tap in &self.taps {
                add_scaled(
                    &mut dx[pixel(tap.from, self.channels)],
                    &dy[pixel(tap.to, self.channels)],
                    tap.weight,
                );
            }
        }
    }
}
