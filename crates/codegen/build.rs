//! Rebuilds the crate when a kernel file is added: the embedding macro only sees the files that it found.

fn main() {
    println!("cargo::rerun-if-changed=../kernels/src");
    println!("cargo::rerun-if-changed=../features/src");
}
