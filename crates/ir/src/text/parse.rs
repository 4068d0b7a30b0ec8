//! Text to graph.

use std::str::FromStr;
use std::sync::Arc;

use crate::error::IrError;
use crate::graph::{Dialect, Graph, Node, TensorIdx};
use crate::ops::Op;
use crate::ops::attributes::Attributes;
use crate::tensor::{DType, Quant, Tensor};

/// Reads the text form of a graph. The graph is not verified.
///
/// # Errors
/// [`IrError::Parse`] with the number of the first line that has a mistake.
pub fn parse(text: &str) -> Result<Graph, IrError> {
    let mut graph = Graph::default();
    let mut seen = [false; 3];
    for (at, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        parse_line(content, &mut graph, &mut seen)
            .map_err(|message| IrError::Parse { line: at + 1, message })?;
    }
    for (seen, what) in seen.into_iter().zip(["graph", "inputs", "outputs"]) {
        if !seen {
            let message = format!("the text ends without a line \"{what} …\"");
            return Err(IrError::Parse { line: text.lines().count().max(1), message });
        }
    }
    Ok(graph)
}

/// Reads one line; `seen` are the lines of which there is one: graph, inputs, outputs.
fn parse_line(line: &str, graph: &mut Graph, seen: &mut [bool; 3]) -> Result<(), String> {
    let mut line = Line { rest: line };
    let once = |seen: &mut bool, what: &str| match std::mem::replace(seen, true) {
        true => Err(format!("there is a line \"{what} …\" already")),
        false => Ok(()),
    };
    match line.word("graph, tensor, node, inputs or outputs")? {
        "graph" => {
            once(&mut seen[0], "graph")?;
            graph.name = line.name()?;
            let mut attributes = line.attributes()?;
            let dialect: String = attributes.take("dialect")?;
            let known = [Dialect::Tflm, Dialect::Uint8].into_iter().find(|known| known.name() == dialect);
            graph.dialect =
                known.ok_or_else(|| format!("expected dialect=TFLM or UINT8, found {dialect}"))?;
            attributes.finish()
        }
        "tensor" => {
            let at: usize = line.value("an index")?;
            if at != graph.tensors.len() {
                return Err(format!("expected tensor {}, found tensor {at}", graph.tensors.len()));
            }
            graph.tensors.push(tensor(&mut line)?);
            Ok(())
        }
        "node" => {
            graph.nodes.push(node(&mut line)?);
            Ok(())
        }
        "inputs" => {
            once(&mut seen[1], "inputs")?;
            graph.inputs = line.indices()?;
            line.end()
        }
        "outputs" => {
            once(&mut seen[2], "outputs")?;
            graph.outputs = line.indices()?;
            line.end()
        }
        found => Err(format!("expected graph, tensor, node, inputs or outputs, found \"{found}\"")),
    }
}

fn tensor(line: &mut Line<'_>) -> Result<Tensor, String> {
    let name = line.name()?;
    let word = line.word("an element type")?;
    let dtype: DType = word.parse()?;
    let shape = list(line.word("a shape")?)?;
    let mut attributes = line.attributes()?;
    let mut tensor = Tensor::activation(name, dtype, shape);
    if attributes.has("scales") {
        tensor.quant = Some(Quant {
            axis: attributes.take("axis")?,
            scales: attributes.take_list("scales")?,
            zero_points: attributes.take_list("zero_points")?,
        });
    }
    if attributes.has("variable") {
        tensor.is_variable = attributes.take("variable")?;
    }
    if attributes.has("data") {
        tensor.data = Some(match dtype {
            DType::F32 => elements(&mut attributes, f32::to_le_bytes)?,
            DType::I8 => elements(&mut attributes, i8::to_le_bytes)?,
            DType::U8 | DType::Bool => elements(&mut attributes, u8::to_le_bytes)?,
            DType::I16 => elements(&mut attributes, i16::to_le_bytes)?,
            DType::I32 => elements(&mut attributes, i32::to_le_bytes)?,
            DType::I64 => elements(&mut attributes, i64::to_le_bytes)?,
            DType::U32 => elements(&mut attributes, u32::to_le_bytes)?,
            DType::U64 => elements(&mut attributes, u64::to_le_bytes)?,
            DType::F16 | DType::I4 => return Err(format!("data of {word} must stand as bytes=[…]")),
        });
    } else if attributes.has("bytes") {
        tensor.data = Some(attributes.take_list::<u8>("bytes")?.into());
    }
    attributes.finish()?;
    Ok(tensor)
}

