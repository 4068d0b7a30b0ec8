//! ONNX bytes to a verified [`Graph`], or to every reason why not.

use std::collections::BTreeSet;
use std::rc::Rc;

use bytes::Bytes;
use prost::Message;
use smidgen_ir::{Graph, Op, TensorIdx, passes};

use crate::budget;
use crate::constant::{Elem, count, rank_fits};
use crate::findings::{Fallible, Findings, ReadError, clip};
use crate::fold::{Folder, Operands};
use crate::gelu::fused;
use crate::import::{Act, Importer, Kind, Value};
use crate::layout::Layout;
use crate::node::Node;
use crate::ops::{self, shape};
use crate::proto::{GraphProto, ModelProto, ValueInfoProto};
use crate::qlinear::taken_apart;
use crate::quant;

/// Oldest version of the operator set that is read.
const OLDEST_OPSET: i64 = 7;
/// Newest version whose operators are known.
const NEWEST_OPSET: i64 = 24;

/// Reads an ONNX file (operator set 7 or later) into a graph that passed the verifier.
///
/// Images are channels last in the graph: inputs and outputs too, where convolutions or pools work on them, and
/// [`read_with_notes`] says of which. Normalisations are folded and activations fused. Quantised graphs (QDQ and
/// QLinear) become int8 operators of the dialect `tflm`. The bytes are not trusted: any bytes end in a graph or an
/// error, and the memory taken is bounded by a multiple of their length.
///
/// # Errors
/// Every problem at once: all operators that are not supported with node and name, all that cannot be read, and
/// everything that [`Graph::verify`] finds.
pub fn read(bytes: &[u8]) -> Result<Graph, ReadError> {
    read_with_notes(bytes).map(|(graph, _)| graph)
}

/// Reads an ONNX file as [`read`] does, and says as well what the user should know: inputs and outputs whose axes were
/// moved, free extents that were fixed, integers that became narrower.
///
/// # Errors
/// As [`read`].
pub fn read_with_notes(bytes: &[u8]) -> Result<(Graph, Vec<String>), ReadError> {
    let mut findings = Findings::default();
    let graph = match open(bytes) {
        Ok(model) => import(model, bytes.len(), &mut findings),
        Err(message) => {
            findings.problem("model", message);
            Graph::default()
        }
    };
    let graph = if findings.is_clean() { finished(graph, &mut findings) } else { graph };
    findings.conclude().map(|notes| (graph, notes))
}

fn open(bytes: &[u8]) -> Fallible<ModelProto> {
    if bytes.is_empty() {
        return Err("not an ONNX model: the file is empty; give a .onnx file".to_owned());
    }
    budget::check(bytes)?;
    let model = ModelProto::decode(Bytes::copy_from_slice(bytes)).map_err(|error| {
        format!("not an ONNX model, or cut short: {error}; fetch or export the model again")
    })?;
    if model.graph.is_none() {
        return Err("not an ONNX model: it has no graph; give a .onnx file".to_owned());
    }
    Ok(model)
}

/// The version that the main operator set is imported with.
fn main_opset(model: &ModelProto, findings: &mut Findings) -> i64 {
    let main = model.opset_import.iter().find(|set| set.domain.is_empty() || set.domain == "ai.onnx");
    let version = main.map_or(1, |set| set.version);
    if version < OLDEST_OPSET {
        findings.problem(
            "model",
            format!(
                "it uses operator set {version}, supported are {OLDEST_OPSET} and later; export it with a later one, or \
                 convert it with onnx.version_converter"
            ),
        );
    } else if version > NEWEST_OPSET {
        findings.note(format!("operator set {version} is newer than {NEWEST_OPSET}, the newest known"));
    }
    version
}

