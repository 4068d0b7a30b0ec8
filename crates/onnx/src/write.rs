//! A float [`Graph`] to ONNX bytes.
//!
//! Every tensor keeps its order (NHWC), so inputs and outputs have the graph's shapes. Operators on images, which ONNX
//! wants channels first, leave their result that way, and a Transpose is written only where some reader needs the other
//! order: between two convolutions there is none.

use std::collections::BTreeMap;

use prost::Message;
use smidgen_ir::{Activation, DType, Graph, NodeIdx, Op, Padding, Problem, Tensor, TensorIdx};

use crate::findings::{Fallible, WriteError};
use crate::ops::encode::{self, encode};
use crate::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto, attribute_type, data_type,
};

/// Version of the operator set, unless an operator came later.
const OPSET: i64 = 13;
/// Version of the file format that came with operator set 13.
const IR_VERSION: i64 = 8;

/// Writes a float graph as an ONNX file of operator set 13, or of the later one that has all its operators.
///
/// Inputs and outputs have the graph's names, shapes and order of axes. The same graph gives the same bytes.
///
/// # Errors
/// Quantised tensors, which belong into a `.tflite`; operators that ONNX does not have; everything that
/// [`Graph::verify`] finds.
pub fn write(graph: &Graph) -> Result<Vec<u8>, WriteError> {
    let mut problems = Vec::new();
    if let Err(found) = graph.verify() {
        problems.extend(found);
    }
    for (at, tensor) in graph.tensors.iter().enumerate() {
        if tensor.quant.is_some() || element_type(tensor.dtype).is_none() {
            problems.push(Problem {
                place: format!("tensor {at} \"{}\"", crate::findings::clip(&tensor.name)),
                message: format!(
                    "{} with a scale has no place in an ONNX file of ours; write a .tflite",
                    tensor.dtype.name()
                ),
            });
            break;
        }
    }
    if !problems.is_empty() {
        return Err(WriteError { problems });
    }
    let mut writer = Writer::new(graph);
    for (idx, node) in (0u32..).map(NodeIdx).zip(&graph.nodes) {
        if let Err(message) = encode(&mut writer, node) {
            // What reads its results is no problem of its own.
            node.outputs.iter().for_each(|&output| writer.put(output, String::new(), false));
            problems.push(Problem { place: graph.describe(idx), message });
        }
    }
    if problems.is_empty() { Ok(writer.finish()) } else { Err(WriteError { problems }) }
}

/// Number of the element type in ONNX, for those of float graphs.
fn element_type(dtype: DType) -> Option<i32> {
    match dtype {
        DType::F32 => Some(data_type::FLOAT),
        DType::I32 => Some(data_type::INT32),
        DType::I64 => Some(data_type::INT64),
        DType::Bool => Some(data_type::BOOL),
        DType::F16 | DType::I4 | DType::I8 | DType::U8 | DType::I16 | DType::U32 | DType::U64 => None,
    }
}

/// The names of a tensor in the two orders, where they are there.
#[derive(Debug, Clone, Default)]
struct Forms {
    as_is: Option<String>,
    channels_first: Option<String>,
}

/// The file in the making.
#[derive(Debug)]
pub(crate) struct Writer<'g> {
    pub(crate) graph: &'g Graph,
    file: GraphProto,
    forms: Vec<Forms>,
    /// Every name that is there, and the number that was last put behind it.
    names: BTreeMap<String, usize>,
    /// Version of the operator set.
    pub(crate) opset: i64,
}

/// From batch, height, width, channels to batch, channels, height, width.
const TO_FIRST: [i64; 4] = [0, 3, 1, 2];
/// And back.
const TO_LAST: [i64; 4] = [0, 2, 3, 1];

impl<'g> Writer<'g> {
    fn new(graph: &'g Graph) -> Self {
        let later = |node: &smidgen_ir::Node| encode::since(&node.op);
        let opset = graph.nodes.iter().map(later).max().unwrap_or(OPSET).max(OPSET);
        let file = GraphProto { name: graph.name.clone(), ..GraphProto::default() };
        let mut writer = Writer {
            graph,
            file,
            forms: vec![Forms::default(); graph.tensors.len()],
            names: BTreeMap::new(),
            opset,
        };
        if writer.file.name.is_empty() {
            writer.file.name = "model".to_owned();
        }
        for &input in &graph.inputs {
            let name = writer.claim(&graph.tensor(input).name, "input");
            writer.file.input.push(port(&name, graph.tensor(input)));
            writer.forms[input.idx()].as_is = Some(name);
        }
        // Outputs keep their names too.
        for &output in &graph.outputs {
            let name = writer.claim(&graph.tensor(output).name, "output");
            writer.file.output.push(port(&name, graph.tensor(output)));
        }
        writer
    }

