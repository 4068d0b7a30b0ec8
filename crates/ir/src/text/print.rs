//! Graph to text.

use std::fmt::Write;

use crate::graph::{Graph, Node, TensorIdx};
use crate::tensor::{DType, Tensor};

/// The text form of a graph; see the module for the grammar.
pub fn print(graph: &Graph) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("graph {} dialect={}", quoted(&graph.name), graph.dialect.name()));
    for (at, tensor) in graph.tensors.iter().enumerate() {
        line(&mut text, format_args!("tensor {at} {}", tensor_text(tensor)));
    }
    for node in &graph.nodes {
        line(&mut text, format_args!("node {}", node_text(node)));
    }
    line(&mut text, format_args!("inputs {}", indices(&graph.inputs)));
    line(&mut text, format_args!("outputs {}", indices(&graph.outputs)));
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{content}");
}

fn tensor_text(tensor: &Tensor) -> String {
    let mut text = format!("{} {} {}", quoted(&tensor.name), tensor.dtype.name(), list(&tensor.shape));
    if let Some(quant) = &tensor.quant {
        let scales: Vec<String> = quant.scales.iter().map(|scale| format!("{scale:?}")).collect();
        let _ = write!(
            text,
            " axis={} scales={} zero_points={}",
            quant.axis,
            list(&scales),
            list(&quant.zero_points)
        );
    }
    if tensor.is_variable {
        text.push_str(" variable=true");
    }
    if let Some(data) = &tensor.data {
        match decimals(tensor.dtype, data) {
            Some(values) => text.push_str(&format!(" data={}", list(&values))),
            None => text.push_str(&format!(" bytes={}", list(data))),
        }
    }
    text
}

/// The elements in decimals, where those say everything.
fn decimals(dtype: DType, data: &[u8]) -> Option<Vec<String>> {
    match dtype {
        DType::F32 => {
            let shown = |word| Some(f32::from_le_bytes(word)).filter(|value| !value.is_nan());
            words(data)?.map(|word| shown(word).map(|value| format!("{value:?}"))).collect()
        }
        DType::I8 => Some(words(data)?.map(|word| i8::from_le_bytes(word).to_string()).collect()),
        DType::U8 | DType::Bool => Some(data.iter().map(u8::to_string).collect()),
        DType::I16 => Some(words(data)?.map(|word| i16::from_le_bytes(word).to_string()).collect()),
        DType::I32 => Some(words(data)?.map(|word| i32::from_le_bytes(word).to_string()).collect()),
        DType::I64 => Some(words(data)?.map(|word| i64::from_le_bytes(word).to_string()).collect()),
        DType::U32 => Some(words(data)?.map(|word| u32::from_le_bytes(word).to_string()).collect()),
        DType::U64 => Some(words(data)?.map(|word| u64::from_le_bytes(word).to_string()).collect()),
        DType::F16 | DType::I4 => None,
    }
}

/// The data as elements of `N` bytes, where they are whole.
fn words<const N: usize>(data: &[u8]) -> Option<impl Iterator<Item = [u8; N]>> {
    let (words, []) = data.as_chunks::<N>() else { return None };
    Some(words.iter().copied())
}

fn node_text(node: &Node) -> String {
    let index = |input: &Option<TensorIdx>| input.map_or_else(|| "-".to_owned(), |idx| idx.0.to_string());
    let inputs: Vec<String> = node.inputs.iter().map(index).collect();
    let mut text = format!("{} inputs={} outputs={}", node.op.name(), list(&inputs), indices(&node.outputs));
    for (key, value) in node.op.attributes().iter() {
        let _ = write!(text, " {key}={value}");
    }
    text
}

fn indices(indices: &[TensorIdx]) -> String {
    list(&indices.iter().map(|idx| idx.0).collect::<Vec<_>>())
}

fn list<T: ToString>(values: &[T]) -> String {
    format!("[{}]", values.iter().map(T::to_string).collect::<Vec<_>>().join(","))
}

/// A name in quotes, on one line whatever it holds.
fn quoted(name: &str) -> String {
    let mut text = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
