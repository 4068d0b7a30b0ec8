//! The model's crate: the sequence of kernel calls, the regions of the arena, the constants.

use crate::CodegenError;
use crate::context::Common;
use crate::literal::one_field_a_line;
use crate::memory::{Memory, Shared};
use crate::names::{printable, upper};
use crate::templates::{Template, render, template};
use crate::unrolled;
use serde::Serialize;
use smidgen_ir::{Call, DType, Graph, Operand, Program, Target, TensorIdx};
use smidgen_plan::Plan;
use std::collections::BTreeSet;
use std::ops::Range;

const TEMPLATES: [Template; 7] = [
    template!("Cargo.toml"),
    template!("README.md"),
    template!("model/Cargo.toml"),
    template!("model/src/lib.rs"),
    template!("model/src/kernels.rs"),
    template!("model/src/quantization.rs"),
    template!("model/src/weights.rs"),
];
/// Its file is hidden, and a hidden file in `templates` would be missed.
const CARGO_CONFIG: Template =
    Template { path: ".cargo/config.toml", text: include_str!("../templates/cargo_config.toml.j2") };

#[derive(Debug, Serialize)]
struct Values<'a> {
    #[serde(flatten)]
    common: &'a Common,
    arena_bytes: usize,
    weights_bytes: usize,
    input_bytes: usize,
    output_bytes: usize,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    /// Inputs and outputs, for what both have.
    constants: Vec<Port>,
    calls: Vec<CallText>,
    weights: Vec<Weight>,
    /// State that lasts from one inference to the next.
    variables: Vec<Variable>,
    /// Kernel modules in use, as a `use` declaration lists them; empty when there is none.
    modules: String,
    /// Whether a specification contains a window.
    has_window: bool,
    /// Whether a call has operand and result in one region.
    has_shared: bool,
    /// Whether a call has its filter as code.
    has_code: bool,
}

/// An input or output of the model.
#[derive(Debug, Clone, Serialize)]
struct Port {
    /// Name of the method: `input`, `output_1`.
    accessor: String,
    /// Name of its constants: `INPUT`, `OUTPUT_1`.
    constant: String,
    /// Name, type and shape for readers.
    what: String,
    /// Its name, as a string literal.
    name: String,
    elem: &'static str,
    rank: usize,
    shape: String,
    scale: Option<String>,
    zero_point: i32,
    range: String,
}

/// A kernel call.
#[derive(Debug, Serialize)]
pub(crate) struct CallText {
    operator: &'static str,
    /// What it is, for readers.
    pub(crate) comment: String,
    /// Name of the kernel's static.
    kernel: String,
    /// `conv_2d::Int8`
    path: &'static str,
    /// `conv_2d::Int8Spec { … }`
    spec: String,
    /// `run`, `run_shared` where operand and result are one region, or `run_code` where the filter is code.
    method: &'static str,
    /// Memory that it reads and writes, without repetition.
    regions: Vec<Region>,
    arguments: Vec<String>,
    /// The regions, or parts of them, that hold results.
    results: String,
}

#[derive(Debug, Serialize)]
struct Region {
    name: String,
    range: String,
}

/// State of the model, with what it starts with.
#[derive(Debug, Serialize)]
struct Variable {
    /// Name, type and shape for readers.
    what: String,
    range: String,
    /// The byte that fills it.
    fill: u8,
    /// The constant that it starts with instead.
    constant: Option<String>,
}

/// A constant in flash.
#[derive(Debug, Serialize)]
struct Weight {
    constant: String,
    file: String,
    bytes: usize,
}

