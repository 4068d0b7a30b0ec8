//! Front ends of projects: the project file's table becomes specification and tables, which run here and go to firmware.

mod config;

pub use config::{Config, Family, Mel, MicroSpeech, Power, Spectral, Wavelet};

use smidgen_codegen::pipeline;
use smidgen_features::{mfcc, micro_speech, spectral, tables, wavelet};

use crate::{Error, Result};

/// What a step of the micro_speech features stands for: the scale of TensorFlow's micro_speech model.
pub const MICRO_SPEECH_STEP: f32 = 26.0 / 256.0;

/// A front end for windows of one shape.
#[derive(Debug)]
pub struct FrontEnd {
    kind: Kind,
    /// Values of a window.
    window_len: usize,
    shape: Vec<usize>,
}

/// Specification and tables.
#[derive(Debug)]
enum Kind {
    Mfcc(Box<OwnedMfcc>),
    MicroSpeech { tables: Box<tables::MicroSpeech>, hop: usize },
    Spectral(Box<OwnedSpectral>),
    Wavelet { spec: wavelet::Spec, low: Vec<f32> },
}

#[derive(Debug)]
struct OwnedMfcc {
    spec: mfcc::Spec,
    hop: usize,
    window: Vec<f32>,
    twiddles: Vec<f32>,
    split: Vec<f32>,
    mel: tables::Mel,
    dct: Vec<f32>,
}

impl OwnedMfcc {
    fn tables(&self) -> mfcc::Tables<'_> {
        let OwnedMfcc { window, twiddles, split, mel, dct, .. } = self;
        mfcc::Tables { window, twiddles, split, mel: mel.bank(), dct }
    }

    fn new(config: &Mel, coefficients: usize, rate_hz: f64) -> Result<Self> {
        let fft_length = transform(config.fft_length, config.frame)?;
        let mel = tables::mel(config.mel_bins, config.low_hz, config.high_hz, rate_hz, fft_length);
        let mel = mel.filter(|_| config.mel_bins <= fft_length).ok_or_else(|| {
            let Mel { mel_bins, low_hz, high_hz, .. } = config;
            wrong(&format!("{mel_bins} mel_bins from {low_hz} to {high_hz} Hz of sound at {rate_hz} Hz"))
                .help("low_hz and high_hz must rise and end at half of the rate at most")
        })?;
        if coefficients > config.mel_bins {
            return Err(wrong(&format!("{coefficients} coefficients of {} mel_bins", config.mel_bins)));
        }
        let log = match config.log_offset {
            offset if offset > 0.0 => mfcc::Log::Offset(offset),
            _ => mfcc::Log::Floor(1e-12),
        };
        let (twiddles, split) = tables::transform(fft_length);
        Ok(OwnedMfcc {
            spec: mfcc::Spec {
                frame: config.frame,
                fft_length,
                power: config.power.into(),
                log,
                coefficients,
            },
            hop: config.hop,
            window: tables::hann(config.frame),
            twiddles,
            split,
            mel,
            dct: tables::dct(coefficients, config.mel_bins),
        })
    }
}

#[derive(Debug)]
struct OwnedSpectral {
    spec: spectral::Spec,
    window: Vec<f32>,
    twiddles: Vec<f32>,
    split: Vec<f32>,
    edges: Vec<u16>,
}

impl OwnedSpectral {
    fn tables(&self) -> spectral::Tables<'_> {
        let OwnedSpectral { window, twiddles, split, edges, .. } = self;
        spectral::Tables { window, twiddles, split, edges }
    }
}

/// The transform's points: those asked for, or the next power of two.
fn transform(asked: usize, frame: usize) -> Result<usize> {
    const MAX: usize = 1 << 14;
    match if asked == 0 { frame.max(4).checked_next_power_of_two().unwrap_or(0) } else { asked } {
        points if (frame..=MAX).contains(&points) && frame > 0 => Ok(points),
        points => Err(wrong(&format!("frames of {frame} in a transform of {points} points"))
            .help(format!("fft_length must be at least a frame, and at most {MAX}"))),
    }
}

