//! Operators that only move elements: Concat, Slice, Split, Pad, Tile, Expand, Gather, DepthToSpace, SpaceToDepth.
//!
//! They work in the order in which their operand lies, with axes translated.

use smidgen_ir::ops::broadcast_to::BroadcastTo;
use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::depth_to_space::DepthToSpace;
use smidgen_ir::ops::gather::Gather;
use smidgen_ir::ops::mirror_pad::MirrorPad;
use smidgen_ir::ops::pad::Pad;
use smidgen_ir::ops::padv2::PadV2;
use smidgen_ir::ops::slice::Slice;
use smidgen_ir::ops::space_to_depth::SpaceToDepth;
use smidgen_ir::ops::split_v::SplitV;
use smidgen_ir::ops::strided_slice::StridedSlice;
use smidgen_ir::ops::tile::Tile;
use smidgen_ir::{Op, Tensor, TensorIdx};

use super::encode::Written;
use crate::constant::Const;
use crate::findings::Fallible;
use crate::fold::{Operands, Span, broadcast, sizes, slices, split_sizes};
use crate::import::{Act, Importer, Value};
use crate::layout::Layout;
use crate::node::{Node, axis};
use crate::proto::AttributeProto;
use crate::write::{Writer, int, ints, text};

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

/// Concat. Operands of other scales than the first are rescaled to it, or to the file's scale of the result.
pub(super) fn concat<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
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

/// Slice.
pub(super) fn slice<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let mut held = vec![None];
    for at in 1..node.n_inputs() {
        held.push(importer.optional_const(node, at)?);
    }
    let constants: Vec<Option<&Const>> = held.iter().map(|constant| constant.as_deref()).collect();
    let spans = slices(node, &Operands(constants), &act.dims)?;
    if let Some(axis) = spans.iter().position(|span| span.count == 0) {
        return Err(format!("it takes nothing along axis {axis} of {:?}; export the model again", act.dims));
    }
    sliced(importer, node, 0, act, &spans)
}

/// Gives result `at` the elements of `act` in these spans.
fn sliced<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    at: usize,
    act: Act,
    spans: &[Span],
) -> Fallible<()> {
    let dims: Vec<usize> = spans.iter().map(|span| span.count).collect();
    if dims == act.dims && spans.iter().all(|span| span.step == 1) {
        importer.define(node, at, Value::Act(act));
        return Ok(());
    }
    let stored = Stored::of(importer, act)?;
    let spans = stored.in_order(spans);
    let begin = spans.iter().map(|span| narrow(span.begin)).collect::<Fallible<Vec<_>>>()?;
    let op = if spans.iter().all(|span| span.step == 1) {
        let size = spans.iter().map(|span| narrow(span.count)).collect::<Fallible<_>>()?;
        Op::Slice(Slice { begin, size })
    } else {
        let (mut end, mut strides, mut end_mask) = (Vec::new(), Vec::new(), 0);
        for (bit, span) in spans.iter().enumerate() {
            let step =
                i32::try_from(span.step).map_err(|_| "a step is 2^31 or more; make the model smaller")?;
            let behind = span.begin as i64 + span.step * (span.count as i64 - 1) + span.step.signum();
            if behind < 0 {
                end_mask |= 1 << bit;
            }
            end.push(
                i32::try_from(behind.max(0))
                    .map_err(|_| "an extent is 2^31 or more; make the model smaller")?,
            );
            strides.push(step);
        }
        Op::StridedSlice(StridedSlice { begin, end, strides, end_mask, ..StridedSlice::default() })
    };
    let y = importer.emit(op, &[Some(stored.x)], node.output_name(at))?;
    importer.moved_result(node, at, &stored.act, (y, dims, stored.layout))
}

