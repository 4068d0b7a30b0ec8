//! Every intermediate tensor of an inference, on the host and on the emulated board.

use std::path::Path;

use serde::Serialize;
use smidgen_ir::{DType, TensorIdx};

use crate::events::{Event, Observer};
use crate::firmware::Firmware;
use crate::model_file::ModelFile;
use crate::run::{Scratch, emulated};
use crate::{Result, device, files, host, profile};

/// One operator, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Position in the model file.
    pub index: usize,
    /// The operator.
    pub op: String,
    /// Name of its output.
    pub name: String,
    /// Bytes of its outputs.
    pub n_bytes: usize,
    /// Bytes that differ between host and device.
    pub n_differing: usize,
    /// The first element that differs.
    pub first: Option<Difference>,
}

/// An element that is not the same on host and device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Which of the operator's outputs.
    pub output: usize,
    /// Which of its elements, row-major.
    pub element: usize,
    /// What the host computed.
    pub host: f64,
    /// What the device computed.
    pub device: f64,
}

/// Compares every intermediate tensor of one inference on the host and on the emulated board. The input is the first
/// inference of `input`, or a fixed pseudo-random one.
///
/// # Errors
/// What is wrong with model, input or board; firmware that does not build or run.
pub fn verify(
    model: &ModelFile,
    input: Option<&Path>,
    board_name: &str,
    observer: &mut dyn Observer,
) -> Result<Vec<Compared>> {
    let graph = model.read()?;
    let inputs = match input {
        Some(path) => files::read(path)?,
        None => profile::pattern(&graph),
    };
    let (board, dir) = (emulated(board_name)?, Scratch::new()?);
    let firmware = Firmware::generate(&graph, &model.name(), &board, dir.path())?;
    compare(&firmware, &inputs, observer)
}

/// [`verify`] with firmware that is generated already.
///
/// # Errors
/// As [`verify`].
pub fn compare(firmware: &Firmware, inputs: &[u8], observer: &mut dyn Observer) -> Result<Vec<Compared>> {
    let graph = &firmware.graph;
    let on_host = host::layers(graph, inputs)?;
    observer.event(Event::Begin("Building the firmware"));
    let on_device = device::layers(firmware, inputs, observer)?;
    let nodes = profile::layers(graph).into_iter().zip(&graph.nodes);
    let layers = nodes.zip(on_host.iter().zip(&on_device));
    Ok(layers
        .map(|((cost, node), (host, device))| {
            let pairs = || host.iter().zip(device);
            let first = |(output, (host, device)): (usize, (&Vec<u8>, &Vec<u8>))| {
                let dtype = |output: &TensorIdx| graph.tensor(*output).dtype;
                difference(output, node.outputs.get(output).map(dtype)?, host, device)
            };
            Compared {
                index: cost.index,
                op: cost.op,
                name: cost.name,
                n_bytes: host.iter().map(Vec::len).sum(),
                n_differing: pairs().map(|(host, device)| n_differing(host, device)).sum(),
                first: pairs().enumerate().find_map(first),
            }
        })
        .collect())
}

fn n_differing(a: &[u8], b: &[u8]) -> usize {
    a.len().abs_diff(b.len()) + a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// The first element of a tensor that differs.
fn difference(output: usize, dtype: DType, host: &[u8], device: &[u8]) -> Option<Difference> {
    let byte = host.iter().zip(device).position(|(host, device)| host != device)?;
    let element = byte / dtype.n_bytes(1);
    let value = |bytes: &[u8]| value(dtype, bytes.get(element * dtype.n_bytes(1)..).unwrap_or_default());
    Some(Difference { output, element, host: value(host), device: value(device) })
}

/// The element at the beginning of some bytes, little endian; of packed types the byte.
fn value(dtype: DType, bytes: &[u8]) -> f64 {
    fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.first_chunk::<N>().copied().unwrap_or([0; N])
    }
    match dtype {
        DType::F32 => f32::from_le_bytes(first(bytes)).into(),
        DType::I8 => i8::from_le_bytes(first(bytes)).into(),
        DType::I16 => i16::from_le_bytes(first(bytes)).into(),
        DType::I32 => i32::from_le_bytes(first(bytes)).into(),
        DType::U32 => u32::from_le_bytes(first(bytes)).into(),
        DType::I64 => i64::from_le_bytes(first(bytes)) as f64,
        DType::U64 => u64::from_le_bytes(first(bytes)) as f64,
        DType::F16 => u16::from_le_bytes(first(bytes)).into(),
        DType::U8 | DType::Bool | DType::I4 => u8::from_le_bytes(first(bytes)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_element_that_differs_is_told_as_what_it_is() {
        let host: Vec<u8> = [1i16, -2, 300, 4].iter().flat_map(|value| value.to_le_bytes()).collect();
        let device: Vec<u8> = [1i16, -2, 301, 5].iter().flat_map(|value| value.to_le_bytes()).collect();
        let expected = Difference { output: 1, element: 2, host: 300.0, device: 301.0 };
        assert_eq!(difference(1, DType::I16, &host, &device), Some(expected));
        assert_eq!(difference(0, DType::I16, &host, &host), None);
        let (host, device) = ([0.5f32.to_le_bytes()].concat(), [(-0.5f32).to_le_bytes()].concat());
        let expected = Difference { output: 0, element: 0, host: 0.5, device: -0.5 };
        assert_eq!(difference(0, DType::F32, &host, &device), Some(expected));
    }
}
