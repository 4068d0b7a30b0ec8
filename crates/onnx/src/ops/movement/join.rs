//! Concat and Split: along one axis, in the order in which the operand lies.

use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::split_v::SplitV;
use smidgen_ir::{Op, TensorIdx};

use super::{Stored, narrow, narrow_all};
use crate::findings::{Fallible, clip};
use crate::fold::split_sizes;
use crate::import::Importer;
use crate::node::{Node, axis};
use crate::ops::encode::Written;
use crate::write::{Writer, int};

/// Concat. Operands of other scales than the first are rescaled to it, or to the file's scale of the result.
pub(in crate::ops) fn concat<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let mut acts = Vec::new();
    for at in 0..node.n_inputs() {
        acts.push(importer.act(node, at)?);
    }
    let first =
        acts.iter().find(|act| !importer.graph.tensor(act.tensor).is_const()).or(acts.first()).cloned();
    let first = first.ok_or("it joins nothing; export the model again")?;
    let rank = first.rank();
    let along = axis(node.int("axis", 1)?, rank)?;
    let layout = first.layout.full(rank);
    let mut dims = first.dims.clone();
    dims[along] = 0;
    let target = importer.target.clone();
    let mut tensors = Vec::new();
    for act in acts {
        let fits =
            act.rank() == rank && (0..rank).all(|axis| axis == along || act.dims[axis] == first.dims[axis]);
        if !fits {
            return Err(format!("it joins shapes {:?} and {:?} along axis {along}", first.dims, act.dims));
        }
        dims[along] += act.dims[along];
        let tensor = importer.stored(&act, &layout)?;
        tensors.push(match &target {
            Some(quant) => importer.quantized(tensor, quant)?,
            None => tensor,
        });
    }
    let op = Op::Concatenation(Concatenation { axis: narrow(layout.place(along).unwrap_or(along))? });
    let operands: Vec<_> = tensors.into_iter().map(Some).collect();
    let y = importer.emit(op, &operands, node.output_name(0))?;
    importer.result(node, y, dims, layout)
}

/// Split.
pub(in crate::ops) fn split<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let along = axis(node.int("axis", 0)?, act.rank())?;
    let sizes_operand = importer.optional_const(node, 1)?;
    let parts = split_sizes(node, sizes_operand.as_deref(), act.dims[along])?;
    let stored = Stored::of(importer, act)?;
    let op = Op::SplitV(SplitV { axis: narrow(stored.place(along))?, sizes: narrow_all(&parts)? });
    let name = |at: usize| match node.output_name(at) {
        "" => format!("{}/part_{at}", clip(node.output_name(0))),
        name => name.to_owned(),
    };
    let names: Vec<String> = (0..parts.len()).map(name).collect();
    let results = importer.emit_many(op, &[Some(stored.x)], &names)?;
    for (at, (y, part)) in results.into_iter().zip(parts).enumerate() {
        let mut dims = stored.act.dims.clone();
        dims[along] = part;
        importer.moved_result(node, at, &stored.act, (y, dims, stored.layout.clone()))?;
    }
    Ok(())
}

/// The place of each dimension of an image when its channels stand second.
const FIRST: [i64; 4] = [0, 2, 3, 1];

pub(super) fn write_concat(writer: &mut Writer<'_>, node: Written<'_>, op: &Concatenation) -> Fallible<()> {
    let (inputs, y) = (node.inputs(), node.output()?);
    let first = inputs.iter().all(|&idx| writer.is_first(idx)) && writer.graph.tensor(y).shape.len() == 4;
    let mut held = Vec::new();
    for &idx in &inputs {
        held.push(if first { writer.get_first(idx)? } else { writer.get(idx)? });
    }
    let held: Vec<&str> = held.iter().map(String::as_str).collect();
    let axis = if first { FIRST[op.axis.rem_euclid(4) as usize] } else { op.axis.into() };
    let name = writer.node("Concat", &held, vec![int("axis", axis)], node.name);
    writer.put(y, name, first);
    Ok(())
}

pub(super) fn write_split(writer: &mut Writer<'_>, node: Written<'_>, axis: i32) -> Fallible<()> {
    let graph = writer.graph;
    let results = node.outputs();
    let held = writer.get(node.input(0)?)?;
    let along = |idx: &TensorIdx| {
        let shape = &graph.tensor(*idx).shape;
        shape[axis.rem_euclid(shape.len() as i32) as usize] as i64
    };
    let parts: Vec<i64> = results.iter().map(along).collect();
    let parts = writer.list(&parts, "split");
    let like: Vec<&str> = results.iter().map(|&idx| graph.tensor(idx).name.as_str()).collect();
    let names = writer.nodes("Split", &[&held, &parts], vec![int("axis", axis.into())], &like);
    for (&idx, name) in results.iter().zip(names) {
        writer.put(idx, name, false);
    }
    Ok(())
}
