//! The one model type of the project: tensors and the nodes that connect them.

use std::borrow::Cow;

use crate::meta::Meta;
use crate::ops::Op;
use crate::tensor::Tensor;

/// Index of a tensor in [`Graph::tensors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorIdx(pub u32);

impl TensorIdx {
    /// The index as a `usize`.
    pub const fn idx(self) -> usize {
        self.0 as usize
    }
}

/// Index of a node in [`Graph::nodes`], which is also its position in the execution order and in the model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIdx(pub u32);

impl NodeIdx {
    /// The index as a `usize`.
    pub const fn idx(self) -> usize {
        self.0 as usize
    }
}

/// The integer arithmetic that a quantised graph means. Two dialects are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// gemmlowp double rounding, as TFLM's reference kernels and CMSIS-NN compute it.
    #[default]
    Tflm,
    /// What TFLite's reference kernels compute of uint8 models, on values and zero points that are 128 less. It is
    /// [`Dialect::Tflm`] but for two things: the product of a convolution's scales is rounded to float32, and
    /// AVERAGE_POOL_2D rounds halves up.
    Uint8,
}

impl Dialect {
    /// The name in the text form and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Tflm => "TFLM",
            Dialect::Uint8 => "UINT8",
        }
    }
}

/// One operator applied to tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The operator and its attributes.
    pub op: Op,
    /// Operands in the operator's order; `None` where an optional one is absent.
    pub inputs: Vec<Option<TensorIdx>>,
    /// Results in the operator's order.
    pub outputs: Vec<TensorIdx>,
}

/// A network in execution order: every node stands after the nodes whose results it reads.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// Name of the model.
    pub name: String,
    /// All tensors, activations and constants.
    pub tensors: Vec<Tensor>,
    /// All nodes in execution order.
    pub nodes: Vec<Node>,
    /// The model's inputs, in order.
    pub inputs: Vec<TensorIdx>,
    /// The model's outputs, in order.
    pub outputs: Vec<TensorIdx>,
    /// The arithmetic of the quantised operators.
    pub dialect: Dialect,
    /// What the model's file says besides; the text form leaves it out.
    pub meta: Meta,
}

impl Graph {
    /// The tensor at `idx`, `None` past the end.
    pub fn get(&self, idx: TensorIdx) -> Option<&Tensor> {
        self.tensors.get(idx.idx())
    }

    /// The tensor at `idx` of a verified graph.
    ///
    /// # Panics
    /// On an index that the verifier would have refused.
    pub fn tensor(&self, idx: TensorIdx) -> &Tensor {
        &self.tensors[idx.idx()]
    }

    /// The tensor at `idx` of a verified graph, to change it.
    ///
    /// # Panics
    /// On an index that the verifier would have refused.
    pub fn tensor_mut(&mut self, idx: TensorIdx) -> &mut Tensor {
        &mut self.tensors[idx.idx()]
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> u64 {
        (0..self.nodes.len() as u32).map(|at| crate::ops::macs(self, NodeIdx(at))).sum()
    }

    /// Adds a tensor and returns its index.
    pub fn add_tensor(&mut self, tensor: Tensor) -> TensorIdx {
        self.tensors.push(tensor);
        TensorIdx((self.tensors.len() - 1) as u32)
    }

    /// The node that makes `idx`, `None` for inputs and constants.
    pub fn producer(&self, idx: TensorIdx) -> Option<NodeIdx> {
        self.nodes.iter().position(|node| node.outputs.contains(&idx)).map(|at| NodeIdx(at as u32))
    }

    /// The nodes that read `idx`, in execution order.
    pub fn consumers(&self, idx: TensorIdx) -> Vec<NodeIdx> {
        let reads = |node: &Node| node.inputs.contains(&Some(idx));
        (0u32..).zip(&self.nodes).filter(|(_, node)| reads(node)).map(|(at, _)| NodeIdx(at)).collect()
    }

    /// A name for messages: position, operator and the name of the first output, such as
    /// `node 3 CONV_2D "conv/Relu"`. Long names are cut.
    pub fn describe(&self, idx: NodeIdx) -> String {
        let Some(node) = self.nodes.get(idx.idx()) else { return format!("node {}", idx.0) };
        let output = node.outputs.first().and_then(|&output| self.get(output));
        let name = output.map_or("", |tensor| tensor.name.as_str());
        format!("node {} {} \"{}\"", idx.0, node.op.name(), shown(name))
    }

    /// Bytes of one inference's inputs, concatenated in order.
    pub fn input_bytes(&self) -> usize {
        self.inputs.iter().map(|&idx| self.tensor(idx).n_bytes()).sum()
    }

    /// Bytes of one inference's outputs, concatenated in order.
    pub fn output_bytes(&self) -> usize {
        self.outputs.iter().map(|&idx| self.tensor(idx).n_bytes()).sum()
    }
}

/// A name as messages show it: whole up to 120 characters, cut after that, so that a file full of long names and
/// mistakes does not make a message many times its size.
pub(crate) fn shown(name: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 120;
    match name.char_indices().nth(MAX_CHARS) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}…", name.split_at(end).0)),
    }
}
