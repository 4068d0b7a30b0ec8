//! The generated model, compiled for the host without a warning, gives the interpreter's bytes in every layer.

use crate::networks::{
    branches_network, float_network, generate, generate_program, inputs, int8_network, options, rows_network,
    sparse_network,
};
use smidgen_ir::adds::without_adds;
use smidgen_ir::copies::without_copies;
use smidgen_ir::{Graph, Interpreter, Program, Storage, lower, stored};
use std::fs;
use std::path::Path;
use std::process::Command;

const N_INFERENCES: usize = 3;

/// Runs the model as the firmware does, in an ordinary program.
const RUNNER: &str = r#"
use model::{Arena, Model, N_CALLS, N_INPUTS, N_OUTPUTS, OPERATORS, Trace, Unfit};
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
    let mut memory = Arena::<{ model::ARENA_BYTES + 16 }>::new();
    assert_eq!(size_of::<Model>(), model::ARENA_BYTES);
    for at in 0..N_INFERENCES {
        let mut given = vec![Vec::new(); N_INPUTS];
        for index in 0..N_INPUTS {
            inputs.read_exact(model.input_bytes_mut(index)).unwrap();
            given[index] = model.input_bytes_mut(index).to_vec();
        }
        match at {
            0 => model.predict_with(&mut Layers(&mut layers)).unwrap(),
            _ => model.predict().unwrap(),
        }
        for index in 0..N_OUTPUTS {
            outputs.write_all(model.output_bytes(index)).unwrap();
        }
        // The same in memory that is lent for each inference, and was used for something else before.
        memory.bytes_mut().fill(at as u8);
        let mut lent = Model::in_memory(memory.bytes_mut()).unwrap();
        for index in 0..N_INPUTS {
            lent.input_bytes_mut(index).copy_from_slice(&given[index]);
        }
        lent.predict().unwrap();
        (0..N_OUTPUTS).for_each(|index| assert_eq!(lent.output_bytes(index), model.output_bytes(index)));
    }
    let small = &mut memory.bytes_mut()[..model::ARENA_BYTES - 1];
    assert_eq!(
        Model::in_memory(small).unwrap_err(),
        Unfit::Small { needed: model::ARENA_BYTES, found: model::ARENA_BYTES - 1 }
    );
    assert_eq!(Model::in_memory(&mut memory.bytes_mut()[4..]).unwrap_err(), Unfit::Misaligned);
    assert!(model.input_bytes_mut(N_INPUTS).is_empty() && model.output_bytes(N_OUTPUTS).is_empty());
}
"#;

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("in the folder")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

/// Compiles and runs the package `runner` in the workspace.
fn run(folder: &Path) {
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
}

fn check(graph: &Graph, program: Program) {
    check_outputs(graph, &program, |folder, interpreter, inputs| {
        let mut layers = Vec::new();
        let mut keep = |node, results: &[&[u8]]| {
            if program.calls.iter().any(|call| call.node == node) {
                layers.extend(results.concat());
            }
        };
        interpreter.run_layers(inputs, &mut keep).expect("runs");
        assert!(!layers.is_empty());
        assert_eq!(fs::read(folder.join("layers")).expect("written"), layers);
    });
}

