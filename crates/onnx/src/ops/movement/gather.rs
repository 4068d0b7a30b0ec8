//! Gather: one place or several along an axis.

use smidgen_ir::ops::gather::Gather;
use smidgen_ir::ops::gather_nd::GatherNd;
use smidgen_ir::ops::slice::Slice;
use smidgen_ir::{Op, Tensor, TensorIdx};

use super::{Stored, narrow};
use crate::findings::Fallible;
use crate::fold::Span;
use crate::import::{Act, Importer, Value};
use crate::layout::Layout;
use crate::node::{Node, axis};

/// The elements of `x` at these places along a dimension of the tensor.
pub(in crate::ops) fn taken(
    importer: &mut Importer<'_>,
    x: TensorIdx,
    axis: usize,
    places: &[i32],
    name: &str,
) -> Fallible<TensorIdx> {
    let shape = vec![places.len().max(1)];
    let list = importer.graph.add_tensor(Tensor::const_i32(format!("{name}/indices"), shape, places, None));
    let op = Op::Gather(Gather { axis: narrow(axis)?, batch_dims: 0 });
    importer.emit(op, &[Some(x), Some(list)], name)
}

/// Gather: with one constant index a SLICE, else GATHER.
pub(in crate::ops) fn gather<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let rank = act.rank();
    let along = axis(node.int("axis", 0)?, rank)?;
    let extent = act.dims[along];
    let (before, behind) = (act.dims[..along].to_vec(), act.dims[along + 1..].to_vec());
    match importer.operand(node, 1)? {
        Value::Const(indices) => {
            let places = indices.as_ints()?.iter().map(|&at| axis(at, extent).map(|at| at as i64));
            let places = places.collect::<Fallible<Vec<_>>>();
            let places = places.map_err(|_| format!("its indices reach outside of {extent} elements"))?;
            if let ([only], true) = (&places[..], indices.dims.len() <= 1) {
                let spans = act.dims.iter().map(|&count| Span { begin: 0, count, step: 1 });
                let mut spans: Vec<Span> = spans.collect();
                spans[along] = Span { begin: *only as usize, count: 1, step: 1 };
                return picked(importer, node, act, along, &spans, indices.dims.is_empty());
            }
            let stored = Stored::of(importer, act)?;
            let values: Vec<i32> = places.iter().map(|&at| at as i32).collect();
            let y = taken(importer, stored.x, stored.place(along), &values, node.output_name(0))?;
            let mut dims = stored.act.dims.clone();
            dims[along] = values.len();
            if indices.dims.len() == 1 {
                return importer.moved_result(node, 0, &stored.act, (y, dims, stored.layout));
            }
            let flat = Act { tensor: y, dims, layout: stored.layout, flattened: None, kind: stored.act.kind };
            let y = importer.stored(&flat, &Layout::logical(rank))?;
            let dims = [&before, &indices.dims, &behind].into_iter().flatten().copied().collect::<Vec<_>>();
            let y = importer.reshape(y, &dims)?;
            let layout = Layout::logical(dims.len());
            importer.moved_result(node, 0, &flat, (y, dims, layout))
        }
        Value::Act(indices) => {
            let indices = importer.settled(indices)?;
            let index = importer.stored(&indices, &Layout::logical(indices.rank()))?;
            let x = importer.stored(&act, &Layout::logical(rank))?;
            let op = Op::Gather(Gather { axis: narrow(along)?, batch_dims: 0 });
            let y = importer.emit(op, &[Some(x), Some(index)], node.output_name(0))?;
            let dims = [&before, &indices.dims, &behind].into_iter().flatten().copied().collect::<Vec<_>>();
            let layout = Layout::logical(dims.len());
            importer.moved_result(node, 0, &act, (y, dims, layout))
        }
    }
}

/// One index along an axis, which then goes where the index was a scalar.
fn picked<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    act: Act,
    along: usize,
    spans: &[Span],
    scalar: bool,
) -> Fallible<()> {
    let stored = Stored::of(importer, act)?;
    let spans = stored.in_order(spans);
    let begin = spans.iter().map(|span| narrow(span.begin)).collect::<Fallible<_>>()?;
    let size = spans.iter().map(|span| narrow(span.count)).collect::<Fallible<_>>()?;
    let y = importer.emit(Op::Slice(Slice { begin, size }), &[Some(stored.x)], node.output_name(0))?;
    let mut dims = stored.act.dims.clone();
    dims[along] = 1;
    let mut layout = stored.layout.clone();
    if scalar {
        dims.remove(along);
        let without = |axis: usize| if axis == along { None } else { Some(axis - usize::from(axis > along)) };
        layout = Layout(layout.0.iter().map(|axis| axis.and_then(without)).collect());
    }
    importer.moved_result(node, 0, &stored.act, (y, dims, layout))
}

/// GatherND: slices at coordinates on the leading axes.
pub(in crate::ops) fn gather_nd<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    if node.int("batch_dims", 0)? != 0 {
        return Err("batch_dims is not supported; gather from each batch apart".to_owned());
    }
    let act = importer.moved(node, 0)?;
    let x = importer.stored(&act, &Layout::logical(act.rank()))?;
    let indices = importer.operand(node, 1)?;
    let Some((&coordinates, slices)) = indices.dims().split_last().filter(|(n, _)| **n <= act.rank()) else {
        return Err(format!("its indices {:?} do not fit {:?}", indices.dims(), act.dims));
    };
    let dims = [slices, &act.dims[coordinates..]].concat();
    let positions = match indices {
        Value::Act(indices) => {
            let indices = importer.settled(indices)?;
            importer.stored(&indices, &Layout::logical(indices.rank()))?
        }
        Value::Const(indices) => {
            let extents = act.dims[..coordinates].iter().cycle();
            let places = indices.as_ints()?.iter().zip(extents);
            let places = places.map(|(&at, &extent)| axis(at, extent).map(|at| at as i32));
            let places = places.collect::<Fallible<Vec<_>>>();
            let places = places.map_err(|_| format!("its indices reach outside of {:?}", act.dims))?;
            let name = format!("{}/indices", node.output_name(0));
            importer.graph.add_tensor(Tensor::const_i32(name, indices.dims.clone(), &places, None))
        }
    };
    let op = Op::GatherNd(GatherNd {});
    let y = importer.emit(op, &[Some(x), Some(positions)], node.output_name(0))?;
    let layout = Layout::logical(dims.len());
    importer.moved_result(node, 0, &act, (y, dims, layout))
}
