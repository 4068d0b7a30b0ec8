//! A [`Graph`] to `.tflite` bytes: what goes into the file, in file order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use smidgen_ir::{Dialect, Graph, Node, NodeIdx, Op, Problem, Signature, Tensor, TensorIdx};

use crate::emit;
use crate::findings::lines;
use crate::meta::{MIN_RUNTIME_VERSION, default_signature};
use crate::ops::{self, Code, Encoded, FileOperand, Value};
use crate::runtime_versions;
use crate::schema::{builtin, call_once_options, options, tensor_type, var_handle_options};
use crate::{DESCRIPTION_PREFIX, MAIN};
use crate::{half, lut, uint8};

/// Why a graph could not be written: every reason that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteError {
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(f, &self.problems)
    }
}

impl std::error::Error for WriteError {}

/// Writes a graph as a `.tflite` file of schema v3.
///
/// Each operator carries the lowest version that has all it needs, constants are aligned to 16 bytes and equal ones
/// stored once, the metadata say which release of TensorFlow is the first to run the file, and signatures name inputs
/// and outputs: those of the imported model, or `serving_default`. The same graph gives the same bytes. Tensors that nothing uses are
/// left out, and a CONV_2D without bias gets one of zeros, which TensorFlow's own runtime insists on.
///
/// # Errors
/// Every operator that the format does not have (BATCH_NORMALIZATION, GRU); everything that [`Graph::verify`] finds; sizes beyond
/// the 32 bits of the format.
pub fn write(graph: &Graph) -> Result<Vec<u8>, WriteError> {
    write_as(graph, Form::Plain).map(|(bytes, _)| bytes)
}

/// The same with filters of few values as indices into tables, TensorFlow Lite Micro's own compression, where that takes fewer bytes;
/// and how many are. Of other runtimes only [`crate::read`] knows it.
///
/// # Errors
/// As [`write()`].
pub fn write_compressed(graph: &Graph) -> Result<(Vec<u8>, usize), WriteError> {
    write_as(graph, Form::Compressed)
}

/// How constants are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Float16,
    Compressed,
}

/// The same with float32 constants rounded to float16 and a DEQUANTIZE behind each, as TensorFlow's float16 quantisation has it: a
/// file of half the size that computes in float32.
///
/// # Errors
/// As [`write()`], and constants beyond what float16 holds.
pub fn write_float16(graph: &Graph) -> Result<Vec<u8>, WriteError> {
    write_as(graph, Form::Float16).map(|(bytes, _)| bytes)
}

/// The bytes, and how many constants are compressed.
fn write_as(graph: &Graph, form: Form) -> Result<(Vec<u8>, usize), WriteError> {
    let mut problems = unwritable_nodes(graph);
    if let Err(found) = graph.verify() {
        problems.extend(found);
    }
    problems.extend(too_large(graph));
    if problems.is_empty() {
        let narrow = (form == Form::Float16).then(|| half::narrow(graph)).transpose();
        let narrow = narrow.map_err(|problems| WriteError { problems })?;
        let graph = narrow.as_ref().unwrap_or(graph);
        let uint8 = (graph.dialect == Dialect::Uint8).then(|| uint8::to_uint8(graph));
        let graph = uint8.as_ref().unwrap_or(graph);
        let (layout, n_compressed) = match form {
            Form::Compressed => Layout::compressed(graph),
            Form::Plain | Form::Float16 => (Layout::of(graph), 0),
        };
        problems.extend(layout.too_large(graph));
        if problems.is_empty() {
            return Ok((emit::file(&layout), n_compressed));
        }
    }
    Err(WriteError { problems })
}

fn unwritable_nodes(graph: &Graph) -> Vec<Problem> {
    let numbered = (0u32..).map(NodeIdx).zip(&graph.nodes);
    let without = numbered.filter(|(_, node)| ops::encode(graph, node).is_none());
    let problem = |(idx, node): (NodeIdx, &Node)| {
        let way_out = match node.op {
            Op::BatchNormalization(_) => "fold batch normalisation into the layer before it first",
            Op::Gru(_) => "unroll it first, which takes one sequence of at most 256 steps",
            _ => "make it of other operators first",
        };
        Problem { place: graph.describe(idx), message: format!("TFLite has no such operator; {way_out}") }
    };
    without.map(problem).chain(mixed_variables(graph)).collect()
}

