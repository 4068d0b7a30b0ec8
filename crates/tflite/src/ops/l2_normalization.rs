//! L2_NORMALIZATION: `L2NormOptions`.

use smidgen_ir::{Activation, Graph, Node, Op, ops::l2_normalization::L2Normalization};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, l2_norm_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    if let Some(fields) = source.optional_options(options::L2_NORM)?
        && fields.activation(field::ACTIVATION)? != Activation::None
    {
        return Err(Fault::message("its fused activation is not supported; expected NONE"));
    }
    Ok(Op::L2Normalization(L2Normalization))
}

pub(super) fn write(_: &L2Normalization, graph: &Graph, node: &Node) -> Encoded {
    Encoded::new(
        Code::Builtin(builtin::L2_NORMALIZATION),
        Version::two_for_int8(graph, node),
        Options::new(options::L2_NORM),
    )
}
