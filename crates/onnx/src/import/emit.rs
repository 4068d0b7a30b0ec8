//! What readers add to the graph: nodes, constants, inputs, and the results of a node of the file.

use smidgen_ir::{DType, Op, OutputQuant, Tensor, TensorIdx};

use super::{Act, Importer, Kind, Value};
use crate::constant::{Elem, holds_elements};
use crate::findings::Fallible;
use crate::layout::Layout;
use crate::node::Node;

impl<'m> Importer<'m> {
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
            holds_elements(&ty.shape)?;
            let quant = own.clone().filter(|_| ty.dtype == DType::I8);
            let name = name.clone();
            outputs.push(
                self.graph.add_tensor(Tensor { quant, ..Tensor::activation(name, ty.dtype, ty.shape) }),
            );
        }
        self.graph.nodes.push(smidgen_ir::Node { op, inputs: inputs.to_vec(), outputs: outputs.clone() });
        Ok(outputs)
    }

    /// Takes room for the constants among the tensors from `first` on: many nodes may share one of the file and each
    /// need its own form of it.
    pub(crate) fn charge_constants(&mut self, first: usize) -> Fallible<()> {
        let added = self.graph.tensors.iter().skip(first);
        let bytes = added.filter_map(|tensor| tensor.data.as_ref()).map(|data| data.len()).sum::<usize>();
        self.folder.charge_elements(bytes / size_of::<f32>())
    }

    /// Adds a constant.
    pub(crate) fn floats(&mut self, name: &str, shape: Vec<usize>, values: &[f32]) -> TensorIdx {
        self.graph.add_tensor(Tensor::const_f32(name, shape, values))
    }

    /// Says what result `at` of a node is.
    pub(crate) fn define(&mut self, node: &Node<'m>, at: usize, value: Value) {
        let name = node.output_name(at);
        if !name.is_empty() {
            self.values.insert(name, value);
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
        self.define_act(node, at, Act { tensor, dims, layout, kind: like.kind, flattened: None })
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
        self.define_act(node, at, Act { tensor, dims, layout, kind, flattened: None })
    }

    /// Says that result `at` is the activation, whose tensor must have the shape that it says.
    fn define_act(&mut self, node: &Node<'m>, at: usize, act: Act) -> Fallible<()> {
        let (found, expected) = (&self.graph.tensor(act.tensor).shape, act.layout.shape(&act.dims));
        if *found != expected {
            return Err(format!("its result has shape {found:?}, expected {expected:?}"));
        }
        self.define(node, at, Value::Act(act));
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
            Elem::Bool => DType::Bool,
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