fn import(mut model: ModelProto, file_bytes: usize, findings: &mut Findings) -> Graph {
    let opset = main_opset(&model, findings);
    let Some(mut file) = model.graph.take() else { return Graph::default() };
    let protos = fused(taken_apart(std::mem::take(&mut file.node)), &file);
    let nodes: Vec<Node<'_>> = protos.iter().map(|(at, proto)| Node { proto, at: *at, opset }).collect();
    if !are_made_once(&nodes, &file, findings) {
        return Graph::default();
    }
    let mut importer = Importer::new(&nodes, &file, Folder::for_file(file_bytes));
    std::mem::swap(&mut importer.findings, findings);
    importer.graph.name = clip(&file.name);
    inputs(&mut importer, &file);
    constants(&mut importer);
    walk(&mut importer);
    leave(&mut importer, &file);
    std::mem::swap(&mut importer.findings, findings);
    importer.graph
}

/// Whether no name is that of two inputs or results, which readers of names rely on.
fn are_made_once(nodes: &[Node<'_>], file: &GraphProto, findings: &mut Findings) -> bool {
    let mut made = BTreeSet::new();
    for input in file.input.iter().filter(|input| !made.insert(input.name.as_str())) {
        let place = format!("input \"{}\"", clip(&input.name));
        findings.problem(place, "it is listed twice; export the model again");
    }
    for node in nodes {
        let results = node.proto.output.iter().filter(|name| !name.is_empty());
        for name in results.filter(|name| !made.insert(name)) {
            let problem = format!("its result \"{}\" is there already; export the model again", clip(name));
            findings.problem(node.place(), problem);
        }
    }
    findings.is_clean()
}

/// The inputs of the model; old files list constants among them.
fn inputs<'m>(importer: &mut Importer<'m>, file: &'m GraphProto) {
    for input in &file.input {
        if importer.initializers.contains_key(input.name.as_str()) {
            continue;
        }
        let place = format!("input \"{}\"", clip(&input.name));
        if let Err(message) = self::input(importer, input, &place) {
            importer.lose_name(&input.name);
            importer.findings.problem(place, message);
        }
    }
}

fn input<'m>(importer: &mut Importer<'m>, input: &'m ValueInfoProto, place: &str) -> Fallible<()> {
    let tensor = input.r#type.as_ref().and_then(|ty| ty.tensor_type.as_ref());
    let tensor = tensor.ok_or("it is not a tensor; only tensors are supported")?;
    let elem = Elem::from_number(tensor.elem_type)?;
    let shape = tensor.shape.as_ref().ok_or("it has no shape; export the model with a fixed one")?;
    rank_fits(shape.dim.len())?;
    let mut dims = Vec::new();
    for (at, dim) in shape.dim.iter().enumerate() {
        let free = || clip(dim.dim_param.as_deref().unwrap_or("?"));
        match dim.dim_value.and_then(|extent| usize::try_from(extent).ok()).filter(|&extent| extent > 0) {
            Some(extent) => dims.push(extent),
            None if at == 0 => {
                importer.findings.note(format!("{place}: the free extent {} is read as 1", free()));
                dims.push(1);
            }
            None => {
                return Err(format!(
                    "extent {at} ({}) is free; export the model with fixed shapes, or fix it with \
                     python -m onnxruntime.tools.make_dynamic_shape_fixed",
                    free()
                ));
            }
        }
    }
    count(&dims)?;
    let rank = dims.len();
    let moves = (3..=4).contains(&rank) && wants_channels_last(importer, &input.name);
    let layout = if moves { Layout::channels_last(rank) } else { Layout::logical(rank) };
    if moves {
        importer.findings.note(format!(
            "{place}: the file's shape is {dims:?} with channels second; here it is {:?} with channels last",
            layout.shape(&dims)
        ));
    }
    if elem == Elem::U8 {
        importer.findings.note(format!("{place}: uint8 in the file, int8 here: give each value less 128"));
    }
    if elem == Elem::I64 {
        importer.findings.note(format!("{place}: int64 in the file, int32 here"));
    }
    importer.input(&input.name, elem, dims, layout)
}

