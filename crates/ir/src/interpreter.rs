//! Runs a graph on the host with the kernels of the firmware.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::IrError;
use crate::graph::{Graph, NodeIdx, TensorIdx};
use crate::kernel::Ready;
use crate::lower::lower;
use crate::program::{Call, Elem, Operand, Part, Program, Target};
use crate::vector;

/// The bytes of one tensor or constant, aligned for every element type.
#[derive(Debug, Clone, Default)]
struct Buffer {
    words: Vec<u64>,
    n_bytes: usize,
}

impl Buffer {
    fn zeros(n_bytes: usize) -> Self {
        Buffer { words: vec![0; n_bytes.div_ceil(size_of::<u64>())], n_bytes }
    }

    fn of(bytes: &[u8]) -> Self {
        let mut buffer = Buffer::zeros(bytes.len());
        buffer.bytes_mut().copy_from_slice(bytes);
        buffer
    }

    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.n_bytes]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.n_bytes]
    }
}

/// A buffer, and which of its bytes.
type Place = (usize, Range<usize>);

/// One node in execution order.
#[derive(Debug, Clone)]
struct Step {
    node: NodeIdx,
    /// Positions in [`Interpreter::buffers`] of the results.
    results: Vec<usize>,
    /// What computes them, in order; nothing when the result is a view.
    calls: Vec<(Ready, Call)>,
    /// Whether the results are whole after it: a node may take turns with others.
    is_last: bool,
}

/// A graph ready to run. All buffers are allocated once, one for each activation.
#[derive(Debug, Clone)]
pub struct Interpreter {
    steps: Vec<Step>,
    /// Names of the nodes, for errors.
    places: Vec<String>,
    consts: Vec<Buffer>,
    /// By tensor; empty for constants, views and tensors that no node uses.
    buffers: Vec<Buffer>,
    /// Tensors that are some of the bytes of others.
    parts: BTreeMap<usize, Part>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    /// Variables with what they start with.
    variables: Vec<(usize, Vec<u8>)>,
}

impl Interpreter {
    /// Verifies, lowers and allocates.
    ///
    /// # Errors
    /// What [`lower`] refuses.
    pub fn new(graph: &Graph) -> Result<Self, IrError> {
        Self::with_program(graph, lower(graph)?)
    }

    /// Allocates for a program that was made of the graph by [`lower`], and perhaps [`crate::stored`].
    ///
    /// # Errors
    /// A kernel that refuses its specification.
    pub fn with_program(graph: &Graph, program: Program) -> Result<Self, IrError> {
        let roots = roots(graph, &program);
        let root = |idx: TensorIdx| roots.get(idx.idx()).copied().unwrap_or(idx.idx());
        let mut buffers = vec![Buffer::default(); graph.tensors.len()];
        let produced = graph.nodes.iter().flat_map(|node| &node.outputs);
        for idx in graph.inputs.iter().chain(produced) {
            let at = root(*idx);
            if at == idx.idx() {
                buffers[at] = Buffer::zeros(graph.tensor(*idx).n_bytes());
            }
        }
        let mut variables = Vec::new();
        for (at, tensor) in graph.tensors.iter().enumerate().filter(|(_, tensor)| tensor.is_variable) {
            let initial = tensor.initial_bytes();
            buffers[at] = Buffer::of(&initial);
            variables.push((at, initial));
        }
        let parts: BTreeMap<usize, Part> =
            program.parts.iter().map(|part| (part.tensor.idx(), *part)).collect();
        for idx in program.calls.iter().flat_map(Call::results) {
            // What only the program knows.
            if !parts.contains_key(&idx.idx()) && buffers[root(idx)].n_bytes == 0 {
                buffers[root(idx)] = Buffer::zeros(graph.tensor(idx).n_bytes());
            }
        }
        let steps = steps(graph, program.calls, &root)?;
        Ok(Interpreter {
            places: steps.iter().map(|step| graph.describe(step.node)).collect(),
            steps,
            consts: program.consts.iter().map(|of| Buffer::of(&of.bytes)).collect(),
            buffers,
            parts,
            inputs: graph.inputs.iter().map(|&idx| root(idx)).collect(),
            outputs: graph.outputs.iter().map(|&idx| root(idx)).collect(),
            variables,
        })
    }

    /// Gives all variables what they start with. Inferences keep them: call this before each one that is to be the
    /// first.
    pub fn reset(&mut self) {
        for (at, initial) in &self.variables {
            self.buffers[*at].bytes_mut().copy_from_slice(initial);
        }
    }

    /// What a variable holds now; empty for any other tensor.
    pub fn variable(&self, idx: TensorIdx) -> &[u8] {
        let known = self.variables.iter().any(|&(at, _)| at == idx.idx());
        self.buffers.get(idx.idx()).filter(|_| known).map_or(&[], Buffer::bytes)
    }

    /// Runs one inference: all inputs concatenated in, all outputs concatenated out, little endian.
    ///
    /// # Errors
    /// [`IrError::InputLength`] unless `inputs` holds exactly one inference.
    pub fn run(&mut self, inputs: &[u8]) -> Result<Vec<u8>, IrError> {
        self.load(inputs)?;
        for at in 0..self.steps.len() {
            self.step(at)?;
        }
        Ok(self.collect_outputs())
    }

