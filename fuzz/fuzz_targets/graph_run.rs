//! Graphs, as `.tflite` bytes or in the text form, lowered and run: what the verifier lets through cannot panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let graph = match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with("graph ") => smidgen_ir::text::parse(text).ok(),
        _ => smidgen_tflite::read(bytes).ok(),
    };
    if let Some(graph) = graph {
        smidgen_fuzz::run(&graph, bytes);
    }
});
