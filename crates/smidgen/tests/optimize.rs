//! Exact passes on real models: what they take away, and that no bit changes, on the host and on the emulated board.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use smidgen::events::Silent;
use smidgen::firmware::{Firmware, Parts};
use smidgen::model_file::ModelFile;
use smidgen::optimize::{Optimized, compare, optimize, optimized};
use smidgen::project::Quantization;
use smidgen::quantize::quantize;
use smidgen::shrink::{Options, Recipe, shrink};
use smidgen::{device, template, train};
use smidgen_ir::{Graph, Interpreter, lower, passes};
use smidgen_testkit::shared_or_skip;

/// Inferences on which a model is compared that is cheap enough, and MACs of all of them for one that is not.
const INFERENCES: usize = 10_000;
const MOST_MACS: u64 = 20_000_000_000;

/// The files in a folder that are models.
fn models(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.extension().and_then(|extension| extension.to_str()) {
            _ if entry.is_dir() => models(&entry, found),
            Some("tflite" | "onnx") => found.push(entry),
            _ => {}
        }
    }
    found.sort();
}

#[test]
fn shared_models_get_smaller_and_stay_the_same() {
    let Some(shared) = shared_or_skip("exact passes on the shared models") else { return };
    let mut found = Vec::new();
    models(&shared.join("models"), &mut found);
    let mut changed: Vec<(String, u64)> = Vec::new();
    for path in &found {
        // Those of dynamic range are refused, which other tests look at.
        let Ok(graph) = ModelFile::new(path).read() else { continue };
        let (small, effects) = optimized(&graph).unwrap();
        small.verify().unwrap();
        assert_eq!(optimized(&small).unwrap().0, small, "{}: not done after one run", path.display());
        let Ok(program) = lower(&graph) else { continue };
        if effects.is_empty() {
            assert_eq!(lower(&small).unwrap(), program, "{}", path.display());
            continue;
        }
        let macs = graph.macs();
        let affordable = usize::try_from(MOST_MACS / macs.max(1)).unwrap().clamp(64, INFERENCES);
        let compared = compare(&graph, &small, affordable, 7, &mut Silent).unwrap();
        assert_eq!(compared.inferences, affordable);
        changed
            .push((ModelFile::new(path).name(), effects.iter().map(|effect| effect.channels_removed).sum()));
    }
    let channels = |name: &str| changed.iter().find(|(model, _)| model.starts_with(name)).map(|(_, n)| *n);
    assert_eq!(channels("hello_world_int8"), Some(4), "{changed:?}");
    assert_eq!(channels("person_detect"), Some(1), "{changed:?}");
    assert_eq!(channels("yolo-fastest"), Some(18), "{changed:?}");
    assert_eq!(channels("tf2_mobilenet_v2"), Some(20), "{changed:?}");
}

/// A gesture network of which most weights are pruned, all layers together.
fn pruned(dir: &Path) -> Graph {
    let mut project = template::project("gesture", "wand").unwrap();
    project.data.generated.people = 12;
    project.training.epochs = 10;
    train::train(&project, dir, train::Options::default(), &mut Silent).unwrap();
    let recipe = "[[stage]]\nweight_pruning = { sparsity = 0.93, global = true, schedule = { polynomial = { power = 3.0 } } }\nepochs = 8\n";
    let recipe = Recipe::parse(recipe, "the recipe").unwrap();
    let options = Options { recipe, model: None, resume: false, measures: false, output: None };
    shrink(&project, dir, &options, &mut Silent).unwrap();
    // What shrinking wrote is without constant channels already; the float network has them still.
    let stage = fs::read_dir(dir.join("build/shrink")).unwrap().map(|entry| entry.unwrap().path());
    let float =
        stage.filter(|path| path.ends_with("01_weight_pruning")).map(|path| path.join("float.tflite"));
    let float = smidgen::model_file::read(&float.into_iter().next().unwrap()).unwrap();
    let windows = smidgen::dataset::windows(&project, dir).unwrap();
    let int8 = smidgen::quantize::on_windows(&project, &float, &windows, &mut Silent).unwrap();
    assert_eq!(
        smidgen_tflite::write(&passes::constant_channels(&int8).unwrap()).unwrap(),
        fs::read(dir.join("build/shrunk.tflite")).unwrap()
    );
    int8
}

