//! Pipelines on the emulated board: front ends give the host's bytes over real recordings, and a whole project streams.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use smidgen::events::Silent;
use smidgen::firmware::{Firmware, Parts, board};
use smidgen::front_end::{Config, FrontEnd, to_pcm};
use smidgen::{device, train};
use smidgen_codegen::{Pipeline, pipeline};
use smidgen_data::FrontEnd as _;
use smidgen_device::footprint::forbidden_symbols;
use smidgen_device::qemu::{Job, time_limit};
use smidgen_ir::ops::reshape::Reshape;
use smidgen_ir::{DType, Graph, Node, Op, Tensor};
use smidgen_testkit::shared_or_skip;
use std::path::Path;

/// Clips of each kind that are streamed; `SMIDGEN_CLIPS` asks for more.
const CLIPS: usize = 6;

/// A model that gives back what it is given, so that its output is the front end's.
fn identity(n: usize) -> Graph {
    let mut graph = Graph { name: "identity".into(), ..Graph::default() };
    let input = graph.add_tensor(Tensor::activation("features", DType::F32, vec![1, n]));
    let output = graph.add_tensor(Tensor::activation("same", DType::F32, vec![n]));
    let op = Op::Reshape(Reshape { shape: vec![n as i32] });
    graph.nodes.push(Node { op, inputs: vec![Some(input)], outputs: vec![output] });
    (graph.inputs, graph.outputs) = (vec![input], vec![output]);
    assert_eq!(graph.verify(), Ok(()));
    graph
}

/// Streams `samples` through the front end on the emulated Cortex-M4 and compares every feature of every window.
fn check(
    config: &str,
    window: &[usize],
    rate_hz: f32,
    stride: usize,
    sample: pipeline::Sample,
    samples: &[f32],
) {
    let front_end = FrontEnd::new(&toml::from_str::<Config>(config).unwrap(), window, rate_hz).unwrap();
    let n: usize = front_end.shape().iter().product();
    let window: usize = window.iter().product();
    let pipeline = Pipeline {
        sample,
        scale: 1.0,
        standard: None,
        window,
        stride,
        front_end: front_end.for_firmware(),
        classes: (0..n).map(|class| class.to_string()).collect(),
        quiet: Vec::new(),
        smoothing: 1,
        threshold: 2.0,
        pause: 0,
    };
    let dir = tempfile::tempdir().unwrap();
    let (graph, board) = (identity(n), board("mps2-an386").unwrap());
    let parts = Parts { pipeline: Some(pipeline), ..Parts::default() };
    let firmware = Firmware::with(&graph, "identity.tflite", &board, dir.path(), parts).unwrap();
    let elf = firmware.elf(&["stream"], &mut Silent).unwrap();
    assert_eq!(forbidden_symbols(&std::fs::read(&elf).unwrap()).unwrap(), Vec::<String>::new());

    let (bytes, real): (Vec<u8>, Vec<f32>) = match sample {
        pipeline::Sample::Pcm16 => {
            let pcm: Vec<i16> = samples.iter().map(|&value| to_pcm(value)).collect();
            let real = pcm.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
            (pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect(), real)
        }
        pipeline::Sample::Float32 => {
            (samples.iter().flat_map(|value| value.to_le_bytes()).collect(), samples.to_vec())
        }
    };
    let n_inferences = (real.len() - window) / stride + 1;
    let record = 8 * n + 4;
    let job = Job {
        elf: &elf,
        inputs: &bytes,
        n_inferences: n_inferences as u64,
        stateful: false,
        output_bytes: record as u64,
        limit: time_limit(real.len() as u64, 4000),
    };
    let ran = device::run_job(&firmware, &job).unwrap();
    let device = |at: usize| &ran.outputs[at * record..at * record + 4 * n];
    match front_end.framing() {
        Some((_, hop)) => {
            let features = front_end.features(&real).unwrap();
            let step = stride / hop * (n / front_end.shape()[0]);
            for at in 0..n_inferences {
                let host: Vec<u8> =
                    features[at * step..at * step + n].iter().flat_map(|value| value.to_le_bytes()).collect();
                assert!(device(at) == host, "{config}: window {at} differs");
            }
        }
        None => {
            for at in 0..n_inferences {
                let features = front_end.features(&real[at * stride..at * stride + window]).unwrap();
                let host: Vec<u8> = features.iter().flat_map(|value| value.to_le_bytes()).collect();
                assert!(device(at) == host, "{config}: window {at} differs");
            }
        }
    }
}

