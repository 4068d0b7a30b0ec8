//! Reads every `.tflite` file below a folder and writes it again into another, for scripts/check-export:
//! `cargo run -p smidgen-tflite --example written_again -- from to`.

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
    let mut folders = vec![from.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "tflite") {
                let name = path.strip_prefix(&from).unwrap();
                match smidgen_tflite::read(&fs::read(&path).unwrap()) {
                    Err(error) => {
                        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                        println!("{}: not read: {first}", name.display());
                    }
                    Ok(graph) => {
                        let file = to.join(name);
                        fs::create_dir_all(file.parent().unwrap()).unwrap();
                        fs::write(file, smidgen_tflite::write(&graph).expect("a graph that was read"))
                            .unwrap();
                    }
                }
            }
        }
    }
}