    /// A name that nothing has yet, like `wanted`.
    pub(crate) fn claim(&mut self, wanted: &str, otherwise: &str) -> String {
        let wanted = if wanted.is_empty() { otherwise } else { wanted };
        let mut name = wanted.to_owned();
        let mut n = self.names.get(wanted).copied().unwrap_or(0);
        while self.names.contains_key(&name) {
            n += 1;
            name = format!("{wanted}_{n}");
        }
        self.names.insert(wanted.to_owned(), n);
        self.names.entry(name.clone()).or_insert(0);
        name
    }

    /// Adds a node with one result and returns its name.
    pub(crate) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        like: &str,
    ) -> String {
        self.nodes(op, inputs, attributes, &[like]).pop().unwrap_or_default()
    }

    /// Adds a node with a result for each name in `like`.
    pub(crate) fn nodes(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        like: &[&str],
    ) -> Vec<String> {
        let output: Vec<String> = like.iter().map(|like| self.claim(like, op)).collect();
        self.file.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: output.clone(),
            name: output.first().cloned().unwrap_or_default(),
            op_type: op.to_owned(),
            attribute: attributes,
            domain: String::new(),
        });
        output
    }

    /// The tensor in the graph's order.
    pub(crate) fn get(&mut self, idx: TensorIdx) -> Fallible<String> {
        if let Some(name) = self.forms[idx.idx()].as_is.clone() {
            return Ok(name);
        }
        let tensor = self.graph.tensor(idx);
        let name = match self.forms[idx.idx()].channels_first.clone() {
            Some(first) => self.node("Transpose", &[&first], vec![ints("perm", &TO_LAST)], &tensor.name),
            None => self.constant(tensor)?,
        };
        self.forms[idx.idx()].as_is = Some(name.clone());
        Ok(name)
    }

    /// The tensor, which has four dimensions, with the channels first.
    pub(crate) fn get_first(&mut self, idx: TensorIdx) -> Fallible<String> {
        if let Some(name) = self.forms[idx.idx()].channels_first.clone() {
            return Ok(name);
        }
        let held = self.get(idx)?;
        let like = format!("{}/nchw", self.graph.tensor(idx).name);
        let name = self.node("Transpose", &[&held], vec![ints("perm", &TO_FIRST)], &like);
        self.forms[idx.idx()].channels_first = Some(name.clone());
        Ok(name)
    }

    /// Whether the tensor is there with the channels first only.
    pub(crate) fn is_first(&self, idx: TensorIdx) -> bool {
        let forms = &self.forms[idx.idx()];
        forms.channels_first.is_some() && forms.as_is.is_none()
    }

    /// Says what a result is called, in the graph's order or with the channels first.
    pub(crate) fn put(&mut self, idx: TensorIdx, name: String, first: bool) {
        let forms = &mut self.forms[idx.idx()];
        if first {
            forms.channels_first = Some(name);
        } else {
            forms.as_is = Some(name);
        }
    }

    /// The fused activation behind `name`.
    pub(crate) fn activated(&mut self, name: String, activation: Activation, like: &str) -> String {
        let [min, max] = match activation {
            Activation::None => return name,
            Activation::Relu => return self.node("Relu", &[&name], Vec::new(), like),
            Activation::Relu6 => [0.0, 6.0],
            Activation::ReluN1To1 => [-1.0, 1.0],
        };
        self.clip(&name, min, max, like)
    }

    /// Clip.
    pub(crate) fn clip(&mut self, name: &str, min: f32, max: f32, like: &str) -> String {
        let (min, max) = (self.floats(&[], &[min], "min"), self.floats(&[], &[max], "max"));
        self.node("Clip", &[name, &min, &max], Vec::new(), like)
    }

    /// Adds a constant of floats.
    pub(crate) fn floats(&mut self, dims: &[usize], values: &[f32], like: &str) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        self.raw(dims, data_type::FLOAT, raw, like)
    }

    /// Adds a list of int64.
    pub(crate) fn list(&mut self, values: &[i64], like: &str) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        self.raw(&[values.len()], data_type::INT64, raw, like)
    }

    /// Adds one int64 without dimensions.
    pub(crate) fn scalar(&mut self, value: i64, like: &str) -> String {
        self.raw(&[], data_type::INT64, value.to_le_bytes().to_vec(), like)
    }

    /// Adds the shape of a tensor as a list.
    pub(crate) fn shape(&mut self, idx: TensorIdx) -> String {
        let shape: Vec<i64> = self.graph.tensor(idx).shape.iter().map(|&extent| extent as i64).collect();
        self.list(&shape, "shape")
    }

    /// Adds a constant of the graph.
    fn constant(&mut self, tensor: &Tensor) -> Fallible<String> {
        let (Some(data), Some(number)) = (&tensor.data, element_type(tensor.dtype)) else {
            return Err(format!("its operand \"{}\" is not there yet", tensor.name));
        };
        Ok(self.raw(&tensor.shape, number, data.to_vec(), &tensor.name))
    }

    fn raw(&mut self, dims: &[usize], number: i32, raw: Vec<u8>, like: &str) -> String {
        let name = self.claim(like, "constant");
        self.file.initializer.push(TensorProto {
            dims: dims.iter().map(|&extent| extent as i64).collect(),
            data_type: number,
            name: name.clone(),
            raw_data: raw.into(),
            ..TensorProto::default()
        });
        name
    }

    fn finish(mut self) -> Vec<u8> {
        let outputs: Vec<(TensorIdx, String)> = self
            .graph
            .outputs
            .iter()
            .copied()
            .zip(self.file.output.iter().map(|port| port.name.clone()))
            .collect();
        for (idx, name) in outputs {
            // What makes the result gives it the output's name, or an Identity does.
            if let Ok(held) = self.get(idx) {
                self.file.node.push(NodeProto {
                    input: vec![held],
                    output: vec![name.clone()],
                    name,
                    op_type: "Identity".to_owned(),
                    ..NodeProto::default()
                });
            }
        }
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: "smidgen".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(self.file),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: self.opset }],
        };
        model.encode_to_vec()
    }
}

