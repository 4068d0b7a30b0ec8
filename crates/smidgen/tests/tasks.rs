//! Projects whose model does not tell classes: how unusual a window is, and values to come. And classes that are mixed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use smidgen::events::{Event, Observer, Silent};
use smidgen::project::{Project, Training};
use smidgen::{Kind, device, eval, quantize, report, train};
use smidgen_report::Evaluation;

/// Recordings of a machine, two axes at 100 Hz: it hums, or it rattles.
fn write_machine(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    for number in 0..26 {
        let (label, rattle) = if number < 20 { ("hum", 0.0) } else { ("rattle", 0.7) };
        let mut text = String::from("x,y\n");
        for row in 0..256 {
            let t = (row + 37 * number) as f32 / 100.0;
            let noise = ((row * 7919 + number * 104_729) % 1000) as f32 / 1000.0 - 0.5;
            let x = (t * 60.0).sin() + rattle * (t * 190.0).sin() + 0.2 * noise;
            writeln!(text, "{x},{}", (t * 60.0).cos() * 0.5 + 0.2 * noise).unwrap();
        }
        fs::write(dir.join(format!("{label}__{number}.csv")), text).unwrap();
    }
}

fn project(dir: &Path, text: &str) -> Project {
    let data = "[data]\nsource = \"csv\"\npath = \"data\"\n";
    let project = "[project]\nname = \"task\"\n[board]\nname = \"mps2-an386\"\n";
    fs::write(dir.join("smidgen.toml"), format!("{project}{data}{text}")).unwrap();
    Project::load(dir).unwrap()
}

/// Trains, quantises and judges; float and deployed.
fn judged(project: &Project, dir: &Path) -> Vec<Evaluation> {
    train::train(project, dir, train::Options::default(), &mut Silent).unwrap();
    quantize::quantize_project(project, dir, &mut Silent).unwrap();
    eval::eval(project, dir, None, &mut Silent).unwrap()
}

fn has_emulator(test: &str) -> bool {
    let board = smidgen::firmware::board("mps2-an386").unwrap();
    let found = device::check_emulator(&smidgen::Host::from_env(), &board).is_ok();
    if !found {
        println!("skipped: {test}: no emulator");
    }
    found
}

const MACHINE: &str = "names = \"{label}__{}\"\n[data.csv]\nrate_hz = 100.0\n\
    [data.split]\nby = \"recordings\"\ntest = 0.3\nvalidation = 0.25\nseed = 1\n\
    [features]\nwindow = 128\nstride = 32\nstandardise = true\n[anomaly]\nnormal = [\"hum\"]\npercentile = 98.0\n";

#[test]
fn a_rattle_is_unusual_to_every_model_that_knows_the_hum() {
    let dir = tempfile::tempdir().unwrap();
    write_machine(&dir.path().join("data"));
    let wavelet = "[features.front_end]\nkind = \"wavelet\"\nlevels = 3\n";
    // Fitted models stay, for `scripts/check-zoo` to run them in LiteRT.
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zoo");
    fs::create_dir_all(&kept).unwrap();
    for (name, front_end, model) in [
        ("k_means", wavelet, "zoo = \"k_means\"\noutputs = 4\n"),
        ("gaussian_mixture", wavelet, "zoo = \"gaussian_mixture\"\noutputs = 2\n"),
        (
            "autoencoder_of_rows",
            "",
            "zoo = \"autoencoder\"\nwidth = 0.25\n[training]\nepochs = 40\nbatch_size = 16\nlearning_rate = 0.003\n",
        ),
    ] {
        let project = project(dir.path(), &format!("{MACHINE}{front_end}[model]\n{model}"));
        let results = judged(&project, dir.path());
        assert_eq!(results.len(), 2, "{model}");
        fs::copy(dir.path().join("build/model.tflite"), kept.join(format!("{name}.fitted.tflite"))).unwrap();
        for result in &results {
            let (name, auc) = (&result.name, result.auc.unwrap());
            assert!(auc > 0.95 && result.threshold.is_some(), "{model}: {name}: {result:?}");
            assert!(result.confusion.recall(0).unwrap() > 0.8, "{model}: {name}: {:?}", result.confusion);
        }
    }
}

#[test]
fn a_scorer_scores_on_the_device_as_on_the_host() {
    if !has_emulator("a_scorer_scores_on_the_device_as_on_the_host") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    write_machine(&dir.path().join("data"));
    let text = "[features.front_end]\nkind = \"wavelet\"\n[model]\nzoo = \"gaussian_mixture\"\noutputs = 3\n";
    let project = project(dir.path(), &format!("{MACHINE}{text}"));
    judged(&project, dir.path());
    let report = report::report(&project, dir.path(), &mut Silent).unwrap();
    report::check(&report).unwrap();
    let names: Vec<&str> = report.accuracy.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(names, ["float on the host", "float32 on the host", "float32 on the device"]);
    assert_eq!(report.accuracy[1].confusion, report.accuracy[2].confusion);
}

/// A tide of two periods, hour by hour, and the pressure that foretells nothing.
fn write_tide(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let mut text = String::from("hour,tide,pressure\n");
    for hour in 0..1500 {
        let t = hour as f32;
        let tide = 3.0 + (t * 0.506).sin() + 0.5 * (t * 0.21).cos();
        writeln!(text, "{hour},{tide},{}", 1000.0 + ((hour * 7919) % 100) as f32 / 10.0).unwrap();
    }
    fs::write(dir.join("tide.csv"), text).unwrap();
}

