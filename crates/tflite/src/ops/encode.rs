//! What the writer puts into the file for one operator.

use smidgen_ir::{Activation, DType, Graph, Node, Padding, Tensor, TensorIdx};

use super::Code;
use crate::flexbuffer::{self, Setting};
use crate::schema::tensor_type;

/// A node in terms of the file.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// What the file calls the operator.
    pub(crate) code: Code,
    /// Version of the operator that has all it needs.
    pub(crate) version: Version,
    /// The options.
    pub(crate) options: Options,
    /// The file's operands in order; `None` for the node's as they are.
    pub(crate) operands: Option<Vec<FileOperand>>,
    /// Tensors without data that only tell the runtime a scale.
    pub(crate) intermediates: Vec<Tensor>,
}

/// An operand as the file has it.
#[derive(Debug)]
pub(crate) enum FileOperand {
    /// The node's operand at this position.
    Node(usize),
    /// A constant that is an attribute in the graph. Its name says what it is.
    Constant(Tensor),
    /// An optional operand that is not there.
    Absent,
}

impl Encoded {
    /// An operator whose operands are the node's.
    pub(crate) fn new(code: Code, version: Version, options: Options) -> Self {
        Encoded { code, version, options, operands: None, intermediates: Vec::new() }
    }

    /// A custom operator of TFLM with its options. The states that it keeps inside are no operands of the file.
    pub(crate) fn custom(name: &'static str, settings: &[(&str, Setting)]) -> Self {
        Encoded::new(Code::Custom(name), Version(1), Options::custom(flexbuffer::encode(settings)))
    }

    /// Puts a constant after the node's operands, of which there are `n_operands`.
    pub(crate) fn and(mut self, n_operands: usize, constant: Tensor) -> Self {
        let operands = self.operands.get_or_insert_with(|| (0..n_operands).map(FileOperand::Node).collect());
        operands.push(FileOperand::Constant(constant));
        self
    }

    /// Adds tensors that only tell the runtime a scale.
    pub(crate) fn with_intermediates(mut self, intermediates: Vec<Tensor>) -> Self {
        self.intermediates = intermediates;
        self
    }

    /// Sets the file's operands.
    pub(crate) fn with_operands(mut self, operands: Vec<FileOperand>) -> Self {
        self.operands = Some(operands);
        self
    }
}

/// A version of an operator as TensorFlow's `op_version.cc` numbers it. The file says which TensorFlow release is the
/// first to run all of its operators, see `runtime_versions.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) i32);

impl Version {
    /// Version 2 when the first operand is int8, else version 1, as most operators have it.
    pub(crate) fn two_for_int8(graph: &Graph, node: &Node) -> Self {
        if operand_type(graph, node, 0) == Some(DType::I8) { Version(2) } else { Version(1) }
    }

    /// A version for an int8 first operand, one for int16, else version 1.
    pub(crate) fn by_type(graph: &Graph, node: &Node, int8: i32, int16: i32) -> Self {
        Version(match operand_type(graph, node, 0) {
            Some(DType::I8) => int8,
            Some(DType::I16) => int16,
            _ => 1,
        })
    }

    /// The version that the element type of the first operand has in a list; 1 where it has none.
    pub(crate) fn of_type(graph: &Graph, node: &Node, versions: &[(DType, i32)]) -> Self {
        let dtype = operand_type(graph, node, 0);
        let version = versions.iter().find(|(of, _)| Some(*of) == dtype);
        Version(version.map_or(1, |&(_, number)| number))
    }
}

/// Element type of operand `at`.
pub(crate) fn operand_type(graph: &Graph, node: &Node, at: usize) -> Option<DType> {
    let idx = node.inputs.get(at).copied().flatten()?;
    graph.get(idx).map(|tensor| tensor.dtype)
}

/// Number of the element type of operand `at` in `TensorType`, which custom options call `T`.
pub(crate) fn operand_type_number(graph: &Graph, node: &Node, at: usize) -> i32 {
    operand_type(graph, node, at).map_or(0, |dtype| tensor_type::of(dtype).into())
}

/// Whether a tensor has a scale for each channel.
pub(crate) fn is_per_channel(graph: &Graph, idx: Option<TensorIdx>) -> bool {
    let quant = idx.and_then(|idx| graph.get(idx)).and_then(|tensor| tensor.quant.as_ref());
    quant.is_some_and(|quant| quant.scales.len() > 1)
}

/// Options of one operator, a member of the union `BuiltinOptions`.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Number of the member; 0 for none.
    pub(crate) kind: u8,
    /// Fields by number.
    pub(crate) fields: Vec<(u16, Value)>,
    /// Options of a custom operator, as bytes; `kind` is 0 then.
    pub(crate) custom: Option<Vec<u8>>,
    /// A size that does not fit the format's 32 bits.
    pub(crate) too_large: Option<usize>,
}

/// Value of a field.
#[derive(Debug)]
pub(crate) enum Value {
    /// An enumeration or boolean.
    Byte(i8),
    /// An integer.
    Int(i32),
    /// A float.
    Float(f32),
    /// A truth value.
    Bool(bool),
    /// A vector of integers.
    Ints(Vec<i32>),
    /// A text.
    Text(String),
}

impl Options {
    /// Options of member `kind` without fields.
    pub(crate) fn new(kind: u8) -> Self {
        Options { kind, ..Options::default() }
    }

    /// Options of a custom operator.
    pub(crate) fn custom(bytes: Vec<u8>) -> Self {
        Options { custom: Some(bytes), ..Options::default() }
    }

    /// Adds a field.
    pub(crate) fn with(mut self, id: u16, value: Value) -> Self {
        self.fields.push((id, value));
        self
    }

    /// Adds a field that holds a size.
    pub(crate) fn size(mut self, id: u16, size: usize) -> Self {
        match i32::try_from(size) {
            Ok(size) => self.with(id, Value::Int(size)),
            Err(_) => {
                self.too_large = Some(size);
                self
            }
        }
    }

    /// Adds a padding.
    pub(crate) fn padding(self, id: u16, padding: Padding) -> Self {
        let number = match padding {
            Padding::Same => 0,
            Padding::Valid => 1,
        };
        self.with(id, Value::Byte(number))
    }

    /// Adds a fused activation.
    pub(crate) fn activation(self, id: u16, activation: Activation) -> Self {
        let number = match activation {
            Activation::None => 0,
            Activation::Relu => 1,
            Activation::ReluN1To1 => 2,
            Activation::Relu6 => 3,
        };
        self.with(id, Value::Byte(number))
    }
}
