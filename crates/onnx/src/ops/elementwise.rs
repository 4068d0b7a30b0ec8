//! Operators of two or more values, element by element with broadcasting: arithmetic, extremes, comparisons, logic, Where.

use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::div::Div;
use smidgen_ir::ops::maximum::Maximum;
use smidgen_ir::ops::minimum::Minimum;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::sub::Sub;
use smidgen_ir::{Activation, DType, Op, TensorIdx};

use super::encode::Written;
use crate::constant::Const;
use crate::findings::{Fallible, clip};
use crate::fold::broadcast;
use crate::import::{Act, Importer, Value};
use crate::layout::Layout;
use crate::node::Node;
use crate::write::{Writer, all_first};

/// Values brought into one order, ready to be combined.
pub(super) struct Aligned {
    pub(super) tensors: Vec<TensorIdx>,
    /// Extents of the result as the file counts them.
    pub(super) dims: Vec<usize>,
    pub(super) layout: Layout,
}

/// Brings values into the order of the largest activation among them.
pub(super) fn aligned(importer: &mut Importer<'_>, values: &[(Value, String)]) -> Fallible<Aligned> {
    let mut dims = Vec::new();
    for (value, _) in values {
        dims = broadcast(&dims, value.dims())?;
    }
    let rank = dims.len();
    let acts = values.iter().filter_map(|(value, _)| match value {
        Value::Act(act) => Some(act),
        Value::Const(_) => None,
    });
    let size = |act: &&Act| (act.dims.iter().product::<usize>(), act.rank());
    // The first of the largest.
    let main = acts.rev().max_by_key(size);
    let layout = main.map_or(Layout::logical(rank), |act| act.layout.shifted(rank - act.rank()));
    let lacks = (0..rank).any(|axis| dims[axis] != 1 && layout.place(axis).is_none());
    let layout = if lacks || rank == 0 { layout.full(rank) } else { layout };
    let mut tensors = Vec::new();
    for (value, name) in values {
        tensors.push(match value {
            Value::Act(act) => {
                let shift = rank - act.rank();
                let mut extended = vec![1; shift];
                extended.extend(&act.dims);
                let act = Act { dims: extended, layout: act.layout.shifted(shift), ..act.clone() };
                importer.stored(&act, &layout)?
            }
            Value::Const(constant) => {
                let constant = in_layout(constant, &layout, rank)?;
                importer.const_act(&constant, name)?.tensor
            }
        });
    }
    Ok(Aligned { tensors, dims, layout })
}

/// A constant in the order `layout` of `rank` axes, without ones in front.
fn in_layout(constant: &Const, layout: &Layout, rank: usize) -> Fallible<Const> {
    let mut dims = vec![1; rank - constant.dims.len()];
    dims.extend(&constant.dims);
    let order: Vec<usize> = layout.full(rank).0.into_iter().flatten().collect();
    let shape: Vec<usize> = layout.shape(&dims).into_iter().skip_while(|&extent| extent == 1).collect();
    let shape = if shape.is_empty() { vec![1; rank.min(1)] } else { shape };
    constant.with_dims(dims)?.transposed(&order)?.with_dims(shape)
}

/// The first `n` operands, dequantised unless the node is computed in integers.
pub(super) fn values<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    n: usize,
) -> Fallible<Vec<(Value, String)>> {
    let mut values = Vec::new();
    for at in 0..n {
        let value = match importer.operand(node, at)? {
            Value::Act(_) => Value::Act(importer.act(node, at)?),
            constant => constant,
        };
        values.push((value, node.input_name(at).to_owned()));
    }
    Ok(values)
}

/// Gives result 0 the aligned tensor.
fn finish<'m>(importer: &mut Importer<'m>, node: &Node<'m>, y: TensorIdx, aligned: Aligned) -> Fallible<()> {
    // Where all operands are stored smaller than the layout says, the result is as large as they broadcast.
    let y = if importer.graph.tensor(y).shape.len() < aligned.layout.0.len() {
        importer.reshape(y, &aligned.layout.shape(&aligned.dims))?
    } else {
        y
    };
    importer.result(node, y, aligned.dims, aligned.layout)
}

/// An operator of two values.
pub(super) fn binary<'m>(importer: &mut Importer<'m>, node: &Node<'m>, op: Op) -> Fallible<()> {
    let values = values(importer, node, 2)?;
    combined(importer, node, &values, op)
}

/// Gives result 0 what `op` makes of values that broadcast.
pub(super) fn combined<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    values: &[(Value, String)],
    op: Op,
) -> Fallible<()> {
    let aligned = aligned(importer, values)?;
    let operands: Vec<_> = aligned.tensors.iter().copied().map(Some).collect();
    let y = importer.emit(op, &operands, node.output_name(0))?;
    finish(importer, node, y, aligned)
}

/// Add; a constant for each channel right behind a layer without bias becomes its bias.
pub(super) fn add<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    if importer.target.is_none() && as_bias(importer, node)? {
        return Ok(());
    }
    binary(importer, node, Op::Add(ADD))
}

const ADD: Add = Add { activation: Activation::None };

