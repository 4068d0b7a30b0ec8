//! The complex Fourier transform of SIGNAL_RFFT and SIGNAL_IRFFT: decimation in time with radices 4, 2, 3 and 5.
//!
//! Source: KISS FFT 130 as TensorFlow Lite Micro builds it, `kf_factor`, `kf_work` and `kf_bfly2` … `kf_bfly5`. In fixed
//! point every stage of radix p scales by 1/p and every product is rounded to nearest; sums wrap.

use crate::InvalidSpec;
use crate::error::ensure;
use crate::rows::rows_mut;

/// Real and imaginary part.
pub(crate) type Complex<T> = [T; 2];

/// An element that transforms are made of: int16 as Q0.15, int32 as Q0.31, or float32, which is never scaled.
pub(crate) trait Sample: Copy + 'static {
    /// 0
    const ZERO: Self;

    /// `self + other`
    fn plus(self, other: Self) -> Self;

    /// `self - other`
    fn minus(self, other: Self) -> Self;

    /// `self * factor`
    fn times(self, factor: Self) -> Self;

    /// `a * b`; each part is rounded once.
    fn product(a: Complex<Self>, b: Complex<Self>) -> Complex<Self>;

    /// `self / radix` in fixed point.
    fn scaled(self, radix: i32) -> Self;

    /// `self / 2`, rounded down in fixed point.
    fn half(self) -> Self;

    /// `(self + other) / 2`, rounded down in fixed point; only int32 wraps before it divides.
    fn mean(self, other: Self) -> Self;

    /// `(self - other) / 2`, as [`Sample::mean`].
    fn half_difference(self, other: Self) -> Self;
}

macro_rules! fixed_point {
    ($type:ty, $wide:ty, $sum:ty, $round:ident) => {
        /// `x / 2^(bits - 1)`, rounded to nearest with halves towards plus infinity.
        #[inline(always)]
        const fn $round(x: $wide) -> $type {
            const FRACTION: u32 = <$type>::BITS - 1;
            (x.wrapping_add(1 << (FRACTION - 1)) >> FRACTION) as $type
        }

        impl Sample for $type {
            const ZERO: Self = 0;

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline(always)]
            fn times(self, factor: Self) -> Self {
                $round(self as $wide * factor as $wide)
            }

            #[inline(always)]
            fn product(a: Complex<Self>, b: Complex<Self>) -> Complex<Self> {
                let ([a_re, a_im], [b_re, b_im]) = (a.map(<$wide>::from), b.map(<$wide>::from));
                let re = (a_re * b_re).wrapping_sub(a_im * b_im);
                let im = (a_re * b_im).wrapping_add(a_im * b_re);
                [$round(re), $round(im)]
            }

            #[inline(always)]
            fn scaled(self, radix: i32) -> Self {
                let reciprocal = match radix {
                    2 => Self::MAX / 2,
                    3 => Self::MAX / 3,
                    4 => Self::MAX / 4,
                    _ => Self::MAX / 5,
                };
                self.times(reciprocal)
            }

            #[inline(always)]
            fn half(self) -> Self {
                self >> 1
            }

            #[inline(always)]
            fn mean(self, other: Self) -> Self {
                ((self as $sum).wrapping_add(other as $sum) >> 1) as Self
            }

            #[inline(always)]
            fn half_difference(self, other: Self) -> Self {
                ((self as $sum).wrapping_sub(other as $sum) >> 1) as Self
            }
        }
    };
}

fixed_point!(i16, i32, i32, round_int16);
fixed_point!(i32, i64, i32, round_int32);

impl Sample for f32 {
    const ZERO: Self = 0.0;

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self - other
    }

    #[inline(always)]
    fn times(self, factor: Self) -> Self {
        self * factor
    }

    #[inline(always)]
    fn product([a_re, a_im]: Complex<Self>, [b_re, b_im]: Complex<Self>) -> Complex<Self> {
        [a_re * b_re - a_im * b_im, a_re * b_im + a_im * b_re]
    }

    #[inline(always)]
    fn scaled(self, _radix: i32) -> Self {
        self
    }

    #[inline(always)]
    fn half(self) -> Self {
        self * 0.5
    }

    #[inline(always)]
    fn mean(self, other: Self) -> Self {
        (self + other) * 0.5
    }

    #[inline(always)]
    fn half_difference(self, other: Self) -> Self {
        (self - other) * 0.5
    }
}

/// `a + b`
#[inline(always)]
pub(crate) fn plus<T: Sample>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    [a[0].plus(b[0]), a[1].plus(b[1])]
}

/// `a - b`
#[inline(always)]
pub(crate) fn minus<T: Sample>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    [a[0].minus(b[0]), a[1].minus(b[1])]
}

/// The most stages that a transform of fewer than 2^31 elements has.
const MAX_STAGES: usize = 31;

/// A complex transform: its length and the radices of its stages, the outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Complex elements.
    pub(crate) len: usize,
    radices: [u8; MAX_STAGES],
    stages: usize,
}

impl Plan {
    /// A transform of `len` complex elements: 4 as often as it divides, then 2, 3 and 5.
    pub(crate) const fn new(len: usize) -> Result<Self, InvalidSpec> {
        ensure!(2 <= len && len <= 1 << 29, "a complex transform must have between 2 and 2^29 elements");
        let mut plan = Self { len, radices: [0; MAX_STAGES], stages: 0 };
        let mut rest = len;
        while rest > 1 {
            let radix = if rest.is_multiple_of(4) {
                4
            } else if rest.is_multiple_of(2) {
                2
            } else if rest.is_multiple_of(3) {
                3
            } else {
                5
            };
            ensure!(
                rest.is_multiple_of(radix),
                "the length of a transform must have no prime factor above 5"
            );
            plan.radices[plan.stages] = radix as u8;
            plan.stages += 1;
            rest /= radix;
        }
        Ok(plan)
    }

