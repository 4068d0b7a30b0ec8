//! Files in terms of the schema, so that tests can write what Smidgen's own writer never would.

#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod hostile;

use flatbuffers::{FlatBufferBuilder, Push, TableFinishedWIPOffset, VOffsetT, Vector, WIPOffset};

/// Numbers of element types.
pub(crate) const FLOAT32: i8 = 0;
pub(crate) const FLOAT16: i8 = 1;
pub(crate) const INT32: i8 = 2;
pub(crate) const UINT8: i8 = 3;
pub(crate) const INT8: i8 = 9;

/// A tensor.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawTensor {
    pub(crate) name: &'static str,
    pub(crate) shape: Vec<i32>,
    pub(crate) kind: i8,
    pub(crate) buffer: u32,
    pub(crate) scales: Vec<f32>,
    pub(crate) zero_points: Vec<i64>,
    pub(crate) axis: i32,
    pub(crate) sparse: bool,
    pub(crate) external_buffer: u32,
}

impl RawTensor {
    /// A float32 activation.
    pub(crate) fn float(name: &'static str, shape: &[i32]) -> Self {
        RawTensor { name, shape: shape.to_vec(), ..RawTensor::default() }
    }

    /// An int8 activation with one scale.
    pub(crate) fn int8(name: &'static str, shape: &[i32]) -> Self {
        RawTensor { kind: INT8, scales: vec![0.5], zero_points: vec![0], ..RawTensor::float(name, shape) }
    }

    /// The same with data in buffer `number`.
    pub(crate) fn constant(self, number: u32) -> Self {
        RawTensor { buffer: number, ..self }
    }

    /// The same of another element type.
    pub(crate) fn of(self, kind: i8) -> Self {
        RawTensor { kind, ..self }
    }
}

/// A buffer: its data inside the table, or its place in the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawBuffer {
    pub(crate) data: Vec<u8>,
    pub(crate) place: Option<(u64, u64)>,
}

/// A field of an operator's options.
#[derive(Debug, Clone)]
pub(crate) enum RawField {
    Byte(i8),
    Int(i32),
    Ints(Vec<i32>),
}

/// An operator.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawNode {
    pub(crate) opcode: u32,
    pub(crate) inputs: Vec<i32>,
    pub(crate) outputs: Vec<i32>,
    pub(crate) options_kind: u8,
    pub(crate) options: Vec<(u16, RawField)>,
    pub(crate) large_custom_options: Option<(u64, u64)>,
}

/// A signature: key, inputs, outputs, subgraph.
pub(crate) type RawSignature = (&'static str, Vec<(&'static str, u32)>, Vec<(&'static str, u32)>, u32);

/// A subgraph.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawSubgraph {
    pub(crate) name: &'static str,
    pub(crate) tensors: Vec<RawTensor>,
    pub(crate) inputs: Vec<i32>,
    pub(crate) outputs: Vec<i32>,
    pub(crate) nodes: Vec<RawNode>,
}

/// A whole model.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawModel {
    pub(crate) description: &'static str,
    /// Number, version and custom name of each operator code.
    pub(crate) codes: Vec<(i32, i32, &'static str)>,
    pub(crate) subgraphs: Vec<RawSubgraph>,
    pub(crate) buffers: Vec<RawBuffer>,
    pub(crate) metadata: Vec<(&'static str, u32)>,
    pub(crate) signatures: Vec<RawSignature>,
    /// Bytes behind the flatbuffer.
    pub(crate) tail: Vec<u8>,
}

type Builder = FlatBufferBuilder<'static>;
type Table = WIPOffset<TableFinishedWIPOffset>;
type TableVector = WIPOffset<Vector<'static, flatbuffers::ForwardsUOffset<TableFinishedWIPOffset>>>;

fn put<T: Push>(builder: &mut Builder, id: u16, value: T) {
    builder.push_slot_always::<T>(4 + 2 * id as VOffsetT, value);
}

impl RawModel {
    /// The model with one more buffer, and its number.
    pub(crate) fn buffer(&mut self, data: &[u8]) -> u32 {
        self.buffers.push(RawBuffer { data: data.to_vec(), place: None });
        self.buffers.len() as u32 - 1
    }

    /// The first subgraph.
    pub(crate) fn main(&mut self) -> &mut RawSubgraph {
        &mut self.subgraphs[0]
    }

    /// The bytes of the file. The length of the flatbuffer without the tail does not depend on values of fixed size.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut b = Builder::new();
        let buffers: Vec<Table> = self.buffers.iter().map(|buffer| raw_buffer(&mut b, buffer)).collect();
        let buffers = b.create_vector(&buffers);
        let subgraphs: Vec<Table> =
            self.subgraphs.iter().map(|subgraph| raw_subgraph(&mut b, subgraph)).collect();
        let subgraphs = b.create_vector(&subgraphs);
        let codes: Vec<Table> = self.codes.iter().map(|&code| raw_code(&mut b, code)).collect();
        let codes = b.create_vector(&codes);
        let metadata = named(&mut b, &self.metadata);
        let signatures: Vec<Table> =
            self.signatures.iter().map(|signature| raw_signature(&mut b, signature)).collect();
        let signatures = b.create_vector(&signatures);
        let description = b.create_string(self.description);
        let start = b.start_table();
        put(&mut b, 0, 3u32);
        put(&mut b, 1, codes);
        put(&mut b, 2, subgraphs);
        put(&mut b, 3, description);
        put(&mut b, 4, buffers);
        put(&mut b, 6, metadata);
        put(&mut b, 7, signatures);
        let root = b.end_table(start);
        b.finish(root, Some("TFL3"));
        [b.finished_data(), &self.tail].concat()
    }
}

