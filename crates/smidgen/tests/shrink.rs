//! Shrinking: a trained gesture model through recipes, the same bytes every time, and on the emulated board.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use smidgen::events::{Event, Observer, Silent};
use smidgen::features::Features;
use smidgen::firmware::Firmware;
use smidgen::project::{Distillation, Project};
use smidgen::shrink::{Options, Recipe, shrink};
use smidgen::{Kind, device, template, train};
use smidgen_device::footprint::forbidden_symbols;
use smidgen_ir::{DType, Graph, Op};
use smidgen_report::Shrunk;

/// A small gesture project with a trained float model.
fn trained(dir: &Path) -> Project {
    let mut project = template::project("gesture", "wand").unwrap();
    project.data.generated.people = 12;
    project.training.epochs = 12;
    train::train(&project, dir, train::Options::default(), &mut Silent).unwrap();
    project
}

fn options(recipe: &str) -> Options {
    let recipe = Recipe::parse(recipe, "the recipe").unwrap();
    Options { recipe, model: None, resume: false, measures: false, output: None }
}

const WHOLE: &str = "[distillation]\n[[stage]]\nstructured_pruning = { target = { macs = 0.3 }, importance = \"taylor\" }\n\
    epochs = 6\n[[stage]]\nweight_pruning = { sparsity = 0.6, schedule = { polynomial = { power = 3.0 } } }\nepochs = 6\n\
    [[stage]]\nweight_clustering = { clusters = 16 }\nepochs = 3\n[[stage]]\nquantization_aware_training = {}\nepochs = 3\n";

fn filters(graph: &Graph) -> Vec<Vec<i8>> {
    let weighted = graph.nodes.iter().filter(|node| matches!(node.op, Op::Conv2d(_) | Op::FullyConnected(_)));
    weighted.map(|node| graph.tensor(node.inputs[1].unwrap()).i8s().unwrap()).collect()
}

fn model(dir: &Path) -> Vec<u8> {
    fs::read(dir.join("build/shrunk.tflite")).unwrap()
}

#[test]
fn every_stage_keeps_what_the_ones_before_made_and_the_board_agrees() {
    let board = smidgen::firmware::board("mps2-an386").unwrap();
    if device::check_emulator(&smidgen::Host::from_env(), &board).is_err() {
        println!("skipped: every_stage_keeps_what_the_ones_before_made: no emulator");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let project = trained(dir.path());
    let Shrunk { stages, .. } =
        shrink(&project, dir.path(), &Options { measures: true, ..options(WHOLE) }, &mut Silent).unwrap();
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let expected = [
        "before",
        "structured_pruning",
        "weight_pruning",
        "weight_clustering",
        "quantization_aware_training",
    ];
    assert_eq!(names, expected);
    let graph = smidgen_tflite::read(&model(dir.path())).unwrap();
    for filter in filters(&graph) {
        let zeros = filter.iter().filter(|weight| **weight == 0).count() as f64 / filter.len() as f64;
        assert!((0.55..0.75).contains(&zeros), "{zeros}");
        let values: std::collections::BTreeSet<i8> = filter.into_iter().collect();
        assert!(values.len() <= 16, "{values:?}");
    }
    let (before, channels, last) = (&stages[0], &stages[1], &stages[4]);
    assert!(channels.macs as f64 <= 0.7 * before.macs as f64);
    assert!(channels.instructions < before.instructions && last.instructions < channels.instructions);
    let weights = |at: usize| stages[at].flash_bytes.as_ref().unwrap().weights;
    assert!(weights(1) < weights(0) && weights(2) < weights(1) && weights(3) < weights(2));
    let firmware = Firmware::generate(&graph, "shrunk.tflite", &board, &dir.path().join("firmware")).unwrap();
    assert!(firmware.program.calls.iter().all(|call| !call.kernel.path().starts_with("conv_2d::Int8")));
    let elf = fs::read(firmware.elf(&[], &mut Silent).unwrap()).unwrap();
    assert_eq!(forbidden_symbols(&elf).unwrap(), Vec::<String>::new());
    for stage in &stages {
        let agreement = stage.agreement.as_ref().unwrap();
        assert!(agreement.n_differing == 0 && agreement.n_bytes > 0, "{}: {agreement:?}", stage.name);
        assert!(stage.int8.confusion.accuracy() > 0.4, "{}: {}", stage.name, stage.int8.confusion.accuracy());
    }
}

/// Asks to stop at a batch, counted over all stages.
struct StopAt(usize, usize);

impl Observer for StopAt {
    fn event(&mut self, event: Event<'_>) {
        self.1 += usize::from(matches!(event, Event::Batch { .. }));
    }

    fn stop(&self) -> bool {
        self.1 >= self.0
    }
}

#[test]
fn the_same_recipe_gives_the_same_bytes_even_when_it_was_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let project = trained(dir.path());
    shrink(&project, dir.path(), &options(WHOLE), &mut Silent).unwrap();
    let expected = model(dir.path());
    for at in [1, 40, 75, 110] {
        fs::remove_file(dir.path().join("build/shrunk.tflite")).unwrap();
        let stopped = shrink(&project, dir.path(), &options(WHOLE), &mut StopAt(at, 0)).unwrap_err();
        assert_eq!(stopped.kind, Kind::Interrupted);
        assert!(stopped.to_string().contains("--resume"), "{stopped}");
        assert!(!dir.path().join("build/shrunk.tflite").exists());
        shrink(&project, dir.path(), &Options { resume: true, ..options(WHOLE) }, &mut Silent).unwrap();
        assert!(model(dir.path()) == expected, "stopped at batch {at}");
    }
    // Nothing is left to do, and nothing is done.
    let again = Options { resume: true, ..options(WHOLE) };
    shrink(&project, dir.path(), &again, &mut StopAt(1, 0)).unwrap();
    assert!(model(dir.path()) == expected);
    // Another seed is another run, whatever lies there.
    let mut other = project.clone();
    other.project.seed = 9;
    shrink(&other, dir.path(), &again, &mut Silent).unwrap();
    assert!(model(dir.path()) != expected);
}

