//! The graph while it is made from a file: values by name, and what readers of operators ask.

mod convert;
mod emit;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use smidgen_ir::{DType, Graph, Quant, Tensor, TensorIdx};

use crate::constant::{Const, Data, Elem, holds_elements};
use crate::decode::decode;
use crate::findings::{Fallible, Findings, clip};
use crate::fold::Folder;
use crate::layout::Layout;
use crate::node::Node;
use crate::proto::{GraphProto, TensorProto};

/// What an activation's elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the file says; uint8 is kept as int8, 128 lower.
    Plain(Elem),
    /// Floats in the file, which dequantises a tensor; the tensor holds the int8 values with scale and zero point.
    Dequantized,
}

/// An activation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Act {
    /// The tensor that holds it.
    pub(crate) tensor: TensorIdx,
    /// Extents as the file counts them.
    pub(crate) dims: Vec<usize>,
    /// The order in which the tensor holds them.
    pub(crate) layout: Layout,
    /// What the elements are.
    pub(crate) kind: Kind,
    /// The value before it was flattened, where the flat elements would have to be put in another order; only matrix
    /// products with constant weights, which then permute those, see a value like this.
    pub(crate) flattened: Option<Box<Act>>,
}

impl Act {
    /// Number of dimensions in the file.
    pub(crate) fn rank(&self) -> usize {
        self.dims.len()
    }
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Const(Rc<Const>),
    Act(Act),
}

impl Value {
    /// Extents as the file counts them.
    pub(crate) fn dims(&self) -> &[usize] {
        match self {
            Value::Const(constant) => &constant.dims,
            Value::Act(act) => &act.dims,
        }
    }

    /// The constant, where it is one.
    pub(crate) fn constant(&self) -> Option<&Const> {
        match self {
            Value::Const(constant) => Some(constant),
            Value::Act(_) => None,
        }
    }
}

/// The graph in the making.
#[derive(Debug)]
pub(crate) struct Importer<'m> {
    pub(crate) graph: Graph,
    pub(crate) findings: Findings,
    pub(crate) folder: Folder,
    /// All nodes of the file.
    pub(crate) nodes: &'m [Node<'m>],
    /// Constants of the file that nothing has read yet.
    pub(crate) initializers: BTreeMap<&'m str, &'m TensorProto>,
    values: BTreeMap<&'m str, Value>,
    /// Names whose node could not be read; what depends on them is left out without a word.
    lost: BTreeSet<&'m str>,
    uses: BTreeMap<&'m str, Vec<usize>>,
    /// Names that depend on constants only.
    constants: BTreeSet<&'m str>,
    outputs: BTreeSet<&'m str>,
    /// Results of RESHAPE, TRANSPOSE, QUANTIZE and DEQUANTIZE that are there already.
    known: BTreeMap<(String, TensorIdx), TensorIdx>,
    /// The quantisation that the file gives the result of the node at hand, when it is to be computed in integers.
    pub(crate) target: Option<Quant>,
}