pub(crate) fn files(
    graph: &Graph,
    program: &Program,
    plan: &Plan,
    common: &Common,
) -> Result<Vec<(String, Vec<u8>)>, CodegenError> {
    let memory = Memory { graph, program, plan };
    let inputs = ports(&memory, "input", &graph.inputs)?;
    let outputs = ports(&memory, "output", &graph.outputs)?;
    let calls: Result<Vec<CallText>, CodegenError> =
        program.calls.iter().enumerate().map(|(index, call)| call_text(&memory, index, call)).collect();
    let calls = calls?;
    let modules: BTreeSet<&'static str> = program.calls.iter().map(|call| call.kernel.module()).collect();
    let modules: Vec<&str> = modules.into_iter().collect();
    let mut weights: Vec<Weight> =
        program.in_flash().filter_map(|(idx, _)| weight(program, idx.0 as usize)).collect();
    let mut weight_bytes: Vec<&[u8]> = program.in_flash().map(|(_, of)| of.bytes.as_slice()).collect();
    let mut variables = Vec::new();
    for idx in (0..).map(TensorIdx).zip(&graph.tensors).filter(|(_, t)| t.is_variable).map(|(idx, _)| idx) {
        let (variable, initial) = variable(&memory, idx, program.consts.len() + variables.len())?;
        if let Some((weight, bytes)) = initial {
            weights.push(weight);
            weight_bytes.push(bytes);
        }
        variables.push(variable);
    }
    let values = Values {
        common,
        arena_bytes: plan.arena_bytes,
        weights_bytes: weight_bytes.iter().map(|bytes| bytes.len()).sum(),
        input_bytes: graph.input_bytes(),
        output_bytes: graph.output_bytes(),
        constants: inputs.iter().chain(&outputs).cloned().collect(),
        inputs,
        outputs,
        has_shared: calls.iter().any(|call| call.method == "run_shared"),
        has_code: calls.iter().any(|call| call.method == "run_code"),
        has_window: calls.iter().any(|call| call.spec.contains(" Window {")),
        calls,
        weights,
        variables,
        modules: match modules.as_slice() {
            [one] => (*one).to_owned(),
            [] => String::new(),
            several => format!("{{{}}}", several.join(", ")),
        },
    };
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for template in TEMPLATES.into_iter().chain([CARGO_CONFIG]) {
        files.push(render(template, &values)?);
    }
    if values.has_code {
        files.push(("model/src/unrolled.rs".to_owned(), unrolled::text(program, &values.calls).into_bytes()));
    }
    for (weight, bytes) in values.weights.iter().zip(weight_bytes) {
        files.push((format!("model/weights/{}", weight.file), bytes.to_vec()));
    }
    Ok(files)
}

/// A constant with its bytes.
type Stored<'a> = (Weight, &'a [u8]);

/// A variable, and the constant that it starts with where that is not one byte repeated; `number` tells constants apart.
fn variable<'a>(
    memory: &Memory<'a>,
    idx: TensorIdx,
    number: usize,
) -> Result<(Variable, Option<Stored<'a>>), CodegenError> {
    let tensor = memory.graph.tensor(idx);
    let initial = tensor.initial_bytes();
    let fill = initial.first().copied().unwrap_or(0);
    let data = tensor.data.as_deref().filter(|_| initial.iter().any(|&byte| byte != fill));
    let stored = data.map(|data| {
        let constant = format!("WEIGHTS_{number:03}_INITIAL_STATE");
        let file = format!("{number:03}_initial_state.bin");
        (Weight { constant, file, bytes: data.len() }, data)
    });
    let variable = Variable {
        what: memory.describe(idx),
        range: range_text(&memory.tensor(idx)?),
        fill,
        constant: stored.as_ref().map(|(weight, _)| weight.constant.clone()),
    };
    Ok((variable, stored))
}

fn ports(memory: &Memory<'_>, kind: &str, tensors: &[TensorIdx]) -> Result<Vec<Port>, CodegenError> {
    let port = |(index, &idx): (usize, &TensorIdx)| {
        let range = memory.tensor(idx)?;
        let tensor = memory.graph.tensor(idx);
        let accessor = if tensors.len() == 1 { kind.to_owned() } else { format!("{kind}_{index}") };
        let extents: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        let quant =
            tensor.quant.as_ref().filter(|quant| tensor.dtype.is_quantized() && quant.scales.len() == 1);
        let scale = quant.and_then(|quant| quant.scales.first());
        let title = if kind == "input" { "Input" } else { "Output" };
        // What a signature calls it says more than the name of its tensor.
        let signature = memory.graph.meta.signatures.first();
        let named = signature.map(|of| if kind == "input" { &of.inputs } else { &of.outputs });
        let named = named.and_then(|named| named.iter().find(|(_, at)| *at == index));
        let name = named.map_or(&tensor.name, |(name, _)| name);
        Ok(Port {
            constant: upper(&accessor),
            accessor,
            what: format!("{title} {}", memory.describe(idx)),
            name: format!("{:?}", printable(name)),
            elem: match tensor.dtype {
                DType::F32 => "f32",
                DType::I8 => "i8",
                DType::I16 => "i16",
                DType::F16 => "u16",
                DType::I32 => "i32",
                DType::I64 => "i64",
                DType::U32 => "u32",
                DType::U64 => "u64",
                DType::U8 | DType::Bool | DType::I4 => "u8",
            },
            rank: tensor.shape.len(),
            shape: extents.join(", "),
            scale: scale.map(|scale| format!("{scale:?}")),
            zero_point: quant.and_then(|quant| quant.zero_points.first()).copied().unwrap_or(0),
            range: range_text(&range),
        })
    };
    tensors.iter().enumerate().map(port).collect()
}