#[test]
fn a_trained_and_pruned_network_loses_channels_and_the_board_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let graph = pruned(dir.path());
    let model = dir.path().join("pruned.tflite");
    smidgen::model_file::write(&graph, &model).unwrap();
    let small = dir.path().join("small.tflite");
    let Optimized { before, after, passes, layers, compared, .. } =
        optimize(&ModelFile::new(&model), &small, INFERENCES, 3, &mut Silent).unwrap();
    assert_eq!((compared.inferences, compared.largest_difference), (INFERENCES, 0.0));
    assert!(
        after.macs * 100 < before.macs * 95 && after.weights_bytes < before.weights_bytes,
        "{before:?} {after:?}"
    );
    assert_eq!(passes.iter().map(|pass| pass.macs_removed).sum::<u64>(), before.macs - after.macs);
    assert!(layers.iter().any(|layer| layer.channels[1] < layer.channels[0]), "{layers:?}");

    let board = smidgen::firmware::board("mps2-an386").unwrap();
    if device::check_emulator(&smidgen::Host::from_env(), &board).is_err() {
        println!("skipped: the optimised network on the board: no emulator");
        return;
    }
    // Firmware may run the passes itself: it is the firmware of the file.
    let firmware = |graph: &Graph, optimizes: bool, name: &str| {
        let parts = Parts { optimizes, ..Parts::default() };
        Firmware::with(graph, "pruned.tflite", &board, &dir.path().join(name), parts).unwrap()
    };
    let made = firmware(&graph, true, "firmware");
    let same = firmware(&smidgen::model_file::read(&small).unwrap(), false, "same");
    assert_eq!(made.program.calls, same.program.calls);
    assert_eq!(made.passes, passes);
    let inputs: Vec<u8> = (0..40 * graph.input_bytes()).map(|at| (at * at % 251) as u8).collect();
    let run = device::run(&made, &made.elf(&[], &mut Silent).unwrap(), &inputs, false).unwrap();
    let mut host = Interpreter::new(&graph).unwrap();
    let expected: Vec<u8> =
        inputs.chunks(graph.input_bytes()).flat_map(|input| host.run(input).unwrap()).collect();
    assert!(run.outputs == expected, "the device differs from the model before the passes");
}

#[test]
fn a_face_detector_takes_a_quarter_of_its_memory_on_the_board_and_no_bit_changes() {
    let Some(shared) = shared_or_skip("the face detector on the board") else { return };
    let board = smidgen::firmware::board("mps2-an386").unwrap();
    if device::check_emulator(&smidgen::Host::from_env(), &board).is_err() {
        println!("skipped: the face detector on the board: no emulator");
        return;
    }
    let path = shared.join("models/detect/yolo-fastest_192_face_v4_int8.tflite");
    let graph = smidgen::model_file::read(&path).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let firmware = |parts: Parts| {
        Firmware::with(&graph, "face.tflite", &board, &dir.path().join("firmware"), parts).unwrap()
    };
    let before = firmware(Parts::default()).plan.arena_bytes;
    let input: Vec<u8> = (0..graph.input_bytes()).map(|at| (at * at / 7 % 251) as u8).collect();
    let expected = Interpreter::new(&graph).unwrap().run(&input).unwrap();
    for (max_arena, share) in [(None, 50), (Some(112 << 10), 26)] {
        // Without 18 channels, with PADs in the windows behind them, and then in strips.
        let made = firmware(Parts { optimizes: true, max_arena, ..Parts::default() });
        assert!(made.plan.arena_bytes * 100 < before * share, "{} of {before}", made.plan.arena_bytes);
        assert_eq!(made.strips.is_some(), max_arena.is_some());
        assert_eq!(smidgen_plan::check(&made.graph, &made.program, &made.plan), Ok(()));
        let run = device::run(&made, &made.elf(&[], &mut Silent).unwrap(), &input, false).unwrap();
        assert!(run.outputs == expected, "{max_arena:?}: the device differs");
    }
}

#[test]
fn a_residual_network_needs_input_and_residual_and_no_more() {
    let Some(shared) = shared_or_skip("the residual network on the board") else { return };
    let board = smidgen::firmware::board("mps2-an386").unwrap();
    if device::check_emulator(&smidgen::Host::from_env(), &board).is_err() {
        println!("skipped: the residual network on the board: no emulator");
        return;
    }
    let path = shared.join("models/mlperf_tiny/pretrainedResnet_int8.tflite");
    let graph = smidgen::model_file::read(&path).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let parts = Parts { optimizes: true, ..Parts::default() };
    let made = Firmware::with(&graph, "ic.tflite", &board, &dir.path().join("firmware"), parts).unwrap();
    // Two activations of 32 x 32 x 16: a sum lies where the residual was, whatever the convolution still reads.
    assert_eq!(made.plan.arena_bytes, 2 * 32 * 32 * 16);
    let n_sums = made.program.calls.iter().filter(|call| call.kernel.path() == "conv_2d::Int8Added").count();
    assert_eq!(n_sums, 3);
    let inputs: Vec<u8> = (0..2 * graph.input_bytes()).map(|at| (at * at / 7 % 251) as u8).collect();
    let mut host = Interpreter::new(&graph).unwrap();
    let expected: Vec<u8> =
        inputs.chunks(graph.input_bytes()).flat_map(|input| host.run(input).unwrap()).collect();
    let run = device::run(&made, &made.elf(&[], &mut Silent).unwrap(), &inputs, false).unwrap();
    assert!(run.outputs == expected, "the device differs");
}

