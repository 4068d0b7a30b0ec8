//! ReduceMean, ReduceSum, ReduceMax, ReduceMin, and those made of them; ArgMax, ArgMin and CumSum.

use smidgen_ir::ops::abs::Abs;
use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::arg_max::ArgMax;
use smidgen_ir::ops::arg_min::ArgMin;
use smidgen_ir::ops::cumsum::Cumsum;
use smidgen_ir::ops::exp::Exp;
use smidgen_ir::ops::log::Log;
use smidgen_ir::ops::mean::Mean;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::reduce_max::ReduceMax;
use smidgen_ir::ops::reduce_min::ReduceMin;
use smidgen_ir::ops::sqrt::Sqrt;
use smidgen_ir::ops::sub::Sub;
use smidgen_ir::ops::sum::Sum;
use smidgen_ir::{Activation, DType, Op, TensorIdx};

use super::encode::Written;
use super::movement::{Stored, narrow};
use crate::findings::Fallible;
use crate::import::{Importer, Value};
use crate::layout::Layout;
use crate::node::{Node, axes, axis};
use crate::proto::data_type;
use crate::write::{Writer, int, ints};

/// Reductions along any axes.
pub(super) fn reduce<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = if matches!(node.op(), "ReduceMax" | "ReduceMin") {
        importer.moved(node, 0)?
    } else {
        importer.act(node, 0)?
    };
    let rank = act.rank();
    let list = match importer.optional_const(node, 1)? {
        Some(axes) => Some(axes.as_ints()?.to_vec()),
        None => node.ints("axes")?.map(<[i64]>::to_vec),
    };
    let list = list.filter(|list| !list.is_empty());
    if list.is_none() && node.flag("noop_with_empty_axes")? {
        importer.define(node, 0, Value::Act(act));
        return Ok(());
    }
    let gone = match list {
        Some(list) => axes(&list, rank)?,
        None => (0..rank).collect(),
    };
    let keep = node.int("keepdims", 1)? != 0;
    let stored = Stored::of(importer, act)?;
    let mut places = gone.iter().map(|&axis| narrow(stored.place(axis))).collect::<Fallible<Vec<_>>>()?;
    places.sort_unstable();
    let y = reduced(importer, node, stored.x, places)?;
    let mut dims = stored.act.dims.clone();
    gone.iter().for_each(|&axis| dims[axis] = 1);
    let mut layout = stored.layout.clone();
    if !keep {
        let left: Vec<usize> = (0..rank).filter(|axis| !gone.contains(axis)).collect();
        let new = |axis: usize| left.iter().position(|&old| old == axis);
        layout = Layout(layout.0.iter().map(|axis| axis.and_then(new)).collect());
        dims = left.iter().map(|&axis| dims[axis]).collect();
    }
    importer.moved_result(node, 0, &stored.act, (y, dims, layout))
}

fn reduced<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    x: TensorIdx,
    axes: Vec<i32>,
) -> Fallible<TensorIdx> {
    let (keep_dims, name) = (true, node.output_name(0));
    let sum = |axes| Op::Sum(Sum { axes, keep_dims });
    let op = match node.op() {
        "ReduceMean" => Op::Mean(Mean { axes, keep_dims }),
        "ReduceMax" => Op::ReduceMax(ReduceMax { axes, keep_dims }),
        "ReduceMin" => Op::ReduceMin(ReduceMin { axes, keep_dims }),
        "ReduceSum" => sum(axes),
        "ReduceLogSum" => {
            let total = importer.emit(sum(axes), &[Some(x)], &format!("{name}/sum"))?;
            return importer.emit(Op::Log(Log), &[Some(total)], name);
        }
        "ReduceLogSumExp" => {
            // The largest is taken out of the sum, so that no exponential overflows.
            let largest = Op::ReduceMax(ReduceMax { axes: axes.clone(), keep_dims });
            let largest = importer.emit(largest, &[Some(x)], &format!("{name}/largest"))?;
            let less = Op::Sub(Sub { activation: Activation::None });
            let less = importer.emit(less, &[Some(x), Some(largest)], &format!("{name}/less"))?;
            let powers = importer.emit(Op::Exp(Exp), &[Some(less)], &format!("{name}/powers"))?;
            let total = importer.emit(sum(axes), &[Some(powers)], &format!("{name}/sum"))?;
            let rest = importer.emit(Op::Log(Log), &[Some(total)], &format!("{name}/log"))?;
            let add = Op::Add(Add { activation: Activation::None });
            return importer.emit(add, &[Some(largest), Some(rest)], name);
        }
        "ReduceL1" => {
            let absolute = importer.emit(Op::Abs(Abs), &[Some(x)], &format!("{name}/abs"))?;
            return importer.emit(sum(axes), &[Some(absolute)], name);
        }
        _ => {
            let square = Op::Mul(Mul { activation: Activation::None });
            let squares = importer.emit(square, &[Some(x), Some(x)], &format!("{name}/squares"))?;
            if node.op() == "ReduceSumSquare" {
                return importer.emit(sum(axes), &[Some(squares)], name);
            }
            let total = importer.emit(sum(axes), &[Some(squares)], &format!("{name}/sum"))?;
            return importer.emit(Op::Sqrt(Sqrt), &[Some(total)], name);
        }
    };
    importer.emit(op, &[Some(x)], name)
}

