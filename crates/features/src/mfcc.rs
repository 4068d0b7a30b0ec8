//! Log-mel energies and mel-frequency cepstral coefficients (MFCC) of frames of samples, in float.
//!
//! y = DCT(log(mel(|FFT(window · x)|))), as TensorFlow's `mfcc` operation (Speech Commands) and the keyword-spotting
//! reference of MLPerf Tiny compute it; which of the two is a matter of [`Spec::power`] and [`Spec::log`].

use crate::mel::MelBank;
use crate::{InvalidSpec, WrongLength, attempt, ensure, length};
use smidgen_kernels::float;
use smidgen_kernels::ops::signal_rfft;

/// What goes into the filter bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// The magnitude of each bin.
    Magnitude,
    /// Its square.
    Energy,
}

/// How silence is kept from the logarithm's pole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Log {
    /// ln(max(x, floor)): TensorFlow's `mfcc`, with 1e-12.
    Floor(f32),
    /// ln(x + offset): MLPerf Tiny, with 1e-6.
    Offset(f32),
}

/// Everything that is known when the firmware is compiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// Samples of a frame.
    pub frame: usize,
    /// Points of the transform, at least `frame`; what is above is zero.
    pub fft_length: usize,
    /// What goes into the filter bank.
    pub power: Power,
    /// The logarithm.
    pub log: Log,
    /// Cepstral coefficients; 0 for the logarithms of the filter bank themselves.
    pub coefficients: usize,
}

/// Constants that belong to a [`Spec`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tables<'t> {
    /// A factor for each sample of a frame.
    pub window: &'t [f32],
    /// Of the transform, `fft_length` numbers.
    pub twiddles: &'t [f32],
    /// Of the transform, `fft_length / 4 * 2` numbers.
    pub split: &'t [f32],
    /// The filter bank.
    pub mel: MelBank<'t>,
    /// `[coefficients, channels]`.
    pub dct: &'t [f32],
}

/// The front end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mfcc<'t> {
    spec: Spec,
    tables: Tables<'t>,
    fft: signal_rfft::Float32,
}

impl<'t> Mfcc<'t> {
    /// Checks specification and tables.
    ///
    /// # Errors
    /// [`InvalidSpec`] when a frame does not fit its transform or a table has another length.
    pub const fn new(spec: Spec, tables: Tables<'t>) -> Result<Self, InvalidSpec> {
        let (frame, fft_length) = (spec.frame, spec.fft_length);
        let fft =
            attempt!(signal_rfft::Float32::new(signal_rfft::Float32Spec { rows: 1, frame, fft_length }));
        ensure!(tables.window.len() == frame, "the window must have a factor for each sample of a frame");
        ensure!(tables.twiddles.len() == fft_length, "the transform must have fft_length twiddles");
        ensure!(tables.split.len() == fft_length / 4 * 2, "the transform must have its split table");
        attempt!(tables.mel.check(fft_length / 2 + 1));
        let n_dct = spec.coefficients * tables.mel.starts.len();
        ensure!(tables.dct.len() == n_dct, "the DCT must have a row of channels for each coefficient");
        Ok(Mfcc { spec, tables, fft })
    }

    /// Features of a frame.
    pub const fn n_features(&self) -> usize {
        if self.spec.coefficients == 0 { self.tables.mel.starts.len() } else { self.spec.coefficients }
    }

    /// Samples of a frame.
    pub const fn frame_len(&self) -> usize {
        self.spec.frame
    }

    /// Numbers of scratch memory that a frame needs.
    pub const fn scratch_len(&self) -> usize {
        let fft = 3 * self.spec.fft_length + 2;
        let channels = self.spec.fft_length / 2 + 1 + self.tables.mel.starts.len();
        if fft > channels { fft } else { channels }
    }

    /// The features of one frame of samples in ±1. Samples come from an iterator, so that integers need no copy.
    ///
    /// # Errors
    /// [`WrongLength`] of samples other than a frame, an output other than its features, or too little scratch memory.
    pub fn frame(
        &self,
        samples: impl ExactSizeIterator<Item = f32>,
        output: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), WrongLength> {
        let Spec { frame, fft_length, .. } = self.spec;
        length("samples", samples.len(), frame)?;
        length("output", output.len(), self.n_features())?;
        let missing = WrongLength { operand: "scratch", expected: self.scratch_len(), found: scratch.len() };
        let (spectrum, rest) = scratch.split_at_mut_checked(fft_length + 2).ok_or(missing)?;
        let (work, windowed) = rest.split_at_mut_checked(fft_length).ok_or(missing)?;
        let windowed = windowed.get_mut(..frame).ok_or(missing)?;
        for ((value, sample), weight) in windowed.iter_mut().zip(samples).zip(self.tables.window) {
            *value = sample * weight;
        }
        self.fft.run(windowed, self.tables.twiddles, self.tables.split, spectrum, work)?;
        // The real spectrum takes the place of the work memory, then the channels that of the complex one.
        let bins = rest.get_mut(..fft_length / 2 + 1).ok_or(missing)?;
        for (bin, &[re, im]) in bins.iter_mut().zip(spectrum.as_chunks::<2>().0) {
            let energy = re * re + im * im;
            *bin = match self.spec.power {
                Power::Energy => energy,
                Power::Magnitude => float::sqrt(energy),
            };
        }
        let channels = if self.spec.coefficients == 0 {
            &mut *output
        } else {
            spectrum.get_mut(..self.tables.mel.starts.len()).ok_or(missing)?
        };
        self.tables.mel.run(bins, channels)?;
        for channel in &mut *channels {
            *channel = match self.spec.log {
                Log::Floor(floor) => float::log(if *channel > floor { *channel } else { floor }),
                Log::Offset(offset) => float::log(*channel + offset),
            };
        }
        if self.spec.coefficients > 0 {
            let rows = self.tables.dct.chunks(self.tables.mel.starts.len());
            for (coefficient, row) in output.iter_mut().zip(rows) {
                *coefficient = spectrum.iter().zip(row).fold(0.0, |sum, (log, cosine)| sum + log * cosine);
            }
        }
        Ok(())
    }
}
