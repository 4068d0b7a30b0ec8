//! All exact passes on a model file: an ordinary file that computes the same, with what went away.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;
use smidgen_ir::channels::filter_axis;
use smidgen_ir::{DType, Graph, Interpreter, Node, NodeIdx, lower, ops, passes};
use smidgen_report::PassEffect;

use crate::events::{Event, Observer};
use crate::model_file::{self, ModelFile};
use crate::trials::Trials;
use crate::{Error, Result, host, inspect};

/// What a model is before or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Operators.
    pub operators: usize,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Bytes that the constants take in flash.
    pub weights_bytes: u64,
    /// Bytes of the arena.
    pub arena_bytes: u64,
}

/// A layer with weights that lost some of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// The operator.
    pub op: String,
    /// Name of its output.
    pub name: String,
    /// Output channels before and after.
    pub channels: [usize; 2],
    /// Multiply-accumulates before and after.
    pub macs: [u64; 2],
    /// Bytes of its constants before and after.
    pub bytes: [usize; 2],
}

/// On how many inputs both were compared, and how far apart they were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Compared {
    /// Inferences of each.
    pub inferences: usize,
    /// The largest difference of two float outputs, as a share of the larger one; integers are equal.
    pub largest_difference: f32,
}

/// What was optimised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Optimized {
    /// File name of the model that was read.
    pub model: String,
    /// File name of the model that was written.
    pub output: String,
    /// The model before.
    pub before: Size,
    /// The model after.
    pub after: Size,
    /// What each pass took away.
    pub passes: Vec<PassEffect>,
    /// Layers that lost channels, and those that are gone.
    pub layers: Vec<Layer>,
    /// How it was checked.
    pub compared: Compared,
}

/// How far apart float outputs may be, as a share, where a pass changes the order in which they are added.
const TOLERANCE: f32 = 1e-3;

/// Inferences of one interpreter after each other: state goes on from one to the next.
const SEQUENCE: usize = 32;

/// Runs all passes on the model at `from`, compares both on so many inputs, and writes `to`.
///
/// # Errors
/// A file that is no model that Smidgen can run, one that cannot be written, and a difference: a bug of ours, after which nothing is
/// written.
pub fn optimize(
    from: &ModelFile,
    to: &Path,
    inferences: usize,
    seed: u64,
    observer: &mut dyn Observer,
) -> Result<Optimized> {
    let graph = from.read()?;
    let at = |error: Error| error.at(from.path().display());
    let before = size(&graph).map_err(at)?;
    observer.event(Event::Begin("Optimizing"));
    let (small, passes) = optimized(&graph).map_err(at)?;
    observer.event(Event::Begin("Comparing"));
    let compared = compare(&graph, &small, inferences, seed, observer).map_err(at)?;
    let after = size(&small)?;
    model_file::write(&small, to)?;
    observer.event(Event::Wrote(to));
    let layers = layers(&graph, &small);
    Ok(Optimized {
        model: from.name(),
        output: ModelFile::new(to).name(),
        before,
        after,
        passes,
        layers,
        compared,
    })
}

/// The graph after all passes, its operators in the order that takes the smallest arena, and what each took away.
///
/// # Errors
/// A graph that is not valid.
pub fn optimized(graph: &Graph) -> Result<(Graph, Vec<PassEffect>)> {
    let mut effects: Vec<PassEffect> = Vec::new();
    let mut changed = |name: &'static str, before: &Graph, after: &Graph| {
        let less = |of: fn(&Graph) -> u64| of(before).saturating_sub(of(after));
        let effect = PassEffect {
            name: name.to_owned(),
            operators_removed: less(|graph| graph.nodes.len() as u64),
            channels_removed: less(channels),
            macs_removed: less(Graph::macs),
            bytes_removed: less(constant_bytes),
            arena_bytes_removed: less(arena_bytes),
        };
        match effects.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                known.operators_removed += effect.operators_removed;
                known.channels_removed += effect.channels_removed;
                known.macs_removed += effect.macs_removed;
                known.bytes_removed += effect.bytes_removed;
                known.arena_bytes_removed += effect.arena_bytes_removed;
            }
            None => effects.push(effect),
        }
    };
    let small = passes::optimize(graph, &mut changed).map_err(Error::input)?;
    let ordered = smidgen_plan::ordered(&small);
    if ordered != small {
        changed("order", &small, &ordered);
    }
    Ok((ordered, effects))
}

fn size(graph: &Graph) -> Result<Size> {
    let cost = inspect::cost(graph)?;
    Ok(Size {
        operators: graph.nodes.len(),
        macs: cost.macs,
        weights_bytes: cost.weights_bytes,
        arena_bytes: cost.arena_bytes,
    })
}

fn node_bytes(graph: &Graph, node: &Node) -> usize {
    let constants = node.inputs.iter().flatten().map(|&input| graph.tensor(input)).filter(|t| t.is_const());
    constants.map(|tensor| tensor.n_bytes()).sum()
}

fn constant_bytes(graph: &Graph) -> u64 {
    graph.tensors.iter().filter(|tensor| tensor.is_const()).map(|tensor| tensor.n_bytes() as u64).sum()
}

/// Bytes of the arena; 0 for a graph that has no kernels.
fn arena_bytes(graph: &Graph) -> u64 {
    let plan = lower(graph).ok().and_then(|program| smidgen_plan::plan(graph, &program).ok());
    plan.map_or(0, |plan| plan.arena_bytes as u64)
}

