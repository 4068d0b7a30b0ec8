//! Operators that only move elements: Concat, Slice, Split, Pad, Tile, Expand, Gather, GatherND, DepthToSpace, SpaceToDepth.
//!
//! They work in the order in which their operand lies, with axes translated.

mod blocks;
mod gather;
mod join;
mod pad;
mod repeat;
mod slice;

use smidgen_ir::{Op, TensorIdx};

pub(super) use blocks::blocks;
pub(super) use gather::{gather, gather_nd, taken};
pub(super) use join::{concat, split};
pub(super) use pad::{least, pad};
pub(super) use repeat::{expand, tile};
pub(super) use slice::slice;

use super::encode::Written;
use crate::findings::Fallible;
use crate::import::{Act, Importer};
use crate::layout::Layout;
use crate::proto::{AttributeProto, data_type};
use crate::write::{Writer, int, ints};
use blocks::write_blocks;
use join::{write_concat, write_split};
use pad::write_pad;
use slice::{is_plain, write_reverse, write_slice, write_strided_slice};

/// Elements of the largest axis of which the places are listed: no image that a microcontroller sees is larger.
pub(super) const MAX_EXTENT: usize = 1 << 16;

/// An activation with all axes stored, and where each lies.
pub(super) struct Stored {
    pub(super) act: Act,
    pub(super) x: TensorIdx,
    pub(super) layout: Layout,
}

impl Stored {
    /// Operand `at` as it comes, with all its axes.
    pub(super) fn of<'m>(importer: &mut Importer<'m>, act: Act) -> Fallible<Stored> {
        let layout = act.layout.full(act.rank());
        let x = importer.stored(&act, &layout)?;
        Ok(Stored { act, x, layout })
    }

    /// The stored dimension of an axis of the file.
    pub(super) fn place(&self, axis: usize) -> usize {
        self.layout.place(axis).unwrap_or(axis)
    }

    /// One value for each stored dimension from one for each axis.
    pub(super) fn in_order<T: Clone>(&self, of_axes: &[T]) -> Vec<T> {
        self.layout.0.iter().flatten().filter_map(|&axis| of_axes.get(axis).cloned()).collect()
    }
}

/// An extent as TFLite's attributes have it.
pub(super) fn narrow(extent: usize) -> Fallible<i32> {
    i32::try_from(extent).map_err(|_| "an extent is 2^31 or more; make the model smaller".to_owned())
}

fn narrow_all(extents: &[usize]) -> Fallible<Vec<i32>> {
    extents.iter().map(|&extent| narrow(extent)).collect()
}

/// Writes an operator of this family; false for one of another.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, op: &Op) -> Fallible<bool> {
    match op {
        Op::Concatenation(op) => write_concat(writer, node, op)?,
        Op::Pad(op) => write_pad(writer, node, &op.paddings, None, "constant")?,
        Op::PadV2(op) => write_pad(writer, node, &op.paddings, Some(node.input(1)?), "constant")?,
        Op::MirrorPad(op) if !op.symmetric => write_pad(writer, node, &op.paddings, None, "reflect")?,
        Op::DepthToSpace(op) => write_blocks(writer, node, "DepthToSpace", op.block)?,
        Op::SpaceToDepth(op) => write_blocks(writer, node, "SpaceToDepth", op.block)?,
        Op::Reshape(_) => {
            let shape = writer.shape(node.output()?);
            simple(writer, node, "Reshape", Some(shape), Vec::new())?;
        }
        Op::Transpose(op) => {
            let perm: Vec<i64> = op.permutation.iter().map(|&axis| axis as i64).collect();
            simple(writer, node, "Transpose", None, vec![ints("perm", &perm)])?;
        }
        Op::BroadcastTo(_) => {
            let shape = writer.shape(node.output()?);
            simple(writer, node, "Expand", Some(shape), Vec::new())?;
        }
        Op::Tile(op) => {
            let multiples: Vec<i64> = op.multiples.iter().map(|&n| n as i64).collect();
            let multiples = writer.list(&multiples, "repeats");
            simple(writer, node, "Tile", Some(multiples), Vec::new())?;
        }
        Op::Gather(op) if op.batch_dims == 0 => {
            let indices = writer.get(node.input(1)?)?;
            simple(writer, node, "Gather", Some(indices), vec![int("axis", op.axis.into())])?;
        }
        Op::GatherNd(_) => {
            let indices = writer.get(node.input(1)?)?;
            // The file's indices are int64, the graph's int32.
            let to = vec![int("to", data_type::INT64.into())];
            let indices = writer.node("Cast", &[&indices], to, &format!("{}/indices", node.name));
            simple(writer, node, "GatherND", Some(indices), Vec::new())?;
        }
        Op::Slice(op) => {
            let begin: Vec<i64> = op.begin.iter().map(|&begin| begin.into()).collect();
            write_slice(writer, node, &begin, &vec![1; begin.len()])?;
        }
        Op::StridedSlice(op) if is_plain(op) => write_strided_slice(writer, node, op)?,
        Op::ReverseV2(op) => write_reverse(writer, node, op)?,
        Op::Squeeze(_) | Op::ExpandDims(_) => {
            let shape = writer.shape(node.output()?);
            simple(writer, node, "Reshape", Some(shape), Vec::new())?;
        }
        Op::Split(op) => write_split(writer, node, op.axis)?,
        Op::SplitV(op) => write_split(writer, node, op.axis)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// An operator of one tensor in the graph's order, and perhaps a constant.
fn simple(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    op: &str,
    operand: Option<String>,
    attributes: Vec<AttributeProto>,
) -> Fallible<()> {
    let held = writer.get(node.input(0)?)?;
    let mut operands = vec![held.as_str()];
    operands.extend(operand.as_deref());
    let name = writer.node(op, &operands, attributes, node.name);
    writer.put(node.output()?, name, false);
    Ok(())
}
