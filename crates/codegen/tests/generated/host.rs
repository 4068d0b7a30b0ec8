//! The generated model, compiled for the host without a warning, gives the interpreter's bytes in every layer.

use crate::networks::{float_network, generate, inputs, int8_network, options};
use smidgen_ir::{Graph, Interpreter, lower};
use std::fs;
use std::path::Path;
use std::process::Command;

const N_INFERENCES: usize = 3;

/// Runs the model as the firmware does, in an ordinary program.
const RUNNER: &str = r#"
use model::{Model, N_CALLS, N_INPUTS, N_OUTPUTS, OPERATORS, Trace};
use std::io::{Read, Write};

struct Layers<'a>(&'a mut std::fs::File);

impl Trace for Layers<'_> {
    fn after(&mut self, call: usize, results: &[&[u8]]) {
        assert!(call < N_CALLS && !OPERATORS[call].is_empty());
        results.iter().for_each(|result| self.0.write_all(result).unwrap());
    }
}

fn main() {
    let mut inputs = std::fs::File::open("inputs").unwrap();
    let mut outputs = std::fs::File::create("outputs").unwrap();
    let mut layers = std::fs::File::create("layers").unwrap();
    let mut model = Box::new(Model::new());
    assert_eq!(size_of::<Model>(), model::ARENA_BYTES);
    for at in 0..N_INFERENCES {
        for index in 0..N_INPUTS {
            inputs.read_exact(model.input_bytes_mut(index)).unwrap();
        }
        match at {
            0 => model.predict_with(&mut Layers(&mut layers)).unwrap(),
            _ => model.predict().unwrap(),
        }
        for index in 0..N_OUTPUTS {
            outputs.write_all(model.output_bytes(index)).unwrap();
        }
    }
    assert!(model.input_bytes_mut(N_INPUTS).is_empty() && model.output_bytes(N_OUTPUTS).is_empty());
}
"#;

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("in the folder")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

fn check(graph: &Graph) {
    let folder = tempfile::tempdir().expect("writable");
    let folder = folder.path();
    for (path, bytes) in generate(graph, &options("mps2-an386")).expect("generates") {
        if !path.starts_with("harness/") && !path.starts_with(".cargo/") {
            write(folder, &path, &bytes);
        }
    }
    write(
        folder,
        "Cargo.toml",
        b"[workspace]\nresolver = \"3\"\nmembers = [\"kernels\", \"model\", \"runner\"]\n",
    );
    let manifest = "[package]\nname = \"runner\"\nedition = \"2024\"\n[dependencies]\n\
                    model = { path = \"../model\", package = \"tested-model\" }\n";
    write(folder, "runner/Cargo.toml", manifest.as_bytes());
    let runner = format!("const N_INFERENCES: usize = {N_INFERENCES};\n{RUNNER}");
    write(folder, "runner/src/main.rs", runner.as_bytes());
    let inputs = inputs(graph, N_INFERENCES);
    write(folder, "inputs", &inputs);

    let done = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--package", "runner"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUSTFLAGS", "-Dwarnings")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .expect("cargo runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let mut interpreter = Interpreter::new(graph).expect("lowers");
    let mut inferences = inputs.chunks_exact(graph.input_bytes());
    let outputs: Vec<u8> =
        inferences.clone().flat_map(|inputs| interpreter.run(inputs).expect("runs")).collect();
    assert_eq!(fs::read(folder.join("outputs")).expect("written"), outputs);
    let program = lower(graph).expect("lowers");
    let mut layers = Vec::new();
    let mut keep = |node, results: &[&[u8]]| {
        if program.calls.iter().any(|call| call.node == node) {
            layers.extend(results.concat());
        }
    };
    interpreter.run_layers(inferences.next().expect("one"), &mut keep).expect("runs");
    assert!(!layers.is_empty());
    assert_eq!(fs::read(folder.join("layers")).expect("written"), layers);
}

#[test]
fn float_model_computes_what_the_interpreter_computes() {
    check(&float_network());
}

#[test]
fn int8_model_computes_what_the_interpreter_computes() {
    check(&int8_network());
}
