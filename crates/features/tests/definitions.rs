//! Front ends against their definitions computed with numpy (testdata/features/make.py), and the micro_speech front end
//! against what TensorFlow Lite Micro gives for whole recordings.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use smidgen_features::beats::Beats;
use smidgen_features::mfcc::{Log, Mfcc, Power, Spec, Tables};
use smidgen_features::micro_speech::{self, MicroSpeech, State};
use smidgen_features::spectral::{self, Spectral};
use smidgen_features::tables;
use smidgen_features::wavelet::{self, Wavelet};
use smidgen_testkit::shared_or_skip;

/// The float32 values of an array that `make.py` wrote.
fn array(name: &str) -> Vec<f32> {
    let path = format!("{}/../../testdata/features/{name}.npy", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[header..].as_chunks::<4>().0.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

fn near(ours: &[f32], golden: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), golden.len());
    for (at, (a, b)) in ours.iter().zip(golden).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "value {at}: {a}, by definition {b}");
    }
}

/// Features of all frames of the clip.
fn frames(spec: Spec, hop: usize, channels: usize, [low, high]: [f64; 2]) -> Vec<f32> {
    let window = tables::hann(spec.frame);
    let (twiddles, split) = tables::transform(spec.fft_length);
    let mel = tables::mel(channels, low, high, 16_000.0, spec.fft_length).unwrap();
    let dct = tables::dct(spec.coefficients, channels);
    let tables = Tables { window: &window, twiddles: &twiddles, split: &split, mel: mel.bank(), dct: &dct };
    let front_end = Mfcc::new(spec, tables).unwrap();
    let (mut output, mut scratch) = (Vec::new(), vec![0.0; front_end.scratch_len()]);
    for samples in array("clip").windows(spec.frame).step_by(hop) {
        let mut features = vec![0.0; front_end.n_features()];
        front_end.frame(samples.iter().copied(), &mut features, &mut scratch).unwrap();
        output.extend(features);
    }
    output
}

#[test]
fn mfcc_as_speech_commands_and_mlperf_define_it() {
    let spec = Spec {
        frame: 480,
        fft_length: 512,
        power: Power::Magnitude,
        log: Log::Floor(1e-12),
        coefficients: 40,
    };
    near(&frames(spec, 320, 40, [20.0, 4000.0]), &array("mfcc_speech_commands"), 2e-4);
    let spec = Spec { log: Log::Offset(1e-6), coefficients: 10, ..spec };
    near(&frames(spec, 320, 40, [20.0, 4000.0]), &array("mfcc_mlperf"), 2e-4);
}

#[test]
fn log_mel_of_frames_of_400_points_with_zeros_behind() {
    let spec =
        Spec { frame: 400, fft_length: 512, power: Power::Energy, log: Log::Offset(1e-6), coefficients: 0 };
    near(&frames(spec, 160, 64, [60.0, 7600.0]), &array("log_mel_400"), 2e-4);
}

#[test]
fn spectral_figures_bands_and_peaks() {
    let (window, (twiddles, split)) = (tables::hann(100), tables::transform(128));
    let edges = tables::edges(&[0.5, 2.0, 8.0, 20.0], 50.0, 128).unwrap();
    let tables = spectral::Tables { window: &window, twiddles: &twiddles, split: &split, edges: &edges };
    let spec = spectral::Spec { rows: 100, axes: 2, fft_length: 128, rate_hz: 50.0, peaks: 2 };
    let front_end = Spectral::new(spec, tables).unwrap();
    let mut features = vec![0.0; 2 * front_end.n_features()];
    front_end.run(&array("motion"), &mut features, &mut vec![0.0; front_end.scratch_len()]).unwrap();
    near(&features, &array("spectral"), 1e-3);
}

#[test]
fn wavelet_bands_and_their_figures() {
    let low = tables::wavelet(tables::Family::Db4);
    // 100, 50 and 25 rows: the last level has an odd number.
    let front_end = Wavelet::new(wavelet::Spec { rows: 100, axes: 2, levels: 3 }, &low).unwrap();
    let mut features = vec![0.0; 2 * front_end.n_features()];
    front_end.run(&array("motion"), &mut features, &mut vec![0.0; front_end.scratch_len()]).unwrap();
    near(&features, &array("wavelet"), 1e-3);
}

#[test]
fn micro_speech_gives_the_bytes_of_tflm_over_whole_recordings() {
    let name = "micro_speech_gives_the_bytes_of_tflm_over_whole_recordings";
    let Some(shared) = shared_or_skip(name) else { return };
    let tables = tables::micro_speech();
    let front_end = MicroSpeech::new(tables.tables()).unwrap();
    for word in ["yes", "no", "silence", "noise"] {
        let samples = pcm(&shared.join(format!("models/tflm/testdata/{word}_1000ms.wav")));
        let golden = shared.join(format!("golden/tflm/audio_preprocessor_int8.{word}_1000ms.out.bin"));
        let golden = std::fs::read(golden).unwrap();
        let mut state = State::new();
        let mut ours = Vec::new();
        for frame in samples.windows(micro_speech::FRAME).step_by(320) {
            let mut features = [0; micro_speech::CHANNELS];
            front_end.frame(frame, &mut features, &mut state).unwrap();
            ours.extend(features.map(i8::cast_unsigned));
        }
        assert_eq!(ours.len(), golden.len());
        let first = ours.iter().zip(&golden).position(|(a, b)| a != b);
        assert_eq!(first, None, "{word}: frame {:?}", first.map(|at| at / micro_speech::CHANNELS));
    }
}