/// A variable is a handle in the file where READ_VARIABLE and ASSIGN_VARIABLE use it, and a tensor where others do.
fn mixed_variables(graph: &Graph) -> impl Iterator<Item = Problem> {
    let handles = handles(graph);
    let numbered = (0u32..).map(NodeIdx).zip(&graph.nodes);
    numbered.filter_map(move |(idx, node)| {
        let (Op::ReadVariable(_) | Op::AssignVariable(_)) = node.op else {
            let name = node.inputs.iter().flatten().find_map(|input| handles.get(input))?;
            let message = format!(
                "it uses the variable \"{name}\" that READ_VARIABLE or ASSIGN_VARIABLE use as well, which TFLite \
                 cannot say; read the variable first"
            );
            return Some(Problem { place: graph.describe(idx), message });
        };
        None
    })
}

/// A flatbuffer ends before 2 GiB; the constants get all but 16 MiB of it.
const MAX_CONSTANT_BYTES: usize = (1 << 31) - (1 << 24);

fn too_large(graph: &Graph) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (idx, tensor) in graph.tensors.iter().enumerate() {
        if tensor.shape.iter().any(|&extent| i32::try_from(extent).is_err()) {
            let message =
                format!("its shape {:?} does not fit the format's 32 bits; make it smaller", tensor.shape);
            problems.push(Problem { place: format!("tensor {idx} \"{}\"", tensor.name), message });
        }
    }
    let constants = graph.tensors.iter().filter_map(|tensor| tensor.data.as_ref());
    let bytes = constants.fold(0usize, |sum, data| sum.saturating_add(data.len()));
    if bytes > MAX_CONSTANT_BYTES {
        let message = format!(
            "its constants take {bytes} bytes, the format holds {MAX_CONSTANT_BYTES}; make it smaller"
        );
        problems.push(Problem { place: format!("graph \"{}\"", graph.name), message });
    }
    problems
}

/// A tensor as it goes into the file.
#[derive(Debug)]
pub(crate) struct FileTensor {
    /// Name, shape, type and quantisation; the data stand in the buffers.
    pub(crate) tensor: Tensor,
    /// Number of its buffer, 0 for an activation.
    pub(crate) buffer: u32,
    /// Whether it is the handle of a variable.
    pub(crate) is_handle: bool,
}

/// An operator as it goes into the file.
#[derive(Debug, Default)]
pub(crate) struct FileNode {
    /// Index of code and version.
    pub(crate) opcode: u32,
    /// Operands, -1 where absent.
    pub(crate) inputs: Vec<i32>,
    /// Results.
    pub(crate) outputs: Vec<i32>,
    /// Tensors that only tell a scale.
    pub(crate) intermediates: Vec<i32>,
    /// Options.
    pub(crate) options: ops::Options,
}

/// A signature as it goes into the file.
#[derive(Debug)]
pub(crate) struct FileSignature {
    /// Its key.
    pub(crate) key: String,
    /// Names of inputs and their tensors.
    pub(crate) inputs: Vec<(String, u32)>,
    /// Names of outputs and their tensors.
    pub(crate) outputs: Vec<(String, u32)>,
}

/// Everything in the file, with the file's numbers.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Name of the subgraph.
    pub(crate) name: String,
    /// Description of the model.
    pub(crate) description: String,
    /// Signatures with the file's numbers of the tensors.
    pub(crate) signatures: Vec<FileSignature>,
    /// Names of the metadata with the numbers of their buffers.
    pub(crate) metadata: Vec<(String, u32)>,
    /// Tensors.
    pub(crate) tensors: Vec<FileTensor>,
    /// Data of the buffers from number 1 on; buffer 0 is empty.
    pub(crate) buffers: Vec<Vec<u8>>,
    /// Codes and versions of the operators.
    pub(crate) opcodes: Vec<(Code, i32)>,
    /// Operators, first the handles of variables.
    pub(crate) nodes: Vec<FileNode>,
    /// How many of the operators are not nodes of the graph.
    n_own_nodes: usize,
    /// Tensors and operators of the subgraph that gives variables their first values; none where it is empty.
    pub(crate) initial: (Vec<FileTensor>, Vec<FileNode>),
    /// The model's inputs.
    pub(crate) inputs: Vec<i32>,
    /// The model's outputs.
    pub(crate) outputs: Vec<i32>,
    known_buffers: BTreeMap<Vec<u8>, u32>,
}

