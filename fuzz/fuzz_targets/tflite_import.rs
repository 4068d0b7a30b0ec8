//! Any bytes as a `.tflite` file: a graph or an error. What was read can be written, and reads back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smidgen_tflite::{read_with_warnings, write};

fuzz_target!(|bytes: &[u8]| {
    let Ok((graph, _)) = read_with_warnings(bytes) else { return };
    let Ok(written) = write(&graph) else { return };
    let (again, _) = read_with_warnings(&written).expect("what was written reads back");
    assert_eq!(write(&again).expect("what reads back can be written"), written, "writing is the same again");
});
