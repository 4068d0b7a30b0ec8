//! Writes the small models of `testdata/operators` and their inputs: operators in the forms that the shared models do
//! not have. `scripts/make-goldens` runs it, then adds what LiteRT answers.
//!
//! ```text
//! cargo run --example operator_cases -- testdata/operators
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a case that cannot be made is a mistake in this file"
)]

mod activations;
mod binary;
mod layers;
mod movers;
mod net;
mod networks;
mod pools;
mod sequences;
mod signal;
mod uint8;
mod unary;
mod weighted;

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: operator_cases FOLDER")?;
    let mut names = Vec::new();
    let families = [
        layers::cases(),
        pools::cases(),
        activations::cases(),
        binary::cases(),
        networks::cases(),
        movers::cases(),
        sequences::cases(),
        signal::cases(),
        uint8::cases(),
        unary::cases(),
        weighted::cases(),
    ];
    for case in families.concat() {
        let (model, inputs) = case.files()?;
        let folder = Path::new(&folder).join(case.operator);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{}.tflite", case.name)), model)?;
        fs::write(folder.join(format!("{}.in.bin", case.name)), inputs)?;
        names.push((case.operator, case.name));
    }
    let n_cases = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n_cases, "two cases have one name");
    println!("{n_cases} cases");
    Ok(())
}