/// Whether the first operators that care about the order of axes want the channels last.
fn wants_channels_last(importer: &Importer<'_>, name: &str) -> bool {
    const MOST_READERS: usize = 256;
    let (mut names, mut next, mut n_readers) = (vec![name], 0, 0);
    while let Some(&name) = names.get(next) {
        next += 1;
        for &at in importer.uses(name) {
            n_readers += 1;
            let Some(node) = importer.nodes.get(at).filter(|_| n_readers <= MOST_READERS) else {
                return false;
            };
            match ops::care(node.op()) {
                ops::Care::ChannelsLast => return true,
                ops::Care::FileOrder => {}
                ops::Care::Any => names.extend(node.proto.output.first().map(String::as_str)),
            }
        }
    }
    false
}

/// Constant nodes first: nodes that look ahead for scales find them.
fn constants(importer: &mut Importer<'_>) {
    let nodes = importer.nodes;
    for node in nodes.iter().filter(|node| node.op() == "Constant") {
        match importer.folder.fold(node, &Operands(Vec::new())) {
            Ok(found) => {
                for constant in found.into_iter().flatten() {
                    importer.define(node, 0, Value::Const(Rc::new(constant)));
                }
            }
            Err(message) => {
                importer.lose(node);
                importer.findings.problem(node.place(), message);
            }
        }
    }
}

fn walk(importer: &mut Importer<'_>) {
    let nodes = importer.nodes;
    let mut unsupported = false;
    for node in nodes.iter().filter(|node| node.op() != "Constant") {
        if importer.folder.is_full() {
            importer.lose(node);
            continue;
        }
        let n_tensors = importer.graph.tensors.len();
        let found = ops::find(node);
        if let Err(message) = &found {
            unsupported = true;
            importer.findings.problem(node.place(), message.clone());
            importer.lose(node);
            continue;
        }
        let done = found.and_then(|operator| self::node(importer, node, operator));
        let done = done.and_then(|is_read| importer.charge_constants(n_tensors).map(|()| is_read));
        match done {
            Ok(true) => {}
            Ok(false) => importer.lose(node),
            Err(message) => {
                importer.findings.problem(node.place(), message);
                importer.lose(node);
            }
        }
    }
    if unsupported {
        let names = ops::names();
        importer
            .findings
            .problem("model", format!("supported operators are {names}; rebuild the model from these"));
    }
}

/// Reads a node; false when an operand could not be read.
fn node<'m>(
    importer: &mut Importer<'m>,
    node: &Node<'m>,
    operator: Option<&ops::Operator>,
) -> Fallible<bool> {
    let mut operands = Vec::new();
    for at in 0..node.n_inputs() {
        let name = node.input_name(at);
        if name.is_empty() {
            operands.push(None);
            continue;
        }
        match importer.value(name)? {
            Some(value) => operands.push(Some(value)),
            None => return Ok(false),
        }
    }
    if matches!(node.op(), "Shape" | "Size") {
        shape::shape(importer, node)?;
        return Ok(true);
    }
    if let Some(constants) = all_const(&operands) {
        let constants: Vec<Option<&crate::constant::Const>> =
            constants.iter().map(|held| held.as_deref()).collect();
        if let Some(results) = importer.folder.fold(node, &Operands(constants))? {
            for (at, constant) in results.into_iter().enumerate() {
                importer.define(node, at, Value::Const(Rc::new(constant)));
            }
            return Ok(true);
        }
    }
    let Some(operator) = operator else {
        return Err(
            "its operands must be constants that are known when the model is read; export the model with \
                    fixed shapes"
                .to_owned(),
        );
    };
    importer.target = quant::target(importer, node, operator.integer);
    (operator.read)(importer, node)?;
    Ok(true)
}

type Constants = Vec<Option<Rc<crate::constant::Const>>>;