fn raw_buffer(b: &mut Builder, buffer: &RawBuffer) -> Table {
    let data = (!buffer.data.is_empty()).then(|| b.create_vector(&buffer.data));
    let start = b.start_table();
    if let Some(data) = data {
        put(b, 0, data);
    }
    if let Some((offset, size)) = buffer.place {
        put(b, 1, offset);
        put(b, 2, size);
    }
    b.end_table(start)
}

fn raw_subgraph(b: &mut Builder, subgraph: &RawSubgraph) -> Table {
    let tensors: Vec<Table> = subgraph.tensors.iter().map(|tensor| raw_tensor(b, tensor)).collect();
    let nodes: Vec<Table> = subgraph.nodes.iter().map(|node| raw_node(b, node)).collect();
    let tensors = b.create_vector(&tensors);
    let nodes = b.create_vector(&nodes);
    let inputs = b.create_vector(&subgraph.inputs);
    let outputs = b.create_vector(&subgraph.outputs);
    let name = b.create_string(subgraph.name);
    let start = b.start_table();
    put(b, 0, tensors);
    put(b, 1, inputs);
    put(b, 2, outputs);
    put(b, 3, nodes);
    put(b, 4, name);
    b.end_table(start)
}

fn raw_tensor(b: &mut Builder, tensor: &RawTensor) -> Table {
    let shape = b.create_vector(&tensor.shape);
    let name = b.create_string(tensor.name);
    let scales = b.create_vector(&tensor.scales);
    let zero_points = b.create_vector(&tensor.zero_points);
    let start = b.start_table();
    put(b, 2, scales);
    put(b, 3, zero_points);
    put(b, 6, tensor.axis);
    let quantization = b.end_table(start);
    let start = b.start_table();
    let sparsity = b.end_table(start);
    let start = b.start_table();
    put(b, 0, shape);
    put(b, 1, tensor.kind);
    put(b, 2, tensor.buffer);
    put(b, 3, name);
    if !tensor.scales.is_empty() {
        put(b, 4, quantization);
    }
    if tensor.sparse {
        put(b, 6, sparsity);
    }
    put(b, 8, true);
    if tensor.external_buffer != 0 {
        put(b, 10, tensor.external_buffer);
    }
    b.end_table(start)
}

fn raw_node(b: &mut Builder, node: &RawNode) -> Table {
    let inputs = b.create_vector(&node.inputs);
    let outputs = b.create_vector(&node.outputs);
    let vectors: Vec<_> = node
        .options
        .iter()
        .map(
            |(_, field)| {
                if let RawField::Ints(values) = field { Some(b.create_vector(values)) } else { None }
            },
        )
        .collect();
    let start = b.start_table();
    for ((id, field), vector) in node.options.iter().zip(vectors) {
        match field {
            RawField::Byte(value) => put(b, *id, *value),
            RawField::Int(value) => put(b, *id, *value),
            RawField::Ints(_) => vector.into_iter().for_each(|vector| put(b, *id, vector)),
        }
    }
    let options = b.end_table(start);
    let start = b.start_table();
    put(b, 0, node.opcode);
    put(b, 1, inputs);
    put(b, 2, outputs);
    if node.options_kind != 0 {
        put(b, 3, node.options_kind);
        put(b, 4, options);
    }
    if let Some((offset, size)) = node.large_custom_options {
        put(b, 9, offset);
        put(b, 10, size);
    }
    b.end_table(start)
}

fn raw_code(b: &mut Builder, (code, version, custom): (i32, i32, &str)) -> Table {
    let custom = (!custom.is_empty()).then(|| b.create_string(custom));
    let start = b.start_table();
    put(b, 0, code.min(127) as i8);
    if let Some(custom) = custom {
        put(b, 1, custom);
    }
    put(b, 2, version);
    put(b, 3, code);
    b.end_table(start)
}

/// Tables of a name and a number.
fn named(b: &mut Builder, named: &[(&str, u32)]) -> TableVector {
    let mut tables = Vec::new();
    for &(name, number) in named {
        let name = b.create_string(name);
        let start = b.start_table();
        put(b, 0, name);
        put(b, 1, number);
        tables.push(b.end_table(start));
    }
    b.create_vector(&tables)
}

fn raw_signature(b: &mut Builder, (key, inputs, outputs, subgraph): &RawSignature) -> Table {
    let inputs = named(b, inputs);
    let outputs = named(b, outputs);
    let key = b.create_string(key);
    let start = b.start_table();
    put(b, 0, inputs);
    put(b, 1, outputs);
    put(b, 2, key);
    put(b, 4, *subgraph);
    b.end_table(start)
}
