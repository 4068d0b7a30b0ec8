//! MIRROR_PAD: `MirrorPadOptions`; the paddings are a constant operand in the file.

use smidgen_ir::{DType, Graph, Node, Op, ops::mirror_pad::MirrorPad};

use super::attribute_operands as operand;
use super::{Code, Encoded, Options, Source, Value, Version};
use crate::findings::Fault;
use crate::schema::{builtin, mirror_pad_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let paddings = operand::pairs(source, 1, "paddings")?;
    let symmetric = match source.options(options::MIRROR_PAD)?.table().scalar(field::MODE, 0i8)? {
        0 => false,
        1 => true,
        other => {
            return Err(Fault::message(format!(
                "mode {other} is unknown; expected 0 (REFLECT) or 1 (SYMMETRIC)"
            )));
        }
    };
    Ok(Op::MirrorPad(MirrorPad { paddings, symmetric }))
}

pub(super) fn write(op: &MirrorPad, graph: &Graph, node: &Node) -> Encoded {
    let options = Options::new(options::MIRROR_PAD).with(field::MODE, Value::Byte(op.symmetric.into()));
    Encoded::new(
        Code::Builtin(builtin::MIRROR_PAD),
        Version::of_type(graph, node, &[(DType::I8, 2), (DType::I16, 3)]),
        options,
    )
    .and(1, operand::pair_list("paddings", &op.paddings))
}