/// Arguments for the operands of a call from `first` on, and the memory that they are in.
fn reads(
    memory: &Memory<'_>,
    index: usize,
    call: &Call,
    first: usize,
) -> Result<(Vec<String>, Vec<Region>), CodegenError> {
    let mut sources: Vec<Range<usize>> = Vec::new();
    let mut arguments = Vec::new();
    for (at, &(operand, elem)) in call.operands.iter().enumerate().skip(first) {
        if call.is_code(at) {
            if !call.is_code(at - 1) {
                arguments.push(format!("unrolled::call_{index:03}"));
            }
            continue;
        }
        arguments.push(match operand {
            Operand::Tensor(tensor) => {
                let range = memory.tensor(tensor)?;
                let at = sources.iter().position(|source| *source == range).unwrap_or_else(|| {
                    sources.push(range);
                    sources.len() - 1
                });
                format!("view::<{}>(x{at})", elem.rust())
            }
            Operand::Const(constant) => {
                let weight = weight(memory.program, constant.0 as usize);
                let weight = weight.ok_or(CodegenError::NoConstant { call: index, constant: constant.0 })?;
                format!("weights::{}.view::<{}>()", weight.constant, elem.rust())
            }
            Operand::Absent => "&[]".to_owned(),
        });
    }
    let named =
        |(at, range): (usize, &Range<usize>)| Region { name: format!("x{at}"), range: range_text(range) };
    Ok((arguments, sources.iter().enumerate().map(named).collect()))
}

fn call_text(memory: &Memory<'_>, index: usize, call: &Call) -> Result<CallText, CodegenError> {
    let node = memory.graph.nodes.get(call.node.idx());
    let operator = node.map_or("", |node| node.op.name());
    let shared = memory.shared(call)?;
    let (mut arguments, mut regions) = reads(memory, index, call, usize::from(shared.is_some()))?;
    let mut results: Vec<String> = Vec::new();
    if let Some(Shared { input, output, elem }) = &shared {
        let start = input.start.min(output.start);
        regions.push(Region {
            name: "memory".to_owned(),
            range: range_text(&(start..input.end.max(output.end))),
        });
        let place = |range: &Range<usize>| (range.start - start) / elem.bytes();
        arguments.push(format!(
            "Shared {{ memory: view_mut::<{}>(memory), input: {}, output: {} }}",
            elem.rust(),
            place(input),
            place(output)
        ));
        let result = range_text(&(output.start - start..output.end - start));
        results.push(format!("memory.get({result}).unwrap_or_default()"));
    }
    let apart = call.targets.iter().zip(call.kernel.targets()).filter(|_| shared.is_none());
    for (&(target, elem), (name, _)) in apart {
        let range = match target {
            Target::Result(tensor) => {
                let range = memory.tensor(tensor)?;
                if memory.is_dense(tensor, &range) {
                    results.push((*name).to_owned());
                }
                range
            }
            Target::State(tensor) => memory.tensor(tensor)?,
            Target::Scratch { .. } => memory.scratch(index)?,
        };
        regions.push(Region { name: (*name).to_owned(), range: range_text(&range) });
        arguments.push(format!("view_mut::<{}>({name})", elem.rust()));
    }
    let described = call.targets.first().and_then(|(target, _)| target.tensor());
    Ok(CallText {
        operator,
        comment: format!(
            "{operator}, {}",
            described.map(|tensor| memory.describe(tensor)).unwrap_or_default()
        ),
        results: results.join(", "),
        method: match shared {
            Some(_) => "run_shared",
            None if call.is_code(1) => "run_code",
            None => "run",
        },
        kernel: format!("CALL_{index:03}"),
        path: call.kernel.path(),
        spec: format!("{}::{}", call.kernel.module(), one_field_a_line(&call.kernel.spec())),
        regions,
        arguments,
    })
}

fn weight(program: &Program, index: usize) -> Option<Weight> {
    let constant = program.consts.get(index)?;
    Some(Weight {
        constant: format!("WEIGHTS_{index:03}_{}", upper(&constant.name)),
        file: format!("{index:03}_{}.bin", upper(&constant.name).to_lowercase()),
        bytes: constant.bytes.len(),
    })
}

fn range_text(range: &Range<usize>) -> String {
    format!("{}..{}", range.start, range.end)
}
