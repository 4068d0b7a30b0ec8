//! Constant folding: what exporters compute with shapes and weights, done while the file is read.
//!
//! Integers are computed in 64 bits as ONNX defines them, floats in single precision, element by element.

use crate::constant::{Const, Data, Elem, count, strides};
use crate::findings::Fallible;
use crate::node::{Node, axes, axis};

/// Elements that folding may make in one file, so that a small file cannot ask for much memory.
const MAX_FOLDED_ELEMENTS: usize = 1 << 26;

/// Folds nodes whose operands are all constants.
#[derive(Debug)]
pub(crate) struct Folder {
    left: usize,
}

/// The operands of a node, all constants.
#[derive(Debug)]
pub(crate) struct Operands<'c>(pub(crate) Vec<Option<&'c Const>>);

impl<'c> Operands<'c> {
    pub(crate) fn get(&self, at: usize) -> Fallible<&'c Const> {
        self.optional(at).ok_or_else(|| format!("operand {at} is missing; export the model again"))
    }

    pub(crate) fn optional(&self, at: usize) -> Option<&'c Const> {
        self.0.get(at).copied().flatten()
    }
}

impl Folder {
    /// May make as many elements as the file has bytes, 32 times, and 64 MB at most.
    pub(crate) fn for_file(file_bytes: usize) -> Self {
        Folder { left: file_bytes.saturating_mul(32).saturating_add(1 << 16).min(MAX_FOLDED_ELEMENTS) }
    }

    /// Takes room for a constant of `dims`.
    fn charge(&mut self, dims: &[usize]) -> Fallible<()> {
        let left = self.left.checked_sub(count(dims)?);
        self.left = left.ok_or(
            "the constants that it computes are too large for a file of this size; \
                                simplify the model (onnxsim) before it is imported",
        )?;
        Ok(())
    }

