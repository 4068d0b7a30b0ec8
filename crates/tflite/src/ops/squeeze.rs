//! SQUEEZE: `SqueezeOptions`.

use smidgen_ir::{Graph, Node, Op, ops::squeeze::Squeeze};

use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options, squeeze_options as field};
use crate::tensors::MAX_RANK;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let axes = match source.optional_options(options::SQUEEZE)? {
        Some(fields) => {
            fields.table().scalars::<i32>(field::SQUEEZE_DIMS)?.iter().take(MAX_RANK + 1).collect()
        }
        None => Vec::new(),
    };
    Ok(Op::Squeeze(Squeeze { axes }))
}

pub(super) fn write(op: &Squeeze, _graph: &Graph, _node: &Node) -> Encoded {
    let options = Options::new(options::SQUEEZE).with(field::SQUEEZE_DIMS, Value::Ints(op.axes.clone()));
    Encoded::new(Code::Builtin(builtin::SQUEEZE), Version(1), options)
}
