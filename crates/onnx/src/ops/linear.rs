//! Gemm and MatMul: FULLY_CONNECTED where the weights are constant.

use std::rc::Rc;

use smidgen_ir::ops::add::Add;
use smidgen_ir::ops::fully_connected::FullyConnected;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::{Activation, Op, TensorIdx};

use super::batch_mat_mul::product;
use super::convolution::{add_bias, add_weights, operands};
use super::elementwise::combined;
use super::encode::Written;
use crate::constant::{Const, Data};
use crate::findings::Fallible;
use crate::import::{Act, Importer, Value};
use crate::layout::Layout;
use crate::node::Node;
use crate::write::{Writer, int, ints};

/// Gemm: `y = alpha * A * B + beta * C`, A and B perhaps transposed.
pub(super) fn gemm<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let (alpha, beta) = (node.float("alpha", 1.0)?, node.float("beta", 1.0)?);
    let mut x = flat_operand(importer, node)?;
    if x.rank() != 2 {
        return Err(format!("its input must have 2 dimensions, found {:?}", x.dims));
    }
    if node.flag("transA")? {
        x = importer.settled(x)?;
        x = Act { dims: vec![x.dims[1], x.dims[0]], layout: x.layout.permuted(&[1, 0]), ..x };
    }
    let (weights, bias) = (importer.operand(node, 1)?, importer.optional(node, 2)?);
    let Value::Const(weights) = weights else { return computed(importer, node, x, bias) };
    let weights = if node.flag("transB")? { (*weights).clone() } else { weights.transposed(&[1, 0])? };
    let weights = scaled(&weights, alpha);
    let outputs = weights.dims.first().copied().unwrap_or(0);
    importer.folder.charge(&[outputs])?;
    let bias = match bias {
        None => None,
        Some(Value::Const(bias)) if bias.len() == 1 || bias.len() == outputs => {
            Some(channel_bias(&scaled(&bias, beta), outputs)?)
        }
        bias => return computed(importer, node, x, bias),
    };
    layer(importer, node, x, weights, bias.map(Rc::new))
}

/// A bias as one value for each output.
fn channel_bias(bias: &Const, outputs: usize) -> Fallible<Const> {
    match bias.len() {
        n if n == outputs => bias.with_dims(vec![outputs]),
        _ => Ok(Const::floats(vec![outputs], vec![bias.scalar()?; outputs])),
    }
}

/// Gemm with a factor or a bias that is no layer's: product, scaled, and sum.
fn computed<'m>(importer: &mut Importer<'m>, node: &Node<'m>, x: Act, bias: Option<Value>) -> Fallible<()> {
    if importer.target.is_some() {
        return Err(
            "int8 layers have constant weights and a bias for each output; leave it in float".to_owned()
        );
    }
    let name = node.output_name(0);
    let a = importer.settled(x)?;
    let mut b = importer.act(node, 1)?;
    if b.rank() != 2 {
        return Err(format!("its second operand must have 2 dimensions, found {:?}", b.dims));
    }
    if node.flag("transB")? {
        b = Act { dims: vec![b.dims[1], b.dims[0]], layout: b.layout.permuted(&[1, 0]), ..b };
    }
    let mut y = product(importer, &a, &b, &format!("{name}/product"))?;
    y.tensor = times(importer, y.tensor, node.float("alpha", 1.0)?, &format!("{name}/scaled"))?;
    if let Some(bias) = bias {
        let beta = node.float("beta", 1.0)?;
        let bias = match bias {
            Value::Const(bias) => Value::Const(Rc::new(scaled(&bias, beta))),
            Value::Act(_) => {
                let act = importer.act(node, 2)?;
                let tensor = times(importer, act.tensor, beta, &format!("{name}/bias"))?;
                Value::Act(Act { tensor, ..act })
            }
        };
        let terms = [(Value::Act(y), name.to_owned()), (bias, node.input_name(2).to_owned())];
        return combined(importer, node, &terms, Op::Add(Add { activation: Activation::None }));
    }
    importer.result(node, y.tensor, y.dims, y.layout)
}

/// The tensor times a factor; nothing for 1.
fn times(importer: &mut Importer<'_>, x: TensorIdx, factor: f32, name: &str) -> Fallible<TensorIdx> {
    if factor == 1.0 {
        return Ok(x);
    }
    let constant = importer.floats(&format!("{name}/factor"), vec![1], &[factor]);
    importer.emit(Op::Mul(Mul { activation: Activation::None }), &[Some(x), Some(constant)], name)
}

/// The constant times `factor`; 1 keeps integers.
fn scaled(constant: &Const, factor: f32) -> Const {
    if factor == 1.0 {
        return constant.clone();
    }
    Const::floats(constant.dims.clone(), constant.to_floats().iter().map(|value| value * factor).collect())
}

/// MatMul.
pub(super) fn mat_mul<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    match importer.operand(node, 1)? {
        Value::Const(weights) if weights.dims.len() == 2 => {
            let x = flat_operand(importer, node)?;
            layer(importer, node, x, weights.transposed(&[1, 0])?, None)
        }
        _ => super::batch_mat_mul::read(importer, node),
    }
}

