//! `.tflite` bytes to a verified [`Graph`], or to every reason why not.

use smidgen_ir::{Graph, Node, TensorIdx};

use crate::dynamic_range::{self, DynamicRange};
use crate::findings::{Budget, Fault, Findings, ReadError, clip, text};
use crate::half;
use crate::lut::Luts;
use crate::meta;
use crate::ops::{self, NodeOperands, Source};
use crate::schema::{
    FILE_IDENTIFIER, SCHEMA_VERSION, builtin, model, operator, operator_code, sub_graph, tensor,
};
use crate::tensors::{Converter, MAX_RANK, Tensors};
use crate::uint8;
use crate::wire::{Scalars, Table, Tables};
use crate::{DESCRIPTION_PREFIX, MAIN};

/// Reads a `.tflite` file (schema v3) into a graph that passed the verifier.
///
/// The bytes are not trusted: any bytes end in a graph or an error, and the memory taken is at most 32 times
/// their length and 2 MiB.
///
/// # Errors
/// Every problem at once: all operators that are not supported with node, name and version, all tensors of
/// unsupported types, and everything that [`Graph::verify`] finds.
pub fn read(bytes: &[u8]) -> Result<Graph, ReadError> {
    read_with_warnings(bytes).map(|(graph, _)| graph)
}

/// Reads a `.tflite` file as [`read`] does, and says as well what was tolerated or left out.
///
/// # Errors
/// As [`read`].
pub fn read_with_warnings(bytes: &[u8]) -> Result<(Graph, Vec<String>), ReadError> {
    read_with(bytes, &ReadOptions::default())
}

/// What [`read_with`] does beyond reading a model as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// What to do with int8 weights beside float activations.
    pub dynamic_range: DynamicRange,
}

/// Reads a `.tflite` file as [`read_with_warnings`] does, with options.
///
/// # Errors
/// As [`read`].
pub fn read_with(bytes: &[u8], options: &ReadOptions) -> Result<(Graph, Vec<String>), ReadError> {
    let mut findings = Findings::default();
    let graph = match import(bytes, options, &mut findings) {
        Ok(graph) => graph,
        Err(fault) => {
            findings.problem("model", fault.to_string());
            Graph::default()
        }
    };
    if findings.is_clean()
        && let Err(problems) = graph.verify()
    {
        findings.extend(problems);
    }
    findings.conclude().map(|warnings| (graph, warnings))
}

/// Reads the graph; what is wrong with its parts goes to `findings`, and the graph is then not to be used.
fn import(bytes: &[u8], options: &ReadOptions, findings: &mut Findings) -> Result<Graph, Fault> {
    let model = open(bytes)?;
    let subgraph = main_subgraph(&model)?;
    let mut budget = Budget::for_file(bytes.len());
    let tensors = Tensors::of(&model, &subgraph)?;
    let importer = Importer { model, tensors, codes: model.tables(model::OPERATOR_CODES)? };
    let mut variables = Variables::default();
    let mut graph = Graph { name: graph_name(&model, &subgraph)?, ..Graph::default() };
    let operators = subgraph.tables(sub_graph::OPERATORS)?;
    graph.nodes = importer.nodes(operators, &mut variables, &mut budget, findings)?;
    warn_of_subgraphs(&model, &variables, findings)?;
    graph.inputs = importer.ends(subgraph.scalars(sub_graph::INPUTS)?, "input", &mut budget, findings)?;
    graph.outputs = importer.ends(subgraph.scalars(sub_graph::OUTPUTS)?, "output", &mut budget, findings)?;
    graph.meta = meta::read(&model, &tensors, &graph, &mut budget, findings)?;
    warn_of_free_extents(&tensors, &subgraph, &graph, findings);

    budget.charge(tensors.len())?;
    let luts = Luts::of(&importer.model, &tensors, &mut budget)?;
    let used = used_tensors(&graph, tensors.len());
    let mut places = Converter::new(tensors, luts, &mut budget, findings).convert(&used, &mut graph)?;
    variables.convert(&mut graph, &mut places, &mut budget, findings)?;
    renumber(&mut graph, &places);
    states::add_own_states(&mut graph, &mut budget, findings)?;
    if findings.is_clean() {
        infer_unknown_shapes(&mut graph);
        half::widen(&mut graph, &mut budget, findings)?;
        dynamic_range::resolve(&mut graph, options.dynamic_range, &mut budget, findings)?;
        uint8::to_int8(&mut graph, &mut budget, findings)?;
    }
    Ok(graph)
}

