//! The audio front end of TensorFlow Lite Micro's `micro_speech`, in fixed point and bit for bit: window, FFT, mel
//! filter bank, noise suppression, automatic gain (PCAN), logarithm, int8.
//!
//! Source: TensorFlow Lite Micro, `micro_speech/audio_preprocessor.py`, whose graph `audio_preprocessor_int8.tflite`
//! calls the same kernels.

use crate::{InvalidSpec, WrongLength, attempt, length};
use smidgen_kernels::ops::{
    signal_energy, signal_fft_auto_scale, signal_filter_bank, signal_filter_bank_log,
    signal_filter_bank_spectral_subtraction, signal_filter_bank_square_root, signal_pcan, signal_rfft,
    signal_window,
};

/// Samples of a frame: 30 ms at 16 kHz.
pub const FRAME: usize = 480;
/// Features of a frame.
pub const CHANNELS: usize = 40;
/// Points of the transform.
pub const FFT_LENGTH: usize = 512;
const BINS: usize = FFT_LENGTH / 2 + 1;

/// Fraction bits of the noise estimate.
const SMOOTHING_BITS: u32 = 10;
/// Fraction bits of its factors.
const FACTOR_BITS: u32 = 14;
/// 0.025, 0.06 and 0.05 with these bits.
const EVEN_SMOOTHING: u32 = 409;
const ODD_SMOOTHING: u32 = 983;
const MIN_SIGNAL: u32 = 819;

/// Constants of the front end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tables<'t> {
    /// Hann window with 12 fraction bits, [`FRAME`] numbers.
    pub window: &'t [i16],
    /// Of the transform, [`FFT_LENGTH`] numbers.
    pub twiddles: &'t [i16],
    /// Of the transform, [`FFT_LENGTH`] / 2 numbers.
    pub split: &'t [i16],
    /// Falling weights of all bands, 12 fraction bits.
    pub weights: &'t [i16],
    /// Rising weights of all bands, 12 fraction bits.
    pub unweights: &'t [i16],
    /// First bin of each of [`CHANNELS`] + 1 bands.
    pub frequency_starts: &'t [i16],
    /// Its first weight.
    pub weight_starts: &'t [i16],
    /// Its bins.
    pub widths: &'t [i16],
    /// Gains over noise, 125 numbers.
    pub gain: &'t [i16],
}

/// The front end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MicroSpeech<'t> {
    tables: Tables<'t>,
    window: signal_window::Int16,
    scale: signal_fft_auto_scale::Int16,
    fft: signal_rfft::Int16,
    energy: signal_energy::Int16,
    bank: signal_filter_bank::Uint32,
    root: signal_filter_bank_square_root::Uint64,
    subtraction: signal_filter_bank_spectral_subtraction::Uint32,
    pcan: signal_pcan::Uint32,
    log: signal_filter_bank_log::Uint32,
}

/// The noise estimate, which goes on from frame to frame, and scratch memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    noise: [u32; CHANNELS],
    samples: [i16; FRAME],
    work: [i16; FFT_LENGTH],
    spectrum: [i16; FFT_LENGTH + 2],
    energies: [u32; BINS],
    sums: [u64; CHANNELS],
    channels: [[u32; CHANNELS]; 3],
}

impl State {
    /// Silence so far.
    pub const fn new() -> Self {
        State {
            noise: [0; CHANNELS],
            samples: [0; FRAME],
            work: [0; FFT_LENGTH],
            spectrum: [0; FFT_LENGTH + 2],
            energies: [0; BINS],
            sums: [0; CHANNELS],
            channels: [[0; CHANNELS]; 3],
        }
    }
}

impl Default for State {
    fn default() -> Self {
        State::new()
    }
}