/// The list `data` as little-endian bytes.
fn elements<T: FromStr, const N: usize>(
    attributes: &mut Attributes,
    to_bytes: impl Fn(T) -> [u8; N],
) -> Result<Arc<[u8]>, String> {
    Ok(attributes.take_list::<T>("data")?.into_iter().flat_map(to_bytes).collect())
}

fn node(line: &mut Line<'_>) -> Result<Node, String> {
    let name = line.word("an operator")?;
    let mut attributes = line.attributes()?;
    let inputs = attributes.take_list::<String>("inputs")?;
    let inputs = inputs.iter().map(|input| match input.as_str() {
        "-" => Ok(None),
        index => {
            index.parse().map(|index| Some(TensorIdx(index))).map_err(|_| format!("no index: \"{index}\""))
        }
    });
    let inputs = inputs.collect::<Result<_, _>>()?;
    let outputs = attributes.take_list("outputs")?.into_iter().map(TensorIdx).collect();
    let op = Op::read(name, &mut attributes)?;
    attributes.finish()?;
    Ok(Node { op, inputs, outputs })
}

/// What is left of a line.
struct Line<'t> {
    rest: &'t str,
}

impl<'t> Line<'t> {
    /// The next word up to a space.
    fn word(&mut self, what: &str) -> Result<&'t str, String> {
        let rest = self.rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        if word.is_empty() { Err(format!("expected {what}, found the end of the line")) } else { Ok(word) }
    }

    fn value<T: FromStr>(&mut self, what: &str) -> Result<T, String> {
        let word = self.word(what)?;
        word.parse().map_err(|_| format!("expected {what}, found \"{word}\""))
    }

    /// A quoted name, unescaped.
    fn name(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let mut chars = rest.strip_prefix('"').ok_or("expected a name in quotes")?.chars();
        let mut name = String::new();
        loop {
            match chars.next().ok_or("the name has no closing quote")? {
                '"' => break,
                '\\' => match chars.next() {
                    Some('u') => name.push(unicode(&mut chars)?),
                    Some(c @ ('"' | '\\')) => name.push(c),
                    _ => return Err("expected \\\", \\\\ or \\u{…} in a name".into()),
                },
                c => name.push(c),
            }
        }
        self.rest = chars.as_str();
        Ok(name)
    }

    /// A list of tensor indices.
    fn indices(&mut self) -> Result<Vec<TensorIdx>, String> {
        Ok(list(self.word("a list of tensors")?)?.into_iter().map(TensorIdx).collect())
    }

    /// All that is left, as `key=value`.
    fn attributes(&mut self) -> Result<Attributes, String> {
        let mut attributes = Attributes::default();
        for word in self.rest.split_whitespace() {
            let (key, value) =
                word.split_once('=').ok_or_else(|| format!("expected key=value, found \"{word}\""))?;
            if attributes.has(key) {
                return Err(format!("{key} is given twice"));
            }
            attributes.push(key, value);
        }
        self.rest = "";
        Ok(attributes)
    }

    fn end(&self) -> Result<(), String> {
        match self.rest.trim() {
            "" => Ok(()),
            rest => Err(format!("expected the end of the line, found \"{rest}\"")),
        }
    }
}

fn unicode(chars: &mut std::str::Chars<'_>) -> Result<char, String> {
    let wrong = || "expected \\u{hexadecimal} in a name".to_owned();
    let rest = chars.as_str().strip_prefix('{').ok_or_else(wrong)?;
    let (digits, rest) = rest.split_once('}').ok_or_else(wrong)?;
    *chars = rest.chars();
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or_else(wrong)
}

fn list<T: FromStr>(word: &str) -> Result<Vec<T>, String> {
    let mut attributes = Attributes::default();
    attributes.push("list", word);
    attributes.take_list("list")
}
