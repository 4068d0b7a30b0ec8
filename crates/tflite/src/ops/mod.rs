//! The operators, one file each with its reader and its writer side by side, and the table that lists them.

mod add;
mod average_pool_2d;
mod conv_2d;
mod depthwise_conv_2d;
mod dequantize;
mod encode;
mod fully_connected;
mod max_pool_2d;
mod pad;
mod quantize;
mod relu;
mod relu6;
mod reshape;
mod softmax;
mod source;

pub(crate) use encode::{Encoded, Options, Value, Version};
pub(crate) use source::Source;

use smidgen_ir::{Graph, Node, Op};

use crate::builtin_names::builtin_name;
use crate::findings::Fault;
use crate::schema::builtin;

/// An operator that can be read.
#[derive(Debug)]
pub(crate) struct Operator {
    /// Its number in the schema.
    pub(crate) code: i32,
    /// The newest version whose meaning is known.
    pub(crate) newest: i32,
    /// How many of the file's operands are the node's; the others are attributes in the graph.
    pub(crate) n_operands: usize,
    /// Reads the attributes.
    pub(crate) read: fn(&Source<'_>) -> Result<Op, Fault>,
}

const fn row(
    code: i32,
    newest: i32,
    n_operands: usize,
    read: fn(&Source<'_>) -> Result<Op, Fault>,
) -> Operator {
    Operator { code, newest, n_operands, read }
}

/// Operators by their names. Operands beyond the node's are kept for those that take a fixed number, so that the
/// verifier sees one too many.
#[rustfmt::skip]
const OPERATORS: [Operator; 13] = [
    row(builtin::ADD,               5, usize::MAX, add::read),
    row(builtin::AVERAGE_POOL_2D,   3, usize::MAX, average_pool_2d::read),
    row(builtin::CONV_2D,           8, usize::MAX, conv_2d::read),
    row(builtin::DEPTHWISE_CONV_2D, 7, usize::MAX, depthwise_conv_2d::read),
    row(builtin::DEQUANTIZE,        6, usize::MAX, dequantize::read),
    row(builtin::FULLY_CONNECTED,  12, usize::MAX, fully_connected::read),
    row(builtin::MAX_POOL_2D,       3, usize::MAX, max_pool_2d::read),
    row(builtin::PAD,               4, 1,          pad::read),
    row(builtin::QUANTIZE,          4, usize::MAX, quantize::read),
    row(builtin::RELU,              3, usize::MAX, relu::read),
    row(builtin::RELU6,             3, usize::MAX, relu6::read),
    row(builtin::RESHAPE,           1, 1,          reshape::read),
    row(builtin::SOFTMAX,           3, usize::MAX, softmax::read),
];

/// The operator with number `code`, `None` where it is not supported.
pub(crate) fn find(code: i32) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.code == code)
}

/// Names of all supported operators.
pub(crate) fn names() -> String {
    let names: Vec<&str> = OPERATORS.iter().filter_map(|operator| builtin_name(operator.code)).collect();
    names.join(", ")
}

/// What the file says of `node`; `None` for an operator that the format does not have.
pub(crate) fn encode(graph: &Graph, node: &Node) -> Option<Encoded> {
    Some(match &node.op {
        Op::Add(op) => add::write(op, graph, node),
        Op::AveragePool2d(op) => average_pool_2d::write(op, graph, node),
        Op::Conv2d(op) => conv_2d::write(op, graph, node),
        Op::DepthwiseConv2d(op) => depthwise_conv_2d::write(op, graph, node),
        Op::Dequantize(_) => dequantize::write(graph, node),
        Op::FullyConnected(op) => fully_connected::write(op, graph, node),
        Op::MaxPool2d(op) => max_pool_2d::write(op, graph, node),
        Op::Pad(op) => pad::write(op, graph, node),
        Op::Quantize(_) => quantize::write(graph, node),
        Op::Relu(_) => relu::write(graph, node),
        Op::Relu6(_) => relu6::write(graph, node),
        Op::Reshape(op) => reshape::write(op),
        Op::Softmax(op) => softmax::write(op, graph, node),
        Op::BatchNormalization(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_name_and_found() {
        let names: Vec<&str> = OPERATORS.iter().filter_map(|operator| builtin_name(operator.code)).collect();
        assert_eq!(names.len(), OPERATORS.len());
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!(find(builtin::PAD).map(|operator| operator.n_operands), Some(1));
        assert!(find(builtin::CUSTOM).is_none());
    }
}
