//! Tile and Expand: elements again.

use smidgen_ir::Op;
use smidgen_ir::ops::broadcast_to::BroadcastTo;
use smidgen_ir::ops::tile::Tile;

use super::Stored;
use crate::findings::Fallible;
use crate::fold::{broadcast, sizes};
use crate::import::{Act, Importer, Value};
use crate::node::Node;

/// Tile.
pub(in crate::ops) fn tile<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let repeats = sizes(importer.constant(node, 1)?.as_ints()?)?;
    if repeats.len() != act.rank() || repeats.contains(&0) {
        return Err(format!("its repeats {repeats:?} must be one for each of {:?}, at least 1", act.dims));
    }
    let dims = act
        .dims
        .iter()
        .zip(&repeats)
        .map(|(&extent, &n)| extent.checked_mul(n).ok_or("it repeats too often"));
    let dims = dims.collect::<Result<Vec<_>, _>>()?;
    let stored = Stored::of(importer, act)?;
    let multiples = stored.in_order(&repeats);
    let y = importer.emit(Op::Tile(Tile { multiples }), &[Some(stored.x)], node.output_name(0))?;
    importer.moved_result(node, 0, &stored.act, (y, dims, stored.layout))
}

/// Expand.
pub(in crate::ops) fn expand<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let dims = broadcast(&act.dims, &sizes(importer.constant(node, 1)?.as_ints()?)?)?;
    let shift = dims.len() - act.rank();
    let mut extended = vec![1; shift];
    extended.extend(&act.dims);
    let act = Act { dims: extended, layout: act.layout.shifted(shift), ..act };
    if dims == act.dims {
        importer.define(node, 0, Value::Act(act));
        return Ok(());
    }
    let stored = Stored::of(importer, act)?;
    let shape = stored.layout.shape(&dims);
    let y = importer.emit(Op::BroadcastTo(BroadcastTo { shape }), &[Some(stored.x)], node.output_name(0))?;
    importer.moved_result(node, 0, &stored.act, (y, dims, stored.layout))
}
