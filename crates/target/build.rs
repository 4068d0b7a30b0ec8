//! Rebuilds the crate when a board or target file is added: the embedding macro only sees the files that it found.

fn main() {
    println!("cargo::rerun-if-changed=../../boards");
    println!("cargo::rerun-if-changed=../../targets");
}
