//! LOG_SOFTMAX: `LogSoftmaxOptions`, which is empty.

use smidgen_ir::{Graph, Node, Op, ops::log_softmax::LogSoftmax};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::LogSoftmax(LogSoftmax))
}

pub(super) fn write(_: &LogSoftmax, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::LOG_SOFTMAX),
        Version::by_type(graph, node, 2, 2),
        Options::new(options::LOG_SOFTMAX),
    )
}
