//! Every model of the zoo, small: it learns, and what it becomes for a device is near what it was.

use std::ops::ControlFlow;

use smidgen::zoo::{self, Config, Entry};
use smidgen_compress::post_training_quantization::Calibration;
use smidgen_train::{Config as Training, Examples, Loss, Trainer};
use smidgen_zoo::{MODELS, Task};

/// Examples and classes.
const N: usize = 16;
const CLASSES: usize = 3;

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

#[test]
fn every_model_learns() {
    for entry in MODELS {
        let loss = match entry.task {
            Task::Classification => Loss::CrossEntropy,
            Task::Reconstruction => Loss::Reconstruction,
            // Detectors have losses of their own, and anomaly scorers are fitted.
            Task::Detection | Task::Centroids | Task::Anomaly => continue,
        };
        let config = small(entry);
        let graph = zoo::initial(entry, &config, 1).unwrap();
        let examples = examples(config.input);
        let training = Training { epochs: 12, batch: 8, learning_rate: 0.01, loss, ..Training::default() };
        let mut trainer = Trainer::new(graph, training).unwrap();
        let mut losses = Vec::new();
        for _ in 0..12 {
            losses
                .push(trainer.epoch(&examples, None, &mut |_| ControlFlow::Continue(())).unwrap().train.loss);
        }
        assert!(losses[11] < 0.8 * losses[0], "{}: {losses:?}", entry.name);

        let calibration: Vec<Vec<f32>> =
            examples.x.chunks(examples.x.len() / N).map(<[f32]>::to_vec).collect();
        let (int8, _) =
            smidgen::quantize::quantize(&trainer.graph(), &calibration, Calibration::MinMax).unwrap();
        assert_eq!(int8.verify(), Ok(()), "{}", entry.name);
    }
}
