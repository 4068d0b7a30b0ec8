//! What operators have in common that only move elements: types, quantisation, and the copy that most of them are.

use smidgen_kernels::ops::strided_copy::Spec;

use super::operator::{Operands, Results};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::{Elem, Operand, Target};
use crate::scales::per_tensor;
use crate::tensor::{DType, Tensor};

/// Axes of one call of the kernel.
const KERNEL_AXES: usize = 6;

/// Most calls that one result is moved with.
const MAX_CALLS: usize = 64;

/// Picks the kernel for elements as wide as those of a type.
macro_rules! kernel_by_width {
    ($dtype:expr, $spec:expr, $of_8:ident, $of_16:ident, $of_32:ident, $of_64:ident) => {
        match $dtype.bits() {
            8 => Ok($crate::kernel::Kernel::$of_8($spec)),
            16 => Ok($crate::kernel::Kernel::$of_16($spec)),
            32 => Ok($crate::kernel::Kernel::$of_32($spec)),
            64 => Ok($crate::kernel::Kernel::$of_64($spec)),
            _ => Err(format!("{} elements cannot be moved", $dtype.name())),
        }
    };
}

/// The methods of an operator whose results keep the quantisation of the first operand.
macro_rules! keeps_quant {
    () => {
        fn quant(
            &self,
            operands: &$crate::ops::operator::Operands<'_>,
            results: &$crate::ops::operator::Results<'_>,
        ) -> Result<(), String> {
            $crate::ops::movers::same_quant_throughout(&[operands.get(0)?], results)
        }

        fn output_quant(&self) -> $crate::ops::operator::OutputQuant {
            $crate::ops::operator::OutputQuant::SameAsInput
        }
    };
}

pub(crate) use {keeps_quant, kernel_by_width};

/// The type of an operand whose elements are moved: any that does not share bytes between elements.
pub(crate) fn movable(name: &str, tensor: &Tensor) -> Result<DType, String> {
    match tensor.dtype {
        DType::I4 => {
            Err(format!("its {name} is int4, which cannot be moved: two elements share a byte; use int8"))
        }
        other => Ok(other),
    }
}

/// The element type that all operands from `from` on share.
pub(crate) fn one_type(operands: &Operands<'_>, from: usize) -> Result<DType, String> {
    let dtype = movable(operands.name(from), operands.get(from)?)?;
    for at in from..operands.len() {
        let found = operands.get(at)?.dtype;
        if found != dtype {
            let (wanted, found) = (dtype.name(), found.name());
            return Err(format!("its operands must have one element type, found {wanted} and {found}"));
        }
    }
    Ok(dtype)
}

/// Checks that all results have the scale and zero point of the operands: elements are moved as they are. Raw integers,
/// which have none, may stay without.
pub(crate) fn same_quant_throughout(moved: &[&Tensor], results: &Results<'_>) -> Result<(), String> {
    let first = moved.first().ok_or("it has no operands")?;
    for tensor in moved.iter().chain(results.tensors) {
        let (Some(wanted), Some(found)) = (&first.quant, &tensor.quant) else { continue };
        if !first.dtype.is_quantized() || wanted == found {
            continue;
        }
        let (a, b) = (per_tensor("input", first)?, per_tensor("result", tensor)?);
        if (f64::from(a.0) - f64::from(b.0)).abs() > 1e-6 || a.1 != b.1 {
            return Err(format!(
                "its operands and results must have one scale and zero point, found {:?}, {} and {:?}, {}: it does not \
                 rescale, so quantise them alike or put a QUANTIZE between",
                a.0, a.1, b.0, b.1
            ));
        }
    }
    Ok(())
}

/// A dimension counted from the front, or from the back where it is negative.
pub(crate) fn axis_of(axis: i32, rank: usize) -> Result<usize, String> {
    let counted = if axis < 0 { i64::from(axis) + rank as i64 } else { i64::from(axis) };
    usize::try_from(counted)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| format!("its axis {axis} must be one of its {rank} dimensions"))
}

/// Elements from one index to the next on each dimension of a row-major tensor.
pub(crate) fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as isize;
    }
    strides
}

/// An element of a type as bytes that mean `value` quantised alike, for paddings and fillings.
pub(crate) fn zero_bytes(tensor: &Tensor) -> Vec<u8> {
    let quant = tensor.quant.as_ref().filter(|_| tensor.dtype.is_quantized());
    let zero_point = quant.and_then(|quant| quant.zero_points.first()).copied().unwrap_or(0);
    let bytes = i64::from(zero_point).to_le_bytes();
    bytes.into_iter().take(tensor.dtype.bits() / 8).collect()
}

