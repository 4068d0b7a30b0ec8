//! Between real values and the bytes of a model's inputs and outputs.

use crate::CompressError;
use smidgen_ir::{DType, Graph, Quant, Tensor};
pub use smidgen_kernels::ops::dequantize::dequantize_value;
pub use smidgen_kernels::ops::quantize::{quantize_value, quantize_value_16};

/// One inference's inputs as the graph takes them: `values` are all inputs concatenated, in real units; the result is
/// little endian, in each input's own element type.
///
/// # Errors
/// [`CompressError::Data`] on a wrong number of values or one that is NaN; [`CompressError::Place`] on an input that
/// is neither float32 nor int8 or int16 with one scale.
pub fn quantize_input(graph: &Graph, values: &[f32]) -> Result<Vec<u8>, CompressError> {
    let expected: usize = graph.inputs.iter().filter_map(|&idx| graph.get(idx)).map(Tensor::n_elements).sum();
    if values.len() != expected {
        let message = format!("the inputs of one inference are {expected} values, found {}", values.len());
        return Err(CompressError::Data(message));
    }
    if let Some(at) = values.iter().position(|value| value.is_nan()) {
        return Err(CompressError::Data(format!("input value {at} is NaN; expected a number")));
    }
    let mut bytes = Vec::with_capacity(graph.input_bytes());
    let mut rest = values.iter();
    for tensor in graph.inputs.iter().filter_map(|&idx| graph.get(idx)) {
        let values = rest.by_ref().take(tensor.n_elements());
        match tensor.dtype {
            DType::F32 => bytes.extend(values.flat_map(|value| value.to_le_bytes())),
            DType::I8 => {
                let (scale, zero_point) = per_tensor(tensor)?;
                bytes.extend(values.map(|&value| quantize_value(value, scale, zero_point).cast_unsigned()));
            }
            DType::I16 => {
                let (scale, _) = per_tensor(tensor)?;
                bytes.extend(values.flat_map(|&value| quantize_value_16(value, scale).to_le_bytes()));
            }
            _ => return Err(not_real(tensor)),
        }
    }
    Ok(bytes)
}

/// One inference's outputs in real units: `bytes` are all outputs concatenated, as the graph gives them.
///
/// # Errors
/// [`CompressError::Data`] on a wrong number of bytes; [`CompressError::Place`] on an output that is neither
/// float32 nor int8 or int16 with one scale.
pub fn dequantize_output(graph: &Graph, bytes: &[u8]) -> Result<Vec<f32>, CompressError> {
    let expected = graph.output_bytes();
    if bytes.len() != expected {
        let message = format!("the outputs of one inference are {expected} bytes, found {}", bytes.len());
        return Err(CompressError::Data(message));
    }
    let mut values = Vec::new();
    let mut rest = bytes;
    for tensor in graph.outputs.iter().filter_map(|&idx| graph.get(idx)) {
        let (bytes, tail) = rest.split_at_checked(tensor.n_bytes()).unwrap_or((rest, &[]));
        rest = tail;
        values.extend(dequantize(tensor, bytes)?);
    }
    Ok(values)
}

/// The bytes of a tensor in real units.
///
/// # Errors
/// [`CompressError::Place`] on a tensor that is neither float32 nor int8 or int16 with one scale.
pub(crate) fn dequantize(tensor: &Tensor, bytes: &[u8]) -> Result<Vec<f32>, CompressError> {
    match tensor.dtype {
        DType::F32 => Ok(floats(bytes).collect()),
        DType::I8 => {
            let (scale, zero_point) = per_tensor(tensor)?;
            let steps = bytes.iter().map(|byte| byte.cast_signed());
            Ok(steps.map(|step| dequantize_value(step, scale, zero_point)).collect())
        }
        DType::I16 => {
            let (scale, zero_point) = per_tensor(tensor)?;
            let steps = bytes.as_chunks::<2>().0.iter().map(|word| i32::from(i16::from_le_bytes(*word)));
            Ok(steps.map(|step| (step - zero_point) as f32 * scale).collect())
        }
        _ => Err(not_real(tensor)),
    }
}