fn node_channels(graph: &Graph, node: &Node) -> usize {
    let output = node.outputs.first().and_then(|&output| graph.tensor(output).shape.last().copied());
    output.filter(|_| filter_axis(&node.op).is_some()).unwrap_or(0)
}

/// Output channels of the layers that have weights.
fn channels(graph: &Graph) -> u64 {
    graph.nodes.iter().map(|node| node_channels(graph, node) as u64).sum()
}

/// What layers with weights have less, by the names of their outputs.
fn layers(before: &Graph, after: &Graph) -> Vec<Layer> {
    let name = |graph: &Graph, node: &Node| {
        node.outputs.first().map(|&output| graph.tensor(output).name.clone()).unwrap_or_default()
    };
    let of = |graph: &Graph, at: usize| {
        let node = &graph.nodes[at];
        (node_channels(graph, node), ops::macs(graph, NodeIdx(at as u32)), node_bytes(graph, node))
    };
    let of_node = |(at, node): (usize, &Node)| {
        let own = name(before, node);
        let is_same = |other: &Node| other.op.name() == node.op.name() && name(after, other) == own;
        let (a, b) =
            (of(before, at), after.nodes.iter().position(is_same).map_or((0, 0, 0), |at| of(after, at)));
        let op = node.op.name().to_owned();
        let layer = Layer { op, name: own, channels: [a.0, b.0], macs: [a.1, b.1], bytes: [a.2, b.2] };
        (filter_axis(&node.op).is_some() && (a.0, a.1) != (b.0, b.1)).then_some(layer)
    };
    before.nodes.iter().enumerate().filter_map(of_node).collect()
}

/// Runs both on the same inputs.
///
/// # Errors
/// Outputs that differ: a bug of ours; and the wish to stop.
pub fn compare(
    graph: &Graph,
    other: &Graph,
    inferences: usize,
    seed: u64,
    observer: &mut dyn Observer,
) -> Result<Compared> {
    let trials = Trials::new(graph, seed);
    let is_float = graph.tensors.iter().all(|tensor| tensor.dtype != DType::I8 && tensor.dtype != DType::I16);
    let sequence = |from: usize| -> Result<f32> {
        let mut both = [
            Interpreter::new(graph).map_err(host::ir_error)?,
            Interpreter::new(other).map_err(host::ir_error)?,
        ];
        let mut largest = 0.0f32;
        for number in from..(from + SEQUENCE).min(inferences) {
            let inputs = trials.inputs(number);
            let [a, b] = both.each_mut().map(|interpreter| interpreter.run(&inputs));
            let (a, b) = match (a, b) {
                (Ok(a), Ok(b)) => (a, b),
                // An input that the model refuses, it refuses still.
                (Err(_), Err(_)) => continue,
                (Err(error), _) | (_, Err(error)) => return Err(differs(number, &error.to_string())),
            };
            let difference = if a == b { 0.0 } else { difference(graph, &a, &b) };
            if difference > if is_float { TOLERANCE } else { 0.0 } {
                return Err(differs(number, &format!("the outputs are {difference} apart")));
            }
            largest = largest.max(difference);
        }
        Ok(largest)
    };
    let mut largest = 0.0f32;
    let starts: Vec<usize> = (0..inferences).step_by(SEQUENCE).collect();
    for starts in starts.chunks(8) {
        if observer.stop() {
            return Err(Error::interrupted("the comparison was stopped; nothing was written"));
        }
        let found: Vec<Result<f32>> = starts.par_iter().map(|&start| sequence(start)).collect();
        for found in found {
            largest = largest.max(found?);
        }
        let done = starts.last().map_or(0, |last| (last + SEQUENCE).min(inferences)) as u64;
        observer.event(Event::Progress { done, total: inferences as u64, unit: "inferences" });
    }
    Ok(Compared { inferences, largest_difference: largest })
}

fn differs(number: usize, what: &str) -> Error {
    Error::check(format!("bug in smidgen: the optimised model is another one: input {number}: {what}"))
        .help("nothing was written; please report it, with the model")
}

/// The largest difference of float outputs as a share; 1 where integers differ.
fn difference(graph: &Graph, a: &[u8], b: &[u8]) -> f32 {
    let mut at = 0;
    let mut largest = 0.0f32;
    for &output in &graph.outputs {
        let tensor = graph.tensor(output);
        let own = at..at + tensor.n_bytes();
        at = own.end;
        let (Some(a), Some(b)) = (a.get(own.clone()), b.get(own)) else { return 1.0 };
        if tensor.dtype != DType::F32 {
            largest = if a == b { largest } else { 1.0 };
            continue;
        }
        let values = |bytes: &[u8]| -> Vec<f32> {
            bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
        };
        let (a, b) = (values(a), values(b));
        let scale = a.iter().chain(&b).fold(1e-6f32, |scale, value| scale.max(value.abs()));
        for (a, b) in a.iter().zip(&b).filter(|(a, b)| a.to_bits() != b.to_bits()) {
            let apart = (a - b).abs() / scale;
            largest = largest.max(if apart.is_nan() {
                if a.is_nan() == b.is_nan() { 0.0 } else { 1.0 }
            } else {
                apart
            });
        }
    }
    largest
}