impl Layout {
    /// The layout of a verified graph without BATCH_NORMALIZATION.
    pub(crate) fn of(graph: &Graph) -> Self {
        Layout::with_places(graph).0
    }

    /// The same with compressed filters, and how many there are.
    pub(crate) fn compressed(graph: &Graph) -> (Self, usize) {
        let (mut layout, places) = Layout::with_places(graph);
        let place = |idx: TensorIdx| places.get(idx.idx()).copied().unwrap_or(-1);
        let n = lut::compress(&mut layout, graph, &place);
        (layout, n)
    }

    /// The layout and the file's number of each tensor, -1 for those that nothing uses.
    fn with_places(graph: &Graph) -> (Self, Vec<i32>) {
        let mut layout = Layout::default();
        layout.name_model(graph);
        let handles = handles(graph);
        let places = layout.add_used_tensors(graph, &handles);
        let place = |idx: TensorIdx| places.get(idx.idx()).copied().unwrap_or(-1);
        let mut since = layout.add_variables(graph, &handles, place);
        for node in &graph.nodes {
            let Some(encoded) = ops::encode(graph, node) else { continue };
            if let Code::Builtin(code) = encoded.code {
                since = since.max(runtime_versions::since(code, encoded.version.0));
            }
            let mut inputs: Vec<i32> = node.inputs.iter().map(|input| input.map_or(-1, place)).collect();
            while inputs.last() == Some(&-1) {
                inputs.pop();
            }
            let outputs: Vec<i32> = node.outputs.iter().copied().map(place).collect();
            if matches!(node.op, Op::CircularBuffer(_)) {
                layout.mark_variables(&outputs);
            }
            layout.add_node(graph, encoded, inputs, outputs, node.outputs.first().copied());
        }
        layout.inputs = graph.inputs.iter().copied().map(place).collect();
        layout.outputs = graph.outputs.iter().copied().map(place).collect();
        layout.add_signatures(graph);
        layout.add_metadata(graph, since);
        (layout, places)
    }

    /// The graph's name stands in the description of a model that was made here, else in the subgraph.
    fn name_model(&mut self, graph: &Graph) {
        let own = || (MAIN.to_owned(), format!("{DESCRIPTION_PREFIX}{}", graph.name));
        let foreign = |description: &String| {
            let name = if graph.name.is_empty() { MAIN } else { &graph.name };
            (name.to_owned(), description.clone())
        };
        (self.name, self.description) = graph.meta.description.as_ref().map_or_else(own, foreign);
    }

    fn add_signatures(&mut self, graph: &Graph) {
        let names = |ends: &[TensorIdx]| -> Vec<String> {
            ends.iter().map(|&idx| graph.get(idx).map_or_else(String::new, |end| end.name.clone())).collect()
        };
        let default = || vec![default_signature(&names(&graph.inputs), &names(&graph.outputs))];
        let all = if graph.meta.signatures.is_empty() { default() } else { graph.meta.signatures.clone() };
        let numbered = |named: Vec<(String, usize)>, ends: &[i32]| {
            named
                .into_iter()
                .filter_map(|(name, at)| Some((name, u32::try_from(*ends.get(at)?).ok()?)))
                .collect()
        };
        for Signature { key, inputs, outputs } in all {
            let inputs = numbered(inputs, &self.inputs);
            let outputs = numbered(outputs, &self.outputs);
            self.signatures.push(FileSignature { key, inputs, outputs });
        }
    }

    fn add_metadata(&mut self, graph: &Graph, since: [u8; 3]) {
        let number = self.add_min_runtime(since);
        self.metadata.push((MIN_RUNTIME_VERSION.to_owned(), number));
        for (name, data) in &graph.meta.metadata {
            let number = if data.is_empty() { 0 } else { self.add_buffer(data.to_vec()) };
            self.metadata.push((name.clone(), number));
        }
    }

