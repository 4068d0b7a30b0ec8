//! PAD: `PadOptions`, which has no fields; the paddings are a constant operand in the file.

use smidgen_ir::{Graph, Node, Op, Tensor, ops::pad::Pad};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let absent = || Fault::message("its second operand, the paddings, is absent; convert the model again");
    let values = source.const_ints(1)?.ok_or_else(absent)?;
    let pairs = values.chunks_exact(2);
    let odd = !pairs.remainder().is_empty();
    let pair = |pair: &[i64]| match pair {
        [before, after] => Some([size(*before)?, size(*after)?]),
        _ => None,
    };
    let paddings = pairs.map(pair).collect::<Option<Vec<_>>>().filter(|_| !odd);
    let paddings = paddings.ok_or_else(|| {
        Fault::message(format!(
            "paddings {values:?} must be pairs of sizes, none negative; convert the model again"
        ))
    })?;
    Ok(Op::Pad(Pad { paddings }))
}

fn size(value: i64) -> Option<usize> {
    i32::try_from(value).ok().and_then(|value| usize::try_from(value).ok())
}

pub(super) fn write(op: &Pad, graph: &Graph, node: &Node) -> Encoded {
    let values: Vec<i32> =
        op.paddings.iter().flatten().map(|&size| i32::try_from(size).unwrap_or(i32::MAX)).collect();
    let version = if op.paddings.len() > 4 { Version(4) } else { Version::two_for_int8(graph, node) };
    Encoded::new(Code::Builtin(builtin::PAD), version, Options::new(options::PAD))
        .and(1, Tensor::const_i32("paddings", vec![op.paddings.len(), 2], &values, None))
}