#[test]
fn rounds_of_pruning_go_back_to_early_weights_and_on_after_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = template::project("gesture", "wand").unwrap();
    project.data.generated.people = 12;
    (project.training.epochs, project.training.early_epochs) = (8, Some(2));
    train::train(&project, dir.path(), train::Options::default(), &mut Silent).unwrap();
    let float =
        |name: &str| smidgen_tflite::read(&fs::read(dir.path().join("build").join(name)).unwrap()).unwrap();
    assert_ne!(float("early.tflite"), float("float.tflite"));
    let recipe = |to: &str| {
        format!(
            "[[stage]]\nweight_pruning = {{ sparsity = 0.7, rewind = {{ rounds = 3, to = \"{to}\" }} }}\nepochs = 2\n"
        ) + "[[stage]]\nquantization_aware_training = {}\nepochs = 2\n"
    };
    let whole = options(&recipe("build/early.tflite"));
    shrink(&project, dir.path(), &whole, &mut Silent).unwrap();
    let expected = model(dir.path());
    for filter in filters(&smidgen_tflite::read(&expected).unwrap()) {
        let zeros = filter.iter().filter(|weight| **weight == 0).count() as f64 / filter.len() as f64;
        // Channels of nothing but zeros are gone.
        assert!((0.6..0.8).contains(&zeros), "{zeros}");
    }
    for at in [3, 30, 50] {
        let stopped = shrink(&project, dir.path(), &whole, &mut StopAt(at, 0)).unwrap_err();
        assert_eq!(stopped.kind, Kind::Interrupted);
        shrink(&project, dir.path(), &Options { resume: true, ..whole.clone() }, &mut Silent).unwrap();
        assert!(model(dir.path()) == expected, "stopped at batch {at}");
    }
    let error =
        shrink(&project, dir.path(), &options(&recipe("build/none.tflite")), &mut Silent).unwrap_err();
    assert!(
        error.to_string().contains("none.tflite") && error.to_string().contains("early_epochs"),
        "{error}"
    );
}

