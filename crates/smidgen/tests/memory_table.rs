//! `docs/memory.md`: what the shared models need on a board. `SMIDGEN_UPDATE=1` measures and writes it again; without that the
//! planner's columns are held to it for all models, and what is measured for a few.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use smidgen::device;
use smidgen::events::Silent;
use smidgen::firmware::{Firmware, board};
use smidgen_ir::{Graph, lower};
use smidgen_testkit::shared_or_skip;

const HEAD: &str = "\
# Memory

Made by `SMIDGEN_UPDATE=1 cargo test -p smidgen --test memory_table`; a test keeps it true.

The **arena** holds all activations and all scratch memory of the kernels. A result lies over the operand that its kernel uses
up while it writes: a convolution or a pool a row and a pixel behind, a sum or a function of each element in place. The **bound** is what no plan for this
order of operators can be smaller than: what the greediest one needs at once. The largest tensor is there for comparison: the
arena of a chain can hardly be smaller. **TFLM** is what TensorFlow Lite Micro needs with its interpreter, where it was
measured. The **stack** is the bound read off the machine code, and what a painted stack showed in the emulator. Bytes, Cortex-M4.

| model | arena | bound | gap | largest tensor | TFLM | stack bound | stack seen | flash |
|---|---|---|---|---|---|---|---|---|
";

/// Models that are built and run by the test too.
const MEASURED: [&str; 4] = ["kws_ref_model_int8", "pretrainedResnet_int8", "ad01_int8", "hello_world_int8"];

/// Kilobytes that TensorFlow Lite Micro needs, with CMSIS-NN and without stack.
const TFLM: [(&str, &str); 4] = [
    ("kws_ref_model_int8", "23.4 kB"),
    ("pretrainedResnet_int8", "55.6 kB"),
    ("ad01_int8", "2.9 kB"),
    ("person_detect_int8", "82.8 kB"),
];

#[test]
fn the_table_is_true() {
    let Some(shared) = shared_or_skip("docs/memory.md") else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/memory.md");
    let updates = std::env::var_os("SMIDGEN_UPDATE").is_some();
    let known = fs::read_to_string(&path).unwrap_or_default();
    let mut text = HEAD.to_owned();
    for model in models(&shared.join("models")) {
        let name = model.file_stem().expect("a name").to_string_lossy().into_owned();
        let graph = match smidgen_tflite::read(&fs::read(&model).expect("a model")) {
            Ok(graph) => graph,
            // Refused on purpose.
            Err(error) if error.to_string().contains("dynamic-range") => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        let planned = planned(&name, &graph);
        let mut rows = known.lines().skip_while(|line| !line.starts_with("|---"));
        let row = rows.find(|line| line.starts_with(&format!("| {name} |"))).unwrap_or_default();
        if updates {
            text.push_str(&format!("{planned}{}\n", measured(&name, &graph)));
            continue;
        }
        assert!(
            row.starts_with(&planned),
            "docs/memory.md: {row:?}, now {planned}; SMIDGEN_UPDATE=1 writes it again"
        );
        if MEASURED.contains(&name.as_str()) {
            // Compilers differ a little.
            let flash = |row: &str| {
                let cell = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
                cell.trim().replace(',', "").parse::<i64>().expect("bytes of flash")
            };
            let (was, is) = (flash(row), flash(&measured(&name, &graph)));
            assert!((was - is).abs() * 20 < was, "{name}: {was} bytes of flash in docs/memory.md, now {is}");
        }
    }
    if updates {
        fs::write(&path, text).expect("the table");
    }
}

fn models(folder: &Path) -> Vec<PathBuf> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    };
    let folders = list(folder).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| list(&folder));
    files.filter(|path| path.extension().is_some_and(|kind| kind == "tflite")).collect()
}

/// The columns that the planner tells, the same every time.
fn planned(name: &str, graph: &Graph) -> String {
    let program = smidgen_ir::stored(lower(graph).expect("lowers"), smidgen_ir::Storage::Auto);
    let plan = smidgen_plan::plan(graph, &program).expect("a plan");
    assert_eq!(smidgen_plan::plan(graph, &program).expect("a plan"), plan, "{name}");
    assert_eq!(smidgen_plan::check(graph, &program, &plan), Ok(()), "{name}");
    let (arena, bound) = (plan.arena_bytes, plan.lower_bound_bytes);
    let gap = 100.0 * (arena - bound) as f64 / bound.max(1) as f64;
    let largest = plan.buffers.iter().map(|buffer| buffer.bytes).max().unwrap_or(0);
    let tflm = TFLM.iter().find(|(model, _)| *model == name).map_or("", |(_, bytes)| bytes);
    format!(
        "| {name} | {} | {} | {gap:.1} % | {} | {tflm} |",
        grouped(arena),
        grouped(bound),
        grouped(largest)
    )
}

/// The columns that the ELF and the emulator tell.
fn measured(name: &str, graph: &Graph) -> String {
    let board = board("mps2-an386").expect("a known board");
    let dir = tempfile::tempdir().expect("a folder");
    let Ok(firmware) = Firmware::generate(graph, name, &board, dir.path()) else {
        // Larger than the emulated board.
        return " | | |".into();
    };
    let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
    let profile = firmware.measure(&elf).expect("a measured ELF");
    let run = device::run(&firmware, &elf, &vec![1; graph.input_bytes()], false).expect("the firmware runs");
    let (bound, seen) = (profile.ram_bytes.stack_bound, run.stack_used_bytes);
    assert!(seen <= bound && 2 * bound <= 3 * seen, "{name}: stack bound {bound}, seen {seen}");
    assert_eq!(
        profile.ram_bytes.arena as usize / 64,
        firmware.plan.arena_bytes / 64,
        "{name}: arena in the ELF"
    );
    let cells = [bound, seen, profile.flash_bytes.total].map(|bytes| grouped(bytes as usize));
    format!(" {} |", cells.join(" | "))
}

/// `12,345`
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
