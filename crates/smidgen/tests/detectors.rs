//! Detectors learn a generated set of shapes, and find them in int8 with their decoding, on the host and on the emulated
//! board with the same bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use smidgen::events::Silent;
use smidgen::firmware::{Firmware, board};
use smidgen::{device, host, zoo};
use smidgen_compress::quantize::{dequantize_output, quantize_input};
use smidgen_data::shapes::{self, Scene};
use smidgen_ir::Graph;
use smidgen_train::{Config as Training, Examples, Loss, Trainer};
use smidgen_zoo::average_precision::{Found, Match, found_boxes, found_centres, mean_average_precision};
use smidgen_zoo::detector::{self, Object, Suppression};
use std::ops::ControlFlow;

/// Epochs of the detector with boxes, and the mean average precision that it must reach in them; `SMIDGEN_EPOCHS=40` takes
/// minutes, and is to reach 0.8.
fn effort() -> (u64, f64) {
    match std::env::var("SMIDGEN_EPOCHS").ok().and_then(|epochs| epochs.parse().ok()) {
        Some(epochs) => (epochs, if epochs >= 40 { 0.8 } else { 0.0 }),
        None => (10, 0.5),
    }
}

const SIDE: usize = 64;
const CLASSES: usize = shapes::CLASSES.len();

fn scenes(seed: u64, images: usize) -> Vec<Scene> {
    shapes::generate(&shapes::Config { seed, images, side: SIDE, ..shapes::Config::default() }).unwrap()
}

fn objects(scene: &Scene) -> Vec<Object> {
    let object = |&smidgen_data::Object { class, centre, size }: &_| Object { class, centre, size };
    scene.shapes.iter().map(object).collect()
}

fn trained(name: &str, loss: Loss, epochs: u64, target: &dyn Fn(&[Object]) -> Vec<f32>) -> Graph {
    let entry = zoo::find(name).unwrap();
    let config = zoo::Config { input: [SIDE, SIDE, 3], outputs: CLASSES, ..entry.default };
    let scenes = scenes(1, 2500);
    let examples = Examples {
        shape: vec![SIDE, SIDE, 3],
        x: scenes.iter().flat_map(|scene| scene.pixels.iter().copied()).collect(),
        y: vec![0; scenes.len()],
        targets: scenes.iter().flat_map(|scene| target(&objects(scene))).collect(),
    };
    let graph = zoo::initial(entry, &config, 1).unwrap();
    let training = Training {
        epochs,
        batch: 16,
        learning_rate: 0.006,
        warm_up_epochs: 1.0,
        weight_decay: 0.005,
        loss,
        ..Training::default()
    };
    let mut trainer = Trainer::new(graph, training).unwrap();
    for _ in 0..epochs {
        let stats = trainer.epoch(&examples, &mut |_| ControlFlow::Continue(())).unwrap();
        eprintln!("{name} epoch {}: loss {:.4}", stats.epoch, stats.train.loss);
    }
    smidgen_ir::passes::fold_batch_norm(&trainer.graph()).unwrap()
}

fn quantized(graph: &Graph) -> Graph {
    let calibration: Vec<Vec<f32>> = scenes(3, 100).into_iter().map(|scene| scene.pixels).collect();
    smidgen::quantize::quantize(graph, &calibration, &smidgen::project::Quantization::default()).unwrap().0
}

/// Runs the scenes on the host, and the first few on the board as well; the outputs of each on the host.
fn run(graph: &Graph, scenes: &[Scene], on_device: usize) -> Vec<Vec<f32>> {
    let inputs: Vec<u8> =
        scenes.iter().flat_map(|scene| quantize_input(graph, &scene.pixels).unwrap()).collect();
    let outputs = host::run(graph, &inputs, &mut Silent).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let firmware =
        Firmware::generate(graph, "detector.tflite", &board("mps2-an386").unwrap(), dir.path()).unwrap();
    let elf = firmware.elf(&[], &mut Silent).unwrap();
    let some = &inputs[..on_device * graph.input_bytes()];
    let ran = device::run(&firmware, &elf, some, false).unwrap();
    assert!(ran.outputs == outputs[..on_device * graph.output_bytes()], "host and device differ");
    outputs.chunks(graph.output_bytes()).map(|output| dequantize_output(graph, output).unwrap()).collect()
}

#[test]
fn yolo_fastest_finds_shapes_with_boxes() {
    let entry = zoo::find("yolo_fastest").unwrap();
    let config = zoo::Config { input: [SIDE, SIDE, 3], outputs: CLASSES, ..entry.default };
    let (epochs, least) = effort();
    let priors = detector::priors(entry, &config).unwrap();
    let float = trained("yolo_fastest", Loss::Detection, epochs, &|objects| {
        detector::box_targets(&priors, CLASSES, objects)
    });
    for (form, graph) in [("float", float.clone()), ("int8", quantized(&float))] {
        let map = boxes_map(graph, &priors);
        eprintln!("yolo_fastest, {form}: mAP at 0.5 {map:.3}");
        assert!(map >= least, "{form}: mAP {map}");
    }
}

fn boxes_map(graph: Graph, priors: &[detector::Prior]) -> f64 {
    let suppression = Suppression { score_threshold: 0.05, ..Suppression::default() };
    let graph = detector::with_boxes(graph, priors, &suppression).unwrap();
    let test = scenes(2, 150);
    let truth: Vec<Vec<Object>> = test.iter().map(objects).collect();
    let outputs = run(&graph, &test, 4);
    let boxes =
        |(image, outputs): (usize, &Vec<f32>)| found_boxes(image, outputs, suppression.max_detections);
    let found: Vec<Found> = outputs.iter().enumerate().flat_map(boxes).collect();
    mean_average_precision(&found, &truth, CLASSES, Match::Overlap(0.5))
}

#[test]
fn fomo_finds_the_centres_of_shapes() {
    let grid = [SIDE / 8, SIDE / 8];
    let loss = Loss::Centroids { object_weight: 20.0 };
    let float = trained("fomo", loss, 6, &|objects| detector::cell_targets(grid, CLASSES, objects));
    let graph = detector::with_peaks(quantized(&float)).unwrap();
    let test = scenes(2, 150);
    let truth: Vec<Vec<Object>> = test.iter().map(objects).collect();
    let outputs = run(&graph, &test, 4);
    let centres = |(image, output): (usize, &Vec<f32>)| found_centres(image, output, grid, CLASSES, 0.05);
    let found: Vec<Found> = outputs.iter().enumerate().flat_map(centres).collect();
    // The centre lies in the cell that is found or in one beside it.
    let map = mean_average_precision(&found, &truth, CLASSES, Match::Distance(1.5 / grid[0] as f32));
    eprintln!("fomo: mAP of centres within a cell and a half {map:.3}");
    assert!(map >= 0.8, "mAP {map}");
}
