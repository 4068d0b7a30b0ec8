//! Slice: SLICE, or STRIDED_SLICE where it steps.

use smidgen_ir::Op;
use smidgen_ir::ops::reverse_v2::ReverseV2;
use smidgen_ir::ops::slice::Slice;
use smidgen_ir::ops::strided_slice::StridedSlice;

use super::{Stored, narrow};
use crate::constant::Const;
use crate::findings::Fallible;
use crate::fold::{Operands, Span, slices};
use crate::import::{Act, Importer, Value};
use crate::node::Node;
use crate::ops::encode::Written;
use crate::write::Writer;

/// Slice.
pub(in crate::ops) fn slice<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
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

/// Whether a STRIDED_SLICE takes ranges of every dimension and keeps them all.
pub(super) fn is_plain(op: &StridedSlice) -> bool {
    op.ellipsis_mask == 0 && op.new_axis_mask == 0 && op.shrink_axis_mask == 0 && !op.offset
}

/// Slice from `begin` in steps of `steps`, as far as the result goes.
pub(super) fn write_slice(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    begin: &[i64],
    steps: &[i64],
) -> Fallible<()> {
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

/// STRIDED_SLICE of plain ranges as Slice.
pub(super) fn write_strided_slice(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    op: &StridedSlice,
) -> Fallible<()> {
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
    write_slice(writer, node, &begin, &steps)
}

/// REVERSE_V2 as Slice from the end.
pub(super) fn write_reverse(writer: &mut Writer<'_>, node: Written<'_>, op: &ReverseV2) -> Fallible<()> {
    let shape = &writer.graph.tensor(node.input(0)?).shape;
    let rank = shape.len() as i32;
    let turned = |at: usize| op.axes.iter().any(|axis| axis.rem_euclid(rank) == at as i32);
    let extents = shape.iter().enumerate();
    let (begin, steps): (Vec<i64>, Vec<i64>) =
        extents.map(|(at, &extent)| if turned(at) { (extent as i64 - 1, -1) } else { (0, 1) }).unzip();
    write_slice(writer, node, &begin, &steps)
}