    /// Adds the tensors that something uses, in the graph's order, and then the handles of variables. Returns the file's number of each, -1 for the others.
    fn add_used_tensors(&mut self, graph: &Graph, handles: &BTreeMap<TensorIdx, String>) -> Vec<i32> {
        let mut places = vec![-1; graph.tensors.len()];
        let of_nodes = graph.nodes.iter().flat_map(|node| {
            let inside = states_inside(graph, node);
            let operands = node.inputs.iter().enumerate().filter(move |(at, _)| !inside.contains(at));
            operands.filter_map(|(_, operand)| operand.as_ref()).chain(&node.outputs)
        });
        for idx in graph.inputs.iter().chain(&graph.outputs).chain(of_nodes) {
            if let Some(place) = places.get_mut(idx.idx()) {
                *place = 0;
            }
        }
        for ((idx, tensor), place) in (0u32..).map(TensorIdx).zip(&graph.tensors).zip(&mut places) {
            if *place == 0 && !handles.contains_key(&idx) {
                *place = self.add_tensor(tensor.clone());
            }
        }
        for (idx, name) in handles {
            if let Some(place) = places.get_mut(idx.idx()) {
                self.tensors.push(FileTensor::handle(name));
                *place = index(self.tensors.len());
            }
        }
        places
    }

    /// Adds the operators that make the variables, and the subgraph that gives them their first values. Returns the
    /// release that knows them.
    fn add_variables(
        &mut self,
        graph: &Graph,
        handles: &BTreeMap<TensorIdx, String>,
        place: impl Fn(TensorIdx) -> i32,
    ) -> [u8; 3] {
        if handles.is_empty() {
            return [0; 3];
        }
        let codes = [builtin::CALL_ONCE, builtin::VAR_HANDLE, builtin::ASSIGN_VARIABLE];
        let [call, handle, assign] = codes.map(|code| self.opcode((Code::Builtin(code), 1)));
        let options =
            ops::Options::new(options::CALL_ONCE).with(call_once_options::INIT_SUBGRAPH_INDEX, Value::Int(1));
        self.nodes.push(FileNode { opcode: call, options, ..FileNode::default() });
        for (number, (&idx, name)) in (0..).step_by(2).zip(handles) {
            let variable = graph.tensor(idx);
            let named = |outputs| FileNode {
                opcode: handle,
                outputs: vec![outputs],
                options: ops::Options::new(options::VAR_HANDLE)
                    .with(var_handle_options::CONTAINER, Value::Text(String::new()))
                    .with(var_handle_options::SHARED_NAME, Value::Text(name.clone())),
                ..FileNode::default()
            };
            self.nodes.push(named(place(idx)));
            let buffer = self.add_buffer(variable.initial_bytes());
            let value = Tensor::activation(name.clone(), variable.dtype, variable.shape.clone());
            self.initial.0.push(FileTensor::handle(name));
            self.initial.0.push(FileTensor { tensor: value, buffer, is_handle: false });
            self.initial.1.push(named(number));
            let options = ops::Options::new(options::ASSIGN_VARIABLE);
            self.initial.1.push(FileNode {
                opcode: assign,
                inputs: vec![number, number + 1],
                outputs: Vec::new(),
                options,
                ..FileNode::default()
            });
        }
        self.n_own_nodes = self.nodes.len();
        codes.map(|code| runtime_versions::since(code, 1)).into_iter().max().unwrap_or_default()
    }

    /// TFLM's CIRCULAR_BUFFER keeps its state in its result, which starts with its zero point where it is a variable.
    fn mark_variables(&mut self, results: &[i32]) {
        for &result in results {
            let place = usize::try_from(result).ok();
            if let Some(file) = place.and_then(|place| self.tensors.get_mut(place)) {
                file.tensor.is_variable = true;
            }
        }
    }

    fn add_tensor(&mut self, mut tensor: Tensor) -> i32 {
        let buffer = tensor
            .data
            .take()
            .filter(|data| !data.is_empty())
            .map_or(0, |data| self.add_buffer(data.to_vec()));
        self.tensors.push(FileTensor { tensor, buffer, is_handle: false });
        index(self.tensors.len())
    }

    fn add_buffer(&mut self, data: Vec<u8>) -> u32 {
        if let Some(&known) = self.known_buffers.get(&data) {
            return known;
        }
        self.buffers.push(data.clone());
        let number = u32::try_from(self.buffers.len()).unwrap_or(u32::MAX);
        self.known_buffers.insert(data, number);
        number
    }

