//! The QLinear operators, which carry scales and zero points of their own, as the operators between DequantizeLinear and
//! QuantizeLinear that they mean.

use crate::findings::clip;
use crate::proto::{AttributeProto, NodeProto, attribute_type};

/// Where the parts of a QLinear operator stand among its operands.
struct Form {
    /// The operator that it computes.
    op: &'static str,
    /// Positions of value, scale and zero point of each operand, and the axis of scales along channels.
    operands: &'static [([usize; 3], i64)],
    /// Positions of the result's scale and zero point.
    result: [usize; 2],
    /// Position of an operand that is passed on as it is.
    bias: Option<usize>,
}

fn form(op: &str) -> Option<Form> {
    const ONE: &[([usize; 3], i64)] = &[([0, 1, 2], 1)];
    const TWO: &[([usize; 3], i64)] = &[([0, 1, 2], 1), ([3, 4, 5], -1)];
    let one = |op| Form { op, operands: ONE, result: [3, 4], bias: None };
    let two = |op| Form { op, operands: TWO, result: [6, 7], bias: None };
    Some(match op {
        "QLinearConv" => {
            Form { op: "Conv", operands: &[([0, 1, 2], 1), ([3, 4, 5], 0)], result: [6, 7], bias: Some(8) }
        }
        "QLinearMatMul" => two("MatMul"),
        "QLinearAdd" => two("Add"),
        "QLinearMul" => two("Mul"),
        "QGemm" => Form { op: "Gemm", operands: TWO, result: [7, 8], bias: Some(6) },
        "QLinearAveragePool" => one("AveragePool"),
        "QLinearGlobalAveragePool" => one("GlobalAveragePool"),
        "QLinearLeakyRelu" => one("LeakyRelu"),
        "QLinearSigmoid" => one("Sigmoid"),
        "QLinearSoftmax" => one("Softmax"),
        _ => return None,
    })
}

/// The nodes with every QLinear operator taken apart, each with its position in the file.
pub(crate) fn taken_apart(nodes: Vec<NodeProto>) -> Vec<(usize, NodeProto)> {
    let mut numbered = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.into_iter().enumerate() {
        let mut all = Vec::new();
        if node.op_type == "QLinearConcat" {
            concat(node, at, &mut all);
        } else if let Some(form) = form(&node.op_type) {
            apart(node, at, &form, &mut all);
        } else {
            all.push(node);
        }
        numbered.extend(all.into_iter().map(|node| (at, node)));
    }
    numbered
}

fn input(node: &NodeProto, at: usize) -> String {
    node.input.get(at).cloned().unwrap_or_default()
}

/// What the operands of node `at` are named after: its result. Of a long name there is not a copy for each operand.
fn stem(node: &NodeProto, at: usize) -> String {
    let name = node.output.first().map_or("", String::as_str);
    let cut = clip(name);
    if cut == name { cut } else { format!("{cut}{at}") }
}

fn apart(node: NodeProto, at: usize, form: &Form, all: &mut Vec<NodeProto>) {
    let (stem, mut operands) = (stem(&node, at), Vec::new());
    for (at, &([value, scale, zero_point], axis)) in form.operands.iter().enumerate() {
        // Weights of QGemm that are transposed have their outputs first.
        let transposed =
            node.attribute.iter().any(|attribute| attribute.name == "transB" && attribute.i != 0);
        let axis = if transposed && at == 1 { 0 } else { axis };
        let parts = [value, scale, zero_point].map(|at| input(&node, at));
        operands.push(dequantize(format!("{stem}/operand_{at}"), &node, parts, axis, all));
    }
    if let Some(bias) = form.bias {
        operands.push(input(&node, bias));
    }
    finish(node, form.op, operands, form.result, all);
}

fn concat(node: NodeProto, at: usize, all: &mut Vec<NodeProto>) {
    let triples = node.input.get(2..).unwrap_or_default().chunks(3);
    let (stem, mut operands) = (stem(&node, at), Vec::new());
    for (at, triple) in triples.enumerate() {
        let part = |at: usize| triple.get(at).cloned().unwrap_or_default();
        let parts = [part(0), part(1), part(2)];
        operands.push(dequantize(format!("{stem}/operand_{at}"), &node, parts, 1, all));
    }
    finish(node, "Concat", operands, [0, 1], all);
}

/// Adds the DequantizeLinear of an operand of `node` and returns the name of its result.
fn dequantize(
    name: String,
    node: &NodeProto,
    parts: [String; 3],
    axis: i64,
    all: &mut Vec<NodeProto>,
) -> String {
    let axis = AttributeProto {
        name: "axis".into(),
        i: axis,
        r#type: attribute_type::INT,
        ..AttributeProto::default()
    };
    all.push(NodeProto {
        input: parts.to_vec(),
        output: vec![name.clone()],
        name: clip(&node.name),
        op_type: "DequantizeLinear".into(),
        attribute: vec![axis],
        domain: String::new(),
    });
    name
}

/// Adds the operator itself and the QuantizeLinear of its result.
fn finish(
    node: NodeProto,
    op: &str,
    operands: Vec<String>,
    [scale, zero_point]: [usize; 2],
    all: &mut Vec<NodeProto>,
) {
    let result = node.output.first().cloned().unwrap_or_default();
    let real = format!("{result}/real");
    let quantize = NodeProto {
        input: vec![real.clone(), input(&node, scale), input(&node, zero_point)],
        output: vec![result],
        name: node.name.clone(),
        op_type: "QuantizeLinear".into(),
        ..NodeProto::default()
    };
    all.push(NodeProto {
        input: operands,
        output: vec![real],
        op_type: op.into(),
        domain: String::new(),
        ..node
    });
    all.push(quantize);
}