fn wrong(what: &str) -> Error {
    Error::input(format!("features.front_end: {what}")).help("correct it in the project file")
}

impl FrontEnd {
    /// The front end for windows of shape `window` at `rate_hz`.
    ///
    /// # Errors
    /// A front end for sound and windows of several axes, frames that do not fit the window or their transform, an
    /// unknown rate.
    pub fn new(config: &Config, window: &[usize], rate_hz: f32) -> Result<Self> {
        let window_len = window.iter().product();
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(wrong("the data does not say its rate").help("set rate_hz where the data is read"));
        }
        let (kind, shape) = match config {
            Config::Mfcc(mel) | Config::LogMel(mel) => {
                let coefficients = if matches!(config, Config::Mfcc(_)) { mel.coefficients } else { 0 };
                if matches!(config, Config::Mfcc(_)) && coefficients == 0 {
                    return Err(wrong("0 coefficients").help("kind = \"log_mel\" has none"));
                }
                let owned = OwnedMfcc::new(mel, coefficients, f64::from(rate_hz))?;
                let made =
                    mfcc::Mfcc::new(owned.spec, owned.tables()).map_err(|error| wrong(&error.to_string()))?;
                let shape = vec![frames(window, mel.frame, mel.hop)?, made.n_features()];
                (Kind::Mfcc(Box::new(owned)), shape)
            }
            Config::MicroSpeech(MicroSpeech { hop }) => {
                if rate_hz != 16_000.0 {
                    return Err(wrong(&format!(
                        "micro_speech hears sound at 16000 Hz, this is at {rate_hz} Hz"
                    ))
                    .help("[data.wav] rate_hz = 16000"));
                }
                let shape = vec![frames(window, micro_speech::FRAME, *hop)?, micro_speech::CHANNELS];
                (Kind::MicroSpeech { tables: Box::new(tables::micro_speech()), hop: *hop }, shape)
            }
            Config::Spectral(config) => {
                let &[rows, axes] = window else {
                    return Err(wrong(&format!("windows of shape {window:?}; spectral takes rows of axes")));
                };
                let fft_length = transform(config.fft_length, rows)?;
                let edges = tables::edges(&config.bands_hz, rate_hz, fft_length).ok_or_else(|| {
                    wrong(&format!("bands_hz {:?} at {rate_hz} Hz", config.bands_hz))
                        .help("they must rise, a bin apart at least, and end at half of the rate at most")
                })?;
                let (twiddles, split) = tables::transform(fft_length);
                let owned = OwnedSpectral {
                    spec: spectral::Spec { rows, axes, fft_length, rate_hz, peaks: config.peaks },
                    window: tables::hann(rows),
                    twiddles,
                    split,
                    edges,
                };
                let made = spectral::Spectral::new(owned.spec, owned.tables());
                let made = made.map_err(|error| wrong(&error.to_string()))?;
                let shape = vec![axes, made.n_features()];
                (Kind::Spectral(Box::new(owned)), shape)
            }
            Config::Wavelet(config) => {
                let &[rows, axes] = window else {
                    return Err(wrong(&format!("windows of shape {window:?}; wavelet takes rows of axes")));
                };
                let spec = wavelet::Spec { rows, axes, levels: config.levels };
                let low = tables::wavelet(config.wavelet.into());
                let made = wavelet::Wavelet::new(spec, &low);
                let shape = vec![axes, made.map_err(|error| wrong(&error.to_string()))?.n_features()];
                (Kind::Wavelet { spec, low }, shape)
            }
        };
        Ok(FrontEnd { kind, window_len, shape })
    }

    /// As firmware takes it.
    pub fn for_firmware(&self) -> pipeline::FrontEnd {
        match &self.kind {
            Kind::Mfcc(owned) => {
                let OwnedMfcc { spec, hop, window, twiddles, split, mel, dct } = &**owned;
                let bank = mel.bank();
                pipeline::FrontEnd::Mfcc {
                    spec: *spec,
                    tables: [window, twiddles, split, dct].map(Clone::clone),
                    mel: (bank.starts.to_vec(), bank.widths.to_vec(), bank.weights.to_vec()),
                    hop: *hop,
                }
            }
            Kind::MicroSpeech { tables, hop } => {
                let t = tables.tables();
                let fields = [
                    ("window", t.window),
                    ("twiddles", t.twiddles),
                    ("split", t.split),
                    ("weights", t.weights),
                    ("unweights", t.unweights),
                    ("frequency_starts", t.frequency_starts),
                    ("weight_starts", t.weight_starts),
                    ("widths", t.widths),
                    ("gain", t.gain),
                ];
                let tables = fields.map(|(name, values)| (name, values.to_vec())).into();
                pipeline::FrontEnd::MicroSpeech { tables, step: MICRO_SPEECH_STEP, hop: *hop }
            }
            Kind::Spectral(owned) => {
                let OwnedSpectral { spec, window, twiddles, split, edges } = &**owned;
                let tables = [window, twiddles, split].map(Clone::clone);
                pipeline::FrontEnd::Spectral { spec: *spec, tables, edges: edges.clone() }
            }
            Kind::Wavelet { spec, low } => pipeline::FrontEnd::Wavelet { spec: *spec, low: low.clone() },
        }
    }

    /// Samples of a frame and from one to the next; `None` where features are of the whole window.
    pub fn framing(&self) -> Option<(usize, usize)> {
        match &self.kind {
            Kind::Mfcc(owned) => Some((owned.spec.frame, owned.hop)),
            Kind::MicroSpeech { hop, .. } => Some((micro_speech::FRAME, *hop)),
            Kind::Spectral(_) | Kind::Wavelet { .. } => None,
        }
    }

    /// Features of a stretch of samples of any length, as a stream: of each whole frame, or of the window that it is.
    ///
    /// # Errors
    /// A stretch that is no window, where features are of the whole window.
    pub fn features(&self, samples: &[f32]) -> std::result::Result<Vec<f32>, String> {
        let mut output = Vec::new();
        match &self.kind {
            Kind::Mfcc(owned) => {
                let front_end =
                    mfcc::Mfcc::new(owned.spec, owned.tables()).map_err(|error| error.to_string())?;
                let mut scratch = vec![0.0; front_end.scratch_len()];
                for frame in samples.windows(owned.spec.frame).step_by(owned.hop) {
                    let at = output.len();
                    output.resize(at + front_end.n_features(), 0.0);
                    let features = output.get_mut(at..).unwrap_or_default();
                    let frame = frame.iter().copied();
                    front_end.frame(frame, features, &mut scratch).map_err(|error| error.to_string())?;
                }
            }
            Kind::MicroSpeech { tables, hop } => {
                let front_end =
                    micro_speech::MicroSpeech::new(tables.tables()).map_err(|error| error.to_string())?;
                let samples: Vec<i16> = samples.iter().map(|&sample| to_pcm(sample)).collect();
                let mut state = micro_speech::State::new();
                for frame in samples.windows(micro_speech::FRAME).step_by(*hop) {
                    let mut features = [0; micro_speech::CHANNELS];
                    front_end.frame(frame, &mut features, &mut state).map_err(|error| error.to_string())?;
                    output.extend(features.map(|step| (f32::from(step) + 128.0) * MICRO_SPEECH_STEP));
                }
            }
            Kind::Spectral(owned) => {
                let front_end =
                    spectral::Spectral::new(owned.spec, owned.tables()).map_err(|error| error.to_string())?;
                output.resize(self.shape.iter().product(), 0.0);
                let mut scratch = vec![0.0; front_end.scratch_len()];
                front_end.run(samples, &mut output, &mut scratch).map_err(|error| error.to_string())?;
            }
            Kind::Wavelet { spec, low } => {
                let front_end = wavelet::Wavelet::new(*spec, low).map_err(|error| error.to_string())?;
                output.resize(self.shape.iter().product(), 0.0);
                let mut scratch = vec![0.0; front_end.scratch_len()];
                front_end.run(samples, &mut output, &mut scratch).map_err(|error| error.to_string())?;
            }
        }
        Ok(output)
    }
}