/// ArgMax and ArgMin; the first of equals.
pub(super) fn arg<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    if node.flag("select_last_index")? {
        return Err("select_last_index is not supported; export the model without it".to_owned());
    }
    let act = importer.moved(node, 0)?;
    let along = axis(node.int("axis", 0)?, act.rank())?;
    let keep = node.int("keepdims", 1)? != 0;
    let stored = Stored::of(importer, act)?;
    let place = narrow(stored.place(along))?;
    let op = match node.op() {
        "ArgMax" => Op::ArgMax(ArgMax { axis: place, int64: false }),
        _ => Op::ArgMin(ArgMin { axis: place, int64: false }),
    };
    let y = importer.emit(op, &[Some(stored.x)], node.output_name(0))?;
    let mut dims = stored.act.dims.clone();
    let mut order: Vec<usize> =
        stored.layout.0.iter().flatten().copied().filter(|&axis| axis != along).collect();
    let mut layout = Layout::of(&order);
    if keep {
        dims[along] = 1;
    } else {
        dims.remove(along);
        order.iter_mut().filter(|axis| **axis > along).for_each(|axis| *axis -= 1);
        layout = Layout::of(&order);
    }
    importer.result(node, y, dims, layout)
}

/// CumSum.
pub(super) fn cum_sum<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.act(node, 0)?;
    let along = match importer.constant(node, 1)?.as_ints()? {
        &[along] => axis(along, act.rank())?,
        other => return Err(format!("its axis must be one number, found {other:?}")),
    };
    let stored = Stored::of(importer, act)?;
    let op = Op::Cumsum(Cumsum {
        axis: narrow(stored.place(along))?,
        exclusive: node.flag("exclusive")?,
        reverse: node.flag("reverse")?,
    });
    let y = importer.emit(op, &[Some(stored.x)], node.output_name(0))?;
    importer.result(node, y, stored.act.dims.clone(), stored.layout)
}

/// Writes a reduction. Axes of all but ReduceSum became an operand in operator set 18.
pub(super) fn write(
    writer: &mut Writer<'_>,
    node: Written<'_>,
    op: &str,
    axes: &[i32],
    keep_dims: bool,
) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    let axes: Vec<i64> = axes.iter().map(|&axis| axis.into()).collect();
    let rank = writer.graph.tensor(x).shape.len() as i64;
    let first = writer.is_first(x) && rank == 4 && keep_dims;
    let axes: Vec<i64> = if first {
        axes.iter().map(|axis| [0, 2, 3, 1][axis.rem_euclid(4) as usize]).collect()
    } else {
        axes
    };
    let held = if first { writer.get_first(x)? } else { writer.get(x)? };
    let mut attributes = vec![int("keepdims", keep_dims.into())];
    let name = if op == "ReduceSum" || writer.opset >= 18 {
        let axes = writer.list(&axes, "axes");
        writer.node(op, &[&held, &axes], attributes, node.name)
    } else {
        attributes.push(ints("axes", &axes));
        writer.node(op, &[&held], attributes, node.name)
    };
    writer.put(y, name, first);
    Ok(())
}

/// Writes ARG_MAX or ARG_MIN, whose results are int64 in ONNX.
pub(super) fn write_arg(writer: &mut Writer<'_>, node: Written<'_>, op: &str, axis: i32) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    let held = writer.get(x)?;
    let attributes = vec![int("axis", axis.into()), int("keepdims", 0)];
    let mut name = writer.node(op, &[&held], attributes, node.name);
    if writer.graph.tensor(y).dtype == DType::I32 {
        name = writer.node("Cast", &[&name], vec![int("to", data_type::INT32.into())], node.name);
    }
    writer.put(y, name, false);
    Ok(())
}

/// Writes CUMSUM.
pub(super) fn write_cumsum(writer: &mut Writer<'_>, node: Written<'_>, op: &Cumsum) -> Fallible<()> {
    let held = writer.get(node.input(0)?)?;
    let axis = writer.scalar(op.axis.into(), "axis");
    let attributes = vec![int("exclusive", op.exclusive.into()), int("reverse", op.reverse.into())];
    let name = writer.node("CumSum", &[&held, &axis], attributes, node.name);
    writer.put(node.output()?, name, false);
    Ok(())
}
