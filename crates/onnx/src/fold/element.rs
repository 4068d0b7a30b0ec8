//! Constants computed element by element: arithmetic, comparisons, casts, choices, and sums of whole lists.

use super::shape::broadcast;
use super::{Folder, Operands};
use crate::constant::{Const, Data, Elem};
use crate::findings::Fallible;
use crate::node::{Node, axes};

/// A function of one element.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unary {
    /// Of floats and of integers.
    Both(fn(f32) -> f32, fn(i64) -> i64),
    /// Of floats.
    Float(fn(f32) -> f32),
}

pub(super) fn unary(op: &str) -> Option<Unary> {
    Some(match op {
        "Neg" => Unary::Both(|x| -x, i64::wrapping_neg),
        "Abs" => Unary::Both(f32::abs, i64::wrapping_abs),
        "Not" => Unary::Both(|x| f32::from(x == 0.0), |x| i64::from(x == 0)),
        "Floor" => Unary::Both(f32::floor, |x| x),
        "Ceil" => Unary::Both(f32::ceil, |x| x),
        "Round" => Unary::Both(f32::round_ties_even, |x| x),
        "Relu" => Unary::Both(|x| x.max(0.0), |x| x.max(0)),
        "Sqrt" => Unary::Float(f32::sqrt),
        "Reciprocal" => Unary::Float(|x| 1.0 / x),
        "Exp" => Unary::Float(|x| f64::from(x).exp() as f32),
        "Log" => Unary::Float(|x| f64::from(x).ln() as f32),
        _ => return None,
    })
}

/// A function of two elements; `None` where integers overflow or are divided by zero.
#[derive(Debug, Clone, Copy)]
pub(super) enum Binary {
    Number(fn(f32, f32) -> f32, fn(i64, i64) -> Option<i64>),
    Truth(fn(f32, f32) -> bool, fn(i64, i64) -> Option<i64>),
}

pub(super) fn binary(op: &str) -> Option<Binary> {
    Some(match op {
        "Add" | "Sum" => Binary::Number(|a, b| a + b, i64::checked_add),
        "Sub" => Binary::Number(|a, b| a - b, i64::checked_sub),
        "Mul" => Binary::Number(|a, b| a * b, i64::checked_mul),
        "Div" => Binary::Number(|a, b| a / b, i64::checked_div),
        "Mod" => Binary::Number(|a, b| a % b, i64::checked_rem_euclid),
        "Max" => Binary::Number(f32::max, |a, b| Some(a.max(b))),
        "Min" => Binary::Number(f32::min, |a, b| Some(a.min(b))),
        "Pow" => Binary::Number(
            |a, b| f64::from(a).powf(f64::from(b)) as f32,
            |a, b| u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        ),
        "Equal" => Binary::Truth(|a, b| a == b, |a, b| Some(i64::from(a == b))),
        "Less" => Binary::Truth(|a, b| a < b, |a, b| Some(i64::from(a < b))),
        "LessOrEqual" => Binary::Truth(|a, b| a <= b, |a, b| Some(i64::from(a <= b))),
        "Greater" => Binary::Truth(|a, b| a > b, |a, b| Some(i64::from(a > b))),
        "GreaterOrEqual" => Binary::Truth(|a, b| a >= b, |a, b| Some(i64::from(a >= b))),
        "And" => Binary::Truth(|a, b| a != 0.0 && b != 0.0, |a, b| Some(i64::from(a != 0 && b != 0))),
        "Or" => Binary::Truth(|a, b| a != 0.0 || b != 0.0, |a, b| Some(i64::from(a != 0 || b != 0))),
        _ => return None,
    })
}

impl Folder {
    pub(super) fn map(&mut self, function: Unary, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = self.copied(operands)?;
        match (&constant.data, function) {
            (Data::Int(values), Unary::Both(_, int)) => {
                let values = values.iter().map(|&value| int(value)).collect();
                Const::integers(constant.elem, constant.dims.clone(), values)
            }
            (_, Unary::Both(float, _) | Unary::Float(float)) => {
                let values = constant.to_floats().into_iter().map(float).collect();
                Ok(Const::floats(constant.dims.clone(), values))
            }
        }
    }

    pub(super) fn zip(&mut self, op: &str, function: Binary, operands: &Operands<'_>) -> Fallible<Const> {
        let mut folded = self.copied(operands)?.clone();
        for at in 1..operands.0.len() {
            folded = self.pair(op, function, &folded, operands.get(at)?)?;
        }
        Ok(folded)
    }

