//! Functions of one value: activations, Clip, Softmax and the rest of the element-wise set.

use smidgen_ir::ops::abs::Abs;
use smidgen_ir::ops::ceil::Ceil;
use smidgen_ir::ops::cos::Cos;
use smidgen_ir::ops::elu::Elu;
use smidgen_ir::ops::exp::Exp;
use smidgen_ir::ops::floor::Floor;
use smidgen_ir::ops::gelu::Gelu;
use smidgen_ir::ops::hard_swish::HardSwish;
use smidgen_ir::ops::leaky_relu::LeakyRelu;
use smidgen_ir::ops::log::Log;
use smidgen_ir::ops::log_softmax::LogSoftmax;
use smidgen_ir::ops::logistic::Logistic;
use smidgen_ir::ops::maximum::Maximum;
use smidgen_ir::ops::minimum::Minimum;
use smidgen_ir::ops::neg::Neg;
use smidgen_ir::ops::prelu::Prelu;
use smidgen_ir::ops::relu::Relu;
use smidgen_ir::ops::relu_n1_to_1::ReluN1To1;
use smidgen_ir::ops::relu6::Relu6;
use smidgen_ir::ops::round::Round;
use smidgen_ir::ops::sin::Sin;
use smidgen_ir::ops::softmax::Softmax;
use smidgen_ir::ops::sqrt::Sqrt;
use smidgen_ir::ops::tanh::Tanh;
use smidgen_ir::{Op, Quant, Tensor};

use super::encode::Written;
use crate::findings::Fallible;
use crate::import::{Act, Importer};
use crate::layout::Layout;
use crate::node::{Node, axis};
use crate::proto::AttributeProto;
use crate::write::{Writer, float, int, text};

/// Operators without attributes that have one of their own.
fn plain(op: &str) -> Option<Op> {
    Some(match op {
        "Abs" => Op::Abs(Abs),
        "Ceil" => Op::Ceil(Ceil),
        "Cos" => Op::Cos(Cos),
        "Exp" => Op::Exp(Exp),
        "Floor" => Op::Floor(Floor),
        "HardSwish" => Op::HardSwish(HardSwish),
        "Log" => Op::Log(Log),
        "Neg" => Op::Neg(Neg),
        "Relu" => Op::Relu(Relu),
        "Round" => Op::Round(Round),
        "Sigmoid" => Op::Logistic(Logistic),
        "Sin" => Op::Sin(Sin),
        "Sqrt" => Op::Sqrt(Sqrt),
        "Tanh" => Op::Tanh(Tanh),
        _ => return None,
    })
}

/// The value after `op`, in the order it has.
fn after<'m>(importer: &mut Importer<'m>, node: &Node<'m>, op: Op, act: Act) -> Fallible<()> {
    let y = importer.emit(op, &[Some(act.tensor)], node.output_name(0))?;
    importer.result(node, y, act.dims, act.layout)
}

/// Operators that are one of TFLite's.
pub(super) fn same<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let op = plain(node.op()).ok_or("it is not known")?;
    let act = importer.act(node, 0)?;
    after(importer, node, op, act)
}

/// LeakyRelu.
pub(super) fn leaky_relu<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let alpha = node.float("alpha", 0.01)?;
    let act = importer.act(node, 0)?;
    after(importer, node, Op::LeakyRelu(LeakyRelu { alpha }), act)
}

/// Elu; TFLite's has alpha 1.
pub(super) fn elu<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let alpha = node.float("alpha", 1.0)?;
    if alpha != 1.0 && importer.target.is_some() {
        return Err(format!("its alpha is {alpha}; int8 has only 1, so leave it in float or train with 1"));
    }
    if alpha != 1.0 {
        return super::composed::read(importer, node);
    }
    let act = importer.act(node, 0)?;
    after(importer, node, Op::Elu(Elu), act)
}

/// Gelu, with the error function or with tanh.
pub(super) fn gelu<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let approximate = match node.op() {
        "FastGelu" => true,
        _ => node.text("approximate", "none")? == "tanh",
    };
    if node.n_inputs() > 1 {
        return Err("its bias is not supported; add it before".to_owned());
    }
    let act = importer.act(node, 0)?;
    after(importer, node, Op::Gelu(Gelu { approximate }), act)
}

/// PRelu: the slope is a constant that broadcasts.
pub(super) fn prelu<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    super::elementwise::binary(importer, node, Op::Prelu(Prelu))
}

/// Clip: an activation of TFLite where the bounds are one's, else MAXIMUM and MINIMUM.
pub(super) fn clip<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let mut bounds = [node.float("min", f32::NEG_INFINITY)?, node.float("max", f32::INFINITY)?];
    for (at, bound) in bounds.iter_mut().enumerate() {
        if let Some(constant) = importer.optional_const(node, at + 1)? {
            *bound = constant.scalar()?;
        }
    }
    // What exporters write for no bound.
    let [min, max] = [
        if bounds[0] <= f32::MIN { None } else { Some(bounds[0]) },
        if bounds[1] >= f32::MAX { None } else { Some(bounds[1]) },
    ];
    let act = importer.act(node, 0)?;
    let op = match (min, max) {
        (None, None) => {
            importer.define(node, 0, crate::import::Value::Act(act));
            return Ok(());
        }
        (Some(0.0), Some(6.0)) => Some(Op::Relu6(Relu6)),
        (Some(0.0), None) => Some(Op::Relu(Relu)),
        (Some(-1.0), Some(1.0)) => Some(Op::ReluN1To1(ReluN1To1)),
        _ => None,
    };
    if let Some(op) = op {
        return after(importer, node, op, act);
    }
    let quant = importer.graph.tensor(act.tensor).quant.clone();
    let mut y = act.tensor;
    for (op, bound, suffix) in [(Op::Maximum(Maximum), min, "min"), (Op::Minimum(Minimum), max, "max")] {
        let Some(bound) = bound else { continue };
        let is_last = suffix == "max" || max.is_none();
        let name = format!("{}/{suffix}", node.output_name(0));
        let constant = importer.graph.add_tensor(bound_tensor(&name, bound, quant.as_ref()));
        let name = if is_last { node.output_name(0).to_owned() } else { name };
        y = importer.emit(op, &[Some(y), Some(constant)], &name)?;
    }
    importer.result(node, y, act.dims, act.layout)
}