impl smidgen_data::FrontEnd for FrontEnd {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn run(&self, window: &[f32], features: &mut [f32]) -> std::result::Result<(), String> {
        if window.len() != self.window_len {
            return Err(format!("{} values, a window has {}", window.len(), self.window_len));
        }
        let made = self.features(window)?;
        if made.len() != features.len() {
            return Err(format!("{} features, expected {}", made.len(), features.len()));
        }
        features.copy_from_slice(&made);
        Ok(())
    }
}

/// A sample in ±1 as 16-bit PCM, rounded to nearest.
pub fn to_pcm(sample: f32) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

/// Whole frames in a window of one axis.
fn frames(window: &[usize], frame: usize, hop: usize) -> Result<usize> {
    match *window {
        [rows, 1] if rows >= frame && hop > 0 => Ok((rows - frame) / hop + 1),
        [rows, 1] => Err(wrong(&format!("frames of {frame} every {hop} samples in a window of {rows}"))
            .help("features.window must hold a frame, and hop must be at least 1")),
        _ => Err(wrong(&format!("windows of shape {window:?}; this front end takes one axis"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_data::FrontEnd as _;

    fn made(config: &str, window: &[usize], rate_hz: f32) -> std::result::Result<FrontEnd, String> {
        let config: Config = toml::from_str(config).map_err(|error| error.to_string())?;
        FrontEnd::new(&config, window, rate_hz).map_err(|error| error.to_string())
    }

    #[test]
    fn shapes_are_frames_by_features() {
        let shape =
            |config: &str, window: &[usize], rate: f32| made(config, window, rate).unwrap().shape().to_vec();
        assert_eq!(shape("kind = \"mfcc\"", &[16_000, 1], 16_000.0), [49, 10]);
        assert_eq!(shape("kind = \"log_mel\"\nframe = 400\nhop = 160", &[16_000, 1], 16_000.0), [98, 40]);
        assert_eq!(shape("kind = \"micro_speech\"", &[16_000, 1], 16_000.0), [49, 40]);
        assert_eq!(shape("kind = \"wavelet\"\nlevels = 2", &[100, 3], 50.0), [3, 12]);
        assert_eq!(shape("kind = \"spectral\"\nbands_hz = [1, 5, 10]", &[100, 3], 50.0), [3, 12]);
    }

    #[test]
    fn a_window_gives_the_features_of_the_stream_at_its_place() {
        let front_end = made("kind = \"mfcc\"\nlow_hz = 100", &[1600, 1], 16_000.0).unwrap();
        let stream: Vec<f32> = (0..4000).map(|at| (at as f32 * at as f32 * 1e-4).sin() * 0.5).collect();
        let all = front_end.features(&stream).unwrap();
        let mut window = vec![0.0; 4 * 10];
        front_end.run(&stream[640..2240], &mut window).unwrap();
        assert_eq!(window[..], all[20..60]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |config: &str, window: &[usize], rate: f32| made(config, window, rate).unwrap_err();
        assert!(refused("kind = \"mfcc\"", &[400, 1], 16_000.0).contains("frames of 480"));
        assert!(refused("kind = \"mfcc\"", &[16_000, 2], 16_000.0).contains("one axis"));
        assert!(refused("kind = \"mfcc\"\nhigh_hz = 9000", &[16_000, 1], 16_000.0).contains("9000 Hz"));
        assert!(refused("kind = \"mfcc\"\nhop = 0", &[16_000, 1], 16_000.0).contains("every 0"));
        assert!(refused("kind = \"mfcc\"\nfft_length = 14336", &[16_000, 1], 16_000.0).contains("prime"));
        assert!(refused("kind = \"mfcc\"\nmel = 3", &[16_000, 1], 16_000.0).contains("unknown field"));
        assert!(refused("kind = \"micro_speech\"", &[8000, 1], 8000.0).contains("16000 Hz"));
        assert!(refused("kind = \"mfcc\"", &[16_000, 1], 0.0).contains("rate"));
        assert!(refused("kind = \"wavelet\"\nlevels = 9", &[100, 3], 50.0).contains("last level"));
        assert!(refused("kind = \"spectral\"\nbands_hz = [5, 2]", &[100, 3], 50.0).contains("bands_hz"));
    }
}
