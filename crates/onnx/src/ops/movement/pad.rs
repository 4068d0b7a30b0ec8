//! Pad: with a constant, by reflection, or with elements that GATHER repeats.

use smidgen_ir::ops::mirror_pad::MirrorPad;
use smidgen_ir::ops::pad::Pad;
use smidgen_ir::ops::padv2::PadV2;
use smidgen_ir::{Op, Tensor, TensorIdx};

use super::{MAX_EXTENT, Stored, narrow, taken};
use crate::findings::Fallible;
use crate::fold::sizes;
use crate::import::Importer;
use crate::node::{Node, axis};
use crate::ops::encode::Written;
use crate::write::{Writer, text};

/// Pad: constant, reflect, edge and wrap; operands since operand set 11, attributes before.
pub(in crate::ops) fn pad<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let rank = act.rank();
    let list = match importer.optional_const(node, 1)? {
        Some(pads) => pads.as_ints()?.to_vec(),
        None => node.ints("pads")?.ok_or("it has no pads; export the model again")?.to_vec(),
    };
    let value = match importer.optional_const(node, 2)? {
        Some(value) => value.scalar()?,
        None => node.float("value", 0.0)?,
    };
    let along = match importer.optional_const(node, 3)? {
        Some(axes) => axes.as_ints()?.iter().map(|&at| axis(at, rank)).collect::<Fallible<Vec<_>>>()?,
        None => (0..rank).collect(),
    };
    if list.len() != 2 * along.len() {
        return Err(format!("its pads {list:?} must be {} numbers; export the model again", 2 * along.len()));
    }
    let amounts =
        sizes(&list).map_err(|_| format!("its pads {list:?} are negative, which cuts; use Slice"))?;
    let mut pads = vec![[0usize; 2]; rank];
    for (at, &axis) in along.iter().enumerate() {
        pads[axis] = [amounts[at], amounts[at + along.len()]];
    }
    let dims = act.dims.iter().zip(&pads).map(|(&extent, &[before, after])| {
        before.checked_add(after).and_then(|pads| pads.checked_add(extent)).ok_or("its pads are too large")
    });
    let dims = dims.collect::<Result<Vec<_>, _>>()?;
    let stored = Stored::of(importer, act)?;
    let paddings = stored.in_order(&pads);
    let name = node.output_name(0);
    let mode = node.text("mode", "constant")?;
    let y = match mode {
        "constant" if value == 0.0 => importer.emit(Op::Pad(Pad { paddings }), &[Some(stored.x)], name)?,
        "constant" => {
            let value = pad_value(importer, stored.x, value, name);
            importer.emit(Op::PadV2(PadV2 { paddings }), &[Some(stored.x), Some(value)], name)?
        }
        "reflect" => {
            importer.emit(Op::MirrorPad(MirrorPad { paddings, symmetric: false }), &[Some(stored.x)], name)?
        }
        "edge" | "wrap" => repeated(importer, stored.x, &paddings, mode == "wrap", name)?,
        other => return Err(format!("mode {other:?} is unknown; export the model again")),
    };
    importer.moved_result(node, 0, &stored.act, (y, dims, stored.layout))
}

/// `x` with its elements repeated around it: those at the edge, or all of them in turn.
fn repeated(
    importer: &mut Importer<'_>,
    x: TensorIdx,
    paddings: &[[usize; 2]],
    in_turn: bool,
    name: &str,
) -> Fallible<TensorIdx> {
    let mut y = x;
    for (axis, &[before, after]) in paddings.iter().enumerate().filter(|(_, pads)| **pads != [0, 0]) {
        let extent = importer.graph.tensor(y).shape[axis];
        let padded = before.saturating_add(extent).saturating_add(after);
        if padded > MAX_EXTENT {
            return Err(format!(
                "it pads to {padded} elements along an axis, at most {MAX_EXTENT} are supported"
            ));
        }
        let (extent, before) = (narrow(extent)?, narrow(before)?);
        let place = |at: i32| if in_turn { at.rem_euclid(extent) } else { at.clamp(0, extent - 1) };
        let places: Vec<i32> = (-before..narrow(padded)? - before).map(place).collect();
        y = taken(importer, y, axis, &places, &format!("{name}/{axis}"))?;
    }
    Ok(y)
}

/// A value to pad `x` with, in its scale.
fn pad_value(importer: &mut Importer<'_>, x: TensorIdx, value: f32, name: &str) -> TensorIdx {
    let name = format!("{name}/value");
    let tensor = match importer.graph.tensor(x).quant.clone() {
        Some(quant) => {
            let scale = quant.scales.first().copied().unwrap_or(1.0);
            let zero_point = quant.zero_points.first().copied().unwrap_or(0);
            let value = ((value / scale).round_ties_even() + zero_point as f32).clamp(-128.0, 127.0) as i8;
            Tensor::const_i8(name, vec![1], &[value], quant)
        }
        None => Tensor::const_f32(name, vec![1], &[value]),
    };
    importer.graph.add_tensor(tensor)
}

/// A value that is at most as large as any in `x`.
pub(in crate::ops) fn least(importer: &mut Importer<'_>, x: TensorIdx, name: &str) -> TensorIdx {
    pad_value(importer, x, f32::MIN, name)
}

pub(super) fn write_pad(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    paddings: &[[usize; 2]],
    value: Option<TensorIdx>,
    mode: &'static str,
) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    let first = writer.is_first(x) && paddings.len() == 4;
    let ordered: Vec<[usize; 2]> =
        if first { [0, 3, 1, 2].map(|axis: usize| paddings[axis]).to_vec() } else { paddings.to_vec() };
    let held = if first { writer.get_first(x)? } else { writer.get(x)? };
    let pads: Vec<i64> =
        [0, 1].iter().flat_map(|&side| ordered.iter().map(move |pair| pair[side] as i64)).collect();
    let pads = writer.list(&pads, "pads");
    let value = value.map(|value| writer.get(value)).transpose()?;
    let mut operands = vec![held.as_str(), pads.as_str()];
    operands.extend(value.as_deref());
    let name = writer.node("Pad", &operands, vec![text("mode", mode)], node.name);
    writer.put(y, name, first);
    Ok(())
}
