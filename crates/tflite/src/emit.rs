//! A [`Layout`] to the bytes of a flatbuffer, each field by its number.

use flatbuffers::{FlatBufferBuilder, Push, TableFinishedWIPOffset, VOffsetT, Vector, WIPOffset};
use smidgen_ir::Quant;

use crate::ops::{Code, Options, Value};
use crate::schema::{
    FILE_IDENTIFIER, SCHEMA_VERSION, buffer, builtin, metadata, model, operator, operator_code, quantization,
    signature_def, sub_graph, tensor, tensor_map,
};
use crate::write::{FileNode, FileSignature, FileTensor, Layout};

/// Alignment of the constants in bytes, from the start of the file.
const ALIGNMENT: usize = 16;

/// Name of the subgraph that gives variables their first values.
const INITIAL: &str = "initial";

type Builder = FlatBufferBuilder<'static>;
type Table = WIPOffset<TableFinishedWIPOffset>;
type TableVector = WIPOffset<Vector<'static, flatbuffers::ForwardsUOffset<TableFinishedWIPOffset>>>;

/// The bytes of the file.
pub(crate) fn file(layout: &Layout) -> Vec<u8> {
    let mut builder = Builder::new();
    let buffers = buffers(&mut builder, &layout.buffers);
    let mut subgraphs = vec![subgraph(
        &mut builder,
        &layout.name,
        (&layout.tensors, &layout.nodes),
        (&layout.inputs, &layout.outputs),
    )];
    let (tensors, nodes) = &layout.initial;
    if !nodes.is_empty() {
        subgraphs.push(subgraph(&mut builder, INITIAL, (tensors, nodes), (&[], &[])));
    }
    let subgraphs = builder.create_vector(&subgraphs);
    let opcodes = opcodes(&mut builder, &layout.opcodes);
    let metadata = metadata(&mut builder, &layout.metadata);
    let signatures = signatures(&mut builder, &layout.signatures);
    let description = builder.create_string(&layout.description);

    let start = builder.start_table();
    put(&mut builder, model::VERSION, SCHEMA_VERSION);
    put(&mut builder, model::OPERATOR_CODES, opcodes);
    put(&mut builder, model::SUBGRAPHS, subgraphs);
    put(&mut builder, model::DESCRIPTION, description);
    put(&mut builder, model::BUFFERS, buffers);
    put(&mut builder, model::METADATA, metadata);
    put(&mut builder, model::SIGNATURE_DEFS, signatures);
    let root = builder.end_table(start);

    // The file is built from its end, so the constants are aligned from its start when its length is. The root offset
    // and the identifier, 8 bytes together, come last.
    fill(&mut builder, 8);
    builder.finish(root, Some(FILE_IDENTIFIER));
    builder.finished_data().to_vec()
}

/// Adds field `id` to the open table.
fn put<T: Push>(builder: &mut Builder, id: u16, value: T) {
    const FIRST_SLOT: VOffsetT = 4;
    builder.push_slot_always(FIRST_SLOT + 2 * id, value);
}

/// Adds zeros so that the next `length` bytes end at a multiple of the alignment.
fn fill(builder: &mut Builder, length: usize) {
    while !(builder.unfinished_data().len() + length).is_multiple_of(ALIGNMENT) {
        builder.push(0u8);
    }
}

fn buffers(builder: &mut Builder, buffers: &[Vec<u8>]) -> TableVector {
    let mut tables = Vec::with_capacity(buffers.len() + 1);
    let start = builder.start_table();
    tables.push(builder.end_table(start));
    for data in buffers {
        fill(builder, data.len());
        let data = builder.create_vector(data);
        let start = builder.start_table();
        put(builder, buffer::DATA, data);
        tables.push(builder.end_table(start));
    }
    builder.create_vector(&tables)
}

/// Tensors and operators under a name, with its inputs and outputs.
fn subgraph(
    builder: &mut Builder,
    name: &str,
    (tensors, nodes): (&[FileTensor], &[FileNode]),
    (inputs, outputs): (&[i32], &[i32]),
) -> Table {
    let tensors: Vec<Table> = tensors.iter().map(|tensor| file_tensor(builder, tensor)).collect();
    let nodes: Vec<Table> = nodes.iter().map(|node| file_node(builder, node)).collect();
    let tensors = builder.create_vector(&tensors);
    let nodes = builder.create_vector(&nodes);
    let inputs = builder.create_vector(inputs);
    let outputs = builder.create_vector(outputs);
    let name = builder.create_string(name);
    let start = builder.start_table();
    put(builder, sub_graph::TENSORS, tensors);
    put(builder, sub_graph::INPUTS, inputs);
    put(builder, sub_graph::OUTPUTS, outputs);
    put(builder, sub_graph::OPERATORS, nodes);
    put(builder, sub_graph::NAME, name);
    builder.end_table(start)
}

fn file_tensor(builder: &mut Builder, file: &FileTensor) -> Table {
    let shape: Vec<i32> =
        file.tensor.shape.iter().map(|&extent| i32::try_from(extent).unwrap_or(i32::MAX)).collect();
    let shape = builder.create_vector(&shape);
    let name = builder.create_string(&file.tensor.name);
    let quant = file.tensor.quant.as_ref().map(|quant| quantization(builder, quant));
    let start = builder.start_table();
    put(builder, tensor::SHAPE, shape);
    put(builder, tensor::BUFFER, file.buffer);
    put(builder, tensor::NAME, name);
    if let Some(quant) = quant {
        put(builder, tensor::QUANTIZATION, quant);
    }
    if file.tensor.is_variable {
        put(builder, tensor::IS_VARIABLE, true);
    }
    put(builder, tensor::TYPE, file.element_type());
    put(builder, tensor::HAS_RANK, true);
    builder.end_table(start)
}

