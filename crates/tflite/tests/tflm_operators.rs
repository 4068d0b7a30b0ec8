//! Single operators with int16 activations against goldens of TFLM's own integration tests, exactly.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod shared_models;

use std::fs;
use std::path::Path;

use smidgen_ir::{DType, Interpreter};
use smidgen_testkit::shared_or_skip;
use smidgen_tflite::{read, write};

/// The numbers of a file, as elements of the type that its name ends in.
fn numbers(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    let numbers = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|number| !number.is_empty());
    let numbers = numbers.map(|number| number.parse::<i64>().unwrap());
    match path.file_stem().unwrap().to_str().unwrap().rsplit('_').next() {
        Some("int16") => numbers.flat_map(|number| i16::try_from(number).unwrap().to_le_bytes()).collect(),
        Some("int32") => numbers.flat_map(|number| i32::try_from(number).unwrap().to_le_bytes()).collect(),
        other => panic!("{}: unknown type {other:?}", path.display()),
    }
}

#[test]
fn every_case_equals_its_golden() {
    let Some(shared) = shared_or_skip("goldens of TFLM's operators") else { return };
    let mut failures = Vec::new();
    let models = shared_models::tflite_files(&shared.join("golden/tflm_operators"));
    assert_eq!(models.len(), 66);
    for path in &models {
        if let Err(error) = check(path) {
            failures.push(format!("{}: {error}", path.file_name().unwrap().display()));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

fn check(path: &Path) -> Result<(), String> {
    let graph = read(&fs::read(path).unwrap()).map_err(|error| error.to_string())?;
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let file = |kind: &str, dtype: DType| path.with_file_name(format!("{stem}_{kind}_{}.csv", dtype.name()));
    let inputs = graph.inputs.iter().enumerate();
    let inputs = inputs.map(|(at, &idx)| numbers(&file(&format!("input{at}"), graph.tensor(idx).dtype)));
    let inputs: Vec<u8> = inputs.flatten().collect();
    let golden = numbers(&file("golden", graph.tensor(graph.outputs[0]).dtype));
    let run = |graph| -> Result<Vec<u8>, String> {
        let mut interpreter = Interpreter::new(graph).map_err(|error| error.to_string())?;
        interpreter.run(&inputs).map_err(|error| error.to_string())
    };
    let ours = run(&graph)?;
    if ours != golden {
        let differing = ours.iter().zip(&golden).filter(|(a, b)| a != b).count();
        return Err(format!("{} bytes against {}, {differing} differ", ours.len(), golden.len()));
    }
    let again =
        read(&write(&graph).map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    if run(&again)? == ours { Ok(()) } else { Err("what was written computes something else".into()) }
}
