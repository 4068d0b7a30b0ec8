//! SVDF: `SVDFOptions`; the state is a variable.

use smidgen_ir::{DType, Graph, Node, Op, ops::svdf::Svdf};

use super::encode::operand_type;
use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, svdf_options as field};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::SVDF)?;
    let rank = fields.table().scalar(field::RANK, 0i32)?;
    let rank = usize::try_from(rank).ok().filter(|&rank| rank > 0).ok_or_else(|| {
        Fault::message(format!("its rank must be at least 1, found {rank}; convert the model again"))
    })?;
    Ok(Op::Svdf(Svdf { rank, activation: fields.activation(field::ACTIVATION)? }))
}

pub(super) fn write(op: &Svdf, graph: &Graph, node: &Node) -> Encoded {
    let version = if operand_type(graph, node, 0) == Some(DType::I8) { Version(3) } else { Version(1) };
    let options =
        Options::new(options::SVDF).size(field::RANK, op.rank).activation(field::ACTIVATION, op.activation);
    Encoded::new(Code::Builtin(builtin::SVDF), version, options)
}
