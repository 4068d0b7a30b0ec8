//! Any bytes as an `.onnx` file: a graph that runs, or an error. What is written of it reads back.

#![no_main]

use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target, fuzzer_mutate};
use smidgen_onnx::{read, write};

fuzz_target!(|bytes: &[u8]| {
    let Ok(graph) = read(bytes) else { return };
    smidgen_fuzz::run(&graph, bytes);
    if let Ok(written) = write(&graph) {
        read(&written).expect("what was written reads back");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Some changes do without the structure.
    if seed % 8 == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    smidgen_fuzz::onnx::mutate(data, size, max_size, seed, &mut fuzzer_mutate)
});

fuzz_crossover!(|one: &[u8], other: &[u8], out: &mut [u8], seed: u32| {
    smidgen_fuzz::onnx::cross_over(one, other, out, seed)
});