/// Gives results whose shape the file leaves empty the shape that their operator has, such as those of
/// TFLite_Detection_PostProcess. The verifier judges what does not fit.
fn infer_unknown_shapes(graph: &mut Graph) {
    for at in 0..graph.nodes.len() {
        let Some(node) = graph.nodes.get(at) else { return };
        let unknown = |&idx: &TensorIdx| graph.get(idx).is_some_and(|tensor| tensor.shape.is_empty());
        if !node.outputs.iter().any(unknown) {
            continue;
        }
        let operands: Vec<_> = node.inputs.iter().map(|input| input.and_then(|idx| graph.get(idx))).collect();
        let Ok(types) = node.op.infer(&operands) else { continue };
        for (idx, inferred) in node.outputs.clone().into_iter().zip(types) {
            if graph.get(idx).is_some_and(|tensor| tensor.shape.is_empty() && tensor.dtype == inferred.dtype)
            {
                graph.tensor_mut(idx).shape = inferred.shape;
            }
        }
    }
}

/// The root table of a file that says it is a TFLite model of schema 3.
fn open(bytes: &[u8]) -> Result<Table<'_>, Fault> {
    let identifier = bytes.get(4..8);
    if identifier != Some(FILE_IDENTIFIER.as_bytes()) {
        let found = match identifier {
            None if bytes.is_empty() => "the file is empty".to_owned(),
            None => format!("the file has only {} bytes", bytes.len()),
            Some(found) => {
                format!("bytes 4 to 7 are \"{}\", expected \"{FILE_IDENTIFIER}\"", found.escape_ascii())
            }
        };
        return Err(Fault::message(format!("not a TFLite model: {found}; give a .tflite file")));
    }
    let model = Table::root(bytes)?;
    match model.scalar(model::VERSION, 0u32)? {
        SCHEMA_VERSION => Ok(model),
        other => Err(Fault::message(format!(
            "schema version {other} is not supported, only {SCHEMA_VERSION}; convert the model with TensorFlow 1.5 or later"
        ))),
    }
}

fn main_subgraph<'a>(model: &Table<'a>) -> Result<Table<'a>, Fault> {
    let main = model.tables(model::SUBGRAPHS)?.get(0);
    Ok(main.ok_or_else(|| Fault::message("the file has no subgraph; convert the model again"))??)
}

/// Subgraphs that are neither the main one nor give variables their first values are left out; the user should know.
fn warn_of_subgraphs(
    model: &Table<'_>,
    variables: &Variables<'_>,
    findings: &mut Findings,
) -> Result<(), Fault> {
    let n_subgraphs = model.tables(model::SUBGRAPHS)?.len();
    if n_subgraphs > 1 + variables.initial_subgraphs.len() {
        findings.warn(format!("only the first of {n_subgraphs} subgraphs is read"));
    }
    Ok(())
}

/// Bytes that are kept of the model's name: it stands in messages, so it must not be as long as the file.
const LONGEST_NAME: usize = 256;

/// The name that Smidgen's writer put into the description, or the subgraph's.
fn graph_name(model: &Table<'_>, subgraph: &Table<'_>) -> Result<String, Fault> {
    let description = model.bytes(model::DESCRIPTION)?;
    let name = match description.strip_prefix(DESCRIPTION_PREFIX.as_bytes()) {
        Some(name) => name,
        None => {
            Some(subgraph.bytes(sub_graph::NAME)?).filter(|&name| name != MAIN.as_bytes()).unwrap_or_default()
        }
    };
    Ok(text(name.get(..LONGEST_NAME).unwrap_or(name)))
}