    /// Number of a code with its version.
    fn opcode(&mut self, opcode: (Code, i32)) -> u32 {
        let at = self.opcodes.iter().position(|&known| known == opcode).unwrap_or_else(|| {
            self.opcodes.push(opcode);
            self.opcodes.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn add_node(
        &mut self,
        graph: &Graph,
        encoded: Encoded,
        mut inputs: Vec<i32>,
        outputs: Vec<i32>,
        first_output: Option<TensorIdx>,
    ) {
        if let Some(operands) = encoded.operands {
            let output =
                first_output.and_then(|idx| graph.get(idx)).map_or("", |tensor| tensor.name.as_str());
            let of_node = std::mem::take(&mut inputs);
            inputs.extend(operands.into_iter().map(|operand| match operand {
                FileOperand::Node(at) => of_node.get(at).copied().unwrap_or(-1),
                FileOperand::Constant(mut tensor) => {
                    tensor.name = format!("{output}/{}", tensor.name);
                    self.add_tensor(tensor)
                }
                FileOperand::Absent => -1,
            }));
        }
        let opcode = self.opcode((encoded.code, encoded.version.0));
        let intermediates = encoded.intermediates.into_iter().map(|tensor| self.add_tensor(tensor)).collect();
        self.nodes.push(FileNode { opcode, inputs, outputs, intermediates, options: encoded.options });
    }

    /// The release as TensorFlow's converter writes it: text in 16 bytes, filled with zeros.
    fn add_min_runtime(&mut self, [major, minor, patch]: [u8; 3]) -> u32 {
        let mut text = format!("{major}.{minor}.{patch}").into_bytes();
        text.resize(16, 0);
        self.add_buffer(text)
    }

    /// Sizes in options that do not fit.
    fn too_large(&self, graph: &Graph) -> Vec<Problem> {
        let numbered = (0u32..).map(NodeIdx).zip(self.nodes.iter().skip(self.n_own_nodes));
        let problem = |(idx, node): (NodeIdx, &FileNode)| {
            let size = node.options.too_large?;
            let message = format!("{size} does not fit the format's 32 bits; make it smaller");
            Some(Problem { place: graph.describe(idx), message })
        };
        numbered.filter_map(problem).collect()
    }
}

/// Positions of the operands that the file keeps inside of the operator.
fn states_inside(graph: &Graph, node: &Node) -> &'static [usize] {
    let operands: Vec<Option<&Tensor>> =
        node.inputs.iter().map(|input| input.and_then(|idx| graph.get(idx))).collect();
    match node.op.own_states(&operands) {
        Ok(own) if !own.is_empty() => node.op.states(),
        _ => &[],
    }
}

/// The variables that READ_VARIABLE and ASSIGN_VARIABLE use, which are handles in the file. Their names differ there,
/// which those of tensors need not.
fn handles(graph: &Graph) -> BTreeMap<TensorIdx, String> {
    let users =
        graph.nodes.iter().filter(|node| matches!(node.op, Op::ReadVariable(_) | Op::AssignVariable(_)));
    let used: BTreeSet<TensorIdx> = users.filter_map(|node| node.inputs.first().copied().flatten()).collect();
    let mut names = BTreeSet::new();
    let unique = |idx: TensorIdx| {
        let mut name = graph.get(idx).map_or_else(String::new, |variable| variable.name.clone());
        while !names.insert(name.clone()) {
            name = format!("{name}:{}", idx.0);
        }
        (idx, name)
    };
    used.into_iter().map(unique).collect()
}

/// Index of the last of `len` things; there are never as many as 2³¹ of them.
fn index(len: usize) -> i32 {
    i32::try_from(len).map_or(-1, |len| len - 1)
}

impl FileTensor {
    /// The handle of a variable, a scalar.
    fn handle(name: &str) -> Self {
        let tensor = Tensor::activation(name, smidgen_ir::DType::I32, Vec::new());
        FileTensor { tensor, buffer: 0, is_handle: true }
    }

    /// Number of the element type in `TensorType`.
    pub(crate) fn element_type(&self) -> i8 {
        if self.is_handle { tensor_type::RESOURCE } else { tensor_type::of(self.tensor.dtype) }
    }
}

#[cfg(test)]
mod tests;