#[test]
fn factorised_and_four_bit_models_are_written_as_any_reader_takes_them() {
    let dir = tempfile::tempdir().unwrap();
    let project = trained(dir.path());
    let recipe = "[[stage]]\nlow_rank_factorization = { rank = { parameters = 0.3 } }\nepochs = 3\n\
        [[stage]]\nquantization_aware_training = { quantization = { weight_bits = 4 } }\nepochs = 3\n";
    let Shrunk { stages, .. } = shrink(&project, dir.path(), &options(recipe), &mut Silent).unwrap();
    let rest = stages[1].parameters as f64 / stages[0].parameters as f64;
    assert!(rest <= 0.72, "{rest}");
    let graph = smidgen_tflite::read(&model(dir.path())).unwrap();
    let n_four_bits = graph.tensors.iter().filter(|tensor| tensor.dtype == DType::I4).count();
    assert!(n_four_bits >= 4, "{n_four_bits}");
    assert!(stages[2].values <= 15);
}

#[test]
fn weights_beside_a_product_stay_few() {
    let dir = tempfile::tempdir().unwrap();
    let project = trained(dir.path());
    let recipe = "[[stage]]\nlow_rank_factorization = { rank = { parameters = 0.3 }, sparse = 0.05 }\nepochs = 2\n\
        [[stage]]\nquantization_aware_training = {}\nepochs = 2\n";
    shrink(&project, dir.path(), &options(recipe), &mut Silent).unwrap();
    let graph = smidgen_tflite::read(&model(dir.path())).unwrap();
    let share = |filter: &Vec<i8>| filter.iter().filter(|v| **v != 0).count() as f64 / filter.len() as f64;
    let shares: Vec<f64> = filters(&graph).iter().map(share).filter(|share| *share < 0.5).collect();
    assert!(!shares.is_empty() && shares.iter().all(|share| *share < 0.06), "{shares:?}");
    assert_eq!(graph.nodes.iter().filter(|node| matches!(node.op, Op::Add(_))).count(), shares.len());
}

#[test]
fn what_is_impossible_is_told_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    let project = trained(dir.path());
    let message = |recipe: &str| {
        let mut observer = StopAt(usize::MAX, 0);
        let error = shrink(&project, dir.path(), &options(recipe), &mut observer).unwrap_err();
        assert_eq!((error.kind, observer.1), (Kind::Input, 0), "{error}");
        assert!(!dir.path().join("build/shrink").exists());
        error.to_string()
    };
    let stage = |text: &str| format!("[[stage]]\nepochs = 4\n[[stage]]\n{text}\n");
    assert!(message(&stage("structured_pruning = { target = { macs = 0.999 } }")).contains("cannot go"));
    assert!(
        message(&stage("low_rank_factorization = { rank = { parameters = 0.999 } }")).contains("cannot go")
    );
    for (text, expected) in [
        ("structured_pruning = { target = { channels = 1.0 } }", "below 1"),
        ("quantization_aware_training = { quantization = { weight_bits = 5 } }", "weight_bits 5"),
    ] {
        let error = Recipe::parse(&stage(text), "the recipe").unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("the recipe"), "{error}");
    }
    // A network that cannot be trained.
    let float = dir.path().join("build/float.tflite");
    let graph = smidgen_tflite::read(&fs::read(&float).unwrap()).unwrap();
    let output = graph.outputs[0];
    let mut net = smidgen_ir::build::Builder::on(graph, |_| Vec::new());
    let floor = net.node(Op::Floor(smidgen_ir::ops::floor::Floor), &[Some(output)], None);
    let graph = net.finish(&[floor]).unwrap();
    fs::write(&float, smidgen_tflite::write(&graph).unwrap()).unwrap();
    assert!(message(&stage("quantization_aware_training = {}")).contains("FLOOR"));
    let error = shrink(&project, &dir.path().join("nothing"), &options(WHOLE), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("smidgen train"), "{error}");
}