/// Extents that the converter left free are fixed in the file's shape, mostly at 1; the user should know.
fn warn_of_free_extents(tensors: &Tensors<'_>, subgraph: &Table<'_>, graph: &Graph, findings: &mut Findings) {
    let Ok(tables) = subgraph.tables(sub_graph::TENSORS) else { return };
    for &idx in &graph.inputs {
        let Some(Ok(table)) = tables.get(idx.idx()) else { continue };
        let signature = table.scalars::<i32>(tensor::SHAPE_SIGNATURE);
        if signature.is_ok_and(|extents| extents.iter().take(MAX_RANK).any(|extent| extent < 0)) {
            let shape: Vec<i32> =
                tensors.shape(idx).map(|shape| shape.iter().take(MAX_RANK).collect()).unwrap_or_default();
            let name = clip(tensors.name(idx));
            findings.warn(format!(
                "input \"{name}\" has free extents; it is read with the fixed shape {shape:?}"
            ));
        }
    }
}

fn used_tensors(graph: &Graph, n_tensors: usize) -> Vec<bool> {
    let mut used = vec![false; n_tensors];
    let of_nodes = graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten().chain(&node.outputs));
    for idx in graph.inputs.iter().chain(&graph.outputs).chain(of_nodes) {
        if let Some(slot) = used.get_mut(idx.idx()) {
            *slot = true;
        }
    }
    used
}

/// Replaces the file's tensor numbers by the graph's. A tensor that could not be read is a finding already.
fn renumber(graph: &mut Graph, places: &[Option<TensorIdx>]) {
    let new = |idx: TensorIdx| places.get(idx.idx()).copied().flatten().unwrap_or(TensorIdx(u32::MAX));
    for node in &mut graph.nodes {
        node.inputs.iter_mut().flatten().for_each(|idx| *idx = new(*idx));
        node.outputs.iter_mut().for_each(|idx| *idx = new(*idx));
    }
    graph.inputs.iter_mut().for_each(|idx| *idx = new(*idx));
    graph.outputs.iter_mut().for_each(|idx| *idx = new(*idx));
}

/// The file's tables that nodes refer to.
#[derive(Debug)]
struct Importer<'a> {
    model: Table<'a>,
    tensors: Tensors<'a>,
    codes: Tables<'a>,
}

impl<'a> Importer<'a> {
    /// All nodes that can be read, with the file's tensor numbers; the others are findings.
    fn nodes(
        &self,
        tables: Tables<'a>,
        variables: &mut Variables<'a>,
        budget: &mut Budget,
        findings: &mut Findings,
    ) -> Result<Vec<Node>, Fault> {
        let mut nodes = Vec::new();
        let mut unsupported = false;
        for (at, table) in tables.iter().enumerate() {
            let coded = table.map_err(Fault::from).and_then(|table| Ok((self.code(&table)?, table)));
            let (code, table) = match coded {
                Ok(found) => found,
                Err(fault) => {
                    findings.fault(&format!("node {at}"), fault)?;
                    continue;
                }
            };
            let place = || format!("node {at} {} \"{}\"", code.name(), clip(self.output_name(&table)));
            let noted = match code.builtin {
                builtin::VAR_HANDLE => Some(variables.declare(&table, budget)),
                builtin::CALL_ONCE => Some(variables.initialise(self, &table, budget)),
                _ => None,
            };
            if let Some(noted) = noted {
                noted.or_else(|fault| findings.fault(&place(), fault))?;
                continue;
            }
            let Some(operator) = ops::find(code.builtin, code.custom) else {
                unsupported = true;
                findings.problem(&place(), code.refusal());
                continue;
            };
            let node = self.node(&table, operator, budget);
            match node.and_then(|mut node| {
                variables.resolve(&mut node, self.tensors.len())?;
                Ok(node)
            }) {
                Ok(node) => nodes.push(node),
                Err(fault) => findings.fault(&place(), fault)?,
            }
            if code.version > operator.newest {
                let newest = operator.newest;
                findings.warn(format!(
                    "{}: version {} is newer than {newest}, the newest known",
                    place(),
                    code.version
                ));
            }
        }
        if unsupported {
            findings
                .problem("model", format!("supported operators are {}; rebuild it from these", ops::names()));
        }
        Ok(nodes)
    }

