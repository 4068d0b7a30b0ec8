//! ONNX files by hand, message by message, with what no exporter writes.

use prost::encoding::encode_varint;

/// A field with a length: text, bytes or a message.
fn field(number: u64, content: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    encode_varint(number << 3 | 2, &mut field);
    encode_varint(content.len() as u64, &mut field);
    field.extend(content);
    field
}

/// A field with a number.
fn number(number: u64, value: i64) -> Vec<u8> {
    let mut field = Vec::new();
    encode_varint(number << 3, &mut field);
    encode_varint(value as u64, &mut field);
    field
}

/// A node; `attributes` come from [`int`] and [`ints`].
pub(crate) fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut node = Vec::new();
    inputs.iter().for_each(|name| node.extend(field(1, name.as_bytes())));
    outputs.iter().for_each(|name| node.extend(field(2, name.as_bytes())));
    node.extend(field(4, op.as_bytes()));
    attributes.iter().for_each(|attribute| node.extend(field(5, attribute)));
    node
}

/// An attribute that is an integer.
pub(crate) fn int(name: &str, value: i64) -> Vec<u8> {
    [field(1, name.as_bytes()), number(3, value), number(20, 2)].concat()
}

/// An attribute that is a list of integers.
pub(crate) fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let values = values.iter().flat_map(|&value| number(8, value));
    [field(1, name.as_bytes()), values.collect(), number(20, 7)].concat()
}

/// An attribute that is a text.
pub(crate) fn text(name: &str, value: &str) -> Vec<u8> {
    [field(1, name.as_bytes()), field(4, value.as_bytes()), number(20, 3)].concat()
}

/// Numbers of element types.
pub(crate) const FLOAT: i64 = 1;
pub(crate) const UINT8: i64 = 2;
pub(crate) const INT8: i64 = 3;
pub(crate) const INT64: i64 = 7;

/// A constant with these bytes.
pub(crate) fn constant(name: &str, element_type: i64, dims: &[i64], raw: &[u8]) -> Vec<u8> {
    let dims = dims.iter().flat_map(|&extent| number(1, extent));
    [dims.collect(), number(2, element_type), field(8, name.as_bytes()), field(9, raw)].concat()
}

/// A constant of int64 in one dimension.
pub(crate) fn list(name: &str, values: &[i64]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    constant(name, INT64, &[values.len() as i64], &raw)
}

/// A file of operator set 13 with one input "x" of float32 and one output "y".
pub(crate) fn model(x: &[i64], constants: &[Vec<u8>], nodes: &[Vec<u8>]) -> Vec<u8> {
    let dims: Vec<u8> = x.iter().flat_map(|&extent| field(1, &number(1, extent))).collect();
    let ty = field(1, &[number(1, FLOAT), field(2, &dims)].concat());
    let mut graph: Vec<u8> = nodes.iter().flat_map(|node| field(1, node)).collect();
    constants.iter().for_each(|constant| graph.extend(field(5, constant)));
    graph.extend(field(11, &[field(1, b"x"), field(2, &ty)].concat()));
    graph.extend(field(12, &field(1, b"y")));
    [field(7, &graph), field(8, &number(2, 13))].concat()
}
