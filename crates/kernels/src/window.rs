//! The sliding window of convolutions and pools, and the part of it that lies inside the input.

use core::num::NonZeroUsize;

use crate::InvalidSpec;
use crate::error::{attempt, elements, ensure};
use crate::rows::rows_mut;

/// Extents of an NHWC input and output, and the window that slides over the input. Everything counts elements.
///
/// Output row `y` reads the input rows `y * stride_h - pad_top + dilation_h * k` for `k` in `0..k_h`; rows outside the
/// input are left out. Columns likewise. There is no padding at the bottom and right: it follows from the extents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Window {
    pub batches: usize,
    pub in_h: usize,
    pub in_w: usize,
    pub in_c: usize,
    pub out_h: usize,
    pub out_w: usize,
    pub out_c: usize,
    pub k_h: usize,
    pub k_w: usize,
    pub stride_h: usize,
    pub stride_w: usize,
    pub dilation_h: usize,
    pub dilation_w: usize,
    pub pad_top: usize,
    pub pad_left: usize,
}

/// How far apart the beginnings of a kernel's input and output must be where they share memory, in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lags {
    /// How far below the input an output must begin that begins below it.
    pub below: usize,
    /// How far above the input an output must begin that begins above it.
    pub above: usize,
}

/// [`Window::for_each_pixel`]; on the host without a closure, which would keep the body out of a caller that is compiled
/// for a vector unit.
#[cfg(feature = "host")]
macro_rules! for_each_pixel {
    ($window:expr, $output:expr, |$pixel:ident, $channels:ident| $body:expr) => {
        let window: &$crate::window::Window = $window;
        let mut pixels = $crate::rows::rows_mut($output, window.out_c);
        for batch in 0..window.batches {
            for y in 0..window.out_h {
                let y = window.taps_y(y);
                for x in 0..window.out_w {
                    let $pixel = &$crate::window::Pixel { batch, y, x: window.taps_x(x) };
                    if let Some($channels) = pixels.next() {
                        $body;
                    }
                }
            }
        }
    };
}

/// [`Window::for_each_pixel`].
#[cfg(not(feature = "host"))]
macro_rules! for_each_pixel {
    ($window:expr, $output:expr, |$pixel:ident, $channels:ident| $body:expr) => {
        $crate::window::Window::for_each_pixel($window, $output, |$pixel, $channels| $body)
    };
}

pub(crate) use for_each_pixel;

impl Window {
    /// Elements of the input.
    pub const fn in_len(&self) -> usize {
        self.batches * self.in_h * self.in_w * self.in_c
    }

    /// Elements of the output.
    pub const fn out_len(&self) -> usize {
        self.batches * self.out_h * self.out_w * self.out_c
    }

    /// Fails unless extents are above 0, element counts fit an `i32`, and every window meets the input.
    pub(crate) const fn check(&self) -> Result<(), InvalidSpec> {
        attempt!(elements(&[self.batches, self.in_h, self.in_w, self.in_c]));
        attempt!(elements(&[self.batches, self.out_h, self.out_w, self.out_c]));
        attempt!(elements(&[self.k_h, self.k_w]));
        // A step of the window, counted in elements, is an i32 too.
        attempt!(elements(&[self.dilation_w, self.in_c]));
        attempt!(check_axis(self.in_h, self.out_h, self.k_h, self.stride_h, self.dilation_h, self.pad_top));
        check_axis(self.in_w, self.out_w, self.k_w, self.stride_w, self.dilation_w, self.pad_left)
    }