/// The element type of a constant that a kernel moves.
pub(crate) fn elem_by_width(dtype: DType) -> Elem {
    match dtype.bits() {
        64 => Elem::U64,
        32 => Elem::U32,
        16 => Elem::U16,
        _ => Elem::U8,
    }
}

/// One dimension of a copy: how many elements, and the steps between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) extent: usize,
    pub(crate) in_stride: isize,
    pub(crate) out_stride: isize,
}

/// A copy from one tensor into another, of any number of dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) axes: Vec<Axis>,
    pub(crate) in_len: usize,
    pub(crate) in_start: usize,
    pub(crate) out_len: usize,
    pub(crate) out_start: usize,
}

impl Movement {
    /// All of a tensor to all of a result: `axes` gives extent and step in the input of each of the result's dimensions.
    pub(crate) fn whole(input: &Tensor, in_start: usize, axes: &[(usize, isize)]) -> Self {
        let shape: Vec<usize> = axes.iter().map(|&(extent, _)| extent).collect();
        let axes = axes.iter().zip(strides(&shape));
        let axes =
            axes.map(|(&(extent, in_stride), out_stride)| Axis { extent, in_stride, out_stride }).collect();
        let (in_len, out_len) = (input.n_elements(), shape.iter().product());
        Movement { axes, in_len, in_start, out_len, out_start: 0 }
    }

    /// The same copy with as few axes as it needs.
    fn simplified(&self) -> Self {
        let mut axes: Vec<Axis> = Vec::with_capacity(self.axes.len());
        for &axis in self.axes.iter().filter(|axis| axis.extent != 1) {
            let inner = axis.extent as isize;
            match axes.last_mut() {
                Some(outer)
                    if outer.in_stride == axis.in_stride * inner
                        && outer.out_stride == axis.out_stride * inner =>
                {
                    *outer = Axis { extent: outer.extent * axis.extent, ..axis };
                }
                _ => axes.push(axis),
            }
        }
        Movement { axes, ..*self }
    }

    /// Whether the result is the input's bytes.
    fn is_identity(&self) -> bool {
        let simple = self.simplified();
        let dense = match simple.axes.as_slice() {
            [] => true,
            [axis] => axis.in_stride == 1 && axis.out_stride == 1 && axis.extent == self.in_len,
            _ => false,
        };
        dense && self.in_len == self.out_len && self.in_start == 0 && self.out_start == 0
    }

    /// Makes the node's only result, from its operand at 0: a view where that is the same bytes.
    pub(crate) fn lower(&self, dtype: DType, to: &mut NodeLowering<'_>) -> Result<(), String> {
        if self.is_identity() && to.view() {
            return Ok(());
        }
        let (input, target) = (to.operand(0), to.result(0)?);
        self.call(dtype, input, target, to)
    }

    /// Appends the calls of the kernel; more than one where the copy has more axes than that.
    pub(crate) fn call(
        &self,
        dtype: DType,
        input: Operand,
        target: Target,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        for spec in self.specs()? {
            let kernel =
                kernel_by_width!(dtype, spec, StridedCopy8, StridedCopy16, StridedCopy32, StridedCopy64)?;
            to.call_into(kernel, vec![input], vec![target])?;
        }
        Ok(())
    }

    fn specs(&self) -> Result<Vec<Spec>, String> {
        let mut parts = vec![self.simplified()];
        while let Some(first) = parts.first().filter(|part| part.axes.len() > KERNEL_AXES) {
            let fewest = (0..first.axes.len()).min_by_key(|&at| first.axes[at].extent).unwrap_or(0);
            parts = parts.iter().flat_map(|part| part.along(fewest)).collect();
            if parts.len() > MAX_CALLS {
                let axes = self.simplified().axes.len();
                return Err(format!(
                    "it moves elements along {axes} axes at once, too many for {MAX_CALLS} copies of {KERNEL_AXES} axes"
                ));
            }
        }
        Ok(parts.iter().map(Movement::spec).collect())
    }

    /// One copy for each index of an axis, without that axis.
    fn along(&self, at: usize) -> Vec<Movement> {
        let Axis { extent, in_stride, out_stride } = self.axes[at];
        let mut axes = self.axes.clone();
        axes.remove(at);
        let part = |index: usize| Movement {
            axes: axes.clone(),
            in_start: self.in_start.wrapping_add_signed(in_stride * index as isize),
            out_start: self.out_start.wrapping_add_signed(out_stride * index as isize),
            ..*self
        };
        (0..extent).map(part).collect()
    }

