//! What only changes how a value is seen: Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Identity and Dropout, and
//! Shape and Size, which read it.

use std::rc::Rc;

use crate::constant::{Const, count};
use crate::findings::Fallible;
use crate::fold::{permutation, relabelled, reshaped};
use crate::import::{Act, Importer, Value};
use crate::layout::{Group, Layout, groups};
use crate::node::Node;

/// Identity and Dropout.
pub(super) fn identity<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    if node.op() == "Dropout"
        && !importer.uses(node.output_name(1)).is_empty()
        && !node.output_name(1).is_empty()
    {
        return Err("its mask is used; export the model for inference (model.eval())".to_owned());
    }
    if node.op() == "Dropout"
        && let Some(training) = importer.optional_const(node, 2)?
        && training.scalar()? != 0.0
    {
        return Err("it is in training mode; export the model for inference (model.eval())".to_owned());
    }
    let value = importer.operand(node, 0)?;
    importer.define(node, 0, value);
    Ok(())
}

/// Shape (since opset 15 of a range of axes) and Size.
pub(crate) fn shape<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let value = importer.operand(node, 0)?;
    let dims = value.dims();
    let constant = if node.op() == "Size" {
        Const::ints(Vec::new(), vec![count(dims)? as i64])
    } else {
        let rank = dims.len() as i64;
        let bound = |at: i64| (if at < 0 { at.saturating_add(rank) } else { at }).clamp(0, rank) as usize;
        let (start, end) = (bound(node.int("start", 0)?), bound(node.int("end", rank)?));
        Const::list(
            dims.get(start..end.max(start)).unwrap_or_default().iter().map(|&extent| extent as i64).collect(),
        )
    };
    importer.define(node, 0, Value::Const(Rc::new(constant)));
    Ok(())
}

/// Transpose: the value stays where it is, its axes get other numbers.
pub(super) fn transpose<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let perm = permutation(node, act.rank())?;
    let dims = perm.iter().map(|&axis| act.dims[axis]).collect();
    let layout = act.layout.permuted(&perm);
    importer.define(node, 0, Value::Act(Act { dims, layout, ..act }));
    Ok(())
}

/// Reshape.
pub(super) fn reshape<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let wanted = match importer.optional_const(node, 1)? {
        Some(shape) => shape.as_ints()?.to_vec(),
        None => node.ints("shape")?.ok_or("it has no shape; export the model again")?.to_vec(),
    };
    let dims = reshaped(&act.dims, &wanted, node.flag("allowzero")?)?;
    seen_as(importer, node, act, dims)
}

/// Flatten, Squeeze and Unsqueeze.
pub(super) fn relabel<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let axes = importer.optional_const(node, 1)?;
    let dims = relabelled(node, axes.as_deref(), &act.dims)?;
    seen_as(importer, node, act, dims)
}

/// Gives `act` the shape `dims` with as many elements.
fn seen_as<'m>(importer: &mut Importer<'m>, node: &Node<'m>, act: Act, dims: Vec<usize>) -> Fallible<()> {
    let groups = groups(&act.dims, &dims);
    let order = act.layout.order(&act.dims);
    if groups.iter().all(|group| group.old.len() == 1 && group.new.len() == 1) {
        // Only extents of 1 come and go.
        let new = |axis: usize| groups.iter().find(|group| group.old == [axis]).map(|group| group.new[0]);
        let layout = Layout(act.layout.0.iter().map(|axis| axis.and_then(new)).collect());
        importer.define(node, 0, Value::Act(Act { dims, layout, ..act }));
        return Ok(());
    }
    if let Some(layout) = layout_behind(&groups, &order, dims.len()) {
        let tensor = importer.reshape(act.tensor, &layout.shape(&dims))?;
        return importer.moved_result(node, 0, &act, (tensor, dims, layout));
    }
    let is_row = dims.iter().rev().skip(1).all(|&extent| extent == 1);
    if is_row && feeds_only_layers(importer, node.output_name(0), 4) {
        let (tensor, kind, layout) = (act.tensor, act.kind, Layout::logical(dims.len()));
        let flat = Act { tensor, dims, layout, kind, flattened: Some(Box::new(act)) };
        importer.define(node, 0, Value::Act(flat));
        return Ok(());
    }
    // Axes that merge are brought together, the others stay where they are.
    let mut sorted: Vec<&Group> = groups.iter().collect();
    let first = |group: &Group| order.iter().position(|axis| group.old.contains(axis));
    sorted.sort_by_key(|group| first(group));
    let order: Vec<usize> = sorted.iter().flat_map(|group| group.old.iter().copied()).collect();
    let tensor = importer.stored(&act, &Layout::of(&order).full(act.rank()))?;
    let layout = layout_behind(&groups, &order, dims.len()).unwrap_or_else(|| Layout::logical(dims.len()));
    let tensor = importer.reshape(tensor, &layout.shape(&dims))?;
    importer.moved_result(node, 0, &act, (tensor, dims, layout))
}

/// The layout of the new axes, where the old axes of each group lie one behind the other.
fn layout_behind(groups: &[Group], order: &[usize], rank: usize) -> Option<Layout> {
    let (mut new, mut rest) = (Vec::new(), order);
    while let Some(first) = rest.first() {
        let group = groups.iter().find(|group| group.old.first() == Some(first))?;
        rest = rest.strip_prefix(group.old.as_slice())?;
        new.extend(&group.new);
    }
    Some(Layout::of(&new).full(rank))
}

/// Whether every reader of `name` multiplies it with constant weights, perhaps after quantising it.
fn feeds_only_layers(importer: &Importer<'_>, name: &str, depth: usize) -> bool {
    let uses = importer.uses(name);
    if uses.is_empty() || importer.is_output(name) {
        return false;
    }
    uses.iter().all(|&at| {
        let Some(node) = importer.nodes.get(at).filter(|node| node.input_name(0) == name) else {
            return false;
        };
        match node.op() {
            "Gemm" | "MatMul" => importer.will_be_const(node.input_name(1)),
            "QuantizeLinear" | "DequantizeLinear" | "Identity" | "Dropout" => {
                depth > 0 && feeds_only_layers(importer, node.output_name(0), depth - 1)
            }
            _ => false,
        }
    })
}
