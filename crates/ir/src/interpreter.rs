//! Runs a graph on the host with the kernels of the firmware.

use crate::error::IrError;
use crate::graph::{Graph, NodeIdx, TensorIdx};
use crate::kernel::Ready;
use crate::lower::lower;
use crate::program::{Call, Elem, Operand, Program, Target};
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

/// One node in execution order.
#[derive(Debug, Clone)]
struct Step {
    node: NodeIdx,
    /// Positions in [`Interpreter::buffers`] of the results.
    results: Vec<usize>,
    /// What computes them, in order; nothing when the result is a view.
    calls: Vec<(Ready, Call)>,
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
        let mut calls = program.calls.into_iter().peekable();
        let mut steps = Vec::with_capacity(graph.nodes.len());
        for (position, node) in (0u32..).zip(&graph.nodes) {
            let node_idx = NodeIdx(position);
            let mut own = Vec::new();
            while let Some(call) = calls.next_if(|call| call.node == node_idx) {
                let ready = call.kernel.ready().map_err(|error| IrError::Node {
                    place: graph.describe(node_idx),
                    message: error.to_string(),
                })?;
                own.push((ready, call));
            }
            let results = node.outputs.iter().map(|&output| root(output)).collect();
            steps.push(Step { node: node_idx, results, calls: own });
        }
        Ok(Interpreter {
            places: steps.iter().map(|step| graph.describe(step.node)).collect(),
            steps,
            consts: program.consts.iter().map(|of| Buffer::of(&of.bytes)).collect(),
            buffers,
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
            let Step { node, results, .. } = &self.steps[at];
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
            let take = |&(target, _): &(Target, Elem)| match target {
                Target::Result(idx) | Target::State(idx) => std::mem::take(&mut self.buffers[idx.idx()]),
                Target::Scratch { bytes } => Buffer::zeros(bytes),
            };
            let mut written: Vec<Buffer> = call.targets.iter().map(take).collect();
            let read = |&(operand, _): &(Operand, Elem)| match operand {
                Operand::Tensor(idx) => self.buffers[idx.idx()].bytes(),
                Operand::Const(idx) => self.consts[idx.0 as usize].bytes(),
                Operand::Absent => &[],
            };
            let operands: Vec<&[u8]> = call.operands.iter().map(read).collect();
            let mut targets: Vec<&mut [u8]> = written.iter_mut().map(Buffer::bytes_mut).collect();
            let done = vector::run(ready, &operands, &mut targets);
            for (&(target, _), buffer) in call.targets.iter().zip(written) {
                if let Some(idx) = target.tensor() {
                    self.buffers[idx.idx()] = buffer;
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

/// For each tensor, the one that owns its bytes.
fn roots(graph: &Graph, program: &Program) -> Vec<usize> {
    let mut roots: Vec<usize> = (0..graph.tensors.len()).collect();
    for &(view, origin) in &program.views {
        roots[view.idx()] = roots[origin.idx()];
    }
    roots
}
