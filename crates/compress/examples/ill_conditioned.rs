//! Makes a float model hard to quantise without changing what it computes: between two layers, channels get sizes up to a factor
//! apart, which the second layer takes back. `ill_conditioned FROM.tflite TO.tflite [FACTOR]`

use std::error::Error;

use smidgen_compress::cross_layer_equalization::disturb;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (from, to, factor) = match arguments.as_slice() {
        [from, to] => (from, to, 30.0),
        [from, to, factor] => (from, to, factor.parse()?),
        _ => return Err("usage: ill_conditioned FROM.tflite TO.tflite [FACTOR]".into()),
    };
    let mut random = 1u32;
    let mut draw = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::powf(factor, 1.0 - (random >> 8) as f32 / (1 << 23) as f32)
    };
    let (graph, n_pairs) = disturb(&smidgen_tflite::read(&std::fs::read(from)?)?, &mut draw)?;
    std::fs::write(to, smidgen_tflite::write(&graph)?)?;
    println!("{n_pairs} pairs of layers, channels up to {factor} times larger or smaller");
    Ok(())
}
