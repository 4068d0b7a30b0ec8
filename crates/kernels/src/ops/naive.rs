//! What the tests of the operators share: plain wide-integer definitions, random windows and values.

use std::vec::Vec;

use crate::window::Window;

/// A small generator of pseudo-random numbers (Knuth's MMIX constants).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1)
    }

    pub(crate) fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// A number of the range, both ends included.
    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (u64::from(self.bits()) % (high - low + 1) as u64) as i64
    }

    pub(crate) fn size(&mut self, low: usize, high: usize) -> usize {
        self.within(low as i64, high as i64) as usize
    }

    pub(crate) fn int8s(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.bits() as i8).collect()
    }

    pub(crate) fn int16s(&mut self, len: usize) -> Vec<i16> {
        (0..len).map(|_| self.bits() as i16).collect()
    }

    /// Packed 4-bit weights, and the same ones unpacked.
    pub(crate) fn int4s(&mut self, len: usize) -> (Vec<u8>, Vec<i8>) {
        let weights: Vec<i8> = (0..len).map(|_| self.within(-8, 7) as i8).collect();
        let pack = |pair: &[i8]| (pair[0] as u8 & 15) | (pair.get(1).map_or(0, |&high| high as u8) << 4);
        (weights.chunks(2).map(pack).collect(), weights)
    }

    /// [`Random::channels`] of sums with 64 bits, which land in and around the int16 range.
    pub(crate) fn wide_channels(&mut self, out_c: usize) -> (Vec<i64>, Vec<i32>, Vec<i8>) {
        let (bias, multiplier, shift) = self.channels(out_c);
        (bias.iter().map(|&bias| i64::from(bias) << 6).collect(), multiplier, shift)
    }

    /// Ordered activation bounds of int16.
    pub(crate) fn wide_bounds(&mut self) -> (i32, i32) {
        let (min, max) = self.bounds();
        (min * 256, max * 256 + 255)
    }

    /// Integers whose magnitudes are spread over all powers of two.
    pub(crate) fn int32(&mut self) -> i32 {
        (self.bits() as i32) >> (self.bits() % 32)
    }

    /// Floats between -8 and 8 in steps that make sums inexact.
    pub(crate) fn floats(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| (self.within(-8_000_000, 8_000_000) as f32) * 1.0e-6).collect()
    }

    /// Constants of quantised channels: bias, multiplier, shift. Sums land in and around the int8 range.
    pub(crate) fn channels(&mut self, out_c: usize) -> (Vec<i32>, Vec<i32>, Vec<i8>) {
        let bias = if self.bits().is_multiple_of(4) {
            Vec::new()
        } else {
            (0..out_c).map(|_| self.within(-20_000, 20_000) as i32).collect()
        };
        let multiplier = (0..out_c).map(|_| self.within(1 << 30, i32::MAX.into()) as i32).collect();
        let shift = (0..out_c).map(|_| self.within(-13, 1) as i8).collect();
        (bias, multiplier, shift)
    }

    /// Ordered activation bounds.
    pub(crate) fn bounds(&mut self) -> (i32, i32) {
        if self.bits().is_multiple_of(2) {
            return (-128, 127);
        }
        let (a, b) = (self.within(-128, 127) as i32, self.within(-128, 127) as i32);
        (a.min(b), a.max(b))
    }

    /// Two shapes that broadcast, and for each output the indices of its operands.
    pub(crate) fn broadcast(&mut self) -> ([usize; 6], [usize; 6], Vec<(usize, usize)>) {
        let mut out = [1; 6];
        for extent in out.iter_mut().skip(self.size(0, 5)) {
            *extent = self.size(1, 4);
        }
        let (mut a, mut b) = (out, out);
        if !self.bits().is_multiple_of(3) {
            for axis in 0..6 {
                match self.size(0, 3) {
                    0 => a[axis] = 1,
                    1 => b[axis] = 1,
                    _ => (),
                }
            }
        }
        // The result of two ones on an axis is one.
        let out: Vec<usize> = a.iter().zip(&b).map(|(a, b)| *a.max(b)).collect();
        let index = |shape: &[usize; 6], position: &[usize]| {
            shape.iter().zip(position).fold(0, |at, (extent, position)| at * extent + position % extent)
        };
        let indices = (0..out.iter().product())
            .map(|mut at: usize| {
                let mut position = [0; 6];
                for axis in (0..6).rev() {
                    position[axis] = at % out[axis];
                    at /= out[axis];
                }
                (index(&a, &position), index(&b, &position))
            })
            .collect();
        (a, b, indices)
    }

    /// A window that fits its input, padded or not; `out_c` is 1.
    pub(crate) fn window(&mut self, in_c: usize, max_dilation: usize) -> Window {
        let batches = self.size(1, 2);
        let [in_h, out_h, k_h, stride_h, dilation_h, pad_top] = self.axis(max_dilation);
        let [in_w, out_w, k_w, stride_w, dilation_w, pad_left] = self.axis(max_dilation);
        Window {
            batches,
            in_h,
            in_w,
            in_c,
            out_h,
            out_w,
            out_c: 1,
            k_h,
            k_w,
            stride_h,
            stride_w,
            dilation_h,
            dilation_w,
            pad_top,
            pad_left,
        }
    }

    /// Input, output, kernel, stride, dilation and padding of one axis, by the rules of SAME or VALID.
    fn axis(&mut self, max_dilation: usize) -> [usize; 6] {
        let (kernel, stride, dilation) = (self.size(1, 5), self.size(1, 3), self.size(1, max_dilation));
        let reach = (kernel - 1) * dilation + 1;
        if self.bits().is_multiple_of(2) {
            let input = self.size(1, 9);
            let output = input.div_ceil(stride);
            let pad = ((output - 1) * stride + reach).saturating_sub(input) / 2;
            [input, output, kernel, stride, dilation, pad]
        } else {
            let input = reach + self.size(0, 6);
            [input, (input - reach) / stride + 1, kernel, stride, dilation, 0]
        }
    }
}

