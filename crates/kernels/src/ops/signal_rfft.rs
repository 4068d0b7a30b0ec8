//! SIGNAL_RFFT: `y[k] = sum over n of x[n] * exp(-2πikn / fft_length)` for `k` in `0..=fft_length / 2`.
//!
//! Source: TensorFlow Lite Micro, `RfftEval`; KISS FFT 130, `kiss_fftr`: one complex transform of half the length, whose
//! result is split into the spectra of the even and the odd samples. In fixed point the result is divided by
//! `fft_length`, a factor 1/2 for every radix 2, with rounding at every stage.

use super::fft::{Complex, Plan, Sample, minus, plus};
use crate::error::{attempt, elements, ensure, length};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

macro_rules! transform {
    ($type:ty, $kind:ident, $spec:ident, $doc:literal) => {
        #[doc = concat!("Everything about a ", $doc, " SIGNAL_RFFT that is known when it is compiled.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $spec {
            /// Transforms.
            pub rows: usize,
            /// Samples of a row, at most `fft_length`; zeros follow them.
            pub frame: usize,
            /// Samples of a transform: even, without a prime factor above 5.
            pub fft_length: usize,
        }

        #[doc = concat!("The ", $doc, " SIGNAL_RFFT.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $kind {
            spec: $spec,
            plan: Plan,
        }

        impl $kind {
            /// Checks the specification.
            pub const fn new(spec: $spec) -> Result<Self, InvalidSpec> {
                attempt!(elements(&[spec.rows, spec.fft_length, 2]));
                ensure!(spec.fft_length.is_multiple_of(2), "the length of a real transform must be even");
                ensure!(
                    1 <= spec.frame && spec.frame <= spec.fft_length,
                    "a frame must not be longer than its transform"
                );
                Ok(Self { spec, plan: attempt!(Plan::new(spec.fft_length / 2)) })
            }

            /// Input `rows × frame`, output `rows × (fft_length / 2 + 1)` complex numbers, real part first.
            ///
            /// `twiddles[k] = exp(-2πik / n)` for `k` in `0..n` with `n = fft_length / 2`; `split[k] = exp(-πi ((k + 1)
            /// / n + 1/2))` for `k` in `0..n / 2`; both interleaved. Scratch: `fft_length` elements.
            #[inline(never)]
            pub fn run(
                &self,
                input: &[$type],
                twiddles: &[$type],
                split: &[$type],
                output: &mut [$type],
                scratch: &mut [$type],
            ) -> Result<(), WrongLength> {
                let $spec { rows: n_rows, frame, fft_length } = self.spec;
                length("input", input.len(), n_rows * frame)?;
                length("twiddles", twiddles.len(), fft_length)?;
                length("split", split.len(), fft_length / 4 * 2)?;
                length("output", output.len(), n_rows * (fft_length + 2))?;
                length("scratch", scratch.len(), fft_length)?;
                let (twiddles, split) = (twiddles.as_chunks().0, split.as_chunks().0);
                let work = scratch.as_chunks_mut().0;
                for (input, output) in rows(input, frame).zip(rows_mut(output, fft_length + 2)) {
                    for (position, element) in work.iter_mut().enumerate() {
                        let at = 2 * self.plan.source(position);
                        *element = [at, at + 1].map(|at| input.get(at).copied().unwrap_or(<$type>::ZERO));
                    }
                    self.plan.run(work, twiddles, false);
                    spectrum(work, split, output.as_chunks_mut().0);
                }
                Ok(())
            }
        }
    };
}

transform!(i16, Int16, Int16Spec, "int16");
transform!(i32, Int32, Int32Spec, "int32");
transform!(f32, Float32, Float32Spec, "float");

/// The spectrum of the real samples from the transform of their pairs.
#[inline(always)]
fn spectrum<T: Sample>(work: &[Complex<T>], split: &[Complex<T>], output: &mut [Complex<T>]) {
    let len = work.len();
    let [even, odd] = element(work, 0).map(|part| part.scaled(2));
    put(output, 0, [even.plus(odd), T::ZERO]);
    put(output, len, [even.minus(odd), T::ZERO]);
    for (k, &twiddle) in (1..).zip(split) {
        let low = element(work, k).map(|part| part.scaled(2));
        let [re, im] = element(work, len - k);
        let high = [re.scaled(2), T::ZERO.minus(im).scaled(2)];
        let (sum, turned) = (plus(low, high), T::product(minus(low, high), twiddle));
        put(output, k, [sum[0].mean(turned[0]), sum[1].mean(turned[1])]);
        put(output, len - k, [sum[0].half_difference(turned[0]), turned[1].half_difference(sum[1])]);
    }
}

#[inline(always)]
fn element<T: Sample>(from: &[Complex<T>], at: usize) -> Complex<T> {
    from.get(at).copied().unwrap_or([T::ZERO; 2])
}

#[inline(always)]
fn put<T: Sample>(to: &mut [Complex<T>], at: usize, value: Complex<T>) {
    if let Some(element) = to.get_mut(at) {
        *element = value;
    }
}

#[cfg(test)]
mod tests;