/// Split.
pub(super) fn split<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let along = axis(node.int("axis", 0)?, act.rank())?;
    let sizes_operand = importer.optional_const(node, 1)?;
    let parts = split_sizes(node, sizes_operand.as_deref(), act.dims[along])?;
    let stored = Stored::of(importer, act)?;
    let op = Op::SplitV(SplitV { axis: narrow(stored.place(along))?, sizes: narrow_all(&parts)? });
    let name = |at: usize| match node.output_name(at) {
        "" => format!("{}/part_{at}", node.output_name(0)),
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

/// Pad: constant, reflect and (not) edge; operands since operand set 11, attributes before.
pub(super) fn pad<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
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
    let (mut spans, mut pads) = (Vec::new(), vec![[0usize; 2]; rank]);
    for (at, &axis) in along.iter().enumerate() {
        let amounts = [list[at], list[at + along.len()]];
        pads[axis] = amounts.map(|amount| usize::try_from(amount).unwrap_or(0));
        spans.push((axis, amounts.map(|amount| usize::try_from(-amount.min(0)).unwrap_or(0))));
    }
    if spans.iter().any(|(_, cut)| *cut != [0, 0]) {
        return Err(format!("its pads {list:?} are negative, which cuts; use Slice"));
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
        other => {
            return Err(format!("mode {other:?} is not supported; pad with a constant or by reflection"));
        }
    };
    importer.moved_result(node, 0, &stored.act, (y, dims, stored.layout))
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
pub(super) fn least(importer: &mut Importer<'_>, x: TensorIdx, name: &str) -> TensorIdx {
    pad_value(importer, x, f32::MIN, name)
}

/// Tile.
pub(super) fn tile<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
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
pub(super) fn expand<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
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

/// Gather: with one constant index a SLICE, else GATHER.
pub(super) fn gather<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
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
            let shape = vec![values.len().max(1)];
            let list = Tensor::const_i32(format!("{}/indices", node.output_name(0)), shape, &values, None);
            let list = importer.graph.add_tensor(list);
            let op = Op::Gather(Gather { axis: narrow(stored.place(along))?, batch_dims: 0 });
            let y = importer.emit(op, &[Some(stored.x), Some(list)], node.output_name(0))?;
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

/// DepthToSpace (DCR, as TFLite has it, or CRD) and SpaceToDepth.
pub(super) fn blocks<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.moved(node, 0)?;
    let block = usize::try_from(node.int("blocksize", 0)?).ok().filter(|&block| block > 0 && block < 1 << 15);
    let block = block.ok_or("its blocksize must be at least 1; export the model again")?;
    let [n, c, h, w] = act.dims[..] else {
        return Err(format!("its input must have 4 dimensions, found {:?}", act.dims));
    };
    let layout = Layout::channels_last(4);
    let mut x = importer.stored(&act, &layout)?;
    let name = node.output_name(0);
    if node.op() == "SpaceToDepth" {
        let op = Op::SpaceToDepth(SpaceToDepth { block });
        let y = importer.emit(op, &[Some(x)], name)?;
        return importer.moved_result(
            node,
            0,
            &act,
            (y, vec![n, c * block * block, h / block, w / block], layout),
        );
    }
    if !c.is_multiple_of(block * block) {
        return Err(format!("{c} channels do not make blocks of {block} x {block}; export the model again"));
    }
    let channels = c / (block * block);
    if node.text("mode", "DCR")? == "CRD" && channels > 1 {
        // The channel is the slowest of the three in CRD and the fastest in DCR.
        let order: Vec<i32> = (0..block * block)
            .flat_map(|place| (0..channels).map(move |channel| (channel * block * block + place) as i32))
            .collect();
        let list = Tensor::const_i32(format!("{name}/order"), vec![c], &order, None);
        let list = importer.graph.add_tensor(list);
        let op = Op::Gather(Gather { axis: 3, batch_dims: 0 });
        x = importer.emit(op, &[Some(x), Some(list)], &format!("{name}/dcr"))?;
    }
    let y = importer.emit(Op::DepthToSpace(DepthToSpace { block }), &[Some(x)], name)?;
    importer.moved_result(node, 0, &act, (y, vec![n, channels, h * block, w * block], layout))
}

