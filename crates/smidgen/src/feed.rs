//! Windows into the bytes of a model's input, and its scores into a class.

use smidgen_compress::quantize;
use smidgen_data::Dataset;
use smidgen_ir::Graph;

use crate::{Error, Result};

/// The windows of `set` as raw inputs of `graph`, concatenated, in the input's own type.
///
/// # Errors
/// A model whose inputs do not hold a window, or are neither float32 nor quantised int8.
pub fn inputs(graph: &Graph, set: &Dataset) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(set.samples.len() * graph.input_bytes());
    let mut window = vec![0.0; set.sample_len()];
    for at in 0..set.len() {
        set.read(at, &mut window).map_err(|error| crate::dataset::data_error(&error))?;
        let input = quantize::quantize_input(graph, &window).map_err(|error| {
            Error::input(format!("a window of shape {:?} cannot be fed to the model: {error}", set.shape))
                .help("use a model that was trained on such windows")
        })?;
        bytes.extend(input);
    }
    Ok(bytes)
}

/// The class that scores name: the position of the largest one, the first of equals.
pub fn largest(values: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (at, &value) in values.iter().enumerate() {
        if value > best.1 {
            best = (at, value);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_largest_wins_and_nan_never() {
        assert_eq!(largest(&[1.0, 3.0, 3.0, f32::NAN]), 1);
        assert_eq!(largest(&[]), 0);
    }
}