#[test]
fn branches_side_by_side_are_written_there_and_no_bit_changes() {
    let Some(shared) = shared_or_skip("SqueezeNet on the board") else { return };
    let board = smidgen::firmware::board("mps2-an500").unwrap();
    if device::check_emulator(&smidgen::Host::from_env(), &board).is_err() {
        println!("skipped: SqueezeNet on the board: no emulator");
        return;
    }
    let path = shared.join("models/squeezenet/squeezenet_v1.1_from_ncnn_fp16_weights.onnx");
    let graph = smidgen::model_file::read(&path).unwrap();
    let image: Vec<f32> = (0..graph.input_bytes() / 4).map(|at| 100.0 * (at as f32 * 0.003).sin()).collect();
    let (graph, _) = quantize(&graph, &[image], &Quantization::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let parts = Parts { optimizes: true, max_arena: Some(460 << 10), ..Parts::default() };
    let made =
        Firmware::with(&graph, "squeezenet.tflite", &board, &dir.path().join("firmware"), parts).unwrap();
    // Two branches of each of eight modules; the largest whole is 56 x 56 x 128 and does not leave room for a copy.
    let count = |path: &str| made.program.calls.iter().filter(|call| call.kernel.path() == path).count();
    assert_eq!((count("conv_2d::Int8Stepped"), count("strided_copy::Any")), (16, 0));
    assert_eq!(smidgen_plan::check(&made.graph, &made.program, &made.plan), Ok(()));
    let input: Vec<u8> = (0..graph.input_bytes()).map(|at| (at * at / 7 % 251) as u8).collect();
    let expected = Interpreter::new(&graph).unwrap().run(&input).unwrap();
    let run = device::run(&made, &made.elf(&[], &mut Silent).unwrap(), &input, false).unwrap();
    assert!(run.outputs == expected, "the device differs");
}

#[test]
fn nothing_is_written_where_both_differ() {
    let dir = tempfile::tempdir().unwrap();
    let mut net = smidgen_ir::build::Builder::new("net", |parameter| vec![0.3; parameter.n_elements()]);
    let x = net.input("x", &[1, 4]);
    let y = net.fully_connected(x, 3);
    let graph = net.finish(&[y]).unwrap();
    let mut other = graph.clone();
    let weights = other.nodes[0].inputs[1].unwrap();
    let values = [0.3f32; 12].map(|value| value + 0.01);
    other.tensor_mut(weights).data = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    let error = compare(&graph, &other, 100, 1, &mut Silent).unwrap_err();
    assert!(error.to_string().contains("another one: input"), "{error}");
    assert_eq!(error.kind, smidgen::Kind::Check);
    let missing = optimize(
        &ModelFile::new(dir.path().join("none.tflite")),
        &dir.path().join("x.tflite"),
        1,
        1,
        &mut Silent,
    );
    assert!(missing.is_err() && !dir.path().join("x.tflite").exists());
}

#[test]
fn damaged_models_are_refused_or_optimised_without_a_panic() {
    let Some(shared) = shared_or_skip("damaged models through the passes") else { return };
    let mut n_valid = 0;
    for name in ["tflm/hello_world_int8.tflite", "tflm/micro_speech_int8.tflite"] {
        let whole = fs::read(shared.join("models").join(name)).unwrap();
        let mut state = 9u64;
        let mut draw = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        for _ in 0..1500 {
            let mut bytes = whole.clone();
            for _ in 0..1 + draw(3) {
                let at = draw(bytes.len());
                bytes[at] = draw(256) as u8;
            }
            let Ok(graph) = smidgen_tflite::read(&bytes) else { continue };
            if let Ok((small, _)) = optimized(&graph) {
                small.verify().unwrap();
                n_valid += 1;
            }
        }
    }
    assert!(n_valid > 500, "{n_valid}");
}