    /// How far apart input and output must begin in [`crate::Shared`] memory where `at_once` output pixels are computed at once.
    pub fn lags(&self, at_once: usize) -> Lags {
        let n_pixels = self.batches * self.out_h * self.out_w;
        let (at_once, mut lags) = (at_once.max(1), Lags { below: 0, above: 0 });
        // From the back: the first element that this pixel or a later one reads. With dilation that need not be this one's.
        let mut from = usize::MAX;
        for pixel in (0..n_pixels).rev() {
            from = from.min(self.needs(pixel)[0]);
            if pixel % at_once == 0 {
                let end = n_pixels.min(pixel + at_once);
                lags.below = lags.below.max((end * self.out_c).saturating_sub(from));
            }
        }
        let mut to = 0;
        for pixel in 0..n_pixels {
            to = to.max(self.needs(pixel)[1]);
            if (pixel + 1) % at_once == 0 || pixel + 1 == n_pixels {
                let first = pixel / at_once * at_once;
                lags.above = lags.above.max(to.saturating_sub(first * self.out_c));
            }
        }
        lags
    }

    /// The first input element that an output pixel reads, and the end of the last.
    fn needs(&self, pixel: usize) -> [usize; 2] {
        let Pixel { batch, y, x } = self.pixel(pixel);
        let last = |taps: Taps, dilation: usize| taps.first + taps.count.saturating_sub(1) * dilation;
        [
            self.in_index(batch, y.first, x.first),
            self.in_index(batch, last(y, self.dilation_h), last(x, self.dilation_w)) + self.in_c,
        ]
    }

    /// The output pixel at `index`, in order.
    #[inline(always)]
    pub(crate) fn pixel(&self, index: usize) -> Pixel {
        // Extents are above 0.
        let split =
            |at: usize, by: usize| at.checked_div(by).map_or((0, 0), |whole| (whole, at - whole * by));
        let (row, x) = split(index, self.out_w);
        let (batch, y) = split(row, self.out_h);
        Pixel { batch, y: self.taps_y(y), x: self.taps_x(x) }
    }

    /// Calls `f` for every output pixel in order with the taps that lie inside the input and the pixel's channels.
    #[inline(always)]
    pub(crate) fn for_each_pixel<T>(&self, output: &mut [T], mut f: impl FnMut(&Pixel, &mut [T])) {
        let mut pixels = rows_mut(output, self.out_c);
        for batch in 0..self.batches {
            for y in 0..self.out_h {
                let y = self.taps_y(y);
                for x in 0..self.out_w {
                    let x = self.taps_x(x);
                    if let Some(channels) = pixels.next() {
                        f(&Pixel { batch, y, x }, channels);
                    }
                }
            }
        }
    }

    /// Taps inside the input of the output row `y`.
    #[inline(always)]
    pub(crate) fn taps_y(&self, y: usize) -> Taps {
        Taps::inside(y * self.stride_h, self.pad_top, self.dilation_h, self.k_h, self.in_h)
    }

    /// Taps inside the input of the output column `x`.
    #[inline(always)]
    pub(crate) fn taps_x(&self, x: usize) -> Taps {
        Taps::inside(x * self.stride_w, self.pad_left, self.dilation_w, self.k_w, self.in_w)
    }

    /// Index of the first channel of an input pixel.
    #[inline(always)]
    pub(crate) fn in_index(&self, batch: usize, y: usize, x: usize) -> usize {
        ((batch * self.in_h + y) * self.in_w + x) * self.in_c
    }
}

/// One axis of [`Window::check`].
const fn check_axis(
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    pad: usize,
) -> Result<(), InvalidSpec> {
    let steps = attempt!(elements(&[output, stride]));
    let taps = attempt!(elements(&[kernel, dilation]));
    ensure!(steps + taps <= i32::MAX as usize, "the window must stay within 2^31 elements");
    ensure!(pad <= (kernel - 1) * dilation, "padding must be smaller than the dilated kernel");
    ensure!(steps - stride < input + pad, "the last window must begin inside the input");
    Ok(())
}

/// The window of one output pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pixel {
    /// Index of the image.
    pub(crate) batch: usize,
    /// Rows of the window.
    pub(crate) y: Taps,
    /// Columns of the window.
    pub(crate) x: Taps,
}

/// The taps of a window that lie inside the input, on one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taps {
    /// The first tap inside.
    pub(crate) tap: usize,
    /// Where in the input it lies.
    pub(crate) first: usize,
    /// How many taps lie inside.
    pub(crate) count: usize,
}