impl<'m> Importer<'m> {
    /// An importer of these nodes of a file.
    pub(crate) fn new(nodes: &'m [Node<'m>], file: &'m GraphProto, folder: Folder) -> Self {
        let initializers: BTreeMap<&str, &TensorProto> =
            file.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        let mut uses: BTreeMap<&'m str, Vec<usize>> = BTreeMap::new();
        let mut constants: BTreeSet<&str> = initializers.keys().copied().collect();
        for (at, node) in nodes.iter().enumerate() {
            let inputs = || node.proto.input.iter().map(String::as_str).filter(|name| !name.is_empty());
            if inputs().all(|name| constants.contains(name)) {
                constants.extend(node.proto.output.iter().map(String::as_str));
            }
            for name in inputs() {
                let readers = uses.entry(name).or_default();
                if readers.last() != Some(&at) {
                    readers.push(at);
                }
            }
        }
        Importer {
            graph: Graph::default(),
            findings: Findings::default(),
            folder,
            nodes,
            initializers,
            values: BTreeMap::new(),
            lost: BTreeSet::new(),
            uses,
            constants,
            outputs: file.output.iter().map(|output| output.name.as_str()).collect(),
            known: BTreeMap::new(),
            target: None,
        }
    }

    /// What `name` stands for; `None` when the node that makes it could not be read.
    pub(crate) fn value(&mut self, name: &'m str) -> Fallible<Option<Value>> {
        if let Some(value) = self.values.get(name) {
            return Ok(Some(value.clone()));
        }
        if self.lost.contains(name) {
            return Ok(None);
        }
        if let Some(tensor) = self.initializers.remove(name) {
            let constant =
                decode(tensor).map_err(|message| format!("constant \"{}\": {message}", clip(name)));
            if constant.is_err() {
                self.lost.insert(name);
            }
            let value = Value::Const(Rc::new(constant?));
            self.values.insert(name, value.clone());
            return Ok(Some(value));
        }
        Err(format!("nothing before it makes \"{}\"; export the model again", clip(name)))
    }

    /// Marks results as lost.
    pub(crate) fn lose(&mut self, node: &Node<'m>) {
        self.lost.extend(node.proto.output.iter().map(String::as_str));
    }

    /// Marks an input as lost.
    pub(crate) fn lose_name(&mut self, name: &'m str) {
        self.lost.insert(name);
    }

    /// The nodes that read `name`, by position, each once.
    pub(crate) fn uses(&self, name: &str) -> &[usize] {
        self.uses.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether `name` is a constant, or will be: it depends on constants only.
    pub(crate) fn will_be_const(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(value) => value.constant().is_some(),
            None => self.constants.contains(name),
        }
    }

    /// Whether `name` leaves the model.
    pub(crate) fn is_output(&self, name: &str) -> bool {
        self.outputs.contains(name)
    }

    /// Operand `at`, `None` where it is absent.
    pub(crate) fn optional(&mut self, node: &Node<'m>, at: usize) -> Fallible<Option<Value>> {
        match node.input_name(at) {
            "" => Ok(None),
            name => self.value(name),
        }
    }

    /// Operand `at`.
    pub(crate) fn operand(&mut self, node: &Node<'m>, at: usize) -> Fallible<Value> {
        self.optional(node, at)?.ok_or_else(|| format!("operand {at} is missing; export the model again"))
    }

    /// Operand `at` as a constant, `None` where it is absent.
    pub(crate) fn optional_const(&mut self, node: &Node<'m>, at: usize) -> Fallible<Option<Rc<Const>>> {
        match self.optional(node, at)? {
            None => Ok(None),
            Some(Value::Const(constant)) => Ok(Some(constant)),
            Some(Value::Act(_)) => Err(format!(
                "operand {at} (\"{}\") must be a constant, but it is computed from the model's inputs; export the model \
                 with fixed shapes and parameters",
                clip(node.input_name(at))
            )),
        }
    }

    /// Operand `at` as a constant.
    pub(crate) fn constant(&mut self, node: &Node<'m>, at: usize) -> Fallible<Rc<Const>> {
        self.optional_const(node, at)?
            .ok_or_else(|| format!("operand {at} is missing; export the model again"))
    }

    /// Operand `at` as an activation in the element type that the node computes in: int8 where it has a target, as in
    /// the file elsewhere. A constant becomes a tensor.
    pub(crate) fn act(&mut self, node: &Node<'m>, at: usize) -> Fallible<Act> {
        let act = self.moved(node, at)?;
        if self.target.is_some() { Ok(act) } else { self.plain(act) }
    }

    /// Operand `at` as an activation, int8 or float as it comes: for operators that only move elements.
    pub(crate) fn moved(&mut self, node: &Node<'m>, at: usize) -> Fallible<Act> {
        match self.operand(node, at)? {
            Value::Act(act) => self.settled(act),
            Value::Const(constant) => self.const_act(&constant, node.input_name(at)),
        }
    }

    /// A constant as an activation.
    pub(crate) fn const_act(&mut self, constant: &Const, name: &str) -> Fallible<Act> {
        holds_elements(&constant.dims)?;
        self.folder.charge(&constant.dims)?;
        let quantized = matches!(constant.data, Data::Quantized(..)) && self.target.is_some();
        let tensor = if quantized || !matches!(constant.data, Data::Quantized(..)) {
            constant.tensor(name)?
        } else {
            Tensor::const_f32(name, constant.dims.clone(), &constant.to_floats())
        };
        let kind = match constant.data {
            _ if tensor.dtype == DType::I8 => Kind::Dequantized,
            Data::Int(_) => Kind::Plain(constant.elem),
            Data::Float(_) | Data::Quantized(..) => Kind::Plain(Elem::F32),
        };
        let tensor = self.graph.add_tensor(tensor);
        let layout = Layout::logical(constant.dims.len());
        Ok(Act { tensor, dims: constant.dims.clone(), layout, kind, flattened: None })
    }
}