    /// The results of a node, `None` where it is not one that is folded.
    pub(crate) fn fold(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Option<Vec<Const>>> {
        let one = |constant: Const| Ok(Some(vec![constant]));
        match node.op() {
            "Identity" | "Dropout" => one(operands.get(0)?.clone()),
            "Constant" => one(constant(node)?),
            "ConstantOfShape" => one(self.constant_of_shape(node, operands)?),
            "Range" => one(self.range(operands)?),
            "Cast" | "CastLike" => one(cast(node, operands)?),
            "Reshape" => one(reshape(node, operands)?),
            "Flatten" | "Squeeze" | "Unsqueeze" => one(relabel(node, operands)?),
            "Transpose" => one(self.transpose(node, operands)?),
            "Slice" => one(self.slice(node, operands)?),
            "Expand" => one(self.expand(operands)?),
            "Tile" => one(self.tile(operands)?),
            "Gather" => one(self.gather(node, operands)?),
            "Concat" => one(self.concat(node, operands)?),
            "Split" => self.split(node, operands).map(Some),
            "Pad" => Ok(None),
            "Where" => one(self.select(operands)?),
            "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceMean" => {
                self.reduce(node, operands)
            }
            op => match (unary(op), binary(op)) {
                (Some(function), _) => one(self.map(function, operands.get(0)?)?),
                (_, Some(function)) => one(self.zip(op, function, operands)?),
                _ => Ok(None),
            },
        }
    }

    fn constant_of_shape(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let dims = sizes(operands.get(0)?.as_ints()?)?;
        self.charge(&dims)?;
        let n = count(&dims)?;
        let value = node.tensor("value")?.unwrap_or_else(|| Const::floats(vec![1], vec![0.0]));
        let data = match &value.data {
            Data::Float(values) => Data::Float(vec![values.first().copied().unwrap_or(0.0); n]),
            Data::Int(values) | Data::Quantized(values, _) => {
                Data::Int(vec![values.first().copied().unwrap_or(0); n])
            }
        };
        Ok(Const { elem: value.elem, dims, data })
    }

    fn range(&mut self, operands: &Operands<'_>) -> Fallible<Const> {
        let (start, limit, step) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
        let (first, last, by) = (start.scalar()?, limit.scalar()?, step.scalar()?);
        let n = ((f64::from(last) - f64::from(first)) / f64::from(by)).ceil().max(0.0);
        if !n.is_finite() || n > i32::MAX.into() {
            return Err(format!("a range from {first} to {last} by {by} has no usable length"));
        }
        let n = n as usize;
        self.charge(&[n])?;
        if start.elem == Elem::F32 {
            return Ok(Const::floats(vec![n], (0..n).map(|at| first + at as f32 * by).collect()));
        }
        let (first, by) = (int(start)?, int(step)?);
        let values = (0..n as i64).map(|at| first.saturating_add(at.saturating_mul(by))).collect();
        Ok(Const { elem: start.elem, dims: vec![n], data: Data::Int(values) })
    }

    fn transpose(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = operands.get(0)?;
        self.charge(&constant.dims)?;
        constant.transposed(&permutation(node, constant.dims.len())?)
    }

    fn slice(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = operands.get(0)?;
        let spans = slices(node, operands, &constant.dims)?;
        let own = strides(&constant.dims);
        let dims: Vec<usize> = spans.iter().map(|span| span.count).collect();
        self.charge(&dims)?;
        let offset = spans.iter().zip(&own).map(|(span, stride)| span.begin as i64 * stride).sum();
        let steps: Vec<i64> =
            spans.iter().zip(&own).map(|(span, stride)| span.step.saturating_mul(*stride)).collect();
        constant.strided(dims, &steps, offset, Some)
    }

    fn expand(&mut self, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = operands.get(0)?;
        let dims = broadcast(&constant.dims, &sizes(operands.get(1)?.as_ints()?)?)?;
        self.expanded(constant, dims)
    }

    /// `constant` repeated to `dims`, which it broadcasts to.
    fn expanded(&mut self, constant: &Const, dims: Vec<usize>) -> Fallible<Const> {
        self.charge(&dims)?;
        let shift = dims.len().saturating_sub(constant.dims.len());
        let mut steps = vec![0; shift];
        steps.extend(
            strides(&constant.dims).iter().zip(&constant.dims).map(|(&by, &n)| if n == 1 { 0 } else { by }),
        );
        constant.strided(dims, &steps, 0, |axis| Some(axis + shift))
    }

    fn tile(&mut self, operands: &Operands<'_>) -> Fallible<Const> {
        let constant = operands.get(0)?;
        let repeats = sizes(operands.get(1)?.as_ints()?)?;
        let mut tiled = constant.clone();
        for (axis, &n) in repeats.iter().enumerate().take(constant.dims.len()) {
            tiled = self.joined(&vec![&tiled; n], axis)?;
        }
        Ok(tiled)
    }

    fn gather(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let (constant, indices) = (operands.get(0)?, operands.get(1)?);
        let along = axis(node.int("axis", 0)?, constant.dims.len())?;
        let extent = constant.dims[along];
        let parts = indices.as_ints()?.iter().map(|&index| {
            let at =
                axis(index, extent).map_err(|_| format!("index {index} is outside of {extent} elements"))?;
            self.part(constant, along, at, 1)
        });
        let parts = parts.collect::<Fallible<Vec<_>>>()?;
        let joined = self.joined(&parts.iter().collect::<Vec<_>>(), along)?;
        let (before, behind) = (&constant.dims[..along], &constant.dims[along + 1..]);
        joined.with_dims([before, &indices.dims, behind].concat())
    }

    fn concat(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
        let parts: Vec<&Const> = operands.0.iter().flatten().copied().collect();
        let rank = operands.get(0)?.dims.len();
        self.joined(&parts, axis(node.int("axis", 1)?, rank)?)
    }

    fn split(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Vec<Const>> {
        let constant = operands.get(0)?;
        let along = axis(node.int("axis", 0)?, constant.dims.len())?;
        let sizes = split_sizes(node, operands.optional(1), constant.dims[along])?;
        let mut begin = 0;
        let part = |size: usize| {
            let part = self.part(constant, along, begin, size);
            begin += size;
            part
        };
        sizes.into_iter().map(part).collect()
    }

    fn part(&mut self, constant: &Const, along: usize, begin: usize, size: usize) -> Fallible<Const> {
        let mut dims = constant.dims.clone();
        dims[along] = size;
        self.charge(&dims)?;
        let own = strides(&constant.dims);
        constant.strided(dims, &own, begin as i64 * own[along], Some)
    }

    /// Constants of one type, one behind the other along an axis.
    fn joined(&mut self, parts: &[&Const], along: usize) -> Fallible<Const> {
        let first = parts.first().ok_or("it joins nothing; export the model again")?;
        let mut dims = first.dims.clone();
        let extent = dims.get(along).copied().ok_or("it joins along an axis that does not exist")?;
        for part in &parts[1..] {
            let mut others = part.dims.clone();
            match others.get_mut(along) {
                Some(own) => {
                    dims[along] += *own;
                    *own = extent;
                }
                None => return Err("it joins constants of different ranks".to_owned()),
            }
            if others != first.dims {
                return Err(format!("it joins shapes {:?} and {:?}", first.dims, part.dims));
            }
        }
        self.charge(&dims)?;
        let outer: usize = dims[..along].iter().product();
        let inner: usize = dims[along + 1..].iter().product();
        fn weave<T: Copy>(parts: &[(&[T], usize)], outer: usize) -> Vec<T> {
            let mut all = Vec::new();
            for row in 0..outer {
                for (values, width) in parts {
                    all.extend(values.iter().skip(row * width).take(*width).copied());
                }
            }
            all
        }
        let width = |part: &Const| part.dims[along] * inner;
        let all_int = parts.iter().all(|part| matches!(part.data, Data::Int(_)));
        let data = if all_int {
            let rows = parts.iter().map(|part| Ok((part.as_ints()?, width(part))));
            Data::Int(weave(&rows.collect::<Fallible<Vec<_>>>()?, outer))
        } else {
            let floats: Vec<Vec<f32>> = parts.iter().map(|part| part.to_floats()).collect();
            let rows: Vec<_> =
                floats.iter().zip(parts).map(|(values, part)| (values.as_slice(), width(part))).collect();
            Data::Float(weave(&rows, outer))
        };
        Ok(Const { elem: first.elem, dims, data })
    }

    fn select(&mut self, operands: &Operands<'_>) -> Fallible<Const> {
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
        let data = match (&yes.data, &no.data) {
            (Data::Int(yes), Data::Int(no)) => Data::Int(choose(condition, yes, no)),
            _ => Data::Float(choose(condition, &yes.to_floats(), &no.to_floats())),
        };
        Ok(Const { elem: yes.elem, dims, data })
    }

    fn reduce(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Option<Vec<Const>>> {
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
        Ok(Some(vec![Const { elem: constant.elem, dims, data: Data::Int(vec![value]) }]))
    }

    fn map(&mut self, function: Unary, constant: &Const) -> Fallible<Const> {
        self.charge(&constant.dims)?;
        match (&constant.data, function) {
            (Data::Int(values), Unary::Both(_, int)) => {
                let data = Data::Int(values.iter().map(|&value| int(value)).collect());
                Ok(Const { elem: constant.elem, dims: constant.dims.clone(), data })
            }
            (_, Unary::Both(float, _) | Unary::Float(float)) => {
                let values = constant.to_floats().into_iter().map(float).collect();
                Ok(Const::floats(constant.dims.clone(), values))
            }
        }
    }

    fn zip(&mut self, op: &str, function: Binary, operands: &Operands<'_>) -> Fallible<Const> {
        let mut folded = operands.get(0)?.clone();
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
            return Ok(Const { elem, dims, data: Data::Int(values) });
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
}

/// A function of one element.
#[derive(Debug, Clone, Copy)]
enum Unary {
    /// Of floats and of integers.
    Both(fn(f32) -> f32, fn(i64) -> i64),
    /// Of floats.
    Float(fn(f32) -> f32),
}

fn unary(op: &str) -> Option<Unary> {
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
enum Binary {
    Number(fn(f32, f32) -> f32, fn(i64, i64) -> Option<i64>),
    Truth(fn(f32, f32) -> bool, fn(i64, i64) -> Option<i64>),
}

fn binary(op: &str) -> Option<Binary> {
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

/// The constant of a Constant node.
fn constant(node: &Node<'_>) -> Fallible<Const> {
    if let Some(value) = node.tensor("value")? {
        return Ok(value);
    }
    if node.has("value_float") {
        return Ok(Const::floats(Vec::new(), vec![node.float("value_float", 0.0)?]));
    }
    if node.has("value_int") {
        return Ok(Const::ints(Vec::new(), vec![node.int("value_int", 0)?]));
    }
    if let Some(values) = node.floats("value_floats")? {
        return Ok(Const::floats(vec![values.len()], values.to_vec()));
    }
    if let Some(values) = node.ints("value_ints")? {
        return Ok(Const::list(values.to_vec()));
    }
    Err("its value is missing, sparse or text; export the model with dense numbers".to_owned())
}

fn cast(node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
    let constant = operands.get(0)?;
    let to = match operands.optional(1) {
        Some(like) if node.op() == "CastLike" => like.elem,
        _ => Elem::from_number(i32::try_from(node.int("to", 1)?).unwrap_or(0))?,
    };
    Ok(cast_to(constant, to))
}

/// The constant with another element type; floats lose their fraction.
fn cast_to(constant: &Const, to: Elem) -> Const {
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

fn reshape(node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
    let constant = operands.get(0)?;
    let wanted = operands.get(1)?.as_ints()?;
    constant.with_dims(reshaped(&constant.dims, wanted, node.flag("allowzero")?)?)
}

/// The shape that Reshape makes of `dims`: 0 keeps an extent, -1 takes what is left.
pub(crate) fn reshaped(dims: &[usize], wanted: &[i64], allow_zero: bool) -> Fallible<Vec<usize>> {
    let mut shape = Vec::with_capacity(wanted.len());
    for (at, &extent) in wanted.iter().enumerate() {
        shape.push(match extent {
            0 if !allow_zero => dims.get(at).copied().ok_or_else(|| {
                format!("its shape {wanted:?} keeps extent {at}, which {dims:?} does not have")
            })?,
            -1 => 1,
            _ => {
                usize::try_from(extent).map_err(|_| format!("its shape {wanted:?} has a negative extent"))?
            }
        });
    }
    let n = count(dims)?;
    if let Some(free) = wanted.iter().position(|&extent| extent == -1) {
        let others = count(&shape)?;
        if others == 0 || !n.is_multiple_of(others) {
            return Err(format!("its shape {wanted:?} does not divide the {n} elements of {dims:?}"));
        }
        shape[free] = n / others;
    }
    if count(&shape)? != n {
        return Err(format!(
            "its shape {wanted:?} does not hold the {n} elements of {dims:?}; if the model was exported with a free \
             batch, export it with a batch of 1"
        ));
    }
    Ok(shape)
}

/// Flatten, Squeeze and Unsqueeze of a constant.
fn relabel(node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Const> {
    let constant = operands.get(0)?;
    constant.with_dims(relabelled(node, operands.optional(1), &constant.dims)?)
}

/// The shape that Flatten, Squeeze or Unsqueeze makes of `dims`; axes are an operand since opset 13.
pub(crate) fn relabelled(node: &Node<'_>, operand: Option<&Const>, dims: &[usize]) -> Fallible<Vec<usize>> {
    let list = match (operand, node.ints("axes")?) {
        (Some(axes), _) => Some(axes.as_ints()?),
        (None, attribute) => attribute,
    };
    match node.op() {
        "Flatten" => {
            let at = node.int("axis", 1)?;
            let at = if at == dims.len() as i64 { dims.len() } else { axis(at, dims.len())? };
            Ok(vec![count(&dims[..at])?, count(&dims[at..])?])
        }
        "Squeeze" => {
            let gone = match list {
                Some(list) => axes(list, dims.len())?,
                None => (0..dims.len()).filter(|&axis| dims[axis] == 1).collect(),
            };
            if let Some(&axis) = gone.iter().find(|&&axis| dims[axis] != 1) {
                return Err(format!("axis {axis} of {dims:?} is longer than 1 and cannot be taken away"));
            }
            Ok((0..dims.len()).filter(|axis| !gone.contains(axis)).map(|axis| dims[axis]).collect())
        }
        _ => {
            let list = list.ok_or("it has no axes; export the model again")?;
            let rank = dims.len() + list.len();
            let new = axes(list, rank)?;
            let mut old = dims.iter().copied();
            Ok((0..rank).map(|axis| if new.contains(&axis) { 1 } else { old.next().unwrap_or(1) }).collect())
        }
    }
}

/// The order of axes of a Transpose.
pub(crate) fn permutation(node: &Node<'_>, rank: usize) -> Fallible<Vec<usize>> {
    let Some(list) = node.ints("perm")? else { return Ok((0..rank).rev().collect()) };
    let perm = list.iter().map(|&at| axis(at, rank)).collect::<Fallible<Vec<_>>>()?;
    if axes(list, rank)?.len() == rank {
        Ok(perm)
    } else {
        Err(format!("perm {list:?} must name each of {rank} axes once; export the model again"))
    }
}

/// What Slice takes along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begin: usize,
    pub(crate) count: usize,
    pub(crate) step: i64,
}

/// What Slice takes along each axis; operands since opset 10, attributes before.
pub(crate) fn slices(node: &Node<'_>, operands: &Operands<'_>, dims: &[usize]) -> Fallible<Vec<Span>> {
    let list = |at: usize, name: &str| -> Fallible<Option<Vec<i64>>> {
        match (operands.optional(at), node.ints(name)?) {
            (Some(operand), _) => Ok(Some(operand.as_ints()?.to_vec())),
            (None, attribute) => Ok(attribute.map(<[i64]>::to_vec)),
        }
    };
    let absent = || "its starts or ends are missing; export the model again".to_owned();
    let (starts, ends) = (list(1, "starts")?.ok_or_else(absent)?, list(2, "ends")?.ok_or_else(absent)?);
    let along = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if ends.len() != starts.len() || along.len() != starts.len() || steps.len() != starts.len() {
        return Err("its starts, ends, axes and steps differ in number; export the model again".to_owned());
    }
    let mut spans: Vec<Span> = dims.iter().map(|&count| Span { begin: 0, count, step: 1 }).collect();
    for (at, &along) in along.iter().enumerate() {
        let along = axis(along, dims.len())?;
        spans[along] = span(starts[at], ends[at], steps[at], dims[along])?;
    }
    Ok(spans)
}

/// `start:end:step` of `extent` elements, as numpy counts.
fn span(start: i64, end: i64, step: i64, extent: usize) -> Fallible<Span> {
    let n = extent as i64;
    let from_start = |at: i64| if at < 0 { at.saturating_add(n) } else { at };
    let (begin, end) = match step {
        0 => return Err("a step must not be 0; export the model again".to_owned()),
        1.. => (from_start(start).clamp(0, n), from_start(end).clamp(0, n)),
        _ => (from_start(start).clamp(0, n - 1), from_start(end).clamp(-1, n - 1)),
    };
    let distance = if step > 0 { end - begin } else { begin - end };
    let count = if distance <= 0 { 0 } else { (distance as u64).div_ceil(step.unsigned_abs()) };
    Ok(Span { begin: begin.max(0) as usize, count: count as usize, step })
}

/// Extents of the parts of a Split; an operand since opset 13, an attribute before, else equal parts.
pub(crate) fn split_sizes(node: &Node<'_>, operand: Option<&Const>, extent: usize) -> Fallible<Vec<usize>> {
    let n = match node.int("num_outputs", 0)? {
        0 => node.n_outputs(),
        n => usize::try_from(n).unwrap_or(0),
    };
    let list = match (operand, node.ints("split")?) {
        (Some(sizes), _) => Some(sizes.as_ints()?),
        (None, attribute) => attribute,
    };
    let parts = match list {
        Some(list) => sizes(list)?,
        None if n == 0 || n > extent => {
            return Err(format!("{extent} elements cannot be split into {n} parts"));
        }
        None => {
            let size = extent.div_ceil(n);
            (0..n).map(|at| size.min(extent.saturating_sub(at * size))).collect()
        }
    };
    let sum = parts.iter().try_fold(0usize, |sum, &part| sum.checked_add(part));
    if sum != Some(extent) || parts.len() < node.n_outputs() {
        return Err(format!("parts {parts:?} do not make up {extent} elements; export the model again"));
    }
    Ok(parts)
}

/// The shape that two shapes broadcast to, as numpy defines it.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Fallible<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent =
        |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis]);
    let joint = |axis: usize| match (extent(a, axis), extent(b, axis)) {
        (a, b) if a == b => Ok(a),
        (1, n) | (n, 1) => Ok(n),
        _ => Err(format!("shapes {a:?} and {b:?} do not broadcast")),
    };
    (0..rank).map(joint).collect()
}

/// Extents as sizes.
pub(crate) fn sizes(values: &[i64]) -> Fallible<Vec<usize>> {
    let sizes: Option<Vec<usize>> = values.iter().map(|&value| usize::try_from(value).ok()).collect();
    sizes.ok_or_else(|| format!("sizes {values:?} must not be negative; export the model again"))
}

fn int(constant: &Const) -> Fallible<i64> {
    match constant.as_ints()? {
        &[value] => Ok(value),
        _ => Err(format!("a constant must have one element, found shape {:?}", constant.dims)),
    }
}
