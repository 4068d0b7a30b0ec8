//! Activations as a reader wants them: in another order, shape, scale or element type, made once.

use smidgen_ir::ops::dequantize::Dequantize;
use smidgen_ir::ops::quantize::Quantize;
use smidgen_ir::ops::reshape::Reshape;
use smidgen_ir::ops::transpose::Transpose;
use smidgen_ir::{DType, Op, Quant, TensorIdx};

use super::{Act, Importer, Kind};
use crate::constant::Elem;
use crate::findings::{Fallible, clip};
use crate::layout::Layout;

impl<'m> Importer<'m> {
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
        let name = format!("{}/quantize", clip(&found.name));
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
        // Cut: conversions of conversions would get names that grow without end.
        let name = format!("{}/{what}", clip(&self.graph.tensor(tensor).name));
        let made = self.emit(op, &[Some(tensor)], &name)?;
        self.known.insert(key, made);
        Ok(made)
    }
}
