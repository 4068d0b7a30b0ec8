//! Writes the text form of every `.tflite` file in one folder into another, as seeds of the fuzzer:
//! `cargo run -p smidgen-tflite --example text_forms -- from to`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a tool for the developer stops where it cannot go on"
)]

use std::fs;
use std::path::PathBuf;

fn main() {
    let [from, to] =
        [1, 2].map(|at| PathBuf::from(std::env::args().nth(at).expect("the folders from and to")));
    for file in fs::read_dir(from).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|kind| kind == "tflite") {
            let graph = smidgen_tflite::read(&fs::read(&file).unwrap()).expect("a model that can be read");
            let name = file.file_stem().expect("a name");
            fs::write(to.join(name).with_extension("txt"), smidgen_ir::text::print(&graph)).unwrap();
        }
    }
}