/// The place of each dimension of an image when its channels stand second.
const FIRST: [i64; 4] = [0, 2, 3, 1];

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
        Op::Slice(op) => {
            let begin: Vec<i64> = op.begin.iter().map(|&begin| begin.into()).collect();
            write_slice(writer, node, &begin, &vec![1; begin.len()])?;
        }
        Op::StridedSlice(op) if is_plain(op) => {
            let shape = &writer.graph.tensor(node.input(0)?).shape;
            let begin = op.begin.iter().zip(shape).enumerate().map(|(at, (&begin, &extent))| {
                let from_end = op.strides.get(at).is_some_and(|&step| step < 0);
                match begin {
                    _ if op.begin_mask & (1 << at) != 0 && from_end => extent as i64 - 1,
                    _ if op.begin_mask & (1 << at) != 0 => 0,
                    begin if begin < 0 => i64::from(begin) + extent as i64,
                    begin => i64::from(begin),
                }
            });
            let begin: Vec<i64> = begin.collect();
            let steps: Vec<i64> = op.strides.iter().map(|&step| step.into()).collect();
            write_slice(writer, node, &begin, &steps)?;
        }
        Op::ReverseV2(op) => {
            let shape = &writer.graph.tensor(node.input(0)?).shape;
            let rank = shape.len() as i32;
            let turned = |at: usize| op.axes.iter().any(|axis| axis.rem_euclid(rank) == at as i32);
            let extents = shape.iter().enumerate();
            let (begin, steps): (Vec<i64>, Vec<i64>) = extents
                .map(|(at, &extent)| if turned(at) { (extent as i64 - 1, -1) } else { (0, 1) })
                .unzip();
            write_slice(writer, node, &begin, &steps)?;
        }
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

fn write_concat(writer: &mut Writer<'_>, node: Written<'_>, op: &Concatenation) -> Fallible<()> {
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

fn write_pad(
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

fn write_blocks(writer: &mut Writer<'_>, node: Written<'_>, op: &str, block: usize) -> Fallible<()> {
    let held = writer.get_first(node.input(0)?)?;
    let name = writer.node(op, &[&held], vec![int("blocksize", block as i64)], node.name);
    writer.put(node.output()?, name, true);
    Ok(())
}

/// Whether a STRIDED_SLICE takes ranges of every dimension and keeps them all.
fn is_plain(op: &StridedSlice) -> bool {
    op.ellipsis_mask == 0 && op.new_axis_mask == 0 && op.shrink_axis_mask == 0 && !op.offset
}

/// Slice from `begin` in steps of `steps`, as far as the result goes.
fn write_slice(writer: &mut Writer<'_>, node: Written<'_>, begin: &[i64], steps: &[i64]) -> Fallible<()> {
    let shape = &writer.graph.tensor(node.output()?).shape;
    let end = |at: usize| {
        let end = begin[at] + steps[at] * (shape[at] as i64 - 1) + steps[at].signum();
        // Before the first element: -1 would count from the end.
        if end < 0 { i64::from(i32::MIN) } else { end }
    };
    let n = begin.len().min(steps.len()).min(shape.len());
    let ends: Vec<i64> = (0..n).map(end).collect();
    let axes: Vec<i64> = (0..n as i64).collect();
    let held = writer.get(node.input(0)?)?;
    let starts = writer.list(&begin[..n], "starts");
    let ends = writer.list(&ends, "ends");
    let axes = writer.list(&axes, "axes");
    let steps = writer.list(&steps[..n], "steps");
    let name = writer.node("Slice", &[&held, &starts, &ends, &axes, &steps], Vec::new(), node.name);
    writer.put(node.output()?, name, false);
    Ok(())
}

fn write_split(writer: &mut Writer<'_>, node: Written<'_>, axis: i32) -> Fallible<()> {
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
