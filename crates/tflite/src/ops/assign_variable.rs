//! ASSIGN_VARIABLE: `AssignVariableOptions`, which has no fields. Its first operand is the handle of the variable in the file.

use smidgen_ir::{Graph, Node, Op, ops::assign_variable::AssignVariable};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(_source: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::AssignVariable(AssignVariable {}))
}

pub(super) fn write(_op: &AssignVariable, _graph: &Graph, _node: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::ASSIGN_VARIABLE), Version(1), Options::new(options::ASSIGN_VARIABLE))
}