/// Name, type and shape of an input or output.
fn port(name: &str, tensor: &Tensor) -> ValueInfoProto {
    let dim = |&extent: &usize| DimensionProto { dim_value: Some(extent as i64), dim_param: None };
    let shape = TensorShapeProto { dim: tensor.shape.iter().map(dim).collect() };
    let elem_type = element_type(tensor.dtype).unwrap_or(0);
    let tensor_type = TensorTypeProto { elem_type, shape: Some(shape) };
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type: Some(tensor_type) }) }
}

/// An attribute that is a list of integers.
pub(crate) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        ints: values.to_vec(),
        r#type: attribute_type::INTS,
        ..AttributeProto::default()
    }
}

/// An attribute that is an integer.
pub(crate) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i: value, r#type: attribute_type::INT, ..AttributeProto::default() }
}

/// An attribute that is a float.
pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto { name: name.into(), f: value, r#type: attribute_type::FLOAT, ..AttributeProto::default() }
}

/// An attribute that is a text.
pub(crate) fn text(name: &str, value: &'static str) -> AttributeProto {
    let s = bytes::Bytes::from_static(value.as_bytes());
    AttributeProto { name: name.into(), s, r#type: attribute_type::STRING, ..AttributeProto::default() }
}

/// Pads of a window (top, left, bottom, right) for TFLite's padding.
pub(crate) fn pads(
    padding: Padding,
    input: [usize; 2],
    output: [usize; 2],
    size: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
) -> [i64; 4] {
    let along = |at: usize| {
        let reach = (size[at] - 1) * dilation[at] + 1;
        let total = match padding {
            Padding::Same => ((output[at] - 1) * stride[at] + reach).saturating_sub(input[at]),
            Padding::Valid => 0,
        };
        [(total / 2) as i64, (total - total / 2) as i64]
    };
    let [[top, bottom], [left, right]] = [along(0), along(1)];
    [top, left, bottom, right]
}

/// Whether the operator can work on images with the channels first, given that all its operands are there that way.
pub(crate) fn all_first(writer: &Writer<'_>, inputs: &[TensorIdx], output: TensorIdx) -> bool {
    let shape = &writer.graph.tensor(output).shape;
    let mut any = false;
    let fits = inputs.iter().all(|&idx| {
        let tensor = writer.graph.tensor(idx);
        let is_scalar = tensor.is_const() && tensor.n_elements() == 1;
        any |= !is_scalar;
        is_scalar || (writer.is_first(idx) && tensor.shape.len() == 4)
    });
    any && fits && shape.len() == 4
}

/// The name of an operator, for messages.
pub(crate) fn refused(op: &Op) -> String {
    format!("{} has no counterpart in ONNX that is written; write a .tflite", op.name())
}
