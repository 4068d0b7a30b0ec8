//! RELU_N1_TO_1: no options.

use smidgen_ir::{Graph, Node, Op, ops::relu_n1_to_1::ReluN1To1};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::builtin;

pub(super) fn read(_: &Source<'_>) -> Result<Op, Fault> {
    Ok(Op::ReluN1To1(ReluN1To1))
}

pub(super) fn write(_: &ReluN1To1, _: &Graph, _: &Node) -> Encoded {
    Encoded::new(Code::Builtin(builtin::RELU_N1_TO_1), Version(1), Options::default())
}