/// All operands, where they are constants.
fn all_const(operands: &[Option<Value>]) -> Option<Constants> {
    let constant = |operand: &Option<Value>| match operand {
        None => Some(None),
        Some(Value::Const(constant)) => Some(Some(constant.clone())),
        Some(Value::Act(_)) => None,
    };
    operands.iter().map(constant).collect()
}

/// The outputs of the model.
fn leave<'m>(importer: &mut Importer<'m>, file: &'m GraphProto) {
    let on_images = importer.nodes.iter().any(|node| ops::care(node.op()) == ops::Care::ChannelsLast);
    for output in &file.output {
        let place = format!("output \"{}\"", clip(&output.name));
        match importer.value(&output.name) {
            Ok(Some(Value::Act(act))) => {
                if let Err(message) = self::output(importer, act, &place, on_images) {
                    importer.findings.problem(place, message);
                }
            }
            Ok(Some(Value::Const(_))) => {
                importer.findings.problem(place, CONSTANT_OUTPUT);
            }
            Ok(None) => {}
            Err(message) => importer.findings.problem(place, message),
        }
    }
}

fn output(importer: &mut Importer<'_>, act: Act, place: &str, on_images: bool) -> Fallible<()> {
    importer.target = None;
    let act = importer.settled(act)?;
    let act = importer.plain(act)?;
    let (rank, dims) = (act.rank(), act.dims.clone());
    let (order, logical) = (act.layout.order(&dims), Layout::logical(rank));
    let last = Layout::channels_last(rank);
    let is_image = (3..=4).contains(&rank) && on_images;
    let moved = is_image && order == last.order(&dims) && act.layout.full(rank) == last;
    let layout = if moved { &last } else { &logical };
    if moved {
        importer.findings.note(format!(
            "{place}: the file's shape is {dims:?} with channels second; here it is {:?} with channels last",
            last.shape(&dims)
        ));
    }
    if act.kind == Kind::Plain(Elem::U8) {
        importer.findings.note(format!("{place}: uint8 in the file, int8 here: each value is 128 less"));
    }
    let mut tensor = importer.stored(&act, layout)?;
    let is_made = importer.graph.producer(tensor).is_some();
    if !is_made || importer.graph.outputs.contains(&tensor) {
        let shape = importer.graph.tensor(tensor).shape.iter().map(|&extent| extent as i32).collect();
        let name = format!("{}/output", importer.graph.tensor(tensor).name);
        let reshape = Op::Reshape(smidgen_ir::ops::reshape::Reshape { shape });
        tensor = importer.emit(reshape, &[Some(tensor)], &name)?;
    }
    importer.graph.outputs.push(tensor);
    Ok(())
}

/// Reports outputs that depend on no input: what they are is known, and a reader that folds more would say so.
fn constant_outputs(graph: &Graph, findings: &mut Findings) {
    let mut computed: BTreeSet<TensorIdx> = graph.inputs.iter().copied().collect();
    for node in &graph.nodes {
        if node.inputs.iter().flatten().any(|idx| computed.contains(idx)) {
            computed.extend(&node.outputs);
        }
    }
    for output in graph.outputs.iter().filter(|output| !computed.contains(output)) {
        let place = format!("output \"{}\"", clip(&graph.tensor(*output).name));
        findings.problem(place, CONSTANT_OUTPUT);
    }
}

/// What is said of an output that is a constant.
const CONSTANT_OUTPUT: &str = "it is a constant; remove it from the model's outputs";

/// The graph verified, without what nothing uses, with normalisations folded and activations fused.
fn finished(graph: Graph, findings: &mut Findings) -> Graph {
    if let Err(problems) = graph.verify() {
        findings.extend(problems);
        return graph;
    }
    constant_outputs(&graph, findings);
    let folded = passes::fold_batch_norm(&graph).and_then(|graph| passes::fuse_activation(&graph));
    match folded {
        Ok(folded) => folded,
        Err(error) => {
            findings.problem("model", error.to_string());
            graph
        }
    }
}
