//! BATCH_MATMUL: `BatchMatMulOptions`.

use smidgen_ir::{Graph, Node, Op, ops::batch_matmul::BatchMatmul};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{batch_matmul_options as field, builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let fields = source.options(options::BATCH_MATMUL)?;
    Ok(Op::BatchMatmul(BatchMatmul {
        adj_x: fields.table().flag(field::ADJ_X)?,
        adj_y: fields.table().flag(field::ADJ_Y)?,
    }))
}

pub(super) fn write(op: &BatchMatmul, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::BATCH_MATMUL)
        .with(field::ADJ_X, Value::Bool(op.adj_x))
        .with(field::ADJ_Y, Value::Bool(op.adj_y));
    Encoded::new(Code::Builtin(builtin::BATCH_MATMUL), Version::by_type(graph, node, 2, 3), options)
}