#[test]
fn the_tide_is_told_better_than_by_saying_that_it_stays() {
    let dir = tempfile::tempdir().unwrap();
    write_tide(&dir.path().join("data"));
    let common = "[data.csv]\nvalues = [\"tide\", \"pressure\"]\n\
        [data.split]\nby = \"time\"\ntest = 0.2\nvalidation = 0.1\ngap = 8\n\
        [features]\nwindow = 24\nstride = 1\nstandardise = true\n[target]\ncolumns = [\"tide\"]\nahead = 4\n";
    let layers = "[[model.layers]]\nop = \"flatten\"\n[[model.layers]]\nop = \"fully_connected\"\nunits = 16\nactivation = \"relu\"\n\
        [[model.layers]]\nop = \"fully_connected\"\nunits = 1\n";
    let training = "[training]\nepochs = 30\nbatch_size = 32\nlearning_rate = 0.005\nloss = { huber = { delta = 1.0 } }\n";
    for model in [layers, "[model]\nzoo = \"tenet\"\nwidth = 0.25\n"] {
        let project = project(dir.path(), &format!("{common}{model}{training}"));
        for result in judged(&project, dir.path()) {
            let [errors] = result.errors.as_slice() else { unreachable!("{result:?}") };
            // In the unit of the file: the tide moves by up to 1.5 either way.
            assert!(errors.unchanged_mae > 0.5 && errors.unchanged_mae < 2.0, "{errors:?}");
            assert!(
                errors.mae < 0.3 * errors.unchanged_mae && errors.r2 > 0.9,
                "{}: {errors:?}",
                result.name
            );
        }
    }
    let wrong = project(dir.path(), &format!("{common}{training}[model]\nzoo = \"autoencoder\"\n"));
    let error = train::train(&wrong, dir.path(), train::Options::default(), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("autoencoder is for reconstruction"), "{error}");
    let wrong = project(
        dir.path(),
        &format!("{}{training}{layers}", common.replace("\"tide\"]\nahead", "\"tides\"]\nahead")),
    );
    let error = train::train(&wrong, dir.path(), train::Options::default(), &mut Silent).unwrap_err();
    assert!(
        error.to_string().contains("no column \"tides\" in the data; there are tide, pressure"),
        "{error}"
    );
}

#[test]
fn mixed_windows_train_to_the_same_weights_when_a_run_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    write_machine(&dir.path().join("data"));
    let classes = MACHINE.split("[anomaly]").next().unwrap();
    let text = format!(
        "{classes}[model]\nzoo = \"tenet\"\nwidth = 0.25\n[training]\nepochs = 4\nbatch_size = 16\nlearning_rate = 0.003\nmixup = 0.3\n"
    );
    let project = project(dir.path(), &text);
    let run = |project: &Project, options, observer: &mut dyn Observer| {
        train::train(project, dir.path(), options, observer)
    };
    let whole = run(&project, train::Options::default(), &mut Silent).unwrap();
    assert_eq!(
        run(&project, train::Options::default(), &mut Stop { after: 2 }).unwrap_err().kind,
        Kind::Interrupted
    );
    let resumed = run(&project, train::Options { resume: true, epochs: None }, &mut Silent).unwrap();
    assert_eq!(resumed, whole);
    let plain = Project { training: Training { mixup: None, ..project.training.clone() }, ..project.clone() };
    let plain = run(&plain, train::Options::default(), &mut Silent).unwrap();
    assert_ne!(plain.graph, whole.graph);
}

#[test]
fn shapes_are_found_with_boxes_or_by_their_centres() {
    let dir = tempfile::tempdir().unwrap();
    let shapes = |model: &str, epochs| {
        let text = format!(
            "[project]\nname = \"task\"\n[data]\nsource = \"shapes\"\n[data.shapes]\nimages = 1000\nside = 48\n\
             [data.split]\nby = \"samples\"\ntest = 0.06\nvalidation = 0.03\nseed = 1\n[features]\nscale = 0.00392156862745098\n\
             [detection]\n[model]\nzoo = \"{model}\"\n[training]\nepochs = {epochs}\nbatch_size = 16\nlearning_rate = 0.006\n\
             warm_up_epochs = 1.0\n[board]\nname = \"mps2-an386\"\n"
        );
        Project::parse(&text, "smidgen.toml")
    };
    // How far boxes come with more epochs: `detectors.rs`.
    for (model, epochs, least) in [("yolo_fastest", 2, 0.0), ("fomo", 8, 0.4)] {
        let project = shapes(model, epochs).unwrap();
        for result in judged(&project, dir.path()) {
            let finds = result.finds.unwrap();
            assert!(finds.mean() >= least && finds.n_objects > 80, "{model}: {}: {finds:?}", result.name);
        }
        if has_emulator("shapes_are_found_with_boxes_or_by_their_centres") {
            let report = report::report(&project, dir.path(), &mut Silent).unwrap();
            report::check(&report).unwrap();
            assert_eq!(report.accuracy[1].finds, report.accuracy[2].finds);
        }
    }
    let error =
        train::train(&shapes("tenet", 1).unwrap(), dir.path(), train::Options::default(), &mut Silent);
    assert!(error.unwrap_err().to_string().contains("tenet finds no objects"));
}

/// Stops after some epochs.
struct Stop {
    after: usize,
}

impl Observer for Stop {
    fn event(&mut self, event: Event<'_>) {
        if matches!(event, Event::Epoch { .. }) {
            self.after = self.after.saturating_sub(1);
        }
    }

    fn stop(&self) -> bool {
        self.after == 0
    }
}
