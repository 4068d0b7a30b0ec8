//! Runs a graph on the host with the kernels of the firmware.

use crate::error::IrError;
use crate::graph::{Graph, NodeIdx, TensorIdx};
use crate::kernel::{Ready, Slice, SliceMut};
use crate::lower::lower;
use crate::program::{Call, Elem, Operand, Program};
use crate::tensor::DType;

/// The elements of one tensor or constant.
#[derive(Debug, Clone)]
enum Buffer {
    F32(Vec<f32>),
    I8(Vec<i8>),
    I32(Vec<i32>),
}

impl Buffer {
    fn zeros(dtype: DType, len: usize) -> Self {
        match dtype {
            DType::F32 => Buffer::F32(vec![0.0; len]),
            DType::I8 => Buffer::I8(vec![0; len]),
            DType::I32 => Buffer::I32(vec![0; len]),
        }
    }

    fn of_bytes(elem: Elem, bytes: &[u8]) -> Self {
        let mut buffer = match elem {
            Elem::F32 => Buffer::zeros(DType::F32, bytes.len() / 4),
            Elem::I8 => Buffer::zeros(DType::I8, bytes.len()),
            Elem::I32 => Buffer::zeros(DType::I32, bytes.len() / 4),
        };
        buffer.load(bytes);
        buffer
    }

    fn n_bytes(&self) -> usize {
        match self {
            Buffer::F32(values) => values.len() * 4,
            Buffer::I8(values) => values.len(),
            Buffer::I32(values) => values.len() * 4,
        }
    }

    /// Overwrites the elements with little-endian bytes.
    fn load(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<4>();
        match self {
            Buffer::F32(to) => {
                to.iter_mut().zip(words).for_each(|(to, &word)| *to = f32::from_le_bytes(word))
            }
            Buffer::I8(to) => to.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte.cast_signed()),
            Buffer::I32(to) => {
                to.iter_mut().zip(words).for_each(|(to, &word)| *to = i32::from_le_bytes(word))
            }
        }
    }

    /// Appends the elements as little-endian bytes.
    fn append_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Buffer::F32(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Buffer::I8(values) => bytes.extend(values.iter().map(|value| value.cast_unsigned())),
            Buffer::I32(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
    }

    fn as_slice(&self) -> Slice<'_> {
        match self {
            Buffer::F32(values) => Slice::F32(values),
            Buffer::I8(values) => Slice::I8(values),
            Buffer::I32(values) => Slice::I32(values),
        }
    }

    fn as_slice_mut(&mut self) -> SliceMut<'_> {
        match self {
            Buffer::F32(values) => SliceMut::F32(values),
            Buffer::I8(values) => SliceMut::I8(values),
            Buffer::I32(values) => SliceMut::I32(values),
        }
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Buffer::I8(Vec::new())
    }
}

/// One node in execution order.
#[derive(Debug, Clone)]
struct Step {
    node: NodeIdx,
    /// Position in [`Interpreter::buffers`] of the result.
    output: usize,
    /// What computes it; nothing when it is a view.
    call: Option<(Ready, Call)>,
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
}

impl Interpreter {
    /// Verifies, lowers and allocates.
    ///
    /// # Errors
    /// What [`lower`] refuses.
    pub fn new(graph: &Graph) -> Result<Self, IrError> {
        let program = lower(graph)?;
        let roots = roots(graph, &program);
        let root = |idx: TensorIdx| roots.get(idx.idx()).copied().unwrap_or(idx.idx());
        let mut buffers = vec![Buffer::default(); graph.tensors.len()];
        let produced = graph.nodes.iter().flat_map(|node| &node.outputs);
        for idx in graph.inputs.iter().chain(produced) {
            let (at, tensor) = (root(*idx), graph.tensor(*idx));
            if at == idx.idx() {
                buffers[at] = Buffer::zeros(tensor.dtype, tensor.n_elements());
            }
        }
        let mut calls = program.calls.into_iter().peekable();
        let mut steps = Vec::with_capacity(graph.nodes.len());
        for (position, node) in (0u32..).zip(&graph.nodes) {
            let node_idx = NodeIdx(position);
            let Some(&output) = node.outputs.first() else { continue };
            let call = calls.next_if(|call| call.node == node_idx);
            let call = call.map(|call| call.kernel.ready().map(|ready| (ready, call))).transpose();
            let call = call.map_err(|error| IrError::Node {
                place: graph.describe(node_idx),
                message: error.to_string(),
            })?;
            steps.push(Step { node: node_idx, output: root(output), call });
        }
        Ok(Interpreter {
            places: steps.iter().map(|step| graph.describe(step.node)).collect(),
            steps,
            consts: program.consts.iter().map(|of| Buffer::of_bytes(of.elem, &of.bytes)).collect(),
            buffers,
            inputs: graph.inputs.iter().map(|&idx| root(idx)).collect(),
            outputs: graph.outputs.iter().map(|&idx| root(idx)).collect(),
        })
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

    /// [`Interpreter::run`], telling each node's result to `on_layer` in execution order.
    ///
    /// # Errors
    /// As [`Interpreter::run`].
    pub fn run_layers(
        &mut self,
        inputs: &[u8],
        on_layer: &mut dyn FnMut(NodeIdx, &[u8]),
    ) -> Result<Vec<u8>, IrError> {
        self.load(inputs)?;
        let mut bytes = Vec::new();
        for at in 0..self.steps.len() {
            self.step(at)?;
            bytes.clear();
            let Step { node, output, .. } = self.steps[at];
            self.buffers[output].append_to(&mut bytes);
            on_layer(node, &bytes);
        }
        Ok(self.collect_outputs())
    }

    fn load(&mut self, inputs: &[u8]) -> Result<(), IrError> {
        let expected = self.inputs.iter().map(|&at| self.buffers[at].n_bytes()).sum();
        if inputs.len() != expected {
            return Err(IrError::InputLength { expected, found: inputs.len() });
        }
        let mut rest = inputs;
        for &at in &self.inputs {
            let (bytes, after) = rest.split_at(self.buffers[at].n_bytes());
            self.buffers[at].load(bytes);
            rest = after;
        }
        Ok(())
    }

    fn step(&mut self, at: usize) -> Result<(), IrError> {
        let Step { output, call: Some((ready, call)), .. } = &self.steps[at] else { return Ok(()) };
        let mut result = std::mem::take(&mut self.buffers[*output]);
        let operands: Vec<Slice<'_>> = call
            .operands
            .iter()
            .map(|&(operand, elem)| match operand {
                Operand::Tensor(idx) => self.buffers[idx.idx()].as_slice(),
                Operand::Const(idx) => self.consts[idx.0 as usize].as_slice(),
                Operand::Absent => Slice::empty(elem),
            })
            .collect();
        let done = ready.run(&operands, result.as_slice_mut());
        self.buffers[*output] = result;
        done.map_err(|message| IrError::Node { place: self.places[at].clone(), message })
    }

    fn collect_outputs(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.outputs.iter().for_each(|&at| self.buffers[at].append_to(&mut bytes));
        bytes
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