/// Operand 0, flat elements in stored order.
fn flat_operand<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<Act> {
    match importer.operand(node, 0)? {
        Value::Const(constant) => importer.const_act(&constant, node.input_name(0)),
        Value::Act(act) if importer.target.is_some() => Ok(act),
        Value::Act(act) => match act.flattened {
            None => importer.plain(act),
            Some(before) => {
                let before = importer.plain(*before)?;
                Ok(Act { tensor: before.tensor, kind: before.kind, flattened: Some(Box::new(before)), ..act })
            }
        },
    }
}

/// FULLY_CONNECTED of the last axis of `x` with weights (outputs, inputs).
fn layer<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    x: Act,
    weights: Const,
    bias: Option<Rc<Const>>,
) -> Fallible<()> {
    let rank = x.rank();
    let [outputs, inputs] = weights.dims[..] else {
        return Err(format!("its weights must have 2 dimensions, found {:?}", weights.dims));
    };
    if x.dims.last() != Some(&inputs) || rank == 0 {
        return Err(format!("its weights take {inputs} inputs, but its input has shape {:?}", x.dims));
    }
    let mut dims = x.dims.clone();
    dims[rank - 1] = outputs;
    if matches!(weights.data, Data::Int(_)) {
        return Err(
            "its weights are integers without a scale; export the model in float, or quantised".to_owned()
        );
    }
    let (held, weights) = match &x.flattened {
        None => {
            // One dimension becomes a row.
            let layout = if rank == 1 { Layout(vec![None, Some(0)]) } else { Layout::logical(rank) };
            (importer.stored(&x, &layout)?, weights)
        }
        Some(before) => unflattened(importer, before, &x.dims, &weights)?,
    };
    let filter = add_weights(importer, &weights, node.input_name(1))?;
    let bias = bias.map(|bias| add_bias(importer, &bias, node.input_name(2), held, filter)).transpose()?;
    let op = Op::FullyConnected(FullyConnected { activation: Activation::None, keep_num_dims: rank > 2 });
    let y = importer.emit(op, &operands(held, filter, bias), node.output_name(0))?;
    let layout = if rank == 1 { Layout(vec![None, Some(0)]) } else { Layout::logical(rank) };
    importer.result(node, y, dims, layout)
}

/// The elements of `before` in stored order under `dims`, all ones but the last, and the weights in the same order.
fn unflattened(
    importer: &mut Importer<'_>,
    before: &Act,
    dims: &[usize],
    weights: &Const,
) -> Fallible<(TensorIdx, Const)> {
    let held = importer.reshape(before.tensor, dims)?;
    let outputs = weights.dims[0];
    let mut split = vec![outputs];
    split.extend(&before.dims);
    let order = before.layout.full(before.rank());
    let perm: Vec<usize> = [0].into_iter().chain(order.0.iter().flatten().map(|axis| axis + 1)).collect();
    let weights = weights.with_dims(split)?.transposed(&perm)?.with_dims(vec![outputs, weights.dims[1]])?;
    Ok((held, weights))
}

/// Writes FULLY_CONNECTED: Gemm of rows, MatMul and Add where dimensions are kept.
pub(super) fn write(writer: &mut Writer<'_>, node: Written<'_>, op: &FullyConnected) -> Fallible<()> {
    let (x, filter, y) = (node.input(0)?, node.input(1)?, node.output()?);
    let graph = writer.graph;
    let inputs = graph.tensor(filter).shape.last().copied().unwrap_or(1);
    let mut held = writer.get(x)?;
    let is_kept = graph.tensor(y).shape.len() > 2;
    if !is_kept && graph.tensor(x).shape.len() != 2 {
        let shape = writer.list(&[-1, inputs as i64], "rows");
        held = writer.node("Reshape", &[&held, &shape], Vec::new(), &format!("{}/rows", node.name));
    }
    let bias = node.optional(2).map(|bias| writer.get(bias)).transpose()?;
    let mut name = if is_kept || !graph.tensor(filter).is_const() {
        let weights = writer.get(filter)?;
        let weights = writer.node(
            "Transpose",
            &[&weights],
            vec![ints("perm", &[1, 0])],
            &format!("{}/weights", node.name),
        );
        writer.node("MatMul", &[&held, &weights], Vec::new(), node.name)
    } else {
        let weights = writer.get(filter)?;
        let mut operands = vec![held.as_str(), weights.as_str()];
        operands.extend(bias.as_deref());
        writer.node("Gemm", &operands, vec![int("transB", 1)], node.name)
    };
    if let Some(bias) = bias.filter(|_| is_kept || !graph.tensor(filter).is_const()) {
        name = writer.node("Add", &[&name, &bias], Vec::new(), node.name);
    }
    let name = writer.activated(name, op.activation, node.name);
    writer.put(y, name, false);
    Ok(())
}
