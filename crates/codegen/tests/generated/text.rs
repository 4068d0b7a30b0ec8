//! What the generated text looks like, and what it depends on.
//!
//! `SMIDGEN_UPDATE=1` rewrites the fixtures; read the difference before you commit it.

use crate::networks::{float_network, generate, int8_network, options, small_network};
use smidgen_codegen::{CodegenError, OptLevel, firmware};
use smidgen_ir::{TensorIdx, lower};
use std::path::Path;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn a_small_model_reads_like_this() {
    let files = generate(&small_network(), &options("mps2-an386")).expect("generates");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small");
    for path in
        ["Cargo.toml", "README.md", "model/src/lib.rs", "model/src/kernels.rs", "model/src/weights.rs"]
    {
        let fixture = fixtures.join(path.replace('/', "_"));
        if std::env::var_os("SMIDGEN_UPDATE").is_some() {
            std::fs::create_dir_all(&fixtures).expect("writable");
            std::fs::write(&fixture, &files[path]).expect("writable");
        }
        let expected = std::fs::read_to_string(&fixture).unwrap_or_default();
        assert_eq!(text(&files[path]), expected, "{path} differs from {}", fixture.display());
    }
    assert_eq!(files["model/weights/002_fully_connected_0_weights.bin"], [1, 254, 3, 252, 5, 250, 7, 248]);
}

#[test]
fn same_arguments_same_bytes() {
    for graph in [float_network(), int8_network()] {
        let once = generate(&graph, &options("nucleo-l4r5zi")).expect("generates");
        assert_eq!(once, generate(&graph, &options("nucleo-l4r5zi")).expect("generates"));
    }
}

#[test]
fn every_board_gets_its_own_memories_start_up_and_clock() {
    for board in smidgen_target::boards().expect("boards are valid") {
        let files = generate(&small_network(), &options(&board.name)).expect("generates");
        let link = text(&files["harness/link.x"]);
        let flash = format!("ORIGIN = {:#010x}, LENGTH = {}", board.flash.origin, board.flash.bytes);
        let ram = format!("ORIGIN = {:#010x}, LENGTH = {}", board.ram.origin, board.ram.bytes);
        assert!(link.contains(&flash) && link.contains(&ram), "{}: {link}", board.name);
        let start = text(&files["harness/src/start.rs"]);
        assert_eq!(start.contains("0xe000ed88"), board.core.fpu, "{}: FPU", board.name);
        let clock = text(&files["harness/src/clock.rs"]);
        let n_nops = clock.matches("nop;").count() + clock.matches("nop\"").count();
        match board.qemu.map(|qemu| qemu.nanoseconds_per_tick()) {
            // Five stand before the loop; the loop has six other instructions and is one longer than a tick.
            Some(tick) => assert_eq!(n_nops as u32, 5 + tick + 1 - 6, "{}", board.name),
            None => assert!(!clock.contains("asm!"), "{}", board.name),
        }
        let config = text(&files[".cargo/config.toml"]);
        assert!(config.contains(&board.core.triple) && config.contains(&board.core.llvm_cpu));
    }
}

#[test]
fn size_or_speed() {
    let mut options = options("mps2-an386");
    let manifest = |options: &_| {
        let files = generate(&small_network(), options).expect("generates");
        text(&files["Cargo.toml"]).to_owned()
    };
    assert!(manifest(&options).contains("opt-level = \"s\"\n"));
    options.opt_level = OptLevel::Speed;
    assert!(manifest(&options).contains("opt-level = 3\n"));
}

#[test]
fn a_name_that_no_package_can_have_is_refused_with_a_proposal() {
    let mut options = options("mps2-an386");
    options.crate_name = "../Bad \"name\"".to_owned();
    let error = generate(&small_network(), &options).expect_err("refused");
    assert!(matches!(&error, CodegenError::CrateName { proposal, .. } if proposal == "bad-name"), "{error}");
}

#[test]
fn a_plan_of_another_graph_is_refused() {
    let graph = small_network();
    let program = lower(&graph).expect("lowers");
    let mut plan = smidgen_plan::plan(&graph, &program).expect("plans");
    plan.buffers.retain(|buffer| buffer.tensor != Some(graph.outputs[0]));
    let error = firmware(&graph, &program, &plan, &options("mps2-an386")).expect_err("refused");
    assert!(matches!(error, CodegenError::NotPlanned { tensor: TensorIdx(2), .. }), "{error}");
}

#[test]
fn constants_go_to_the_section_that_is_asked_for() {
    let mut options = options("mps2-an386");
    options.weights_section = Some(".ext_flash".to_owned());
    let files = generate(&int8_network(), &options).expect("generates");
    let text = |path: &str| String::from_utf8_lossy(&files[path]).into_owned();
    let weights = text("model/src/weights.rs");
    let n_weights = weights.matches("pub(crate) static").count();
    assert!(n_weights > 0);
    assert_eq!(weights.matches("#[unsafe(link_section = \".ext_flash\")]").count(), n_weights);
    assert!(text("harness/link.x").contains(".ext_flash : ALIGN(16)"));
    options.weights_section = Some("a\"b".to_owned());
    let error = generate(&int8_network(), &options).expect_err("no such section").to_string();
    assert!(error.contains("cannot be the name of a section"), "{error}");
}
