//! Wrong input of every kind ends in exit status 2 and a message that says what, where and what to do.

mod common;

use common::{Folder, Ran, bytes};

/// The run failed with status 2, said all of `parts` on stderr, and nothing on stdout.
fn refused(ran: &Ran, parts: &[&str]) {
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.lines().any(|line| line.starts_with("error: ")), "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "\"{part}\" is not in:\n{}", ran.stderr);
    }
}

fn trained(folder: &Folder) -> std::path::PathBuf {
    let dir = folder.small_project("wand");
    for args in [&["train", "wand", "--epochs", "1", "--quiet"][..], &["quantize", "wand", "--quiet"]] {
        let ran = folder.smidgen(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    dir.join("build/model.tflite")
}

#[test]
fn models_that_are_none() {
    let folder = Folder::new();
    folder.write("empty.tflite", "");
    folder.write("text.tflite", "This is not a model.");
    folder.write("zeros.tflite", [0; 400]);
    for name in ["empty.tflite", "text.tflite", "zeros.tflite"] {
        refused(&folder.smidgen(&["inspect", name]), &[name, "try:"]);
    }
    refused(&folder.smidgen(&["inspect", "missing.tflite"]), &["missing.tflite", "check the name"]);
    std::fs::create_dir(folder.path("folder.tflite")).unwrap();
    refused(&folder.smidgen(&["inspect", "folder.tflite"]), &["folder.tflite"]);
}

#[test]
fn boards_options_and_inputs_that_do_not_fit() {
    let folder = Folder::new();
    let model = trained(&folder);
    let model = model.to_str().unwrap();
    let known = ["unknown board \"mps2-an387\"", "did you mean", "mps2-an386", "smidgen boards"];
    refused(&folder.smidgen(&["build", model, "--board", "mps2-an387", "-o", "fw"]), &known);
    refused(&folder.smidgen(&["profile", model, "--board", "mps2-an387"]), &known);
    refused(&folder.smidgen(&["demo", "--board", "mps2-an387"]), &known);
    folder.write("short.bin", [0; 383]);
    folder.write("none.bin", "");
    refused(&folder.smidgen(&["run", model, "--input", "short.bin"]), &["383 bytes", "384", "short.bin"]);
    refused(&folder.smidgen(&["run", model, "--input", "none.bin"]), &["0 bytes", "none.bin"]);
    refused(&folder.smidgen(&["run", model, "--input", "gone.bin"]), &["gone.bin", "check the name"]);
    assert_eq!(folder.smidgen(&["run", model]).code, 2, "clap refuses what is missing");
    assert_eq!(folder.smidgen(&["no-such-verb"]).code, 2);
    // The int8 model cannot be quantised again, and a float one needs data.
    refused(&folder.smidgen(&["quantize", model, "--data", "wand"]), &["int8"]);
    let float = "wand/build/float.tflite";
    refused(&folder.smidgen(&["quantize", float]), &["--data"]);
    for (flag, value, told) in [
        ("--layer", "none=int8", "there is no \"none\""),
        ("--layer", "none=int7", "NAME=float32"),
        ("--mixed", "weights=1", "bytes of weights cannot be reached"),
        ("--mixed", "loss=-1", "loss=POINTS"),
    ] {
        refused(&folder.smidgen(&["quantize", "wand", flag, value, "--quiet"]), &[told]);
    }
    let nan = [f32::NAN.to_le_bytes(); 384].concat();
    folder.write("nan.bin", nan);
    refused(&folder.smidgen(&["quantize", float, "--data", "nan.bin"]), &["NaN", "nan.bin"]);
    folder.write("odd.bin", [0; 77]);
    refused(&folder.smidgen(&["quantize", float, "--data", "odd.bin"]), &["77 bytes", "odd.bin"]);
}

fn row(label: &str, name: &str, values: &str) -> String {
    format!("{{\"gesture\": \"{label}\", \"name\": \"{name}\", \"accel_ms2_xyz\": {values}}}\n")
}

/// Recordings of four people and all classes, with `bad` in their midst.
fn recordings(bad: &str) -> String {
    let classes = ["wing", "ring", "slope", "negative"];
    let people = ["anna", "bo", "cleo", "dan"];
    let good = people.iter().flat_map(|name| classes.map(|class| row(class, name, "[[1, 2, 3], [4, 5, 6]]")));
    let good: String = good.collect();
    format!("{good}{bad}")
}

#[test]
fn data_that_cannot_be_used() {
    let folder = Folder::new();
    let dir = folder.small_project("wand");
    let path = dir.join("smidgen.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let own =
        "source = \"json_lines\"\npath = \"data\"\nclasses = [\"wing\", \"ring\", \"slope\", \"negative\"]";
    std::fs::write(&path, text.replace("source = \"generated\"", own)).unwrap();
    let train = || folder.smidgen(&["train", "wand", "--epochs", "1"]);

    refused(&train(), &["no *.jsonl file"]);
    for (bad, expected) in [
        (row("wing", "anna", "[[1, 2], [3, 4]]"), "expected 3 columns, found 2"),
        (row("wing", "anna", "[[1, 2, 3], [4, 5]]"), "recordings.jsonl:17"),
        (row("wing", "anna", "[[1, 2, NaN]]"), "recordings.jsonl:17"),
        (row("wing", "anna", "[]"), "recordings.jsonl:17"),
        (row("wave", "anna", "[[1, 2, 3]]"), "wave"),
        ("not json\n".to_owned(), "recordings.jsonl:17"),
    ] {
        folder.write("wand/data/recordings.jsonl", recordings(&bad));
        refused(&train(), &[expected, "the data cannot be used", "smidgen data inspect"]);
        let inspected = folder.smidgen(&["data", "inspect", "wand"]);
        refused(&inspected, &[expected]);
    }
    let without_ring: String =
        recordings("").lines().filter(|line| !line.contains("ring\"")).map(|l| format!("{l}\n")).collect();
    folder.write("wand/data/recordings.jsonl", without_ring);
    refused(&train(), &["no recording of class \"ring\""]);
    folder.write("wand/data/recordings.jsonl", recordings(""));
    let ran = folder.smidgen(&["data", "inspect", "wand", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    refused(&folder.smidgen(&["demo", "--data", "nowhere"]), &["nowhere", "accel_ms2_xyz"]);
}

#[test]
fn projects_that_are_none() {
    let folder = Folder::new();
    refused(&folder.smidgen(&["train"]), &["smidgen.toml", "smidgen new"]);
    let dir = folder.small_project("wand");
    refused(&folder.smidgen(&["new", "wand"]), &["already"]);
    refused(&folder.smidgen(&["new", "a/b"]), &["letters"]);
    refused(&folder.smidgen(&["new", "x", "--template", "voice"]), &["voice", "gesture"]);
    refused(&folder.smidgen(&["quantize", "wand"]), &["smidgen train"]);
    refused(&folder.smidgen(&["quantize", "wand", "--activation-bits", "few"]), &["few"]);
    refused(&folder.smidgen(&["shrink", "wand"]), &["--recipe balanced", "--prune channels=0.5"]);
    refused(&folder.smidgen(&["shrink", "wand", "--recipe", "gentle"]), &["smidgen train"]);
    refused(&folder.smidgen(&["shrink", "wand", "--recipe", "huge"]), &["huge", "gentle, balanced"]);
    refused(&folder.smidgen(&["shrink", "wand", "--prune", "rows=0.5"]), &["channels, macs"]);
    refused(&folder.smidgen(&["shrink", "wand", "--prune", "weights=1.0"]), &["above 0 and below 1"]);
    refused(&folder.smidgen(&["shrink", "wand", "--prune", "macs=-3"]), &["above 0 and below 1"]);
    refused(&folder.smidgen(&["shrink", "wand", "--cluster", "1"]), &["2 to 256"]);
    folder.write("wand/bad.toml", b"[[stage]]\nweight_pruning = { sparsity = 2.0 }\n");
    refused(&folder.smidgen(&["shrink", "wand", "--recipe", "wand/bad.toml"]), &["bad.toml", "sparsity 2"]);
    refused(&folder.smidgen(&["eval", "wand"]), &["smidgen train"]);
    refused(&folder.smidgen(&["report", "wand"]), &["smidgen train"]);
    refused(&folder.smidgen(&["train", "wand", "--resume"]), &["no checkpoint", "without --resume"]);
    refused(&folder.smidgen(&["train", "wand", "--epochs", "0"]), &["epochs"]);
    let path = dir.join("smidgen.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("batch_size", "batch_sise")).unwrap();
    refused(&folder.smidgen(&["train", "wand"]), &["batch_sise", "smidgen.toml:"]);
}

#[test]
fn machines_without_tools() {
    let folder = Folder::new();
    let model = trained(&folder);
    let model = model.to_str().unwrap();
    folder.write("in.bin", [0; 384]);
    let bare = |args: &[&str]| {
        let output = folder.command(args).env("PATH", "/nonexistent").env("SMIDGEN_OFFLINE", "1").output();
        common::ran(output.unwrap())
    };
    let no_emulator = ["qemu-system-arm", "apt-get install"];
    refused(&bare(&["run", model, "--input", "in.bin", "--on", "qemu"]), &no_emulator);
    refused(&bare(&["report", "wand"]), &no_emulator);
    refused(&bare(&["demo"]), &no_emulator);
    refused(&bare(&["build", model, "-o", "fw"]), &["thumbv7em-none-eabihf", "rustup target add"]);
    let doctor = bare(&["doctor"]);
    assert_eq!(doctor.code, 1, "a check failed");
    assert!(doctor.stdout.contains("MISSING") && doctor.stderr.contains("qemu-system-arm"));
    // A board without an emulator cannot run, and says so before anything is built.
    let not_emulated = folder.smidgen(&["profile", model, "--board", "nucleo-l4r5zi"]);
    refused(&not_emulated, &["no emulator", "smidgen boards"]);
}

#[test]
fn folders_that_cannot_be_written() {
    let folder = Folder::new();
    let model = trained(&folder);
    let model = model.to_str().unwrap();
    folder.write("file", "in the way");
    folder.write("in.bin", [0; 384]);
    refused(&folder.smidgen(&["build", model, "-o", "file"]), &["file", "-o"]);
    refused(&folder.smidgen(&["demo", "--epochs", "1", "--out", "file/demo"]), &["cannot be written"]);
    refused(
        &folder.smidgen(&["run", model, "--input", "in.bin", "--output", "file/out.bin"]),
        &["cannot be written"],
    );
    if std::path::Path::new("/proc/self").exists() {
        let read_only = folder.smidgen(&["run", model, "--input", "in.bin", "--output", "/proc/out.bin"]);
        refused(&read_only, &["/proc/out.bin", "cannot be written"]);
    }
    // A folder with somebody's files in it is not touched.
    folder.write("thesis/chapter.txt", "years of work");
    refused(&folder.smidgen(&["build", model, "-o", "thesis"]), &["other things", "-o"]);
    assert_eq!(bytes(&folder.path("thesis/chapter.txt")), b"years of work");
}

#[test]
fn news_that_cannot_be_written_do_not_stop_the_work() {
    let folder = Folder::new();
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        println!("skipped: no /dev/full here");
        return;
    };
    let dir = folder.small_project("wand");
    let status = folder.command(&["train", "wand", "--epochs", "1"]).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(dir.join("build/float.tflite").is_file());
}

#[test]
fn a_network_that_memory_cannot_hold_is_refused() {
    let folder = Folder::new();
    let dir = folder.small_project("wand");
    let text = std::fs::read_to_string(dir.join("smidgen.toml")).unwrap();
    std::fs::write(dir.join("smidgen.toml"), text.replace("filters = 24", "filters = 200000")).unwrap();
    refused(
        &folder.smidgen(&["train", "wand", "--quiet"]),
        &["a batch of 32 windows", "training.batch_size"],
    );
}
