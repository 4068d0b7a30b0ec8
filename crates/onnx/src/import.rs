//! The graph while it is made from a file: values by name, nodes added one by one, and what readers of operators ask.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use smidgen_ir::ops::dequantize::Dequantize;
use smidgen_ir::ops::quantize::Quantize;
use smidgen_ir::ops::reshape::Reshape;
use smidgen_ir::ops::transpose::Transpose;
use smidgen_ir::{DType, Graph, Op, OutputQuant, Quant, Tensor, TensorIdx};

use crate::constant::{Const, Data, Elem, decode};
use crate::findings::{Fallible, Findings, clip};
use crate::fold::Folder;
use crate::layout::Layout;
use crate::node::Node;
use crate::proto::TensorProto;

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
    makers: BTreeMap<&'m str, usize>,
    outputs: BTreeSet<&'m str>,
    /// Results of RESHAPE, TRANSPOSE, QUANTIZE and DEQUANTIZE that are there already.
    known: BTreeMap<(String, TensorIdx), TensorIdx>,
    /// The quantisation that the file gives the result of the node at hand, when it is to be computed in integers.
    pub(crate) target: Option<Quant>,
}

impl<'m> Importer<'m> {
    /// An importer of these nodes, whose results in `outputs` leave the model.
    pub(crate) fn new(nodes: &'m [Node<'m>], outputs: BTreeSet<&'m str>, folder: Folder) -> Self {
        let mut uses: BTreeMap<&'m str, Vec<usize>> = BTreeMap::new();
        let mut makers = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            for name in node.proto.input.iter().filter(|name| !name.is_empty()) {
                uses.entry(name.as_str()).or_default().push(at);
            }
            makers.extend(node.proto.output.iter().map(|name| (name.as_str(), at)));
        }
        Importer {
            graph: Graph::default(),
            findings: Findings::default(),
            folder,
            nodes,
            initializers: BTreeMap::new(),
            values: BTreeMap::new(),
            lost: BTreeSet::new(),
            uses,
            makers,
            outputs,
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

    /// The nodes that read `name`, by position.
    pub(crate) fn uses(&self, name: &str) -> &[usize] {
        self.uses.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether `name` is a constant, or will be: it depends on constants only.
    pub(crate) fn will_be_const(&self, name: &str, depth: usize) -> bool {
        if name.is_empty() || self.initializers.contains_key(name) {
            return true;
        }
        if let Some(value) = self.values.get(name) {
            return value.constant().is_some();
        }
        let Some(node) = self.makers.get(name).and_then(|&at| self.nodes.get(at)) else { return false };
        depth > 0 && node.proto.input.iter().all(|input| self.will_be_const(input, depth - 1))
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

    /// The activation as the file's elements: what was left quantised is dequantised.
    pub(crate) fn plain(&mut self, act: Act) -> Fallible<Act> {
        if act.kind != Kind::Dequantized {
            return Ok(act);
        }
        let tensor = self.reuse(Op::Dequantize(Dequantize), act.tensor, "dequantize")?;
        Ok(Act { tensor, kind: Kind::Plain(Elem::F32), ..act })
    }

    /// The activation with its flat elements in the file's order.
    pub(crate) fn settled(&mut self, act: Act) -> Fallible<Act> {
        let Some(before) = act.flattened else { return Ok(act) };
        let ordered = self.stored(&before, &Layout::logical(before.rank()))?;
        let tensor = self.reshape(ordered, &act.dims)?;
        Ok(Act { tensor, flattened: None, ..act })
    }

    /// The tensor that holds `act` in the order `layout`, made where there is none yet.
    pub(crate) fn stored(&mut self, act: &Act, layout: &Layout) -> Fallible<TensorIdx> {
        let (from, to) = (act.layout.order(&act.dims), layout.order(&act.dims));
        let shape = layout.shape(&act.dims);
        if from == to {
            return self.reshape(act.tensor, &shape);
        }
        let extents = self.graph.tensor(act.tensor).shape.clone();
        // Dimensions of extent 1 may go anywhere; where their number is right they fill the gaps of `layout`.
        let mut ones: Vec<usize> = (0..extents.len()).filter(|&at| extents[at] == 1).rev().collect();
        let place = |axis: usize| act.layout.place(axis);
        let fits = extents.len() == shape.len();
        let mut perm = Vec::with_capacity(extents.len());
        if fits {
            for (axis, &extent) in layout.0.iter().zip(&shape) {
                perm.extend(if extent == 1 { ones.pop() } else { axis.and_then(place) });
            }
        } else {
            ones.reverse();
            perm.extend(ones);
            perm.extend(to.iter().filter_map(|&axis| place(axis)));
        }
        let moved = self.reuse(Op::Transpose(Transpose { permutation: perm }), act.tensor, "transpose")?;
        self.reshape(moved, &shape)
    }

    /// The tensor under another shape.
    pub(crate) fn reshape(&mut self, tensor: TensorIdx, shape: &[usize]) -> Fallible<TensorIdx> {
        if self.graph.tensor(tensor).shape == shape {
            return Ok(tensor);
        }
        let shape = shape.iter().map(|&extent| i32::try_from(extent)).collect::<Result<_, _>>();
        let shape = shape.map_err(|_| "an extent is 2^31 or more; make the model smaller".to_owned())?;
        self.reuse(Op::Reshape(Reshape { shape }), tensor, "reshape")
    }

    /// The tensor with these scale and zero point: quantised from float, or rescaled.
    pub(crate) fn quantized(&mut self, tensor: TensorIdx, quant: &Quant) -> Fallible<TensorIdx> {
        let found = self.graph.tensor(tensor);
        if found.dtype == DType::I8 && found.quant.as_ref() == Some(quant) {
            return Ok(tensor);
        }
        let key = (format!("QUANTIZE {quant:?}"), tensor);
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let name = format!("{}/quantize", found.name);
        let held = self.target.replace(quant.clone());
        let made = self.emit(Op::Quantize(Quantize { to: DType::I8 }), &[Some(tensor)], &name);
        self.target = held;
        self.known.insert(key, made.clone()?);
        made
    }

    /// The result of `op` on `tensor`, which keeps what it holds; the same question gets the same tensor.
    fn reuse(&mut self, op: Op, tensor: TensorIdx, what: &str) -> Fallible<TensorIdx> {
        let key = (format!("{op:?}"), tensor);
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let name = format!("{}/{what}", self.graph.tensor(tensor).name);
        let made = self.emit(op, &[Some(tensor)], &name)?;
        self.known.insert(key, made);
        Ok(made)
    }

    /// Adds a node with one result.
    pub(crate) fn emit(&mut self, op: Op, inputs: &[Option<TensorIdx>], name: &str) -> Fallible<TensorIdx> {
        let results = self.emit_many(op, inputs, &[name.to_owned()])?;
        results.first().copied().ok_or_else(|| "an operator without result".to_owned())
    }

    /// Adds a node; the shapes and types of its results are inferred. Int8 results get the target, or their input's
    /// scale and zero point where the operator keeps them.
    pub(crate) fn emit_many(
        &mut self,
        op: Op,
        inputs: &[Option<TensorIdx>],
        names: &[String],
    ) -> Fallible<Vec<TensorIdx>> {
        let operands: Vec<Option<&Tensor>> =
            inputs.iter().map(|idx| idx.map(|idx| self.graph.tensor(idx))).collect();
        let types = op.infer(&operands).map_err(|message| format!("as {}, {message}", op.name()))?;
        let first = operands.first().copied().flatten().and_then(|tensor| tensor.quant.clone());
        let own = match op.output_quant() {
            OutputQuant::SameAsInput => first,
            OutputQuant::Fixed(quant) => Some(quant),
            OutputQuant::Calibrated => self.target.clone().or(first),
            OutputQuant::NotQuantized => None,
        };
        let mut outputs = Vec::new();
        for (ty, name) in types.into_iter().zip(names) {
            crate::constant::count(&ty.shape)?;
            let quant = own.clone().filter(|_| ty.dtype == DType::I8);
            let name = name.clone();
            outputs.push(
                self.graph.add_tensor(Tensor { quant, ..Tensor::activation(name, ty.dtype, ty.shape) }),
            );
        }
        self.graph.nodes.push(smidgen_ir::Node { op, inputs: inputs.to_vec(), outputs: outputs.clone() });
        Ok(outputs)
    }

    /// Adds a constant.
    pub(crate) fn floats(&mut self, name: &str, shape: Vec<usize>, values: &[f32]) -> TensorIdx {
        self.graph.add_tensor(Tensor::const_f32(name, shape, values))
    }

    /// Says what result `at` of a node is.
    pub(crate) fn define(&mut self, node: &Node<'m>, at: usize, value: Value) {
        let name = node.output_name(at);
        if name.is_empty() {
            return;
        }
        if self.values.insert(name, value).is_some() {
            self.findings.problem(
                node.place(),
                format!("its result \"{}\" is there already; export the model again", clip(name)),
            );
        }
    }

    /// Says that result `at` is the tensor, whose elements are of the same kind as those that `like` holds.
    pub(crate) fn moved_result(
        &mut self,
        node: &Node<'m>,
        at: usize,
        like: &Act,
        (tensor, dims, layout): (TensorIdx, Vec<usize>, Layout),
    ) -> Fallible<()> {
        let found = self.graph.tensor(tensor);
        if found.shape != layout.shape(&dims) {
            return Err(format!(
                "its result has shape {:?}, expected {:?}",
                found.shape,
                layout.shape(&dims)
            ));
        }
        self.define(node, at, Value::Act(Act { tensor, dims, layout, kind: like.kind, flattened: None }));
        Ok(())
    }

    /// Says that result 0 is the tensor, which holds the extents `dims` in the order `layout`.
    pub(crate) fn result(
        &mut self,
        node: &Node<'m>,
        tensor: TensorIdx,
        dims: Vec<usize>,
        layout: Layout,
    ) -> Fallible<()> {
        self.result_at(node, 0, tensor, dims, layout)
    }

    /// Says that result `at` is the tensor, which holds the extents `dims` in the order `layout`.
    pub(crate) fn result_at(
        &mut self,
        node: &Node<'m>,
        at: usize,
        tensor: TensorIdx,
        dims: Vec<usize>,
        layout: Layout,
    ) -> Fallible<()> {
        let found = self.graph.tensor(tensor);
        if found.shape != layout.shape(&dims) {
            return Err(format!(
                "its result has shape {:?}, expected {:?}",
                found.shape,
                layout.shape(&dims)
            ));
        }
        let kind = match found.dtype {
            DType::I8 if found.quant.is_some() => Kind::Dequantized,
            DType::I8 | DType::I4 => Kind::Plain(Elem::I8),
            DType::U8 => Kind::Plain(Elem::U8),
            DType::I16 => Kind::Plain(Elem::I16),
            DType::I32 => Kind::Plain(Elem::I32),
            DType::U32 => Kind::Plain(Elem::U32),
            DType::I64 => Kind::Plain(Elem::I64),
            DType::U64 => Kind::Plain(Elem::U64),
            DType::Bool => Kind::Plain(Elem::Bool),
            DType::F32 | DType::F16 => Kind::Plain(Elem::F32),
        };
        self.define(node, at, Value::Act(Act { tensor, dims, layout, kind, flattened: None }));
        Ok(())
    }

    /// Adds an input of the model before any node.
    pub(crate) fn input(
        &mut self,
        name: &'m str,
        elem: Elem,
        dims: Vec<usize>,
        layout: Layout,
    ) -> Fallible<()> {
        let dtype = match elem {
            Elem::F32 => DType::F32,
            Elem::I8 | Elem::U8 => DType::I8,
            Elem::I32 | Elem::I64 => DType::I32,
            other => {
                return Err(format!(
                    "inputs of type {} are not supported; cast it inside the model",
                    other.name()
                ));
            }
        };
        let tensor = self.graph.add_tensor(Tensor::activation(name, dtype, layout.shape(&dims)));
        self.graph.inputs.push(tensor);
        let act = Act { tensor, dims, layout, kind: Kind::Plain(elem), flattened: None };
        self.values.insert(name, Value::Act(act));
        Ok(())
    }
}