    /// [`Interpreter::run`], telling each node's results, one after the other, to `on_layer` in execution order.
    ///
    /// # Errors
    /// As [`Interpreter::run`].
    pub fn run_layers(
        &mut self,
        inputs: &[u8],
        on_layer: &mut dyn FnMut(NodeIdx, &[&[u8]]),
    ) -> Result<Vec<u8>, IrError> {
        self.load(inputs)?;
        for at in 0..self.steps.len() {
            self.step(at)?;
            let Step { node, results, is_last, .. } = &self.steps[at];
            if !is_last {
                continue;
            }
            let results: Vec<&[u8]> = results.iter().map(|&result| self.buffers[result].bytes()).collect();
            on_layer(*node, &results);
        }
        Ok(self.collect_outputs())
    }

    fn load(&mut self, inputs: &[u8]) -> Result<(), IrError> {
        let expected = self.inputs.iter().map(|&at| self.buffers[at].n_bytes).sum();
        if inputs.len() != expected {
            return Err(IrError::InputLength { expected, found: inputs.len() });
        }
        let mut rest = inputs;
        for &at in &self.inputs {
            let (bytes, after) = rest.split_at(self.buffers[at].n_bytes);
            self.buffers[at].bytes_mut().copy_from_slice(bytes);
            rest = after;
        }
        Ok(())
    }

    fn step(&mut self, at: usize) -> Result<(), IrError> {
        for (ready, call) in &self.steps[at].calls {
            // Targets are taken out while the kernel writes them: no call reads what it writes, but for its states.
            let place = |idx: TensorIdx| match self.parts.get(&idx.idx()) {
                Some(part) => (part.whole.idx(), part.offset..part.offset + part.bytes),
                None => (idx.idx(), 0..self.buffers[idx.idx()].n_bytes),
            };
            let places: Vec<_> = call.targets.iter().map(|(target, _)| target.tensor().map(place)).collect();
            let take = |(&(target, _), place): (&(Target, Elem), &Option<Place>)| match (target, place) {
                (Target::Scratch { bytes }, _) => Buffer::zeros(bytes),
                (_, Some((at, _))) => std::mem::take(&mut self.buffers[*at]),
                (_, None) => Buffer::default(),
            };
            let mut written: Vec<Buffer> = call.targets.iter().zip(&places).map(take).collect();
            let place = |idx: TensorIdx| match self.parts.get(&idx.idx()) {
                Some(part) => &self.buffers[part.whole.idx()].bytes()[part.offset..part.offset + part.bytes],
                None => self.buffers[idx.idx()].bytes(),
            };
            let read = |&(operand, _): &(Operand, Elem)| match operand {
                Operand::Tensor(idx) => place(idx),
                Operand::Const(idx) => self.consts[idx.0 as usize].bytes(),
                Operand::Absent => &[],
            };
            let operands: Vec<&[u8]> = call.operands.iter().map(read).collect();
            let range = |(buffer, place): (_, &Option<Place>)| {
                let bytes = Buffer::bytes_mut(buffer);
                match place {
                    Some((_, range)) => &mut bytes[range.clone()],
                    None => bytes,
                }
            };
            let mut targets: Vec<&mut [u8]> = written.iter_mut().zip(&places).map(range).collect();
            let done = vector::run(ready, &operands, &mut targets);
            for (place, buffer) in places.into_iter().zip(written) {
                if let Some((at, _)) = place {
                    self.buffers[at] = buffer;
                }
            }
            done.map_err(|message| IrError::Node { place: self.places[at].clone(), message })?;
        }
        Ok(())
    }

    fn collect_outputs(&self) -> Vec<u8> {
        self.outputs.iter().flat_map(|&at| self.buffers[at].bytes()).copied().collect()
    }
}

/// The calls in order, those of one node together where they follow each other, and a step for each node that has none.
fn steps(graph: &Graph, calls: Vec<Call>, root: &dyn Fn(TensorIdx) -> usize) -> Result<Vec<Step>, IrError> {
    let mut last = vec![None; graph.nodes.len()];
    calls.iter().enumerate().for_each(|(at, call)| last[call.node.idx()] = Some(at));
    let step = |node: usize, is_last: bool| {
        let results = graph.nodes[node].outputs.iter().map(|&output| root(output)).collect();
        Step { node: NodeIdx(node as u32), results, calls: Vec::new(), is_last }
    };
    let mut steps: Vec<Step> = Vec::with_capacity(graph.nodes.len());
    let mut next = 0;
    for (at, call) in calls.into_iter().enumerate() {
        let node = call.node.idx();
        // Nodes without calls stand where they are in the graph.
        steps.extend((next..node).filter(|&node| last[node].is_none()).map(|node| step(node, true)));
        next = next.max(node + 1);
        let ready = call.kernel.ready().map_err(|error| IrError::Node {
            place: graph.describe(call.node),
            message: error.to_string(),
        })?;
        if steps.last().is_none_or(|step| step.node != call.node) {
            steps.push(step(node, false));
        }
        if let Some(step) = steps.last_mut() {
            step.is_last = last[node] == Some(at);
            step.calls.push((ready, call));
        }
    }
    steps.extend((next..graph.nodes.len()).filter(|&node| last[node].is_none()).map(|node| step(node, true)));
    Ok(steps)
}

/// For each tensor, the one that owns its bytes.
fn roots(graph: &Graph, program: &Program) -> Vec<usize> {
    let mut roots: Vec<usize> = (0..graph.tensors.len()).collect();
    for &(view, origin) in &program.views {
        roots[view.idx()] = roots[origin.idx()];
    }
    roots
}
