//! Which writer an operator of the graph has.

use smidgen_ir::{Node, Op, TensorIdx};

use super::{activation, convolution, elementwise, linear, logic, movement, normalize, pool, reduce, resize};
use crate::findings::Fallible;
use crate::write::{Writer, refused};

/// A node of the graph as its writer sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'g> {
    node: &'g Node,
    /// Name of the first result.
    pub(crate) name: &'g str,
}

impl<'g> Written<'g> {
    /// Operand `at`.
    pub(crate) fn input(&self, at: usize) -> Fallible<TensorIdx> {
        self.optional(at).ok_or_else(|| format!("operand {at} is missing"))
    }

    /// Operand `at`, where there is one.
    pub(crate) fn optional(&self, at: usize) -> Option<TensorIdx> {
        self.node.inputs.get(at).copied().flatten()
    }

    /// All operands that are there.
    pub(crate) fn inputs(&self) -> Vec<TensorIdx> {
        self.node.inputs.iter().flatten().copied().collect()
    }

    /// Result 0.
    pub(crate) fn output(&self) -> Fallible<TensorIdx> {
        self.outputs().first().copied().ok_or_else(|| "it has no result".to_owned())
    }

    /// All results.
    pub(crate) fn outputs(&self) -> &'g [TensorIdx] {
        &self.node.outputs
    }
}

/// The version of the operator set that an operator needs, beyond that which the writer uses anyway.
pub(crate) fn since(op: &Op) -> i64 {
    match op {
        Op::Gelu(_) => 20,
        Op::HardSwish(_) => 14,
        _ => 13,
    }
}

/// Adds a node of the graph to the file.
pub(crate) fn encode<'g>(writer: &mut Writer<'g>, node: &'g Node) -> Fallible<()> {
    let graph = writer.graph;
    let name = node.outputs.first().and_then(|&idx| graph.get(idx)).map_or("", |tensor| tensor.name.as_str());
    let at = Written { node, name };
    match &node.op {
        Op::AveragePool2d(op) => {
            pool::write(writer, at, "AveragePool", op.window, op.stride, op.padding, op.activation)
        }
        Op::MaxPool2d(op) => {
            pool::write(writer, at, "MaxPool", op.window, op.stride, op.padding, op.activation)
        }
        Op::BatchMatmul(op) => super::batch_mat_mul::write(writer, at, op),
        Op::TransposeConv(op) => super::conv_transpose::write(writer, at, op),
        Op::BatchNormalization(op) => normalize::write(writer, at, op),
        Op::Cast(op) => logic::write_cast(writer, at, op),
        Op::Conv2d(op) => convolution::write(writer, at, op),
        Op::DepthwiseConv2d(op) => convolution::write_depthwise(writer, at, op),
        Op::FullyConnected(op) => linear::write(writer, at, op),
        Op::Mean(op) => reduce::write(writer, at, "ReduceMean", &op.axes, op.keep_dims),
        Op::ReduceMax(op) => reduce::write(writer, at, "ReduceMax", &op.axes, op.keep_dims),
        Op::ReduceMin(op) => reduce::write(writer, at, "ReduceMin", &op.axes, op.keep_dims),
        Op::Sum(op) => reduce::write(writer, at, "ReduceSum", &op.axes, op.keep_dims),
        Op::ArgMax(op) => reduce::write_arg(writer, at, "ArgMax", op.axis),
        Op::ArgMin(op) => reduce::write_arg(writer, at, "ArgMin", op.axis),
        Op::Cumsum(op) => reduce::write_cumsum(writer, at, op),
        Op::ResizeBilinear(op) => {
            resize::write(writer, at, "linear", op.size, op.align_corners, op.half_pixel_centers)
        }
        Op::ResizeNearestNeighbor(op) => {
            resize::write(writer, at, "nearest", op.size, op.align_corners, op.half_pixel_centers)
        }
        op => match (elementwise::written(op), activation::written(op), movement::write(writer, at, op)?) {
            (Some(form), _, _) => elementwise::write(writer, at, form),
            (None, Some(form), _) => activation::write(writer, at, form),
            (None, None, true) => Ok(()),
            (None, None, false) => Err(refused(op)),
        },
    }
}
