//! The whole road and every verb on it, with JSON that keeps its promises.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod common;

use common::{Folder, bytes, can_emulate};
use serde_json::Value;

const VERBS: [&str; 16] = [
    "demo", "new", "data", "train", "quantize", "shrink", "eval", "inspect", "convert", "build", "run",
    "verify", "profile", "report", "boards", "doctor",
];

#[test]
fn every_verb_has_help_with_an_example() {
    let folder = Folder::new();
    for verb in VERBS {
        let help = folder.smidgen(&[verb, "--help"]);
        assert_eq!(help.code, 0, "{verb}: {}", help.stderr);
        assert!(
            help.stdout.contains("Example") && help.stdout.contains(&format!("smidgen {verb}")),
            "{verb}"
        );
        assert!(help.stdout.contains("--json") && help.stdout.contains("--quiet"), "{verb}");
        assert!(!help.stdout.contains('\u{1b}'), "{verb}: colour without a terminal");
    }
}

#[test]
fn boards_are_listed() {
    let folder = Folder::new();
    let boards = folder.json(&["boards"]);
    let board = boards.as_array().unwrap().iter().find(|board| board["name"] == "mps2-an386").unwrap();
    assert_eq!((&board["core"], &board["emulated"]), (&Value::from("cortex-m4"), &Value::from(true)));
    assert!(folder.smidgen(&["boards"]).stdout.contains("mps2-an386"));
    assert_eq!(folder.smidgen(&["boards", "--quiet"]).stdout, "");
}

#[test]
fn a_project_on_the_host() {
    let folder = Folder::new();
    let dir = folder.small_project("wand");
    let train = folder.json(&["train", "wand", "--epochs", "2"]);
    assert_eq!(train["training"]["epochs"].as_array().unwrap().len(), 2);
    folder.json(&["quantize", "wand", "--activation-bits", "16"]);
    let wide = folder.json(&["inspect", dir.join("build/model.tflite").to_str().unwrap()]);
    assert_eq!(
        (&wide["inputs"][0]["dtype"], &wide["outputs"][0]["dtype"]),
        (&"int16".into(), &"int16".into())
    );
    let float16 = folder.json(&["quantize", "wand", "--float16"]);
    let sizes = ["float.tflite", "float.float16.tflite"]
        .map(|name| dir.join("build").join(name).metadata().unwrap().len());
    assert!(
        sizes[1] < sizes[0] && float16["model"].as_str().unwrap().ends_with("float16.tflite"),
        "{sizes:?}"
    );
    let diagnosed = folder.json(&["quantize", "wand", "--diagnose"]);
    let layers = diagnosed["layers"].as_array().unwrap();
    assert!(layers.iter().any(|layer| layer["share"].as_f64() > Some(0.0)), "{diagnosed}");
    let mixed = format!("{}=int16x8", layers[0]["name"].as_str().unwrap());
    folder.json(&["quantize", "wand", "--layer", &mixed]);
    let mixed = folder.json(&["inspect", dir.join("build/model.tflite").to_str().unwrap()]);
    assert_eq!(mixed["inputs"][0]["dtype"], "int8");
    let budget = diagnosed["weights_bytes"].as_u64().unwrap() - 1;
    let fewer = folder.json(&["quantize", "wand", "--mixed", &format!("weights={budget}")]);
    assert!(fewer["weights_bytes"].as_u64().unwrap() <= budget, "{fewer}");
    folder.json(&["quantize", "wand"]);
    let eval = folder.json(&["eval", "wand"]);
    let names: Vec<_> = eval["results"].as_array().unwrap().iter().map(|r| r["name"].clone()).collect();
    assert_eq!(names, ["float", "int8 on the host"]);
    assert!(eval["results"][0]["accuracy"].is_f64() && eval["results"][0]["windows"].as_u64() > Some(0));

    let groups = folder.json(&["shrink", "wand", "--sensitivity"]);
    assert!(
        groups.as_array().is_some_and(|groups| groups.len() > 1 && groups[0]["channels"].as_u64() > Some(1))
    );
    let shrunk = folder.json(&["shrink", "wand", "--prune", "weights=0.5", "--epochs", "1", "--no-device"]);
    assert_eq!(shrunk["stages"][1]["name"], "weight_pruning");
    assert!((shrunk["stages"][1]["zeros"].as_f64().unwrap() - 0.5).abs() < 0.01, "{shrunk}");
    folder.json(&["inspect", dir.join("build/shrunk.tflite").to_str().unwrap()]);

    let model = dir.join("build/model.tflite");
    let model = model.to_str().unwrap();
    let inspection = folder.json(&["inspect", model]);
    assert_eq!(inspection["inputs"][0]["dtype"], "int8");
    let layers = inspection["layers"].as_array().unwrap();
    let macs: u64 = layers.iter().map(|layer| layer["macs"].as_u64().unwrap()).sum();
    assert_eq!(inspection["macs"], macs);
    assert!(inspection["boards"].as_array().unwrap().iter().any(|fit| fit["fits"] == true));
    let text = folder.smidgen(&["inspect", model]).stdout;
    assert!(text.contains("CONV_2D") && text.contains("arena"), "{text}");

    folder.write("in.bin", vec![7; 3 * 384]);
    let ran = folder.json(&["run", model, "--input", "in.bin", "--output", "out.bin", "--layers", "layers"]);
    assert_eq!(ran["n_inferences"], 3);
    let out = bytes(&folder.path("out.bin"));
    assert!(out.len() == 12 && out[..4] == out[4..8], "the same input three times");
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path("layers")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files.len(), layers.len());
    assert_eq!(files[0], "000_CONV_2D.bin");
    let last = format!("{:03}_SOFTMAX.bin", layers.len() - 1);
    assert_eq!(bytes(&folder.path("layers").join(last)), out[..4]);

    folder.write("calibration.bin", [0.25f32.to_le_bytes(); 2 * 384].concat());
    let float = "wand/build/float.tflite";
    folder.json(&["quantize", float, "--data", "calibration.bin", "-o", "raw.tflite"]);
    let flags =
        ["--calibration", "mse", "--equalize", "--bias-correction", "--adaptive-rounding", "--diagnose"];
    let other =
        folder.json(&[&["quantize", float, "--data", "wand", "-o", "other.tflite"][..], &flags].concat());
    let sqnr = other["layers"][0]["own_sqnr_db"].as_f64().unwrap();
    assert!(sqnr > 5.0 && other["layers"].as_array().unwrap().len() > 4, "{other}");
    let shown =
        folder.smidgen(&["quantize", float, "--data", "calibration.bin", "-o", "raw.tflite", "--diagnose"]);
    assert!(shown.stdout.contains("own SQNR") && shown.stdout.contains("CONV_2D"), "{}", shown.stdout);
    folder.json(&["quantize", float, "--data", "wand", "-o", "again.tflite"]);
    assert!(bytes(&folder.path("again.tflite")) == bytes(&dir.join("build/model.tflite")));
}

