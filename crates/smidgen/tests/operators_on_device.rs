//! Every operator case of `testdata/operators` in emulated Cortex-M4 firmware, byte for byte what the host computes, which
//! the goldens hold to TFLM's reference kernels. Many cases share one firmware, side by side.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use smidgen::device;
use smidgen::events::Silent;
use smidgen::firmware::{Firmware, board};
use smidgen_ir::{Dialect, Graph, Interpreter};
use smidgen_testkit::union;

const BOARD: &str = "mps2-an386";

/// Cases in one firmware: the compiler's time grows faster than their number.
const CASES: usize = 60;

/// Inferences of each case, from the third on: the first two are all lowest and all highest.
const INFERENCES: std::ops::Range<usize> = 2..4;

struct Case {
    name: String,
    graph: Graph,
    inputs: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/operators");
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.collect()
    };
    let mut files: Vec<PathBuf> =
        entries(&folder).iter().filter(|path| path.is_dir()).flat_map(|path| entries(path)).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "tflite"));
    files.sort();
    let case = |path: &PathBuf| Case {
        name: path.strip_prefix(&folder).expect("inside").display().to_string(),
        graph: smidgen_tflite::read(&fs::read(path).expect("a model")).expect("a supported model"),
        inputs: fs::read(path.with_extension("in.bin")).expect("inputs"),
    };
    let mut cases: Vec<Case> = files.iter().map(case).collect();
    cases.sort_by_key(|case| case.graph.dialect != Dialect::default());
    cases
}

/// The outputs of one inference, as the host computes them.
fn on_host(case: &Case, inference: usize) -> Vec<u8> {
    let mut host = Interpreter::new(&case.graph).expect("a verified graph lowers");
    let size = case.graph.input_bytes();
    host.run(&case.inputs[inference * size..][..size]).expect("runs")
}

fn check(cases: &[Case]) {
    let graphs: Vec<Graph> = cases.iter().map(|case| case.graph.clone()).collect();
    let all = union(&graphs);
    all.verify().expect("valid side by side");
    let mut inputs = Vec::new();
    for inference in INFERENCES {
        for case in cases {
            let size = case.graph.input_bytes();
            inputs.extend(&case.inputs[inference * size..][..size]);
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    let firmware = Firmware::generate(&all, "operators.tflite", &board(BOARD).expect("a board"), dir.path());
    let firmware = firmware.expect("firmware");
    let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
    let outputs = device::run(&firmware, &elf, &inputs, false).expect("the firmware runs").outputs;
    let mut rest = outputs.as_slice();
    let mut differing = Vec::new();
    for inference in INFERENCES {
        for case in cases {
            let (ours, behind) = rest.split_at(case.graph.output_bytes());
            rest = behind;
            if ours != on_host(case, inference) {
                differing.push(format!("{} inference {inference}", case.name));
            }
        }
    }
    assert_eq!(differing, Vec::<String>::new());
}

#[test]
fn every_case_computes_on_the_device_what_it_computes_on_the_host() {
    if device::check_emulator(&smidgen_device::Host::from_env(), &board(BOARD).expect("a board")).is_err() {
        println!("skipped: operators on the device: no emulator");
        return;
    }
    let cases = cases();
    assert!(cases.len() > 80);
    // Two dialects are never mixed in one graph.
    for cases in cases.chunk_by(|a, b| a.graph.dialect == b.graph.dialect) {
        cases.chunks(CASES).for_each(check);
    }
}