fn as_bias<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<bool> {
    let (a, b) = (importer.operand(node, 0)?, importer.operand(node, 1)?);
    let (act, constant, name, constant_name) = match (a, b) {
        (Value::Act(act), Value::Const(constant)) => (act, constant, node.input_name(0), node.input_name(1)),
        (Value::Const(constant), Value::Act(act)) => (act, constant, node.input_name(1), node.input_name(0)),
        _ => return Ok(false),
    };
    let only_reader = importer.uses(name).len() == 1 && !importer.is_output(name);
    // A bias does not make its layer's result larger.
    let keeps = broadcast(&act.dims, &constant.dims).is_ok_and(|dims| dims == act.dims);
    if !only_reader || act.flattened.is_some() || !keeps {
        return Ok(false);
    }
    let held = importer.graph.tensor(act.tensor);
    let channels = held.shape.last().copied().unwrap_or(1);
    let constant = in_layout(&constant, &act.layout, act.rank())?;
    let producer = importer.graph.producer(act.tensor);
    let Some(producer) = producer.filter(|_| held.dtype == DType::F32 && constant.dims == [channels]) else {
        return Ok(false);
    };
    let layer = importer.graph.nodes.get(producer.idx()).filter(|layer| {
        matches!(layer.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_))
            && layer.inputs.len() == 2
    });
    if layer.is_none() {
        return Ok(false);
    }
    let bias = importer.floats(constant_name, vec![channels], &constant.to_floats());
    importer.graph.tensor_mut(act.tensor).name = node.output_name(0).to_owned();
    if let Some(layer) = importer.graph.nodes.get_mut(producer.idx()) {
        layer.inputs.push(Some(bias));
    }
    importer.define(node, 0, Value::Act(act));
    Ok(true)
}

/// Mul.
pub(super) fn mul<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    binary(importer, node, Op::Mul(Mul { activation: Activation::None }))
}

/// Sub.
pub(super) fn sub<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    binary(importer, node, Op::Sub(Sub { activation: Activation::None }))
}

/// Div.
pub(super) fn div<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    binary(importer, node, Op::Div(Div { activation: Activation::None }))
}

/// Sum, Max, Min and Mean of any number of values.
pub(super) fn many<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let op = match node.op() {
        "Max" => Op::Maximum(Maximum),
        "Min" => Op::Minimum(Minimum),
        _ => Op::Add(ADD),
    };
    let n = node.n_inputs();
    let values = values(importer, node, n)?;
    let aligned = aligned(importer, &values)?;
    let mut rest = aligned.tensors.iter().copied();
    let mut y = rest.next().ok_or("it has no operands; export the model again")?;
    for (at, x) in rest.enumerate() {
        let name = if at + 2 == n {
            node.output_name(0).to_owned()
        } else {
            format!("{}/{at}", clip(node.output_name(0)))
        };
        y = importer.emit(op.clone(), &[Some(y), Some(x)], &name)?;
    }
    if n == 1 {
        let (value, _) = values.into_iter().next().ok_or("it has no operands; export the model again")?;
        importer.define(node, 0, value);
        return Ok(());
    }
    if node.op() == "Mean" {
        let n = importer.floats("n", vec![1], &[1.0 / n as f32]);
        let name = format!("{}/mean", node.output_name(0));
        y = importer.emit(Op::Mul(Mul { activation: Activation::None }), &[Some(y), Some(n)], &name)?;
    }
    finish(importer, node, y, aligned)
}

/// How an operator of several values is written: its name in ONNX, or several names one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    op: &'static str,
    activation: Activation,
    /// An operator on the result, and how many of its operands that is.
    then: Option<(&'static str, usize)>,
}

/// The form of an operator of this family.
pub(super) fn written(op: &Op) -> Option<Form> {
    let form = |op, activation| Form { op, activation, then: None };
    let plain = |op| form(op, Activation::None);
    Some(match op {
        Op::Add(op) => form("Add", op.activation),
        Op::Sub(op) => form("Sub", op.activation),
        Op::Mul(op) => form("Mul", op.activation),
        Op::Div(op) => form("Div", op.activation),
        Op::Maximum(_) => plain("Max"),
        Op::Minimum(_) => plain("Min"),
        Op::Pow(_) => plain("Pow"),
        Op::Prelu(_) => plain("PRelu"),
        Op::Equal(_) => plain("Equal"),
        Op::Greater(_) => plain("Greater"),
        Op::GreaterEqual(_) => plain("GreaterOrEqual"),
        Op::Less(_) => plain("Less"),
        Op::LessEqual(_) => plain("LessOrEqual"),
        Op::NotEqual(_) => Form { then: Some(("Not", 1)), ..plain("Equal") },
        Op::LogicalAnd(_) => plain("And"),
        Op::LogicalOr(_) => plain("Or"),
        Op::SelectV2(_) => plain("Where"),
        Op::SquaredDifference(_) => Form { then: Some(("Mul", 2)), ..plain("Sub") },
        _ => return None,
    })
}

/// Writes an operator of this family, with the channels first where all its operands are so.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, form: Form) -> Fallible<()> {
    let (inputs, y) = (node.inputs(), node.output()?);
    let first = all_first(writer, &inputs, y);
    let mut operands = Vec::new();
    for &idx in &inputs {
        let held = first && !writer.graph.tensor(idx).is_const();
        operands.push(if held { writer.get_first(idx)? } else { writer.get(idx)? });
    }
    let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
    let mut name = writer.node(form.op, &operands, Vec::new(), node.name);
    if let Some((then, n)) = form.then {
        name = writer.node(then, &vec![name.as_str(); n], Vec::new(), node.name);
    }
    let name = writer.activated(name, form.activation, node.name);
    writer.put(y, name, first);
    Ok(())
}
