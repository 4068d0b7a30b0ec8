//! READ_VARIABLE: `ReadVariableOptions`, which has no fields. Its first operand is the handle of the variable in the file.

use smidgen_ir::{Graph, Node, Op, ops::read_variable::ReadVariable};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::ReadVariable(ReadVariable {}))
}

pub(super) fn write(_op: &ReadVariable, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::READ_VARIABLE), Version(1), Options::new(options::READ_VARIABLE))
}