impl<'t> MicroSpeech<'t> {
    /// Checks the tables.
    ///
    /// # Errors
    /// [`InvalidSpec`] when the bands have more weights than the kernels take.
    pub const fn new(tables: Tables<'t>) -> Result<Self, InvalidSpec> {
        let start = if tables.frequency_starts.is_empty() { 0 } else { tables.frequency_starts[0] as usize };
        let last = tables.frequency_starts.len();
        let end = match last {
            0 => 0,
            _ => tables.frequency_starts[last - 1] as usize + tables.widths[tables.widths.len() - 1] as usize,
        };
        let (channels, weights) = (CHANNELS, tables.weights.len());
        Ok(MicroSpeech {
            tables,
            window: attempt!(signal_window::Int16::new(signal_window::Int16Spec {
                rows: 1,
                frame: FRAME,
                shift: 12
            })),
            scale: attempt!(signal_fft_auto_scale::Int16::new(signal_fft_auto_scale::Int16Spec {
                len: FRAME
            })),
            fft: attempt!(signal_rfft::Int16::new(signal_rfft::Int16Spec {
                rows: 1,
                frame: FRAME,
                fft_length: FFT_LENGTH,
            })),
            energy: attempt!(signal_energy::Int16::new(signal_energy::Int16Spec { bins: BINS, start, end })),
            bank: attempt!(signal_filter_bank::Uint32::new(signal_filter_bank::Uint32Spec {
                bins: BINS,
                weights,
                channels,
            })),
            root: attempt!(signal_filter_bank_square_root::Uint64::new(
                signal_filter_bank_square_root::Uint64Spec { channels }
            )),
            subtraction: attempt!(signal_filter_bank_spectral_subtraction::Uint32::new(
                signal_filter_bank_spectral_subtraction::Uint32Spec {
                    channels,
                    smoothing: EVEN_SMOOTHING,
                    one_minus_smoothing: (1 << FACTOR_BITS) - EVEN_SMOOTHING,
                    alternate_smoothing: ODD_SMOOTHING,
                    alternate_one_minus_smoothing: (1 << FACTOR_BITS) - ODD_SMOOTHING,
                    min_signal_remaining: MIN_SIGNAL,
                    smoothing_bits: SMOOTHING_BITS,
                    spectral_subtraction_bits: FACTOR_BITS,
                    clamping: false,
                }
            )),
            pcan: attempt!(signal_pcan::Uint32::new(signal_pcan::Uint32Spec {
                channels,
                gain_len: signal_pcan::GAIN_LEN,
                snr_shift: 6,
            })),
            log: attempt!(signal_filter_bank_log::Uint32::new(signal_filter_bank_log::Uint32Spec {
                channels,
                output_scale: 1 << 6,
                input_correction_bits: 3,
            })),
        })
    }

    /// The features of one frame.
    ///
    /// # Errors
    /// [`WrongLength`] of samples other than [`FRAME`], an output other than [`CHANNELS`], or a table that has not the
    /// length that [`Tables`] says.
    pub fn frame(&self, samples: &[i16], output: &mut [i8], state: &mut State) -> Result<(), WrongLength> {
        length("samples", samples.len(), FRAME)?;
        length("output", output.len(), CHANNELS)?;
        let State { noise, samples: scaled, work, spectrum, energies, sums, channels: [a, b, c] } = state;
        let tables = &self.tables;
        let mut bits = [0];
        if let Some(windowed) = spectrum.get_mut(..FRAME) {
            self.window.run(samples, tables.window, windowed)?;
            self.scale.run(windowed, scaled, &mut bits)?;
        }
        self.fft.run(scaled, tables.twiddles, tables.split, spectrum, work)?;
        self.energy.run(spectrum, energies)?;
        self.bank.run(
            energies,
            tables.weights,
            tables.unweights,
            tables.frequency_starts,
            tables.weight_starts,
            tables.widths,
            sums,
        )?;
        self.root.run(sums, &bits, a)?;
        self.subtraction.run(a, b, c, noise)?;
        self.pcan.run(b, c, tables.gain, a)?;
        let mut logs = [0; CHANNELS];
        self.log.run(a, &mut logs)?;
        for (feature, log) in output.iter_mut().zip(logs) {
            // 256 steps over the range 0…666 of the logarithms.
            let step = (i32::from(log) * 256 + 333) / 666 - 128;
            *feature = step.clamp(-128, 127) as i8;
        }
        Ok(())
    }
}
