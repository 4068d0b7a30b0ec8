//! The table `[features.front_end]`.

use serde::{Deserialize, Serialize};
use smidgen_features::{mfcc, tables};

/// Which features a network sees of a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Config {
    /// Mel-frequency cepstral coefficients of each frame.
    Mfcc(Mel),
    /// Logarithms of the mel filter bank of each frame.
    LogMel(Mel),
    /// The fixed-point front end of TensorFlow Lite Micro's micro_speech; sound of 16 kHz.
    MicroSpeech(MicroSpeech),
    /// Figures, bands and peaks of each axis over the whole window.
    Spectral(Spectral),
    /// Figures of each scale of each axis over the whole window.
    Wavelet(Wavelet),
}

/// Wavelet features of vibration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wavelet {
    /// The wavelet.
    pub wavelet: Family,
    /// How often the signal is halved.
    pub levels: usize,
}

impl Default for Wavelet {
    fn default() -> Self {
        Wavelet { wavelet: Family::Db4, levels: 3 }
    }
}

/// Wavelets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Differences of neighbours.
    Haar,
    /// Daubechies' with two vanishing moments.
    Db2,
    /// Daubechies' with four.
    Db4,
}

impl From<Family> for tables::Family {
    fn from(family: Family) -> Self {
        match family {
            Family::Haar => tables::Family::Haar,
            Family::Db2 => tables::Family::Db2,
            Family::Db4 => tables::Family::Db4,
        }
    }
}

/// Frames, mel filter bank and logarithm. The default is that of MLPerf Tiny's keyword spotting at 16 kHz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mel {
    /// Samples of a frame.
    pub frame: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Points of the transform; the next power of two when 0.
    pub fft_length: usize,
    /// Channels of the filter bank.
    pub mel_bins: usize,
    /// Where it begins.
    pub low_hz: f64,
    /// Where it ends.
    pub high_hz: f64,
    /// What goes into it.
    pub power: Power,
    /// What is added before the logarithm; with 0, values below 1e-12 become 1e-12 instead.
    pub log_offset: f32,
    /// Cepstral coefficients of `mfcc`.
    pub coefficients: usize,
}

impl Default for Mel {
    fn default() -> Self {
        Mel {
            frame: 480,
            hop: 320,
            fft_length: 0,
            mel_bins: 40,
            low_hz: 20.0,
            high_hz: 4000.0,
            power: Power::Magnitude,
            log_offset: 1e-6,
            coefficients: 10,
        }
    }
}

/// What goes into the filter bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// The magnitude of each bin.
    Magnitude,
    /// Its square.
    Energy,
}

impl From<Power> for mfcc::Power {
    fn from(power: Power) -> Self {
        match power {
            Power::Magnitude => mfcc::Power::Magnitude,
            Power::Energy => mfcc::Power::Energy,
        }
    }
}

/// Of the micro_speech front end, all but the hop is fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MicroSpeech {
    /// Samples from one frame of 480 to the next.
    pub hop: usize,
}

impl Default for MicroSpeech {
    fn default() -> Self {
        MicroSpeech { hop: 320 }
    }
}

/// Spectral features of motion and vibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spectral {
    /// Points of the transform; the next power of two when 0.
    pub fft_length: usize,
    /// Edges of the bands (Hz), one more than bands; none when empty.
    pub bands_hz: Vec<f32>,
    /// Peaks that are told.
    pub peaks: usize,
}

impl Default for Spectral {
    fn default() -> Self {
        Spectral { fft_length: 0, bands_hz: Vec::new(), peaks: 3 }
    }
}