/// A bound as a constant: in the scale of what it bounds.
fn bound_tensor(name: &str, bound: f32, quant: Option<&Quant>) -> Tensor {
    match quant {
        None => Tensor::const_f32(name, vec![1], &[bound]),
        Some(quant) => {
            let scale = quant.scales.first().copied().unwrap_or(1.0);
            let zero_point = quant.zero_points.first().copied().unwrap_or(0);
            let value = ((bound / scale).round_ties_even() + zero_point as f32).clamp(-128.0, 127.0) as i8;
            Tensor::const_i8(name, vec![1], &[value], quant.clone())
        }
    }
}

/// Softmax and LogSoftmax along any axis. Before operator set 13 all axes from `axis` on count as one.
pub(super) fn softmax<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let op = match node.op() {
        "LogSoftmax" => Op::LogSoftmax(LogSoftmax),
        _ => Op::Softmax(Softmax { beta: 1.0, wide: false }),
    };
    let act = importer.act(node, 0)?;
    let rank = act.rank();
    let along = axis(node.int("axis", if node.opset < 13 { 1 } else { -1 })?, rank)?;
    let (dims, name) = (act.dims.clone(), node.output_name(0));
    if node.opset < 13 && dims[along + 1..].iter().any(|&extent| extent != 1) {
        let x = importer.stored(&act, &Layout::logical(rank))?;
        let rows = [dims[..along].iter().product(), dims[along..].iter().product()];
        let x = importer.reshape(x, &rows)?;
        let y = importer.emit(op, &[Some(x)], name)?;
        let y = importer.reshape(y, &dims)?;
        return importer.result(node, y, dims, Layout::logical(rank));
    }
    let mut order: Vec<usize> =
        act.layout.full(rank).0.into_iter().flatten().filter(|&axis| axis != along).collect();
    order.push(along);
    let layout = Layout::of(&order);
    let x = importer.stored(&act, &layout)?;
    let y = importer.emit(op, &[Some(x)], name)?;
    importer.result(node, y, dims, layout)
}

/// How a function of one value is written: operators one behind the other, with their attributes.
pub(super) type Form = Vec<(&'static str, Vec<AttributeProto>)>;

/// The form of an operator of this family.
pub(super) fn written(op: &Op) -> Option<Form> {
    let one = |op| vec![(op, Vec::new())];
    let last = || vec![int("axis", -1)];
    Some(match op {
        Op::Abs(_) => one("Abs"),
        Op::Ceil(_) => one("Ceil"),
        Op::Cos(_) => one("Cos"),
        Op::Elu(_) => one("Elu"),
        Op::Exp(_) => one("Exp"),
        Op::Floor(_) => one("Floor"),
        Op::Gelu(op) => {
            vec![("Gelu", vec![text("approximate", if op.approximate { "tanh" } else { "none" })])]
        }
        Op::HardSwish(_) => one("HardSwish"),
        Op::L2Normalization(_) => vec![("LpNormalization", vec![int("axis", -1), int("p", 2)])],
        Op::LeakyRelu(op) => vec![("LeakyRelu", vec![float("alpha", op.alpha)])],
        Op::Log(_) => one("Log"),
        Op::LogSoftmax(_) => vec![("LogSoftmax", last())],
        Op::LogicalNot(_) => one("Not"),
        Op::Logistic(_) => one("Sigmoid"),
        Op::Neg(_) => one("Neg"),
        Op::Relu(_) => one("Relu"),
        Op::Round(_) => one("Round"),
        Op::Rsqrt(_) => vec![("Sqrt", Vec::new()), ("Reciprocal", Vec::new())],
        Op::Sin(_) => one("Sin"),
        Op::Softmax(op) if op.beta == 1.0 => vec![("Softmax", last())],
        Op::Sqrt(_) => one("Sqrt"),
        Op::Square(_) => one("Mul"),
        Op::Tanh(_) => one("Tanh"),
        Op::Relu6(_) => vec![("Clip 0 6", Vec::new())],
        Op::ReluN1To1(_) => vec![("Clip -1 1", Vec::new())],
        _ => return None,
    })
}

/// Writes an operator of this family in the order in which its operand is there.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, form: Form) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    // The last axis is the channels only in the graph's order.
    let by_axis = form.iter().any(|(op, _)| op.ends_with("Softmax") || *op == "LpNormalization");
    let first = writer.is_first(x) && !by_axis;
    let mut name = if first { writer.get_first(x)? } else { writer.get(x)? };
    for (op, attributes) in form {
        name = match op {
            "Clip 0 6" => writer.clip(&name, 0.0, 6.0, node.name),
            "Clip -1 1" => writer.clip(&name, -1.0, 1.0, node.name),
            // A square is the product with itself.
            "Mul" => writer.node(op, &[&name, &name], attributes, node.name),
            op => writer.node(op, &[&name], attributes, node.name),
        };
    }
    writer.put(y, name, first);
    Ok(())
}