/// The samples of a WAV file of 16-bit PCM: what follows the header of its chunk `data`.
fn pcm(path: &std::path::Path) -> Vec<i16> {
    let wav = std::fs::read(path).unwrap();
    let data = wav.windows(4).position(|four| four == b"data").unwrap() + 8;
    wav[data..].as_chunks::<2>().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect()
}

#[test]
fn beats_of_real_electrocardiograms_are_found() {
    let name = "beats_of_real_electrocardiograms_are_found";
    let Some(shared) = shared_or_skip(name) else { return };
    // 360 Hz; a beat counts within 150 ms, as the standard for such detectors (ANSI/AAMI EC57) has it.
    let (rate_hz, tolerance) = (360.0, 54);
    let (mut right, mut known, mut told) = (0, 0, 0);
    let mut worst = (1.0_f64, String::new());
    for entry in std::fs::read_dir(shared.join("data/heart/mitbih_ch0")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "wav") {
            continue;
        }
        let list = std::fs::read_to_string(path.with_extension("csv")).unwrap();
        let beats: Vec<i64> =
            list.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
        let (high, low) = (tables::high_pass(5.0, rate_hz), tables::low_pass(15.0, rate_hz));
        let mut detector = Beats::<54>::new(high, low, 72, 720);
        let mut found = Vec::new();
        for (at, &sample) in (0_i64..).zip(&pcm(&path)) {
            found.extend(detector.next(f32::from(sample)).map(|ago| at - i64::from(ago)));
        }
        // The first two seconds find the levels.
        let beats: Vec<i64> = beats.into_iter().filter(|&beat| beat > 900).collect();
        let is_near = |beat: i64, found: &[i64]| {
            let at = found.partition_point(|&other| other < beat - tolerance);
            found.get(at).is_some_and(|&other| other <= beat + tolerance)
        };
        let hits = beats.iter().filter(|&&beat| is_near(beat, &found)).count();
        let sensitivity = hits as f64 / beats.len() as f64;
        if sensitivity < worst.0 {
            worst = (sensitivity, path.file_stem().unwrap().to_string_lossy().into_owned());
        }
        (right, known, told) = (right + hits, known + beats.len(), told + found.len());
    }
    let (sensitivity, precision) = (right as f64 / known as f64, right as f64 / told as f64);
    eprintln!(
        "{known} beats: sensitivity {sensitivity:.4}, precision {precision:.4}; lowest sensitivity {worst:?}"
    );
    assert!(known > 25_000 && sensitivity > 0.99 && precision > 0.99, "{sensitivity} {precision} {worst:?}");
}

#[test]
fn pulses_of_real_photoplethysmograms_are_as_far_apart_as_the_signal_repeats() {
    let name = "pulses_of_real_photoplethysmograms_are_as_far_apart_as_the_signal_repeats";
    let Some(shared) = shared_or_skip(name) else { return };
    // Columns and rates of two recordings, and seconds until the sensor is at its place; nobody says the heart rate.
    for (file, column, rate_hz, from_s) in [("data.csv", 0, 100.0, 0), ("data2.csv", 1, 117.0, 50)] {
        let text = std::fs::read_to_string(shared.join("data/heart/heartpy_ppg").join(file)).unwrap();
        let values = text.lines().filter_map(|line| line.split(',').nth(column)?.parse::<f32>().ok());
        let signal: Vec<f32> = values.skip(from_s * rate_hz as usize).collect();
        let (high, low) = (tables::high_pass(0.5, rate_hz), tables::low_pass(4.0, rate_hz));
        let mut detector = Beats::<16>::new(high, low, rate_hz as u32 / 3, 2 * rate_hz as u32);
        let mut found = Vec::new();
        for (at, &value) in (0_i64..).zip(&signal) {
            found.extend(detector.next(value).map(|ago| at - i64::from(ago)));
        }
        let mut apart: Vec<i64> = found.windows(2).map(|pair| pair[1] - pair[0]).collect();
        apart.sort_unstable();
        let median = apart[apart.len() / 2];
        // The lag, from a third of a second to a second and a half, at which the signal is most like itself, less its mean
        // over a second.
        let second = rate_hz as usize;
        let level: Vec<f32> = signal
            .windows(second)
            .map(|around| around[second / 2] - around.iter().sum::<f32>() / second as f32)
            .collect();
        let like = |lag: usize| level.iter().zip(&level[lag..]).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let lags = rate_hz as usize / 3..rate_hz as usize * 3 / 2;
        let period = lags.max_by(|&a, &b| like(a).total_cmp(&like(b))).unwrap() as i64;
        let steady = apart.iter().filter(|&&gap| (gap - median).abs() * 5 <= median).count();
        eprintln!(
            "{file}: {} pulses, {:.1} a minute, signal {:.1}",
            found.len(),
            60.0 * rate_hz / median as f64,
            60.0 * rate_hz / period as f64
        );
        assert!(
            (median - period).abs() * 20 <= period,
            "{file}: {median} samples, the signal repeats after {period}"
        );
        assert!(steady * 10 >= apart.len() * 9, "{file}: {steady} of {} gaps are near {median}", apart.len());
    }
}