/// Compares the outputs, and then what `check` finds in the folder.
fn check_outputs(graph: &Graph, program: &Program, check: impl FnOnce(&Path, &mut Interpreter, &[u8])) {
    let folder = tempfile::tempdir().expect("writable");
    let folder = folder.path();
    for (path, bytes) in generate_program(graph, program, &options("mps2-an386")).expect("generates") {
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

    run(folder);

    let mut interpreter = Interpreter::new(graph).expect("lowers");
    let mut inferences = inputs.chunks_exact(graph.input_bytes());
    let outputs: Vec<u8> =
        inferences.clone().flat_map(|inputs| interpreter.run(inputs).expect("runs")).collect();
    assert_eq!(fs::read(folder.join("outputs")).expect("written"), outputs);
    check(folder, &mut interpreter, inferences.next().expect("one"));
}

#[test]
fn float_model_computes_what_the_interpreter_computes() {
    check(&float_network(), lower(&float_network()).expect("lowers"));
}

#[test]
fn int8_model_computes_what_the_interpreter_computes() {
    check(&int8_network(), lower(&int8_network()).expect("lowers"));
}

#[test]
fn filters_as_code_compute_what_the_interpreter_computes() {
    let program = lower(&sparse_network()).expect("lowers");
    check(&sparse_network(), stored(program, Storage::Fastest));
}

#[test]
fn parts_of_tensors_compute_what_the_interpreter_computes() {
    let graph = rows_network();
    let program = lower(&graph).expect("lowers");
    let without = without_copies(&graph, program.clone());
    assert_eq!(program.calls.len() - without.calls.len(), 4);
    check(&graph, without);
}

#[test]
fn channels_of_tensors_and_sums_compute_what_the_interpreter_computes() {
    let graph = branches_network();
    let program = without_copies(&graph, lower(&graph).expect("lowers"));
    let program = without_adds(&graph, program);
    let kernels: Vec<&str> = program.calls.iter().map(|call| call.kernel.path()).collect();
    let stepped = "conv_2d::Int8Stepped";
    assert_eq!(kernels, [stepped, stepped, stepped, stepped, "add::Int8"]);
    check_outputs(&graph, &program, |_, _, _| ());
    // Without the former, the latter.
    let program = without_adds(&graph, lower(&graph).expect("lowers"));
    assert_eq!(program.calls.last().map(|call| call.kernel.path()), Some("conv_2d::Int8Added"));
    check_outputs(&graph, &program, |_, _, _| ());
}

/// Two models with the kernels of the first, over the same memory in turn.
const TWO: &str = r#"
use std::io::{Read, Write};
static mut MEMORY: one::Arena<{ if one::ARENA_BYTES > other::ARENA_BYTES { one::ARENA_BYTES } else { other::ARENA_BYTES } }> =
    one::Arena::new();

fn main() {
    let mut inputs = std::fs::File::open("inputs").unwrap();
    let mut outputs = std::fs::File::create("outputs").unwrap();
    #[allow(static_mut_refs)]
    let memory = unsafe { MEMORY.bytes_mut() };
    for _ in 0..2 {
        let mut model = one::Model::in_memory(memory).unwrap();
        (0..one::N_INPUTS).for_each(|at| inputs.read_exact(model.input_bytes_mut(at)).unwrap());
        model.predict().unwrap();
        (0..one::N_OUTPUTS).for_each(|at| outputs.write_all(model.output_bytes(at)).unwrap());
        let mut model = other::Model::in_memory(memory).unwrap();
        (0..other::N_INPUTS).for_each(|at| inputs.read_exact(model.input_bytes_mut(at)).unwrap());
        model.predict().unwrap();
        (0..other::N_OUTPUTS).for_each(|at| outputs.write_all(model.output_bytes(at)).unwrap());
    }
}
"#;

#[test]
fn two_models_in_one_program_share_kernels_and_memory() {
    let folder = tempfile::tempdir().expect("writable");
    let folder = folder.path();
    let graphs = [int8_network(), float_network()];
    for (graph, name) in graphs.iter().zip(["one", "other"]) {
        let mut options = options("mps2-an386");
        options.crate_name = name.to_owned();
        options.kernels = (name == "other").then(|| "../../one/kernels".to_owned());
        let files = generate(graph, &options).expect("generates");
        assert_eq!(files.contains_key("kernels/src/lib.rs"), name == "one");
        for (path, bytes) in files.iter().filter(|(path, _)| path.contains('/') && !path.starts_with('.')) {
            write(folder, &format!("{name}/{path}"), bytes);
        }
    }
    write(
        folder,
        "Cargo.toml",
        b"[workspace]\nresolver = \"3\"\nmembers = [\"one/kernels\", \"one/model\", \"other/model\", \"runner\"]\n",
    );
    let manifest = "[package]\nname = \"runner\"\nedition = \"2024\"\n[dependencies]\n\
                    one = { path = \"../one/model\" }\nother = { path = \"../other/model\" }\n";
    write(folder, "runner/Cargo.toml", manifest.as_bytes());
    write(folder, "runner/src/main.rs", TWO.as_bytes());
    let given = [inputs(&graphs[0], 2), inputs(&graphs[1], 2)];
    let mut interpreters = [0, 1].map(|at| Interpreter::new(&graphs[at]).expect("lowers"));
    let (mut all, mut expected) = (Vec::new(), Vec::new());
    for inference in 0..2 {
        for at in 0..2 {
            let n = graphs[at].input_bytes();
            let own = &given[at][inference * n..(inference + 1) * n];
            all.extend_from_slice(own);
            expected.extend(interpreters[at].run(own).expect("runs"));
        }
    }
    write(folder, "inputs", &all);
    run(folder);
    assert_eq!(fs::read(folder.join("outputs")).expect("written"), expected);
}