    fn code(&self, table: &Table<'a>) -> Result<Code<'a>, Fault> {
        let index = table.scalar(operator::OPCODE_INDEX, 0u32)?;
        let none = || {
            format!("there is no operator code {index}, only {}; convert the model again", self.codes.len())
        };
        let code = self.codes.get(index as usize).ok_or_else(|| Fault::message(none()))??;
        // Writers of before 2020 fill only the byte; later ones fill both, and the byte with 127 for large numbers.
        let old = i32::from(code.scalar(operator_code::DEPRECATED_BUILTIN_CODE, 0i8)?);
        let new = code.scalar(operator_code::BUILTIN_CODE, 0i32)?;
        Ok(Code {
            builtin: old.max(new),
            custom: code.bytes(operator_code::CUSTOM_CODE)?,
            version: code.scalar(operator_code::VERSION, 1i32)?,
        })
    }

    /// Name of the first output, for messages; empty where there is none.
    fn output_name(&self, table: &Table<'a>) -> &'a [u8] {
        let first = table.scalars::<i32>(operator::OUTPUTS).ok().and_then(|outputs| outputs.get(0));
        let first = first.and_then(|idx| u32::try_from(idx).ok());
        first.map(|idx| self.tensors.name(TensorIdx(idx))).unwrap_or_default()
    }

    fn node(&self, table: &Table<'a>, operator: &ops::Operator, budget: &mut Budget) -> Result<Node, Fault> {
        let inputs = table.scalars::<i32>(operator::INPUTS)?;
        let outputs = table.scalars::<i32>(operator::OUTPUTS)?;
        budget.charge_for::<Node>(1)?;
        // The verifier checks the number of operands and of results and the place of each in the order of execution.
        budget.charge_for_messages(2 + inputs.len() + outputs.len(), self.output_name(table).len())?;
        budget.charge_for::<Option<TensorIdx>>(inputs.len())?;
        budget.charge_for::<TensorIdx>(outputs.len())?;
        let mut operands = inputs.iter().map(|idx| self.operand(idx)).collect::<Result<Vec<_>, _>>()?;
        let op = (operator.read)(&Source::new(self.tensors, &operands, table)?)?;
        if let NodeOperands::At(positions) = operator.operands {
            operands = positions.iter().map(|&at| operands.get(at).copied().flatten()).collect();
        }
        while operands.last().is_some_and(Option::is_none) {
            operands.pop();
        }
        let absent = || Fault::message("an output is absent; convert the model again");
        let outputs =
            outputs.iter().map(|idx| self.operand(idx)?.ok_or_else(absent)).collect::<Result<_, _>>()?;
        Ok(Node { op, inputs: operands, outputs })
    }

    /// The tensor that `idx` of the file refers to; -1 stands for an operand that is absent.
    fn operand(&self, idx: i32) -> Result<Option<TensorIdx>, Fault> {
        match u32::try_from(idx) {
            Ok(found) if (found as usize) < self.tensors.len() => Ok(Some(TensorIdx(found))),
            _ if idx == -1 => Ok(None),
            _ => Err(Fault::message(format!(
                "there is no tensor {idx}, only {}; convert the model again",
                self.tensors.len()
            ))),
        }
    }

    /// The model's inputs or outputs.
    fn ends(
        &self,
        list: Scalars<'a, i32>,
        end: &str,
        budget: &mut Budget,
        findings: &mut Findings,
    ) -> Result<Vec<TensorIdx>, Fault> {
        budget.charge_for::<TensorIdx>(list.len())?;
        for _ in list.iter() {
            budget.charge_for_messages(1, LONGEST_NAME)?;
        }
        let mut found = Vec::with_capacity(list.len());
        for (at, idx) in list.iter().enumerate() {
            match self.operand(idx) {
                Ok(Some(idx)) => found.push(idx),
                Ok(None) => findings.problem(&format!("{end} {at}"), "it is absent; convert the model again"),
                Err(fault) => findings.fault(&format!("{end} {at}"), fault)?,
            }
        }
        Ok(found)
    }
}

mod code;
mod states;
mod variables;

use code::Code;
use variables::Variables;

#[cfg(test)]
mod tests;