    fn spec(&self) -> Spec {
        let mut spec = Spec {
            shape: [1; KERNEL_AXES],
            in_len: self.in_len,
            in_start: self.in_start,
            in_strides: [0; KERNEL_AXES],
            out_len: self.out_len,
            out_start: self.out_start,
            out_strides: [0; KERNEL_AXES],
        };
        for (at, axis) in (0..KERNEL_AXES).rev().zip(self.axes.iter().rev()) {
            spec.shape[at] = axis.extent;
            spec.in_strides[at] = axis.in_stride;
            spec.out_strides[at] = axis.out_stride;
        }
        spec
    }
}

/// Makes the node's only result of its operands, which follow each other along one of its dimensions.
pub(crate) fn lower_joined(
    operands: &Operands<'_>,
    output: &Tensor,
    axis: usize,
    to: &mut NodeLowering<'_>,
) -> Result<(), String> {
    let outer: usize = output.shape[..axis].iter().product();
    let out_row: usize = output.shape[axis..].iter().product();
    let mut out_start = 0;
    for at in 0..operands.len() {
        let in_len = operands.get(at)?.n_elements();
        let in_row = in_len / outer.max(1);
        let row = Axis { extent: in_row, in_stride: 1, out_stride: 1 };
        let rows = Axis { extent: outer, in_stride: in_row as isize, out_stride: out_row as isize };
        let out_len = output.n_elements();
        let movement = Movement { axes: vec![rows, row], in_len, in_start: 0, out_len, out_start };
        let (operand, target) = (to.operand(at), to.result(0)?);
        movement.call(output.dtype, operand, target, to)?;
        out_start += in_row;
    }
    Ok(())
}

/// A kernel that takes one operand and the padding or filling, whose value is the result's zero.
pub(crate) fn call_with_zero(
    kernel: Kernel,
    operands: &[usize],
    result: &Tensor,
    to: &mut NodeLowering<'_>,
) -> Result<(), String> {
    let mut arguments: Vec<Operand> = operands.iter().map(|&at| to.operand(at)).collect();
    arguments.push(to.constant("value", elem_by_width(result.dtype), zero_bytes(result)));
    to.call(kernel, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize]) -> Tensor {
        Tensor::activation("x", DType::I8, shape.to_vec())
    }

    #[test]
    fn neighbouring_axes_are_joined() {
        // NHWC to NCHW of one image: rows and columns are one axis.
        let axes = [(1, 24), (2, 1), (3, 8), (4, 2)];
        let movement = Movement::whole(&tensor(&[1, 3, 4, 2]), 0, &axes);
        let joined = [
            Axis { extent: 2, in_stride: 1, out_stride: 12 },
            Axis { extent: 12, in_stride: 2, out_stride: 1 },
        ];
        assert_eq!(movement.simplified().axes, joined);
        assert!(!movement.is_identity());
        assert!(Movement::whole(&tensor(&[1, 3, 4]), 0, &[(3, 4), (1, 12), (4, 1)]).is_identity());
        assert!(!Movement::whole(&tensor(&[1, 3, 4]), 0, &[(3, 4), (2, 1)]).is_identity());
        assert!(Movement::whole(&tensor(&[]), 0, &[]).is_identity());
        assert_eq!(movement.specs().map(|specs| specs.len()), Ok(1));
    }

    #[test]
    fn more_axes_than_the_kernel_has_become_several_calls() {
        // Each of four axes twice: eight axes, none of which can be joined.
        let axes = [(2, 0), (3, 8), (2, 0), (2, 4), (2, 0), (2, 2), (2, 0), (2, 1)];
        let movement = Movement::whole(&tensor(&[3, 2, 2, 2]), 0, &axes);
        let specs = movement.specs().unwrap_or_default();
        assert_eq!(specs.len(), 4);
        assert_eq!(
            specs.iter().map(|spec| spec.shape.iter().product::<usize>()).sum::<usize>(),
            movement.out_len
        );
    }

    #[test]
    fn axes_count_from_either_end() {
        assert_eq!(axis_of(-1, 3), Ok(2));
        assert_eq!(axis_of(0, 3), Ok(0));
        assert!(axis_of(3, 3).is_err() && axis_of(-4, 3).is_err() && axis_of(0, 0).is_err());
        assert!(axis_of(i32::MIN, 3).is_err());
    }
}
