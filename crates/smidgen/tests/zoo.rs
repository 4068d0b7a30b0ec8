//! Every model of the zoo, small: it learns, becomes int8, and computes in emulated firmware what it computes on the host.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;
use std::path::Path;

use smidgen::events::Silent;
use smidgen::firmware::{Firmware, board};
use smidgen::zoo::{self, Config, Entry};
use smidgen::{Board, device, model_file};
use smidgen_compress::quantize::quantize_input;
use smidgen_device::Host;
use smidgen_ir::{Graph, Interpreter, passes};
use smidgen_testkit::union;
use smidgen_train::{Config as Training, Examples, Loss, Trainer};
use smidgen_zoo::{MODELS, Task, detector};

/// Examples and classes.
const N: usize = 16;
const CLASSES: usize = 3;

/// Models in one firmware: the compiler's time grows faster than their number.
const MODELS_IN_ONE: usize = 4;

/// Waves of a frequency for each class, with a phase for each example.
fn examples(shape: [usize; 3]) -> Examples {
    let len: usize = shape.iter().product();
    let label = |example: usize| example % CLASSES;
    let wave = |example: usize| {
        let (frequency, phase) = (0.05 * (1 + 3 * label(example)) as f32, example as f32);
        (0..len).map(move |at| (at as f32 * frequency + phase).sin())
    };
    Examples {
        shape: shape.to_vec(),
        x: (0..N).flat_map(wave).collect(),
        y: (0..N).map(|example| label(example) as u32).collect(),
        ..Examples::default()
    }
}

/// Where a detector is to see the object of each example: classes lie at different places.
fn targets(entry: &Entry, config: &Config, labels: &[u32]) -> Vec<f32> {
    let object = |&label: &u32| {
        let at = 0.2 + 0.25 * label as f32;
        detector::Object { class: label as usize, centre: [at, 1.0 - at], size: [0.3, 0.2] }
    };
    let objects = labels.iter().map(object);
    match entry.task {
        Task::Detection => {
            let priors = detector::priors(entry, config).unwrap();
            objects.flat_map(|object| detector::box_targets(&priors, CLASSES, &[object])).collect()
        }
        Task::Centroids => {
            let grid = [config.input[0] / 8, config.input[1] / 8];
            objects.flat_map(|object| detector::cell_targets(grid, CLASSES, &[object])).collect()
        }
        _ => Vec::new(),
    }
}

/// The model at a size that trains in a second.
fn small(entry: &Entry) -> Config {
    let input = match entry.default.input {
        [96, 96, _] => [32, 32, 3],
        [98, 40, _] => [20, 20, 1],
        other => other,
    };
    let width = if entry.name.starts_with("ds_cnn") || entry.name == "autoencoder" { 0.2 } else { 0.25 };
    Config { input, outputs: CLASSES, width, depth: 1.0 }
}

/// The model after some epochs, which must have taught it something, with its examples.
fn learned(entry: &Entry, loss: Loss) -> (Graph, Examples) {
    let config = small(entry);
    let graph = zoo::initial(entry, &config, 1).unwrap();
    let mut examples = examples(config.input);
    examples.targets = targets(entry, &config, &examples.y);
    let training = Training { epochs: 12, batch: 8, learning_rate: 0.01, loss, ..Training::default() };
    let mut trainer = Trainer::new(graph, training).unwrap();
    let mut losses = Vec::new();
    for _ in 0..12 {
        losses.push(trainer.epoch(&examples, &mut |_| ControlFlow::Continue(())).unwrap().train.loss);
    }
    assert!(losses[11] < 0.8 * losses[0], "{}: {losses:?}", entry.name);
    (trainer.graph(), examples)
}

/// A model as anybody reads it from its file, and an input for it.
struct Made {
    name: &'static str,
    graph: Graph,
    input: Vec<u8>,
}

/// The int8 form of a model.
fn exported(entry: &Entry, graph: &Graph, examples: &Examples) -> Made {
    let windows: Vec<Vec<f32>> = examples.x.chunks(examples.x.len() / N).map(<[f32]>::to_vec).collect();
    let (int8, _) =
        smidgen::quantize::quantize(graph, &windows, &smidgen::project::Quantization::default()).unwrap();
    // The files stay, for `scripts/check-zoo` to run them in LiteRT.
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zoo");
    std::fs::create_dir_all(&dir).unwrap();
    let float = passes::dead_code(&passes::fold_batch_norm(graph).unwrap()).unwrap();
    model_file::write(&float, &dir.join(format!("{}.tflite", entry.name))).unwrap();
    let path = dir.join(format!("{}.int8.tflite", entry.name));
    model_file::write(&int8, &path).unwrap();
    let read = model_file::read(&path).unwrap();
    assert_eq!(read.verify(), Ok(()), "{}", entry.name);
    let input = quantize_input(&read, &windows[1]).unwrap();
    Made { name: entry.name, graph: read, input }
}

#[test]
fn every_model_learns_and_computes_on_the_device_what_it_computes_on_the_host() {
    let mut made = Vec::new();
    for entry in MODELS {
        let loss = match entry.task {
            Task::Classification => Loss::CrossEntropy,
            Task::Reconstruction => Loss::Reconstruction,
            Task::Detection => Loss::Detection,
            Task::Centroids => Loss::Centroids { object_weight: 20.0 },
            // Fitted, not trained.
            Task::Anomaly => continue,
        };
        let (graph, examples) = learned(entry, loss);
        made.push(exported(entry, &graph, &examples));
    }
    let board = board("mps2-an386").unwrap();
    if device::check_emulator(&Host::from_env(), &board).is_err() {
        println!("skipped: the zoo on the device: no emulator");
        return;
    }
    for some in made.chunks(MODELS_IN_ONE) {
        on_device(some, &board);
    }
}

/// Runs some models side by side in one firmware.
fn on_device(made: &[Made], board: &Board) {
    let graphs: Vec<Graph> = made.iter().map(|made| made.graph.clone()).collect();
    let inputs: Vec<u8> = made.iter().flat_map(|made| made.input.clone()).collect();
    let dir = tempfile::tempdir().unwrap();
    let firmware = Firmware::generate(&union(&graphs), "zoo.tflite", board, dir.path()).unwrap();
    let elf = firmware.elf(&[], &mut Silent).unwrap();
    let outputs = device::run(&firmware, &elf, &inputs, false).unwrap().outputs;
    let mut rest = outputs.as_slice();
    for Made { name, graph, input } in made {
        let (ours, behind) = rest.split_at(graph.output_bytes());
        rest = behind;
        assert!(
            ours == Interpreter::new(graph).unwrap().run(input).unwrap(),
            "{name}: host and device differ"
        );
    }
}
