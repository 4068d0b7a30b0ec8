use super::*;
use crate::Part;
use std::fs;

/// A WAV file of the given format chunk and sample bytes.
fn bytes(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    out.extend(tag.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(channels * bits / 8)).to_le_bytes());
    out.extend((channels * bits / 8).to_le_bytes());
    out.extend(bits.to_le_bytes());
    // A chunk of odd length that players pass over stands before the samples.
    out.extend(b"LIST\x03\0\0\0abc\0data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// A ramp through ±0.75 as `hound`, a writer of others, stores it.
fn by_hound(dir: &Path, bits: u16, format: hound::SampleFormat) -> std::path::PathBuf {
    let path = dir.join(format!("a/{bits}{format:?}.wav"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec =
        hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: bits, sample_format: format };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for step in -3..=3 {
        let value = step as f32 * 0.25;
        match format {
            hound::SampleFormat::Float => writer.write_sample(value).unwrap(),
            hound::SampleFormat::Int => {
                let scale = (1i64 << (bits - 1)) as f32;
                writer.write_sample((value * scale) as i32).unwrap();
            }
        }
    }
    writer.finalize().unwrap();
    path
}

#[test]
fn every_width_of_pcm_and_float_reads_as_full_scale() {
    let dir = tempfile::tempdir().unwrap();
    for bits in [8, 16, 24, 32] {
        by_hound(dir.path(), bits, hound::SampleFormat::Int);
    }
    by_hound(dir.path(), 32, hound::SampleFormat::Float);
    let index = load(dir.path(), &Pattern::default(), &Config::default()).unwrap();
    assert_eq!((index.items.len(), index.rate_hz), (5, 8000.0));
    let ramp: Vec<f32> = (-3..=3).map(|step| step as f32 * 0.25).collect();
    for item in 0..5 {
        assert_eq!(index.values(item).unwrap(), ramp, "{}", index.items[item].name);
    }
}

#[test]
fn telephone_codes_and_stereo_are_read() {
    let stereo: Vec<u8> = [1000i16, 3000, -2000, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let dir = folder(&[
        ("a/mu.wav", bytes(7, 1, 8000, 8, &[0x00, 0x80, 0xff])),
        ("b/alaw.wav", bytes(6, 1, 8000, 8, &[0x2a, 0xaa])),
        ("b/stereo.wav", bytes(1, 2, 8000, 16, &stereo)),
    ]);
    let of = |channel, item| {
        let index = load(dir.path(), &Pattern::default(), &Config { channel, ..Config::default() }).unwrap();
        index.values(item).unwrap().iter().map(|value| value * 32768.0).collect::<Vec<f32>>()
    };
    assert_eq!(of(Channel::Mix, 0), [-32124.0, 32124.0, 0.0]);
    assert_eq!(of(Channel::Mix, 1), [-32256.0, 32256.0]);
    assert_eq!(of(Channel::Mix, 2), [2000.0, -1000.0]);
    assert_eq!(of(Channel::Left, 2), [1000.0, -2000.0]);
    assert_eq!(of(Channel::Right, 2), [3000.0, 0.0]);
}

#[test]
fn rates_become_one_rate_and_parts_read_like_the_whole() {
    let tone = |rate: u32| -> Vec<u8> {
        let at = |k: u32| (f64::from(k) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin();
        (0..rate / 4).flat_map(|k| ((at(k) * 20_000.0) as i16).to_le_bytes()).collect()
    };
    let dir = folder(&[
        ("a/16.wav", bytes(1, 1, 16_000, 16, &tone(16_000))),
        ("a/44.wav", bytes(1, 1, 44_100, 16, &tone(44_100))),
    ]);
    let index = load(dir.path(), &Pattern::default(), &Config::default()).unwrap();
    assert_eq!(index.items.iter().map(|item| item.rows).collect::<Vec<_>>(), [4000, 4000]);
    let (same, made) = (index.values(0).unwrap(), index.values(1).unwrap());
    assert!((300..3700).all(|k| (same[k] - made[k]).abs() < 2e-3));
    let mut part = [0.0; 100];
    index.read(1, 1234, &mut part).unwrap();
    assert_eq!(part[..], made[1234..1334]);
}

#[test]
fn bad_files_are_named_each() {
    let good = bytes(1, 1, 8000, 16, &[0; 8]);
    let dir = folder(&[
        ("a/good.wav", good.clone()),
        ("a/empty.wav", Vec::new()),
        ("a/none.wav", bytes(1, 1, 8000, 16, &[])),
        ("a/mp3.wav", b"ID3\x04 this is no wave file".to_vec()),
        ("a/adpcm.wav", bytes(2, 1, 8000, 4, &[0; 8])),
        ("a/short.wav", good[..30].to_vec()),
    ]);
    let text = load(dir.path(), &Pattern::default(), &Config::default()).unwrap_err().to_string();
    assert!(text.contains("(5 problems)"), "{text}");
    for part in [
        "empty.wav: 0 bytes are no WAV file",
        "none.wav: it has no samples",
        "mp3.wav: expected a RIFF WAVE file",
        "adpcm.wav: format 2 with 4 bits; expected PCM",
        "short.wav: the chunk \"fmt \" is cut off",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_name_that_does_not_fit_is_a_problem() {
    let dir = folder(&[
        ("7_theo_1.wav", bytes(1, 1, 8000, 16, &[0; 8])),
        ("x.wav", bytes(1, 1, 8000, 16, &[0; 8])),
    ]);
    let names = Pattern("{label}_{group}_{}".into());
    let text = load(dir.path(), &names, &Config::default()).unwrap_err().to_string();
    assert!(text.contains("x.wav: the name does not fit names = \"{label}_{group}_{}\""), "{text}");
}

#[test]
fn speech_commands_have_speakers_lists_and_background_noise() {
    let clip = || bytes(1, 1, 8000, 16, &[0; 8]);
    let dir = folder(&[
        ("yes/aa_nohash_0.wav", clip()),
        ("yes/bb_nohash_1.wav", clip()),
        ("no/aa_nohash_0.wav", clip()),
        ("_background_noise_/tap.wav", clip()),
        ("testing_list.txt", b"yes/bb_nohash_1.wav\n".to_vec()),
        ("validation_list.txt", b"no/aa_nohash_0.wav\n".to_vec()),
    ]);
    let items = |background: &str| {
        let config = Config { background: background.into(), ..Config::default() };
        let index = load(dir.path(), &Pattern::default(), &config).unwrap();
        let of = |item: &Item| (index.classes[item.label].clone(), item.group.clone(), item.part);
        index.items.iter().map(of).collect::<Vec<_>>()
    };
    let is = |class: &str, speaker: &str, part| (class.to_owned(), speaker.to_owned(), Some(part));
    let words = [is("no", "aa", Part::Validation), is("yes", "aa", Part::Train), is("yes", "bb", Part::Test)];
    assert_eq!(items(""), words);
    assert_eq!(items("silence")[0], is("silence", "_background_noise_/tap.wav", Part::Train));
}
