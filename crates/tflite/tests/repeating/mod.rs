//! Small files that describe huge models: the same tables, vectors and names referred to over and over.

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, WIPOffset};

/// How often the parts of a file are repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeated {
    /// Entries of the vector of tensors, all of them the same two tables.
    pub(crate) tensors: usize,
    /// Bytes of the one name that every tensor has.
    pub(crate) name_bytes: usize,
    /// Entries of the vector of operators, all of them the same table.
    pub(crate) nodes: usize,
    /// Operands of that operator.
    pub(crate) operands: usize,
    /// Inputs of the model.
    pub(crate) inputs: usize,
    /// Number of the operator.
    pub(crate) code: i32,
    /// Number of the tensors' element type.
    pub(crate) element_type: i8,
}

type Builder = FlatBufferBuilder<'static>;
type Table = WIPOffset<TableFinishedWIPOffset>;

/// The slot of field `id` in a vtable.
fn slot(id: u16) -> u16 {
    4 + 2 * id
}

/// The file, with field numbers after the schema.
pub(crate) fn file(repeated: Repeated) -> Vec<u8> {
    let mut builder = Builder::new();
    let start = builder.start_table();
    let buffer = builder.end_table(start);
    let buffers = builder.create_vector(&[buffer]);
    let start = builder.start_table();
    builder.push_slot_always(slot(3), repeated.code);
    let code = builder.end_table(start);
    let codes = builder.create_vector(&[code]);
    let subgraph = subgraph(&mut builder, repeated);
    let subgraphs = builder.create_vector(&[subgraph]);
    let start = builder.start_table();
    builder.push_slot_always(slot(0), 3u32);
    builder.push_slot_always(slot(1), codes);
    builder.push_slot_always(slot(2), subgraphs);
    builder.push_slot_always(slot(4), buffers);
    let root = builder.end_table(start);
    builder.finish(root, Some("TFL3"));
    builder.finished_data().to_vec()
}

fn subgraph(builder: &mut Builder, repeated: Repeated) -> Table {
    let name = builder.create_string(&"n".repeat(repeated.name_bytes));
    let shape = builder.create_vector(&[1i32, 1]);
    let start = builder.start_table();
    builder.push_slot_always(slot(0), shape);
    builder.push_slot_always(slot(1), repeated.element_type);
    builder.push_slot_always(slot(3), name);
    let tensor = builder.end_table(start);
    let tensors = builder.create_vector(&vec![tensor; repeated.tensors]);

    let last = repeated.tensors.saturating_sub(1) as i32;
    let operands: Vec<i32> = (0..repeated.operands as i32).map(|operand| operand % last.max(1)).collect();
    let operands = builder.create_vector(&operands);
    let outputs = builder.create_vector(&[last]);
    let start = builder.start_table();
    builder.push_slot_always(slot(1), operands);
    builder.push_slot_always(slot(2), outputs);
    let node = builder.end_table(start);
    let nodes = builder.create_vector(&vec![node; repeated.nodes]);

    let inputs = builder.create_vector(&vec![0i32; repeated.inputs]);
    let start = builder.start_table();
    builder.push_slot_always(slot(0), tensors);
    builder.push_slot_always(slot(1), inputs);
    builder.push_slot_always(slot(2), outputs);
    builder.push_slot_always(slot(3), nodes);
    builder.end_table(start)
}