impl Taps {
    /// Taps of the window that begins `pad` before `origin`.
    #[inline]
    pub(crate) fn inside(origin: usize, pad: usize, dilation: usize, kernel: usize, input: usize) -> Self {
        let Some(dilation) = NonZeroUsize::new(dilation) else {
            return Self { tap: 0, first: 0, count: 0 };
        };
        let outside = pad.saturating_sub(origin);
        let tap = div_ceil(outside, dilation);
        let first = (origin + tap * dilation.get()).saturating_sub(pad);
        let count = div_ceil(input.saturating_sub(first), dilation).min(kernel.saturating_sub(tap));
        Self { tap, first, count }
    }

    /// Whether a tap lies inside the input.
    #[inline]
    pub(crate) fn contains(&self, tap: usize) -> bool {
        tap.wrapping_sub(self.tap) < self.count
    }
}

/// Calls `f` with the input index of channel 0 and the number in the kernel of every tap inside the input.
#[inline(always)]
pub(crate) fn for_each_tap(window: &Window, pixel: &Pixel, mut f: impl FnMut(usize, usize)) {
    for row in 0..pixel.y.count {
        let mut x = window.in_index(pixel.batch, pixel.y.first + row * window.dilation_h, pixel.x.first);
        let tap = (pixel.y.tap + row) * window.k_w + pixel.x.tap;
        for tap in tap..tap + pixel.x.count {
            f(x, tap);
            x += window.dilation_w * window.in_c;
        }
    }
}

/// Division that rounds up. The numerator is at most `i32::MAX` and so is the divisor.
#[inline]
fn div_ceil(value: usize, divisor: NonZeroUsize) -> usize {
    if divisor.get() == 1 { value } else { (value + (divisor.get() - 1)) / divisor }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Window = Window {
        batches: 1,
        in_h: 5,
        in_w: 7,
        in_c: 2,
        out_h: 3,
        out_w: 4,
        out_c: 6,
        k_h: 3,
        k_w: 3,
        stride_h: 2,
        stride_w: 2,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 1,
        pad_left: 1,
    };

    #[test]
    fn a_sound_window_passes() {
        assert_eq!(IMAGE.check(), Ok(()));
        assert_eq!((IMAGE.in_len(), IMAGE.out_len()), (70, 72));
    }

    #[test]
    fn a_window_without_sense_fails() {
        let wrong = [
            Window { in_h: 0, ..IMAGE },
            Window { out_c: 0, ..IMAGE },
            Window { k_w: 0, pad_left: 0, ..IMAGE },
            Window { stride_h: 0, ..IMAGE },
            Window { dilation_w: 0, ..IMAGE },
            Window { batches: usize::MAX, ..IMAGE },
            Window { in_w: 1 << 31, ..IMAGE },
            Window { pad_top: 3, ..IMAGE },
            Window { out_h: 4, ..IMAGE },
            Window { stride_w: i32::MAX as usize, ..IMAGE },
        ];
        for window in wrong {
            assert!(window.check().is_err(), "{window:?}");
        }
    }

    #[test]
    fn taps_are_those_that_a_walk_over_the_kernel_finds() {
        for (input, kernel, dilation) in itertools(9, 5, 4) {
            for pad in 0..=(kernel - 1) * dilation {
                for origin in 0..input + pad {
                    let inside = |k: &usize| {
                        (origin + k * dilation).checked_sub(pad).is_some_and(|position| position < input)
                    };
                    let walk: std::vec::Vec<usize> = (0..kernel).filter(inside).collect();
                    let taps = Taps::inside(origin, pad, dilation, kernel, input);
                    assert_eq!(taps.count, walk.len(), "{input} {kernel} {dilation} {pad} {origin}");
                    if let Some(&first) = walk.first() {
                        assert_eq!((taps.tap, taps.first), (first, origin + first * dilation - pad));
                    }
                }
            }
        }
    }

    fn itertools(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        (1..=a).flat_map(move |i| (1..=b).flat_map(move |j| (1..=c).map(move |k| (i, j, k))))
    }
}