/// Little-endian float32 elements.
pub(crate) fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

/// Scale and zero point of an int8 tensor that has one of each.
pub(crate) fn per_tensor(tensor: &Tensor) -> Result<(f32, i32), CompressError> {
    let one = |quant: &Quant| match (quant.scales.as_slice(), quant.zero_points.as_slice()) {
        (&[scale], &[zero_point]) => Some((scale, zero_point)),
        _ => None,
    };
    tensor.quant.as_ref().and_then(one).ok_or_else(|| CompressError::Place {
        place: format!("tensor \"{}\"", tensor.name),
        message: "it must have one scale and zero point to stand for real values".into(),
    })
}

fn not_real(tensor: &Tensor) -> CompressError {
    CompressError::Place {
        place: format!("tensor \"{}\"", tensor.name),
        message: format!(
            "it is {}; expected float32, int8 or int16, which stand for real values",
            tensor.dtype.name()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_ir::TensorIdx;

    /// Two inputs, int8 `[2]` and float32 `[1]`, which are the outputs as well.
    fn graph() -> Graph {
        let mut graph = Graph::default();
        let quantised = Tensor::activation("a", DType::I8, vec![2]);
        graph.add_tensor(Tensor { quant: Some(Quant::per_tensor(0.5, -3)), ..quantised });
        graph.add_tensor(Tensor::activation("b", DType::F32, vec![1]));
        graph.inputs = vec![TensorIdx(0), TensorIdx(1)];
        graph.outputs = graph.inputs.clone();
        graph
    }

    #[test]
    fn halves_round_away_and_values_saturate() {
        let steps = [0.25, -0.25, 0.74, 0.0, 1e9, -1e9, f32::INFINITY].map(|v| quantize_value(v, 0.5, -3));
        assert_eq!(steps, [-2, -4, -2, -3, 127, -128, 127]);
        assert_eq!(dequantize_value(-2, 0.5, -3), 0.5);
    }

    #[test]
    fn every_step_round_trips() {
        for step in i8::MIN..=i8::MAX {
            for (scale, zero_point) in [(0.1, 0), (1e-8, -128), (3.7, 127)] {
                assert_eq!(
                    quantize_value(dequantize_value(step, scale, zero_point), scale, zero_point),
                    step
                );
            }
        }
    }

    #[test]
    fn inputs_and_outputs_keep_their_own_types() {
        let bytes = quantize_input(&graph(), &[0.5, -1.0, 7.25]).unwrap();
        assert_eq!(bytes[..2], [254, 251]);
        assert_eq!(bytes[2..], 7.25f32.to_le_bytes());
        assert_eq!(dequantize_output(&graph(), &bytes).unwrap(), [0.5, -1.0, 7.25]);
    }

    #[test]
    fn wrong_lengths_types_and_nan_are_refused() {
        let text = quantize_input(&graph(), &[0.0; 2]).unwrap_err().to_string();
        assert!(text.contains("3 values, found 2"), "{text}");
        let text = quantize_input(&graph(), &[0.0, f32::NAN, 0.0]).unwrap_err().to_string();
        assert!(text.contains("input value 1 is NaN"), "{text}");
        let text = dequantize_output(&graph(), &[0; 5]).unwrap_err().to_string();
        assert!(text.contains("6 bytes, found 5"), "{text}");
        let mut bare = graph();
        bare.tensor_mut(TensorIdx(0)).quant = None;
        assert!(quantize_input(&bare, &[0.0; 3]).unwrap_err().to_string().contains("tensor \"a\""));
        let mut counts = graph();
        counts.tensor_mut(TensorIdx(1)).dtype = DType::I32;
        assert!(dequantize_output(&counts, &[0; 6]).unwrap_err().to_string().contains("int32"));
    }
}
