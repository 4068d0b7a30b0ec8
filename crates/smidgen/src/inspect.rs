//! What a model file is: inputs, outputs, operators, MACs, parameters, arena, and the boards it fits.

use serde::Serialize;
use smidgen_ir::{Graph, Program, TensorIdx, lower};
use smidgen_plan::Plan;
use smidgen_report::{LayerCost, MemoryMap};

use crate::firmware::memory_map;
use crate::model_file::ModelFile;
use crate::{Error, Result, host, profile};

/// A model's input or output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Extents.
    pub shape: Vec<usize>,
    /// Element type: `int8`.
    pub dtype: &'static str,
    /// Scale, where there is one.
    pub scale: Option<f32>,
    /// Zero point, where there is one.
    pub zero_point: Option<i32>,
}

/// Whether a model fits a board. Code is not compiled for this: only weights and arena are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fit {
    /// The board.
    pub board: String,
    /// Whether weights and arena fit its memories.
    pub fits: bool,
    /// The board's flash.
    pub flash_bytes: u32,
    /// The board's RAM.
    pub ram_bytes: u32,
}

/// What a model costs, as far as it is known without compiling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Elements of all constants.
    pub parameters: u64,
    /// Bytes that the constants take in flash, as the kernels read them.
    pub weights_bytes: u64,
    /// Bytes of the arena.
    pub arena_bytes: u64,
    /// The boards, and whether it fits.
    pub boards: Vec<Fit>,
}

/// What a model is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// File name.
    pub model: String,
    /// Inputs in order.
    pub inputs: Vec<Port>,
    /// Outputs in order.
    pub outputs: Vec<Port>,
    /// What it costs.
    #[serde(flatten)]
    pub cost: Cost,
    /// Operators in the order of the file.
    pub layers: Vec<LayerCost>,
    /// The arena over time.
    pub memory_map: MemoryMap,
    /// What the user should know about how the file was read.
    pub notes: Vec<String>,
}

/// Looks at a model file.
///
/// # Errors
/// A file that is no model that Smidgen can run.
pub fn inspect(file: &ModelFile) -> Result<Inspection> {
    let (graph, notes) = file.read_with_notes()?;
    let at = |error: Error| error.at(file.path().display());
    let (program, plan) = planned(&graph).map_err(at)?;
    Ok(Inspection {
        model: file.name(),
        inputs: ports(&graph, &graph.inputs),
        outputs: ports(&graph, &graph.outputs),
        cost: cost_of(&graph, &program, &plan)?,
        memory_map: memory_map(&graph, &program, &plan),
        notes,
        layers: profile::layers(&graph),
    })
}

/// What a graph costs.
///
/// # Errors
/// A graph that cannot be lowered.
pub fn cost(graph: &Graph) -> Result<Cost> {
    let (program, plan) = planned(graph)?;
    cost_of(graph, &program, &plan)
}

fn planned(graph: &Graph) -> Result<(Program, Plan)> {
    let program = lower(graph).map_err(host::ir_error)?;
    let plan = smidgen_plan::plan(graph, &program).map_err(Error::input)?;
    Ok((program, plan))
}

fn cost_of(graph: &Graph, program: &Program, plan: &Plan) -> Result<Cost> {
    let weights_bytes: usize = program.consts.iter().map(|constant| constant.bytes.len()).sum();
    let fit = |board: smidgen_target::Board| Fit {
        fits: weights_bytes <= board.flash.bytes as usize && plan.arena_bytes <= board.ram.bytes as usize,
        board: board.name,
        flash_bytes: board.flash.bytes,
        ram_bytes: board.ram.bytes,
    };
    let boards = smidgen_target::boards().map_err(Error::input)?;
    Ok(Cost {
        macs: profile::layers(graph).iter().map(|layer| layer.macs).sum(),
        parameters: n_parameters(graph),
        weights_bytes: weights_bytes as u64,
        arena_bytes: plan.arena_bytes as u64,
        boards: boards.into_iter().map(fit).collect(),
    })
}

fn n_parameters(graph: &Graph) -> u64 {
    let constants = graph.tensors.iter().filter(|tensor| tensor.is_const());
    constants.map(|tensor| tensor.n_elements() as u64).sum()
}

fn ports(graph: &Graph, tensors: &[TensorIdx]) -> Vec<Port> {
    let port = |&idx: &TensorIdx| {
        let tensor = graph.tensor(idx);
        let quant = tensor.quant.as_ref();
        Port {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            dtype: tensor.dtype.name(),
            scale: quant.and_then(|quant| quant.scales.first().copied()),
            zero_point: quant.and_then(|quant| quant.zero_points.first().copied()),
        }
    };
    tensors.iter().map(port).collect()
}
