//! Inference on the host, many at a time.

use rayon::prelude::*;
use smidgen_ir::{Graph, Interpreter, IrError};

use crate::events::{Event, Observer};
use crate::{Error, Result};

/// Inferences between two pieces of news.
const CHUNK: usize = 64;

/// Runs every inference of `inputs` and returns the outputs, concatenated. The result does not depend on the number
/// of threads.
///
/// # Errors
/// A graph that cannot be lowered, or inputs that are not a whole number of inferences.
pub fn run(graph: &Graph, inputs: &[u8], observer: &mut dyn Observer) -> Result<Vec<u8>> {
    let n_inferences = count(graph, inputs)?;
    let one = graph.input_bytes();
    let first = Interpreter::new(graph).map_err(ir_error)?;
    drop(first);
    let mut outputs = Vec::with_capacity(n_inferences * graph.output_bytes());
    let per_thread = CHUNK.div_ceil(rayon::current_num_threads()).max(1);
    for (at, chunk) in inputs.chunks(one * CHUNK).enumerate() {
        let parts: Vec<Vec<u8>> = chunk
            .par_chunks(one * per_thread)
            .map(|part| {
                let mut interpreter = Interpreter::new(graph)?;
                let mut outputs = Vec::new();
                for input in part.chunks(one) {
                    interpreter.reset();
                    outputs.extend(interpreter.run(input)?);
                }
                Ok(outputs)
            })
            .collect::<std::result::Result<_, IrError>>()
            .map_err(ir_error)?;
        parts.iter().for_each(|part| outputs.extend_from_slice(part));
        if observer.stop() {
            return Err(Error::interrupted("inference on the host was stopped; no output was written"));
        }
        let done = ((at + 1) * CHUNK).min(n_inferences) as u64;
        observer.event(Event::Progress { done, total: n_inferences as u64, unit: "inferences" });
    }
    Ok(outputs)
}

/// [`run`], with the state of each inference handed on to the next.
///
/// # Errors
/// As [`run`].
pub fn run_stateful(graph: &Graph, inputs: &[u8], observer: &mut dyn Observer) -> Result<Vec<u8>> {
    let n_inferences = count(graph, inputs)? as u64;
    let mut interpreter = Interpreter::new(graph).map_err(ir_error)?;
    let mut outputs = Vec::new();
    for (done, input) in (1..).zip(inputs.chunks(graph.input_bytes())) {
        outputs.extend(interpreter.run(input).map_err(ir_error)?);
        if observer.stop() {
            return Err(Error::interrupted("inference on the host was stopped; no output was written"));
        }
        observer.event(Event::Progress { done, total: n_inferences, unit: "inferences" });
    }
    Ok(outputs)
}

/// How many inferences `inputs` holds, at least one.
///
/// # Errors
/// Another number of bytes than a whole number of inferences.
pub fn count(graph: &Graph, inputs: &[u8]) -> Result<usize> {
    let one = graph.input_bytes();
    match inputs.len().checked_div(one) {
        Some(n) if n > 0 && n * one == inputs.len() => Ok(n),
        _ => Err(Error::input(format!(
            "the input has {} bytes; one inference takes {one}, expected a multiple of it",
            inputs.len()
        ))
        .help(format!("give each inference's inputs in order, little endian: {}", describe(graph)))),
    }
}

fn describe(graph: &Graph) -> String {
    let inputs = graph.inputs.iter().map(|&input| {
        let tensor = graph.tensor(input);
        format!("{} {:?}", tensor.dtype.name(), tensor.shape)
    });
    inputs.collect::<Vec<_>>().join(", ")
}

/// The results of every operator, in the order of the model file.
pub type Layers = Vec<Vec<Vec<u8>>>;

/// The results of every operator for the first inference of `inputs`, in the order of the model file.
///
/// # Errors
/// As [`run`].
pub fn layers(graph: &Graph, inputs: &[u8]) -> Result<Layers> {
    count(graph, inputs)?;
    let mut interpreter = Interpreter::new(graph).map_err(ir_error)?;
    let mut layers = vec![Vec::new(); graph.nodes.len()];
    let first = inputs.get(..graph.input_bytes()).unwrap_or_default();
    interpreter
        .run_layers(first, &mut |node, results| {
            if let Some(layer) = layers.get_mut(node.idx()) {
                *layer = results.iter().map(|result| result.to_vec()).collect();
            }
        })
        .map_err(ir_error)?;
    Ok(layers)
}

pub(crate) fn ir_error(error: IrError) -> Error {
    Error::input(error)
}
