//! How TRANSPOSE_CONV finds the input pixels that an output pixel gathers, for all element types.

use core::num::NonZeroUsize;

use crate::InvalidSpec;
use crate::error::{attempt, elements};
use crate::ops::channels::SUMS;
use crate::rows::rows_mut;
use crate::window::Window;

/// See the module. Rows, columns and channels are those of the input and output of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    batches: usize,
    y: Axis,
    x: Axis,
    /// Channels of the input.
    pub(super) in_c: usize,
    /// Channels of the output.
    pub(super) out_c: usize,
    /// Weights of an output channel.
    pub(super) filter_row: usize,
}

/// Rows or columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    input: usize,
    output: usize,
    kernel: usize,
    stride: NonZeroUsize,
    pad: usize,
}

/// The inputs of an output pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixel {
    batch: usize,
    y: Inputs,
    x: Inputs,
}

/// Neighbouring inputs from `first` to before `end`; input `i` meets the tap `origin - i * stride`.
#[derive(Debug, Clone, Copy)]
struct Inputs {
    first: usize,
    end: usize,
    origin: usize,
}

impl Axis {
    const fn new(
        input: usize,
        output: usize,
        kernel: usize,
        stride: usize,
        pad: usize,
    ) -> Result<Self, InvalidSpec> {
        match NonZeroUsize::new(stride) {
            Some(stride) => Ok(Self { input, output, kernel, stride, pad }),
            None => Err(InvalidSpec { reason: "a stride must be at least 1" }),
        }
    }

    #[inline]
    fn inputs(&self, position: usize) -> Inputs {
        let origin = position + self.pad;
        let first = origin.saturating_sub(self.kernel - 1).wrapping_add(self.stride.get() - 1) / self.stride;
        Inputs { first, end: (origin / self.stride + 1).min(self.input), origin }
    }
}

impl Layout {
    /// Checks the window, which slides over the output.
    pub(super) const fn new(window: Window) -> Result<Self, InvalidSpec> {
        attempt!(window.check());
        if window.dilation_h != 1 || window.dilation_w != 1 {
            return Err(InvalidSpec { reason: "a transposed convolution must not be dilated" });
        }
        attempt!(elements(&[window.in_c, window.k_h, window.k_w, window.out_c]));
        Ok(Self {
            batches: window.batches,
            y: attempt!(Axis::new(window.out_h, window.in_h, window.k_h, window.stride_h, window.pad_top)),
            x: attempt!(Axis::new(window.out_w, window.in_w, window.k_w, window.stride_w, window.pad_left)),
            in_c: window.out_c,
            out_c: window.in_c,
            filter_row: window.k_h * window.k_w * window.out_c,
        })
    }

    /// Elements of the input.
    pub(super) const fn in_len(&self) -> usize {
        self.batches * self.y.input * self.x.input * self.in_c
    }

    /// Elements of the output.
    pub(super) const fn out_len(&self) -> usize {
        self.batches * self.y.output * self.x.output * self.out_c
    }

    /// Calls `f` for every output pixel in order with at most [`SUMS`] of its channels and the first one's number.
    #[inline(always)]
    pub(super) fn for_each_chunk<T>(&self, output: &mut [T], mut f: impl FnMut(&Pixel, usize, &mut [T])) {
        let mut pixels = rows_mut(output, self.out_c);
        for batch in 0..self.batches {
            for y in 0..self.y.output {
                let y = self.y.inputs(y);
                for x in 0..self.x.output {
                    let pixel = Pixel { batch, y, x: self.x.inputs(x) };
                    let mut first = 0;
                    for chunk in pixels.next().unwrap_or(&mut []).chunks_mut(SUMS) {
                        f(&pixel, first, chunk);
                        first += SUMS;
                    }
                }
            }
        }
    }

    /// Calls `f` with the index of channel 0 of every input pixel, in order, and the number of the tap that it meets.
    #[inline(always)]
    pub(super) fn for_each_tap(&self, pixel: &Pixel, mut f: impl FnMut(usize, usize)) {
        for y in pixel.y.first..pixel.y.end {
            let k_y = pixel.y.origin - y * self.y.stride.get();
            for x in pixel.x.first..pixel.x.end {
                let k_x = pixel.x.origin - x * self.x.stride.get();
                let at = ((pixel.batch * self.y.input + y) * self.x.input + x) * self.in_c;
                f(at, k_y * self.x.kernel + k_x);
            }
        }
    }
}