    fn pair(&mut self, op: &str, function: Binary, a: &Const, b: &Const) -> Fallible<Const> {
        let dims = broadcast(&a.dims, &b.dims)?;
        let (left, right) = (self.expanded(a, dims.clone())?, self.expanded(b, dims.clone())?);
        let truth = matches!(function, Binary::Truth(..));
        if let (Data::Int(left), Data::Int(right)) = (&left.data, &right.data) {
            let (Binary::Number(_, int) | Binary::Truth(_, int)) = function;
            let values = left.iter().zip(right).map(|(&a, &b)| int(a, b)).collect::<Option<Vec<_>>>();
            let values =
                values.ok_or_else(|| format!("{op} of its constants overflows or divides by zero"))?;
            let elem = if truth { Elem::Bool } else { a.elem };
            return Const::integers(elem, dims, values);
        }
        let (left, right) = (left.to_floats(), right.to_floats());
        let pairs = left.into_iter().zip(right);
        Ok(match function {
            Binary::Number(float, _) => Const::floats(dims, pairs.map(|(a, b)| float(a, b)).collect()),
            Binary::Truth(float, _) => {
                let data = Data::Int(pairs.map(|(a, b)| i64::from(float(a, b))).collect());
                Const { elem: Elem::Bool, dims, data }
            }
        })
    }

    pub(super) fn select(&mut self, operands: &Operands<'_>) -> Fallible<Const> {
        let (condition, yes, no) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
        let dims = broadcast(&broadcast(&condition.dims, &yes.dims)?, &no.dims)?;
        let condition = self.expanded(condition, dims.clone())?;
        let (yes, no) = (self.expanded(yes, dims.clone())?, self.expanded(no, dims.clone())?);
        let condition = condition.as_ints()?;
        fn choose<T: Copy>(condition: &[i64], yes: &[T], no: &[T]) -> Vec<T> {
            condition
                .iter()
                .zip(yes.iter().zip(no))
                .map(|(&c, (&y, &n))| if c != 0 { y } else { n })
                .collect()
        }
        match (&yes.data, &no.data) {
            (Data::Int(ints), Data::Int(no)) => Const::integers(yes.elem, dims, choose(condition, ints, no)),
            _ => Ok(Const::floats(dims, choose(condition, &yes.to_floats(), &no.to_floats()))),
        }
    }

    pub(super) fn reduce(
        &mut self,
        node: &Node<'_>,
        operands: &Operands<'_>,
    ) -> Fallible<Option<Vec<Const>>> {
        let constant = operands.get(0)?;
        let Data::Int(values) = &constant.data else { return Ok(None) };
        let rank = constant.dims.len();
        let list = match (operands.optional(1), node.ints("axes")?) {
            (Some(axes), _) => axes.as_ints()?.to_vec(),
            (None, Some(axes)) => axes.to_vec(),
            (None, None) => (0..rank as i64).collect(),
        };
        if axes(&list, rank)?.len() != rank {
            return Ok(None);
        }
        let value = match node.op() {
            "ReduceProd" => values.iter().fold(1i64, |product, &value| product.saturating_mul(value)),
            "ReduceSum" => values.iter().fold(0i64, |sum, &value| sum.saturating_add(value)),
            "ReduceMax" => values.iter().copied().max().unwrap_or(0),
            "ReduceMin" => values.iter().copied().min().unwrap_or(0),
            _ => return Ok(None),
        };
        let dims = if node.int("keepdims", 1)? != 0 { vec![1; rank] } else { Vec::new() };
        Ok(Some(vec![Const::integers(constant.elem, dims, vec![value])?]))
    }
}

pub(super) fn cast_type(node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Elem> {
    match operands.optional(1) {
        Some(like) if node.op() == "CastLike" => Ok(like.elem),
        _ => Elem::from_number(i32::try_from(node.int("to", 1)?).unwrap_or(0)),
    }
}

/// The constant with another element type; floats lose their fraction.
pub(super) fn cast_to(constant: &Const, to: Elem) -> Const {
    let dims = constant.dims.clone();
    let data = match (&constant.data, to) {
        (_, Elem::F32) => Data::Float(constant.to_floats()),
        (Data::Int(values), Elem::Bool) => {
            Data::Int(values.iter().map(|&value| i64::from(value != 0)).collect())
        }
        (Data::Int(values), _) => Data::Int(values.iter().map(|&value| wrap(value, to)).collect()),
        (_, Elem::Bool) => {
            Data::Int(constant.to_floats().into_iter().map(|value| i64::from(value != 0.0)).collect())
        }
        _ => Data::Int(constant.to_floats().into_iter().map(|value| wrap(value as i64, to)).collect()),
    };
    Const { elem: to, dims, data }
}

fn wrap(value: i64, to: Elem) -> i64 {
    match to {
        Elem::I8 => i64::from(value as i8),
        Elem::U8 => i64::from(value as u8),
        Elem::I16 => i64::from(value as i16),
        Elem::U16 => i64::from(value as u16),
        Elem::I32 => i64::from(value as i32),
        Elem::U32 => i64::from(value as u32),
        Elem::F32 | Elem::I64 | Elem::U64 | Elem::Bool => value,
    }
}