#[test]
fn a_project_may_learn_from_models_in_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = trained(dir.path());
    fs::copy(dir.path().join("build/float.tflite"), dir.path().join("teacher.tflite")).unwrap();
    project.training.epochs = 4;
    let alone = train::train(&project, dir.path(), train::Options::default(), &mut Silent).unwrap();
    let distillation = |teacher: &str| {
        let teacher = vec!["teacher.tflite".into(), teacher.into()];
        Some(Distillation { teacher, temperature: 4.0, share: 0.9, features: None })
    };
    project.training.distillation = distillation("teacher.tflite");
    let taught = train::train(&project, dir.path(), train::Options::default(), &mut Silent).unwrap();
    assert_ne!(alone.graph, taught.graph);
    let accuracy =
        |trained: &train::Trained| trained.training.epochs.last().unwrap().validation_accuracy.unwrap();
    assert!(accuracy(&taught) > 0.4 && accuracy(&taught) + 0.2 > accuracy(&alone));

    project.training.distillation = distillation("missing.tflite");
    let error = train::train(&project, dir.path(), train::Options::default(), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("missing.tflite"), "{error}");
    let mut net = smidgen_ir::build::Builder::new("other", |parameter| vec![0.1; parameter.n_elements()]);
    let x = net.input("x", &[1, 5]);
    let x = net.fully_connected(x, 4);
    let other = smidgen_tflite::write(&net.finish(&[x]).unwrap()).unwrap();
    fs::write(dir.path().join("other.tflite"), other).unwrap();
    project.training.distillation = distillation("other.tflite");
    let error = train::train(&project, dir.path(), train::Options::default(), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("different numbers of inputs"), "{error}");
}

#[test]
fn networks_learn_from_inside_their_teachers() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = trained(dir.path());
    fs::copy(dir.path().join("build/float.tflite"), dir.path().join("teacher.tflite")).unwrap();
    project.training.epochs = 3;
    let with = |features: Option<Features>, teachers: usize| {
        let teacher = vec!["teacher.tflite".into(); teachers];
        let mut project = project.clone();
        project.training.distillation =
            Some(Distillation { teacher, temperature: 4.0, share: 0.9, features });
        train::train(&project, dir.path(), train::Options::default(), &mut Silent)
    };
    let plain = with(None, 1).unwrap();
    let attention = with(Some(Features::default()), 1).unwrap();
    let hint = Features { kind: smidgen_train::FeatureKind::Hint, ..Features::default() };
    let hinted = with(Some(hint.clone()), 1).unwrap();
    assert!(plain.graph != attention.graph && plain.graph != hinted.graph && hinted.graph != attention.graph);
    let error = with(Some(Features::default()), 2).unwrap_err().to_string();
    assert!(error.contains("those of one teacher"), "{error}");
    let named = Features { pairs: vec![["none".into(), "none".into()]], ..Features::default() };
    let error = with(Some(named), 1).unwrap_err().to_string();
    assert!(error.contains("the student makes no activation \"none\""), "{error}");
    let graph = smidgen_tflite::read(&fs::read(dir.path().join("teacher.tflite")).unwrap()).unwrap();
    let teachers = graph.nodes.iter().map(|node| graph.tensor(node.outputs[0]));
    let name = teachers.into_iter().find(|tensor| tensor.shape.len() == 4).unwrap().name.clone();
    let twice =
        Features { pairs: vec![[name.clone(), name.clone()], [name.clone(), name]], ..Features::default() };
    let error = with(Some(twice), 1).unwrap_err().to_string();
    assert!(error.contains("stands in two pairs") || error.contains("makes no activation"), "{error}");

    // In a recipe, the unshrunk network is the teacher; channels that are gone make hints impossible where they were.
    fs::copy(dir.path().join("teacher.tflite"), dir.path().join("build/float.tflite")).unwrap();
    let recipe = "[distillation]\nfeatures = { kind = \"attention\", weight = 5.0 }\n[[stage]]\n\
        structured_pruning = { target = { channels = 0.3 } }\nepochs = 3\n[[stage]]\nquantization_aware_training = {}\nepochs = 2\n";
    shrink(&project, dir.path(), &options(recipe), &mut Silent).unwrap();
    let taught = model(dir.path());
    let without = recipe.replace("features = { kind = \"attention\", weight = 5.0 }\n", "");
    shrink(&project, dir.path(), &options(&without), &mut Silent).unwrap();
    assert!(model(dir.path()) != taught);
    let error = shrink(&project, dir.path(), &options(&recipe.replace("attention", "hint")), &mut Silent)
        .unwrap_err();
    assert!(error.to_string().contains("same shape, which hints need"), "{error}");
}
