//! RESIZE_BILINEAR: each output pixel is the mean of the four input pixels around it, weighted by their nearness.
//!
//! Source: TensorFlow Lite Micro, `reference_ops::ResizeBilinear` for float and `ResizeBilinearInteger`, whose positions
//! have 10 fractional bits and whose scales are rounded to them, for int8 and int16.

use crate::error::{attempt, elements, ensure, length};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

/// Everything about a RESIZE_BILINEAR that is known when it is compiled; the same for all types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Extents of the input, NHWC.
    pub in_shape: [usize; 4],
    /// Rows of the output.
    pub out_h: usize,
    /// Columns of the output.
    pub out_w: usize,
    /// Whether the corner pixels of input and output have the same centres.
    pub align_corners: bool,
    /// Whether a pixel's position is its centre instead of its corner; not together with `align_corners`.
    pub half_pixel_centers: bool,
}

/// Int8 RESIZE_BILINEAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int8 {
    spec: Spec,
}

/// Int16 RESIZE_BILINEAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Int16 {
    spec: Spec,
}

/// Float RESIZE_BILINEAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float32 {
    spec: Spec,
}

/// A position between two rows or columns of the input: the nearer to the origin, the other, and how far from the first
/// the position is. The weights of the two are `1 - past` and `past`.
#[derive(Clone, Copy)]
struct Between<T> {
    low: usize,
    high: usize,
    past: T,
}

impl Int8 {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(spec.check());
        Ok(Self { spec })
    }

    /// Input and output are NHWC.
    #[inline(never)]
    pub fn run(&self, input: &[i8], output: &mut [i8]) -> Result<(), WrongLength> {
        // Weights add up to 2^20 and are at most 1.5 times that in magnitude at an edge, so sums stay below 2^30.
        self.spec.integers(input, output, |corners: [i8; 4], weights: [i32; 4]| {
            let products =
                corners.iter().zip(&weights).map(|(&value, weight)| i32::from(value).wrapping_mul(*weight));
            let sum = products.fold(0_i32, i32::wrapping_add);
            ((if sum > 0 { sum.wrapping_add(ROUND) } else { sum.wrapping_sub(ROUND) }) / UNIT) as i8
        })
    }
}

impl Int16 {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(spec.check());
        Ok(Self { spec })
    }

    /// Input and output are NHWC.
    #[inline(never)]
    pub fn run(&self, input: &[i16], output: &mut [i16]) -> Result<(), WrongLength> {
        self.spec.integers(input, output, |corners: [i16; 4], weights: [i32; 4]| {
            let products =
                corners.iter().zip(&weights).map(|(&value, weight)| i64::from(value) * i64::from(*weight));
            let sum = products.fold(0_i64, i64::wrapping_add);
            ((if sum > 0 { sum + i64::from(ROUND) } else { sum - i64::from(ROUND) }) / i64::from(UNIT)) as i16
        })
    }
}

impl Float32 {
    /// Checks the specification.
    pub const fn new(spec: Spec) -> Result<Self, InvalidSpec> {
        attempt!(spec.check());
        Ok(Self { spec })
    }

    /// Input and output are NHWC.
    #[inline(never)]
    pub fn run(&self, input: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let spec = &self.spec;
        let [_, in_h, in_w, _] = spec.in_shape;
        let [y_scale, x_scale] = [spec.scale(in_h, spec.out_h), spec.scale(in_w, spec.out_w)];
        let y_of = |row| spec.between(row, y_scale, in_h);
        let x_of = |column| spec.between(column, x_scale, in_w);
        // Products in the order of the source: value, row, column.
        spec.apply(input, output, y_of, x_of, |[a, b, c, d], y: f32, x: f32| {
            a * (1.0 - y) * (1.0 - x) + b * y * (1.0 - x) + c * (1.0 - y) * x + d * y * x
        })
    }
}

/// Fractional bits of an integer position.
const BITS: u32 = 10;
/// A weight of 1: both positions' bits.
const UNIT: i32 = 1 << (2 * BITS);
/// Half of [`UNIT`]; halves are rounded away from zero.
const ROUND: i32 = UNIT / 2;

impl Spec {
    const fn check(&self) -> Result<(), InvalidSpec> {
        let [images, in_h, in_w, depth] = self.in_shape;
        attempt!(elements(&self.in_shape));
        attempt!(elements(&[images, self.out_h, self.out_w, depth]));
        ensure!(
            in_h <= 1 << 15 && in_w <= 1 << 15 && self.out_h <= 1 << 15 && self.out_w <= 1 << 15,
            "an image to resize must have at most 32768 rows and columns"
        );
        ensure!(
            !(self.align_corners && self.half_pixel_centers),
            "corners cannot be aligned when positions are centres"
        );
        Ok(())
    }

