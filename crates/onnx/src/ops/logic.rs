//! Comparisons, And, Or, Xor, Not, Where, Cast and Pow.

use std::rc::Rc;

use smidgen_ir::ops::cast::Cast;
use smidgen_ir::ops::equal::Equal;
use smidgen_ir::ops::greater::Greater;
use smidgen_ir::ops::greater_equal::GreaterEqual;
use smidgen_ir::ops::less::Less;
use smidgen_ir::ops::less_equal::LessEqual;
use smidgen_ir::ops::logical_and::LogicalAnd;
use smidgen_ir::ops::logical_not::LogicalNot;
use smidgen_ir::ops::logical_or::LogicalOr;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::not_equal::NotEqual;
use smidgen_ir::ops::pow::Pow;
use smidgen_ir::ops::rsqrt::Rsqrt;
use smidgen_ir::ops::select_v2::SelectV2;
use smidgen_ir::ops::sqrt::Sqrt;
use smidgen_ir::{Activation, DType, Op};

use super::elementwise::{binary, combined, values};
use super::encode::Written;
use crate::constant::Elem;
use crate::findings::Fallible;
use crate::import::{Act, Importer, Kind, Value};
use crate::node::Node;
use crate::proto::data_type;
use crate::write::{Writer, int};

/// Comparisons and logic of two values.
pub(super) fn compare<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let op = match node.op() {
        "Equal" => Op::Equal(Equal),
        "Greater" => Op::Greater(Greater),
        "GreaterOrEqual" => Op::GreaterEqual(GreaterEqual),
        "Less" => Op::Less(Less),
        "LessOrEqual" => Op::LessEqual(LessEqual),
        "And" => Op::LogicalAnd(LogicalAnd),
        "Xor" => Op::NotEqual(NotEqual),
        _ => Op::LogicalOr(LogicalOr),
    };
    binary(importer, node, op)
}

/// Not.
pub(super) fn not<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let act = importer.act(node, 0)?;
    let y = importer.emit(Op::LogicalNot(LogicalNot), &[Some(act.tensor)], node.output_name(0))?;
    importer.result(node, y, act.dims, act.layout)
}

/// Where.
pub(super) fn select<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let values = values(importer, node, 3)?;
    combined(importer, node, &values, Op::SelectV2(SelectV2))
}

/// Cast and CastLike; int64 is int32 here, and floats are single precision.
pub(super) fn cast<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let to = match node.op() {
        "CastLike" => match importer.operand(node, 1)? {
            Value::Const(constant) => constant.elem,
            Value::Act(Act { kind: Kind::Plain(elem), .. }) => elem,
            Value::Act(Act { kind: Kind::Dequantized, .. }) => Elem::F32,
        },
        _ => Elem::from_number(i32::try_from(node.int("to", 1)?).unwrap_or(0))?,
    };
    if let Value::Const(constant) = importer.operand(node, 0)? {
        let cast = importer.folder.cast(&constant, to)?;
        importer.define(node, 0, Value::Const(Rc::new(cast)));
        return Ok(());
    }
    let act = importer.act(node, 0)?;
    let wanted = match to {
        Elem::F32 => DType::F32,
        Elem::I32 | Elem::I64 => DType::I32,
        Elem::Bool => DType::Bool,
        other => {
            return Err(format!("casts to {} are not supported; cast to int32 or float32", other.name()));
        }
    };
    if importer.graph.tensor(act.tensor).dtype == wanted {
        importer.define(node, 0, Value::Act(Act { kind: Kind::Plain(to), ..act }));
        return Ok(());
    }
    let y = importer.emit(Op::Cast(Cast { to: wanted }), &[Some(act.tensor)], node.output_name(0))?;
    importer.result(node, y, act.dims, act.layout)
}

/// Pow: squares, roots and their inverses as what they are.
pub(super) fn pow<'m>(importer: &mut Importer<'m>, node: &Node<'m>) -> Fallible<()> {
    let exponent = match importer.operand(node, 1)? {
        Value::Const(constant) if constant.len() == 1 => Some(constant.scalar()?),
        _ => None,
    };
    let op = match exponent {
        Some(2.0) => Op::Mul(Mul { activation: Activation::None }),
        Some(0.5) => Op::Sqrt(Sqrt),
        Some(-0.5) => Op::Rsqrt(Rsqrt),
        _ => return binary(importer, node, Op::Pow(Pow)),
    };
    let act = importer.act(node, 0)?;
    let mut operands = vec![Some(act.tensor)];
    if exponent == Some(2.0) {
        operands.push(Some(act.tensor));
    }
    let y = importer.emit(op, &operands, node.output_name(0))?;
    importer.result(node, y, act.dims, act.layout)
}

/// Writes CAST.
pub(super) fn write_cast(writer: &mut Writer<'_>, node: Written<'_>, op: &Cast) -> Fallible<()> {
    let (x, y) = (node.input(0)?, node.output()?);
    let to = match op.to {
        DType::F32 => data_type::FLOAT,
        DType::I32 => data_type::INT32,
        DType::I64 => data_type::INT64,
        DType::Bool => data_type::BOOL,
        other => return Err(format!("a cast to {} is not written; write a .tflite", other.name())),
    };
    let first = writer.is_first(x);
    let held = if first { writer.get_first(x)? } else { writer.get(x)? };
    let name = writer.node("Cast", &[&held], vec![int("to", to.into())], node.name);
    writer.put(y, name, first);
    Ok(())
}