#[test]
fn generated_recordings_go_through_a_file() {
    let folder = Folder::new();
    let generated = folder.json(&["data", "generate", "-o", "set.jsonl", "--people", "2"]);
    let inspected = folder.json(&["data", "inspect", "set.jsonl"]);
    assert_eq!(inspected["recordings"], generated["recordings"]);
    assert!(inspected["provenance"]["generated"]["seed"].is_u64(), "still labelled: {inspected}");
}

#[test]
fn the_demonstration_is_the_same_every_time_and_host_and_device_agree() {
    let folder = Folder::new();
    if !can_emulate(&folder) {
        return;
    }
    let report = folder.json(&["demo", "--epochs", "1", "--out", "a", "--quiet"]);
    assert_eq!(report["agreement"]["n_differing"], 0);
    let n_windows = report["agreement"]["n_inferences"].as_u64().unwrap();
    assert!(n_windows > 100 && report["agreement"]["n_bytes"] == n_windows * 4);
    let names: Vec<_> = report["accuracy"].as_array().unwrap().iter().map(|a| a["name"].clone()).collect();
    assert_eq!(names, ["float on the host", "int8 on the host", "int8 on the device"]);
    assert_eq!(report["accuracy"][1]["confusion"], report["accuracy"][2]["confusion"]);
    profile_keeps_its_promises(&report["profile"]);
    let page = String::from_utf8(bytes(&folder.path("a/build/report.html"))).unwrap();
    assert!(page.contains("generated data") && page.contains("agree on all"));

    let again = folder.smidgen(&["demo", "--epochs", "1", "--out", "b"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stdout.contains("Host and device agree"), "{}", again.stdout);
    for file in ["checkpoint.bin", "model.tflite", "report.json", "report.html", "firmware/firmware.elf"] {
        let of = |out: &str| bytes(&folder.path(out).join("build").join(file));
        assert!(of("a") == of("b"), "{file} differs between two runs");
    }
    verbs_on_a_board(&folder, "a/build/model.tflite");
}

fn profile_keeps_its_promises(profile: &Value) {
    let sum = |object: &Value| -> u64 {
        let parts = object.as_object().unwrap().iter().filter(|(name, _)| *name != "total");
        parts.map(|(_, bytes)| bytes.as_u64().unwrap()).sum()
    };
    for part in ["flash_bytes", "ram_bytes"] {
        assert_eq!(profile[part]["total"], sum(&profile[part]), "{part}");
    }
    let total = profile["instructions"].as_u64().unwrap();
    let layers = profile["layers"].as_array().unwrap();
    let by_layer: u64 = layers.iter().map(|layer| layer["instructions"].as_u64().unwrap()).sum();
    assert!(by_layer.abs_diff(total) * 100 <= total, "layers {by_layer}, total {total}");
    assert!(profile["stack_seen_bytes"].as_u64() <= profile["ram_bytes"]["stack_bound"].as_u64());
    assert!(profile["cycles"].is_null() && profile["latency_us"].is_null());
}

fn verbs_on_a_board(folder: &Folder, model: &str) {
    folder.write("in.bin", (0..2 * 384u32).map(|at| (at * 37 % 251) as u8).collect::<Vec<_>>());
    folder.json(&["run", model, "--input", "in.bin", "--output", "host.bin", "--layers", "host"]);
    let on_board =
        ["run", model, "--input", "in.bin", "--output", "qemu.bin", "--layers", "qemu", "--on", "qemu"];
    assert!(folder.json(&on_board)["instructions"].as_u64() > Some(10_000));
    assert_eq!(bytes(&folder.path("host.bin")), bytes(&folder.path("qemu.bin")));
    for entry in std::fs::read_dir(folder.path("host")).unwrap() {
        let name = entry.unwrap().file_name();
        assert_eq!(
            bytes(&folder.path("host").join(&name)),
            bytes(&folder.path("qemu").join(&name)),
            "{name:?}"
        );
    }
    assert_eq!(folder.json(&["verify", model])["differing"], 0);
    let profile = folder.json(&["profile", model]);
    profile_keeps_its_promises(&profile);
    assert_eq!(folder.json(&["profile", model]), profile, "the same on every run");
    let build = folder.json(&["build", model, "-o", "fw"]);
    assert_eq!(build["flash_bytes"], profile["flash_bytes"]);
    assert!(build["instructions"].is_null() && folder.path("fw/firmware.elf").is_file());
    // Building again over earlier firmware is fine.
    assert_eq!(folder.json(&["build", model, "-o", "fw"]), build);
}