/// Clips of the Speech Commands slice, spread over its classes, one after the other.
fn clips(shared: &Path) -> Vec<f32> {
    let dir = shared.join("data/kws/speech_commands_v2_testslice");
    let index =
        smidgen_data::load(&dir, smidgen_data::Layout::Wav, &smidgen_data::Options::default()).unwrap();
    let wanted = std::env::var("SMIDGEN_CLIPS").ok().and_then(|n| n.parse().ok()).unwrap_or(CLIPS);
    let n = index.items.len();
    (0..wanted.min(n)).flat_map(|at| index.values(at * n / wanted.min(n)).unwrap()).collect()
}

#[test]
fn mfcc_of_real_clips_is_the_same_on_the_device() {
    let Some(shared) = shared_or_skip("mfcc_of_real_clips_is_the_same_on_the_device") else { return };
    let clips = clips(&shared);
    check("kind = \"mfcc\"", &[16_000, 1], 16_000.0, 16_000, pipeline::Sample::Pcm16, &clips);
}

#[test]
fn micro_speech_of_real_clips_is_the_same_on_the_device() {
    let Some(shared) = shared_or_skip("micro_speech_of_real_clips_is_the_same_on_the_device") else { return };
    let clips = clips(&shared);
    check("kind = \"micro_speech\"", &[16_000, 1], 16_000.0, 8000, pipeline::Sample::Pcm16, &clips);
}

#[test]
fn spectral_features_of_motion_are_the_same_on_the_device() {
    let rows = (0..900).map(|at| at as f32 / 50.0);
    let motion: Vec<f32> =
        rows.flat_map(|t| [(t * 9.0).sin() + 0.2 * t, (t * 31.0).cos() * t.sin(), 9.8]).collect();
    let config = "kind = \"spectral\"\nbands_hz = [0.5, 2.0, 8.0, 20.0]\npeaks = 2";
    check(config, &[100, 3], 50.0, 150, pipeline::Sample::Float32, &motion);
    let flat = FrontEnd::new(&toml::from_str::<Config>(config).unwrap(), &[100, 3], 50.0).unwrap();
    assert_eq!(flat.shape(), [3, 11]);
}

#[test]
fn wavelet_features_of_vibration_are_the_same_on_the_device() {
    let rows = (0..900).map(|at| at as f32 / 400.0);
    let shaken: Vec<f32> = rows.flat_map(|t| [(t * 900.0).sin() * t, (t * 250.0).cos() + 0.3 * t]).collect();
    check("kind = \"wavelet\"\nlevels = 4", &[150, 2], 400.0, 100, pipeline::Sample::Float32, &shaken);
}

#[test]
fn a_project_of_gestures_streams_on_the_device_as_on_the_host() {
    let dir = tempfile::tempdir().unwrap();
    let text = smidgen::template::text("gesture", "wand").unwrap();
    let stream = "\n[stream]\nquiet = [\"negative\"]\nseconds = 60.0\nstride = 16\n";
    std::fs::write(dir.path().join("smidgen.toml"), text + stream).unwrap();
    let project = smidgen::project::Project::load(dir.path()).unwrap();
    let options = train::Options { epochs: Some(6), ..train::Options::default() };
    train::train(&project, dir.path(), options, &mut Silent).unwrap();
    smidgen::quantize::quantize_project(&project, dir.path(), &mut Silent).unwrap();
    let found = smidgen::stream::stream(&project, dir.path(), None, &mut Silent).unwrap();
    assert_eq!(
        (found.agreement.n_differing, found.agreement.n_inferences > 50),
        (0, true),
        "{:?}",
        found.agreement
    );
    assert!(
        found.events.is_some_and(|n| n > 3 && found.hits * 4 >= n),
        "{} of {:?}",
        found.hits,
        found.events
    );
    assert!(found.profile.ram_bytes.arena > 0 && found.inference_instructions > 100_000);
    assert!(
        found.instructions_per_second().is_some_and(|n| n < 25e6),
        "{:?}",
        found.instructions_per_second()
    );
}
