//! Runs a model several times in the interpreter and prints the CPU and wall seconds of one inference, for
//! `bench/host/run.sh`.
//!
//! ```text
//! cargo run --release --example host_speed -- model.tflite 20
//! ```

use std::error::Error;
use std::fs;
use std::time::Instant;

use smidgen_ir::Interpreter;
use smidgen_tflite::read;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: host_speed MODEL [INFERENCES]")?;
    let n_inferences: u32 = arguments.next().map_or(Ok(20), |n| n.parse())?;
    let graph = read(&fs::read(model)?)?;
    let mut interpreter = Interpreter::new(&graph)?;
    // Bytes of noise, as the goldens have them.
    let mut state = 1u32;
    let inputs: Vec<u8> = (0..graph.input_bytes())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    interpreter.run(&inputs)?;
    let (cpu, wall) = (cpu_seconds()?, Instant::now());
    for _ in 0..n_inferences {
        interpreter.run(&inputs)?;
    }
    let n = f64::from(n_inferences);
    println!("{} {}", (cpu_seconds()? - cpu) / n, wall.elapsed().as_secs_f64() / n);
    Ok(())
}

/// CPU time of the only thread (Linux).
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = nanoseconds.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