    /// Radices of the stages, the outermost first.
    fn radices(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.radices.iter().take(self.stages).map(|&radix| usize::from(radix))
    }

    /// The index of the element that stands at `position` before the first stage: the mixed-radix digits reversed.
    #[inline(always)]
    pub(crate) fn source(&self, position: usize) -> usize {
        let (mut rest, mut extent, mut stride, mut source) = (position, self.len, 1, 0);
        for radix in self.radices() {
            extent = extent.checked_div(radix).unwrap_or(0);
            let digit = rest.checked_div(extent).unwrap_or(0);
            rest -= digit * extent;
            source += digit * stride;
            stride *= radix;
        }
        source
    }

    /// Transforms elements that stand in the order of [`Plan::source`]. `twiddles[k] = exp(∓2πik / len)`, interleaved.
    #[inline(always)]
    pub(crate) fn run<T: Sample>(&self, work: &mut [Complex<T>], twiddles: &[Complex<T>], inverse: bool) {
        let (mut extent, mut stride) = (1, self.len);
        for radix in self.radices().rev() {
            stride = stride.checked_div(radix).unwrap_or(0);
            let stage = Stage { twiddles, extent, stride };
            for block in rows_mut(work, radix * extent) {
                match radix {
                    2 => stage.run(block, |[a, b]| [plus(a, b), minus(a, b)]),
                    3 => stage.run(block, |x| butterfly_3(x, stage.twiddle(extent))),
                    4 => stage.run(block, |x| butterfly_4(x, inverse)),
                    _ => {
                        stage.run(block, |x| butterfly_5(x, stage.twiddle(extent), stage.twiddle(2 * extent)))
                    }
                }
            }
            extent *= radix;
        }
    }
}

/// One stage: the transforms of `extent` elements that it joins, and how far apart their twiddles are.
#[derive(Clone, Copy)]
struct Stage<'a, T> {
    twiddles: &'a [Complex<T>],
    extent: usize,
    stride: usize,
}

impl<T: Sample> Stage<'_, T> {
    #[inline(always)]
    fn twiddle(&self, k: usize) -> Complex<T> {
        self.twiddles.get(k * self.stride).copied().unwrap_or([T::ZERO; 2])
    }

    /// Scales and turns `P` elements at a time, and puts them through the butterfly.
    #[inline(always)]
    fn run<const P: usize>(
        &self,
        block: &mut [Complex<T>],
        butterfly: impl Fn([Complex<T>; P]) -> [Complex<T>; P],
    ) {
        for k in 0..self.extent {
            let mut values = [[T::ZERO; 2]; P];
            for (q, value) in values.iter_mut().enumerate() {
                let element = block.get(k + q * self.extent).copied().unwrap_or([T::ZERO; 2]);
                let scaled = element.map(|part| part.scaled(P as i32));
                *value = if q == 0 { scaled } else { T::product(scaled, self.twiddle(k * q)) };
            }
            for (q, value) in butterfly(values).into_iter().enumerate() {
                if let Some(element) = block.get_mut(k + q * self.extent) {
                    *element = value;
                }
            }
        }
    }
}

#[inline(always)]
fn butterfly_4<T: Sample>([a, b, c, d]: [Complex<T>; 4], inverse: bool) -> [Complex<T>; 4] {
    let (even, odd) = (plus(a, c), plus(b, d));
    let (rest, [re, im]) = (minus(a, c), minus(b, d));
    let clockwise = [rest[0].plus(im), rest[1].minus(re)];
    let counter = [rest[0].minus(im), rest[1].plus(re)];
    let (second, fourth) = if inverse { (counter, clockwise) } else { (clockwise, counter) };
    [plus(even, odd), second, minus(even, odd), fourth]
}

/// `third` is the twiddle of a third of the circle.
#[inline(always)]
fn butterfly_3<T: Sample>([a, b, c]: [Complex<T>; 3], third: Complex<T>) -> [Complex<T>; 3] {
    let sum = plus(b, c);
    let [re, im] = minus(b, c).map(|part| part.times(third[1]));
    let middle = minus(a, sum.map(T::half));
    [plus(a, sum), [middle[0].minus(im), middle[1].plus(re)], [middle[0].plus(im), middle[1].minus(re)]]
}

/// `first` and `second` are the twiddles of a fifth and two fifths of the circle.
#[inline(always)]
fn butterfly_5<T: Sample>(
    [a, b, c, d, e]: [Complex<T>; 5],
    first: Complex<T>,
    second: Complex<T>,
) -> [Complex<T>; 5] {
    let (outer, outer_rest) = (plus(b, e), minus(b, e));
    let (inner, inner_rest) = (plus(c, d), minus(c, d));
    let scale = |x: Complex<T>, factor: T| x.map(|part| part.times(factor));
    // A quarter turn of `x`.
    let turn = |x: Complex<T>| [x[1], T::ZERO.minus(x[0])];
    let real = |p: T, q: T| plus(plus(a, scale(outer, p)), scale(inner, q));
    let (near, far) = (real(first[0], second[0]), real(second[0], first[0]));
    let near_turn = turn(plus(scale(outer_rest, first[1]), scale(inner_rest, second[1])));
    let far_turn = turn(minus(scale(inner_rest, first[1]), scale(outer_rest, second[1])));
    [
        plus(a, plus(outer, inner)),
        minus(near, near_turn),
        plus(far, far_turn),
        minus(far, far_turn),
        plus(near, near_turn),
    ]
}

#[cfg(test)]
pub(crate) mod tests;