fn quantization(builder: &mut Builder, quant: &Quant) -> Table {
    let zero_points: Vec<i64> = quant.zero_points.iter().copied().map(i64::from).collect();
    let zero_points = builder.create_vector(&zero_points);
    let scales = builder.create_vector(&quant.scales);
    let axis = if quant.scales.len() == 1 { 0 } else { i32::try_from(quant.axis).unwrap_or(i32::MAX) };
    let start = builder.start_table();
    put(builder, quantization::SCALE, scales);
    put(builder, quantization::ZERO_POINT, zero_points);
    put(builder, quantization::QUANTIZED_DIMENSION, axis);
    builder.end_table(start)
}

fn file_node(builder: &mut Builder, node: &FileNode) -> Table {
    let inputs = builder.create_vector(&node.inputs);
    let outputs = builder.create_vector(&node.outputs);
    let intermediates = (!node.intermediates.is_empty()).then(|| builder.create_vector(&node.intermediates));
    let options = (node.options.kind != 0).then(|| options(builder, &node.options));
    let custom = node.options.custom.as_ref().map(|bytes| builder.create_vector(bytes));
    let start = builder.start_table();
    put(builder, operator::OPCODE_INDEX, node.opcode);
    put(builder, operator::INPUTS, inputs);
    put(builder, operator::OUTPUTS, outputs);
    if let Some(intermediates) = intermediates {
        put(builder, operator::INTERMEDIATES, intermediates);
    }
    if let Some(options) = options {
        put(builder, operator::OPTIONS, options);
        put(builder, operator::OPTIONS_TYPE, node.options.kind);
    }
    if let Some(custom) = custom {
        put(builder, operator::CUSTOM_OPTIONS, custom);
    }
    builder.end_table(start)
}

fn options(builder: &mut Builder, options: &Options) -> Table {
    let vectors: Vec<_> = options
        .fields
        .iter()
        .map(|(_, value)| match value {
            Value::Ints(values) => Some(builder.create_vector(values).as_union_value()),
            Value::Text(text) => Some(builder.create_string(text).as_union_value()),
            Value::Byte(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_) => None,
        })
        .collect();
    let start = builder.start_table();
    for ((id, value), vector) in options.fields.iter().zip(vectors) {
        match value {
            Value::Byte(value) => put(builder, *id, *value),
            Value::Int(value) => put(builder, *id, *value),
            Value::Float(value) => put(builder, *id, *value),
            Value::Bool(value) => put(builder, *id, *value),
            Value::Ints(_) | Value::Text(_) => {
                vector.into_iter().for_each(|vector| put(builder, *id, vector))
            }
        }
    }
    builder.end_table(start)
}

fn opcodes(builder: &mut Builder, opcodes: &[(Code, i32)]) -> TableVector {
    let opcode = |&(code, version): &(Code, i32)| {
        let (code, custom) = match code {
            Code::Builtin(code) => (code, None),
            Code::Custom(name) => (builtin::CUSTOM, Some(builder.create_string(name))),
        };
        let old = code.min(builtin::PLACEHOLDER_FOR_GREATER_OP_CODES);
        let start = builder.start_table();
        if let Some(custom) = custom {
            put(builder, operator_code::CUSTOM_CODE, custom);
        }
        put(builder, operator_code::VERSION, version);
        put(builder, operator_code::BUILTIN_CODE, code);
        put(builder, operator_code::DEPRECATED_BUILTIN_CODE, i8::try_from(old).unwrap_or(i8::MAX));
        builder.end_table(start)
    };
    let tables: Vec<Table> = opcodes.iter().map(opcode).collect();
    builder.create_vector(&tables)
}

fn metadata(builder: &mut Builder, named: &[(String, u32)]) -> TableVector {
    let mut tables = Vec::with_capacity(named.len());
    for (name, number) in named {
        let name = builder.create_string(name);
        let start = builder.start_table();
        put(builder, metadata::NAME, name);
        put(builder, metadata::BUFFER, *number);
        tables.push(builder.end_table(start));
    }
    builder.create_vector(&tables)
}

fn signatures(builder: &mut Builder, signatures: &[FileSignature]) -> TableVector {
    let mut tables = Vec::with_capacity(signatures.len());
    for signature in signatures {
        let inputs = tensor_maps(builder, &signature.inputs);
        let outputs = tensor_maps(builder, &signature.outputs);
        let key = builder.create_string(&signature.key);
        let start = builder.start_table();
        put(builder, signature_def::INPUTS, inputs);
        put(builder, signature_def::OUTPUTS, outputs);
        put(builder, signature_def::SIGNATURE_KEY, key);
        put(builder, signature_def::SUBGRAPH_INDEX, 0u32);
        tables.push(builder.end_table(start));
    }
    builder.create_vector(&tables)
}

fn tensor_maps(builder: &mut Builder, named: &[(String, u32)]) -> TableVector {
    let mut tables = Vec::with_capacity(named.len());
    for (name, idx) in named {
        let name = builder.create_string(name);
        let start = builder.start_table();
        put(builder, tensor_map::NAME, name);
        put(builder, tensor_map::TENSOR_INDEX, *idx);
        tables.push(builder.end_table(start));
    }
    builder.create_vector(&tables)
}
