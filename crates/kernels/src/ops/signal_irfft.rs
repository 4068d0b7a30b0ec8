//! SIGNAL_IRFFT: the real samples whose SIGNAL_RFFT is the input, times a power of two in fixed point.
//!
//! Source: TensorFlow Lite Micro, `irfft.cc` and `IrfftFloatApply`; KISS FFT 130, `kiss_fftri`: the spectra of the even
//! and the odd samples are joined and transformed at half the length.

use super::fft::{Complex, Plan, Sample, minus, plus};
use crate::error::{attempt, elements, ensure, length};
use crate::rows::{rows, rows_mut};
use crate::{InvalidSpec, WrongLength};

macro_rules! transform {
    ($type:ty, $kind:ident, $spec:ident, $doc:literal, $finish:expr) => {
        #[doc = concat!("Everything about a ", $doc, " SIGNAL_IRFFT that is known when it is compiled.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $spec {
            /// Transforms.
            pub rows: usize,
            /// Samples of a transform: even, without a prime factor above 5.
            pub fft_length: usize,
        }

        #[doc = concat!("The ", $doc, " SIGNAL_IRFFT.")]
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
                Ok(Self { spec, plan: attempt!(Plan::new(spec.fft_length / 2)) })
            }

            /// Input `rows × (fft_length / 2 + 1)` complex numbers, real part first; output `rows × fft_length`.
            ///
            /// `twiddles[k] = exp(2πik / n)` for `k` in `0..n` with `n = fft_length / 2`; `split[k] = exp(πi ((k + 1)
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
                let $spec { rows: n_rows, fft_length } = self.spec;
                length("input", input.len(), n_rows * (fft_length + 2))?;
                length("twiddles", twiddles.len(), fft_length)?;
                length("split", split.len(), fft_length / 4 * 2)?;
                length("output", output.len(), n_rows * fft_length)?;
                length("scratch", scratch.len(), fft_length)?;
                let (twiddles, split) = (twiddles.as_chunks().0, split.as_chunks().0);
                let joined = scratch.as_chunks_mut().0;
                for (input, output) in rows(input, fft_length + 2).zip(rows_mut(output, fft_length)) {
                    join(input.as_chunks().0, split, joined);
                    let work = output.as_chunks_mut().0;
                    for (position, element) in work.iter_mut().enumerate() {
                        let source = self.plan.source(position);
                        *element = joined.get(source).copied().unwrap_or([<$type>::ZERO; 2]);
                    }
                    self.plan.run(work, twiddles, true);
                    for sample in output {
                        *sample = $finish(*sample, fft_length);
                    }
                }
                Ok(())
            }
        }
    };
}

transform!(i16, Int16, Int16Spec, "int16", |sample, _| sample);
transform!(i32, Int32, Int32Spec, "int32", |sample, _| sample);
transform!(f32, Float32, Float32Spec, "float", |sample: f32, fft_length: usize| sample / fft_length as f32);

/// The spectrum of pairs of samples from that of the samples.
#[inline(always)]
fn join<T: Sample>(input: &[Complex<T>], split: &[Complex<T>], joined: &mut [Complex<T>]) {
    let len = joined.len();
    let part = |k: usize| input.get(k).copied().unwrap_or([T::ZERO; 2]);
    let ([first, _], [last, _]) = (part(0), part(len));
    let mut put = |k: usize, value: Complex<T>| {
        if let Some(element) = joined.get_mut(k) {
            *element = value;
        }
    };
    put(0, [first.plus(last).scaled(2), first.minus(last).scaled(2)]);
    for (k, &twiddle) in (1..).zip(split) {
        let low = part(k).map(|part| part.scaled(2));
        let [re, im] = part(len - k);
        let high = [re.scaled(2), T::ZERO.minus(im).scaled(2)];
        let (even, odd) = (plus(low, high), T::product(minus(low, high), twiddle));
        put(k, plus(even, odd));
        let [re, im] = minus(even, odd);
        put(len - k, [re, T::ZERO.minus(im)]);
    }
}

#[cfg(test)]
mod tests;
