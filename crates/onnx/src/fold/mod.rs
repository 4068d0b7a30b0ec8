//! Constant folding: what exporters compute with shapes and weights, done while the file is read.
//!
//! Integers are computed in 64 bits as ONNX defines them, floats in single precision, element by element.

mod element;
mod movement;
mod shape;

pub(crate) use shape::{Span, broadcast, permutation, relabelled, reshaped, sizes, slices, split_sizes};

use crate::constant::{Const, Data, Elem, count};
use crate::findings::Fallible;
use crate::node::Node;
use element::{binary, cast_to, cast_type, unary};
use movement::{relabel, reshape};

/// Most elements of constants that may be made of a file of up to 32 MB.
const MAX_FOLDED_ELEMENTS: usize = 1 << 26;

/// Folds nodes whose operands are all constants, and counts the constants that are made of the file.
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
    /// May make 32 elements for each byte of the file, so that a small one cannot ask for much memory, and for each byte
    /// of a large one two, which its own constants do not reach.
    pub(crate) fn for_file(file_bytes: usize) -> Self {
        let most = MAX_FOLDED_ELEMENTS.max(file_bytes.saturating_mul(2));
        Folder { left: file_bytes.saturating_mul(32).saturating_add(1 << 16).min(most) }
    }

    /// Takes room for a constant of `dims`, which is about to be made.
    pub(crate) fn charge(&mut self, dims: &[usize]) -> Fallible<()> {
        self.charge_elements(count(dims)?)
    }

    /// Takes room for so many elements.
    pub(crate) fn charge_elements(&mut self, n: usize) -> Fallible<()> {
        let left = self.left.checked_sub(n);
        self.left = left.unwrap_or(0);
        left.map(|_| ()).ok_or_else(|| {
            "the constants that are made of it are too large for a file of this size; simplify the model (onnxsim) \
             before it is imported"
                .to_owned()
        })
    }

    /// Whether there is no room any more.
    pub(crate) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Operand 0, with room for a copy.
    fn copied<'c>(&mut self, operands: &Operands<'c>) -> Fallible<&'c Const> {
        let constant = operands.get(0)?;
        self.charge(&constant.dims)?;
        Ok(constant)
    }

    /// The constant with another element type.
    pub(crate) fn cast(&mut self, constant: &Const, to: Elem) -> Fallible<Const> {
        self.charge(&constant.dims)?;
        Ok(cast_to(constant, to))
    }

    /// The results of a node, `None` where it is not one that is folded.
    pub(crate) fn fold(&mut self, node: &Node<'_>, operands: &Operands<'_>) -> Fallible<Option<Vec<Const>>> {
        let one = |constant: Const| Ok(Some(vec![constant]));
        match node.op() {
            "Identity" | "Dropout" => one(self.copied(operands)?.clone()),
            "Constant" => one(constant(node)?),
            "ConstantOfShape" => one(self.constant_of_shape(node, operands)?),
            "Range" => one(self.range(operands)?),
            "Cast" | "CastLike" => one(self.cast(operands.get(0)?, cast_type(node, operands)?)?),
            "Reshape" => one(reshape(node, self.copied(operands)?, operands.get(1)?)?),
            "Flatten" | "Squeeze" | "Unsqueeze" => {
                one(relabel(node, self.copied(operands)?, operands.optional(1))?)
            }
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
                (Some(function), _) => one(self.map(function, operands)?),
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
        Const::integers(start.elem, vec![n], values)
    }
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

fn int(constant: &Const) -> Fallible<i64> {
    match constant.as_ints()? {
        &[value] => Ok(value),
        _ => Err(format!("a constant must have one element, found shape {:?}", constant.dims)),
    }
}