    /// Calls `f` with the four pixels around each position, upper left, lower left, upper right, lower right, and their
    /// weights.
    #[inline(always)]
    fn integers<T: Copy>(
        &self,
        input: &[T],
        output: &mut [T],
        f: impl Fn([T; 4], [i32; 4]) -> T,
    ) -> Result<(), WrongLength> {
        let [_, in_h, in_w, _] = self.in_shape;
        let [y_scale, x_scale] = [self.integer_scale(in_h, self.out_h), self.integer_scale(in_w, self.out_w)];
        let y_of = |row| self.integer_between(row, y_scale, in_h);
        let x_of = |column| self.integer_between(column, x_scale, in_w);
        self.apply(input, output, y_of, x_of, |corners, y: i32, x: i32| {
            const ONE: i32 = 1 << BITS;
            let weights = [(ONE - y, ONE - x), (y, ONE - x), (ONE - y, x), (y, x)];
            f(corners, weights.map(|(y, x)| y.wrapping_mul(x)))
        })
    }

    #[inline(always)]
    fn apply<T: Copy, P: Copy>(
        &self,
        input: &[T],
        output: &mut [T],
        y_of: impl Fn(usize) -> Between<P>,
        x_of: impl Fn(usize) -> Between<P>,
        f: impl Fn([T; 4], P, P) -> T,
    ) -> Result<(), WrongLength> {
        let [images, in_h, in_w, depth] = self.in_shape;
        length("input", input.len(), images * in_h * in_w * depth)?;
        length("output", output.len(), images * self.out_h * self.out_w * depth)?;
        let out_image = self.out_h * self.out_w * depth;
        for (input, output) in rows(input, in_h * in_w * depth).zip(rows_mut(output, out_image)) {
            for (row, output) in rows_mut(output, self.out_w * depth).enumerate() {
                let y = y_of(row);
                for (column, output) in rows_mut(output, depth).enumerate() {
                    let x = x_of(column);
                    let at = |y: usize, x: usize| input.get((y * in_w + x) * depth..).unwrap_or(&[]);
                    let left = at(y.low, x.low).iter().zip(at(y.high, x.low));
                    let right = at(y.low, x.high).iter().zip(at(y.high, x.high));
                    for (output, ((&a, &b), (&c, &d))) in output.iter_mut().zip(left.zip(right)) {
                        *output = f([a, b, c, d], y.past, x.past);
                    }
                }
            }
        }
        Ok(())
    }

    /// Input rows or columns for one of the output.
    #[inline(always)]
    fn scale(&self, input: usize, output: usize) -> f32 {
        if self.align_corners && output > 1 {
            return (input - 1) as f32 / (output - 1) as f32;
        }
        input as f32 / output as f32
    }

    #[inline(always)]
    fn between(&self, at: usize, scale: f32, extent: usize) -> Between<f32> {
        let at = at as f32;
        let position = if self.half_pixel_centers { (at + 0.5) * scale - 0.5 } else { at * scale };
        // Positions are above -1 and below 2^16.
        let whole = position as i32;
        let floor = whole - i32::from(position < whole as f32);
        let ceil = whole + i32::from(position > whole as f32);
        let low = floor.max(0);
        Between { low: inside(low, extent), high: inside(ceil, extent), past: position - low as f32 }
    }

    /// [`Spec::scale`] with fractional bits, rounded to nearest.
    #[inline(always)]
    fn integer_scale(&self, input: usize, output: usize) -> i32 {
        let corners = usize::from(self.align_corners && output > 1);
        let (input, output) = (input - corners, output - corners);
        ((input << BITS) + output / 2).checked_div(output).unwrap_or(0) as i32
    }

    #[inline(always)]
    fn integer_between(&self, at: usize, scale: i32, extent: usize) -> Between<i32> {
        const ONE: i32 = 1 << BITS;
        let corner = (at as i32).wrapping_mul(scale);
        let position =
            if self.half_pixel_centers { corner.wrapping_add(scale / 2 - ONE / 2) } else { corner };
        // Divisions truncate; what is below 0 becomes 0.
        let low = (position / ONE).max(0);
        let high = position.wrapping_add(ONE - 1) / ONE;
        Between {
            low: inside(low, extent),
            high: inside(high, extent),
            past: position.wrapping_sub(low.wrapping_mul(ONE)),
        }
    }
}

/// A row or column that exists. The source reads past the image where a rounded scale leads it there, which takes an
/// enlargement of several hundred times.
#[inline(always)]
fn inside(at: i32, extent: usize) -> usize {
    super::gather::clamp(at, extent)
}

#[cfg(test)]
mod tests;
