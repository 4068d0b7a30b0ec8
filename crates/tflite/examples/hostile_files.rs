//! Writes the hostile files of `testdata/hostile`: `cargo run -p smidgen-tflite --example hostile_files -- testdata/hostile`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a tool for the developer stops where it cannot go on"
)]

#[path = "../tests/raw/mod.rs"]
mod raw;

use std::fs;
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder to write"));
    fs::create_dir_all(&folder).unwrap();
    for hostile in raw::hostile::all() {
        fs::write(folder.join(hostile.class).with_extension("tflite"), hostile.bytes).unwrap();
    }
}
