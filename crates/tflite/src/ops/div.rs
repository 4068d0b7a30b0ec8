//! DIV: `DivOptions`.

use smidgen_ir::{Graph, Node, Op, ops::div::Div};

use super::{Code, Encoded, Options, Source, Version};
use crate::findings::Fault;
use crate::schema::{builtin, div_options as field, options};

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let activation = match source.optional_options(options::DIV)? {
        Some(fields) => fields.activation(field::ACTIVATION)?,
        None => Default::default(),
    };
    Ok(Op::Div(Div { activation }))
}

pub(super) fn write(op: &Div, _: &Graph, _: &Node) -> Encoded {
    let options = Options::new(options::DIV).activation(field::ACTIVATION, op.activation);
    Encoded::new(Code::Builtin(builtin::DIV), Version(1), options)
}