/// One tap of one output: the output's index, the image, input row and column, kernel row and column, and output channel.
pub(crate) struct Tap {
    pub(crate) out: usize,
    pub(crate) batch: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) k_y: usize,
    pub(crate) k_x: usize,
    pub(crate) out_c: usize,
}

/// Folds `f` over the taps of every output that lie inside the input.
pub(crate) fn windows<T: Copy>(window: &Window, start: T, mut f: impl FnMut(&mut T, Tap)) -> Vec<T> {
    let inside = |position: i64, extent: usize| (0..extent as i64).contains(&position);
    let position = |out: usize, stride: usize, k: usize, dilation: usize, pad: usize| {
        (out * stride + k * dilation) as i64 - pad as i64
    };
    let mut result = Vec::new();
    for out in 0..window.out_len() {
        let (out_c, at) = (out % window.out_c, out / window.out_c);
        let (out_x, at) = (at % window.out_w, at / window.out_w);
        let (out_y, batch) = (at % window.out_h, at / window.out_h);
        let mut value = start;
        for k_y in 0..window.k_h {
            for k_x in 0..window.k_w {
                let y = position(out_y, window.stride_h, k_y, window.dilation_h, window.pad_top);
                let x = position(out_x, window.stride_w, k_x, window.dilation_w, window.pad_left);
                if inside(y, window.in_h) && inside(x, window.in_w) {
                    f(&mut value, Tap { out, batch, y: y as usize, x: x as usize, k_y, k_x, out_c });
                }
            }
        }
        result.push(value);
    }
    result
}

/// The nearest integer to `value / 2^exponent`, halves away from zero.
pub(crate) fn divide_away(value: i128, exponent: u32) -> i128 {
    let half = (1_i128 << exponent) / 2;
    let magnitude = (value.abs() + half) >> exponent;
    if value < 0 { -magnitude } else { magnitude }
}

/// `value * multiplier / 2^31 * 2^shift`, rounded at each of the two divisions.
pub(crate) fn scale(value: i128, multiplier: i32, shift: i32) -> i128 {
    let shifted = value << shift.max(0);
    let high = (shifted * i128::from(multiplier) + (1 << 30)).div_euclid(1 << 31);
    divide_away(high, (-shift).max(0) as u32)
}

/// `value * multiplier / 2^31 * 2^shift` with the multiplier rounded to 16 bits, then one rounding to the nearest, halves
/// up.
pub(crate) fn scale_wide(value: i64, multiplier: i32, shift: i32) -> i128 {
    let reduced = ((i128::from(multiplier) + (1 << 15)) >> 16).min(0x7fff);
    let right = 15 - shift;
    (i128::from(value) * reduced + (1_i128 << (right - 1))).div_euclid(1_i128 << right)
}

/// A sum as an int16 output; a narrow one wraps at 32 bits and is rounded twice.
pub(crate) fn quantize_wide(sum: i64, multiplier: i32, shift: i32, narrow: bool, bounds: (i32, i32)) -> i16 {
    let value = if narrow {
        scale((sum as i32).into(), multiplier, shift)
    } else {
        scale_wide(sum, multiplier, shift)
    };
    value.max(bounds.0.into()).min(bounds.1.into()) as i16
}

/// A sum as an int8 output.
pub(crate) fn quantize(sum: i64, multiplier: i32, shift: i32, zero_point: i32, bounds: (i32, i32)) -> i8 {
    let value = scale(sum.into(), multiplier, shift) + i128::from(zero_point);
    value.max(bounds.0.into()).min(bounds.1.into()) as i8
}
