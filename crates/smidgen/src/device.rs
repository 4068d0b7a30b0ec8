//! Inference on the emulated board, and the outputs of each layer there.

use std::path::Path;

use smidgen_device::Host;
use smidgen_device::qemu::{self, Job, Run, RunError};
use smidgen_ir::{Graph, Program, TensorIdx};
use smidgen_target::Board;

use crate::events::Observer;
use crate::firmware::Firmware;
use crate::host::Layers;
use crate::{Error, Result, host};

/// Instructions of an inference for the time limit: generous for what scalar kernels need for a MAC.
const INSTRUCTIONS_PER_MAC: u64 = 100;

/// Whether the board can be emulated here, before anything is built for it.
///
/// # Errors
/// A board without an emulator, or no emulator on this machine.
pub fn check_emulator(host: &Host, board: &Board) -> Result<()> {
    let error = match &board.qemu {
        None => RunError::NotEmulated { board: board.name.clone() },
        Some(_) if host.find("qemu-system-arm").is_none() => RunError::NoEmulator,
        Some(_) => return Ok(()),
    };
    Err(run_error(&error))
}

fn run_error(error: &RunError) -> Error {
    if matches!(error, RunError::Interrupted) {
        return Error::interrupted(error);
    }
    Error::input(error).help(match error {
        RunError::Io { .. } => {
            "the emulator works in a temporary folder: set TMPDIR to one with space that you may write to"
        }
        _ => "smidgen doctor tells what is installed; smidgen boards what is emulated",
    })
}

/// Runs every inference of `inputs` through the ELF, each from the state that a model starts with unless `stateful`.
///
/// # Errors
/// No emulator, inputs that do not fit, or firmware that ends with an error.
pub fn run(firmware: &Firmware, elf: &Path, inputs: &[u8], stateful: bool) -> Result<Run> {
    let graph = &firmware.graph;
    let n_inferences = host::count(graph, inputs)? as u64;
    let macs: u64 = crate::profile::layers(graph).iter().map(|layer| layer.macs).sum();
    let each = macs.saturating_mul(INSTRUCTIONS_PER_MAC).saturating_add(1_000_000);
    let job = Job {
        elf,
        inputs,
        n_inferences,
        stateful,
        output_bytes: graph.output_bytes() as u64,
        limit: qemu::time_limit(n_inferences, each),
    };
    run_job(firmware, &job)
}

/// Runs a job as it is.
///
/// # Errors
/// As [`run`].
pub fn run_job(firmware: &Firmware, job: &Job<'_>) -> Result<Run> {
    qemu::run(&firmware.host, &firmware.board, job).map_err(|error| run_error(&error))
}

/// The results of every operator on the device for the first inference of `inputs`, in the order of the model file.
///
/// # Errors
/// As [`run`], and firmware that leaves other bytes than the program has.
pub fn layers(firmware: &Firmware, inputs: &[u8], observer: &mut dyn Observer) -> Result<Layers> {
    let elf = firmware.elf(&["layers"], observer)?;
    let first = inputs.get(..firmware.graph.input_bytes()).unwrap_or_default();
    let run = run(firmware, &elf, first, false)?;
    let bytes = run.layer_outputs.unwrap_or_default();
    split(&firmware.graph, &firmware.program, first, &bytes).ok_or_else(|| {
        Error::input("the firmware's layers have other sizes than the model's: a bug of Smidgen")
    })
}

/// Cuts what the calls wrote, one after the other, into the outputs of the nodes. A node without a call is a view of
/// what an earlier one wrote, or of a model input.
fn split(graph: &Graph, program: &Program, inputs: &[u8], bytes: &[u8]) -> Option<Layers> {
    let mut by_tensor: Vec<Option<&[u8]>> = vec![None; graph.tensors.len()];
    let mut rest = inputs;
    for &input in &graph.inputs {
        let (own, behind) = rest.split_at_checked(graph.get(input)?.n_bytes())?;
        *by_tensor.get_mut(input.idx())? = Some(own);
        rest = behind;
    }
    rest = bytes;
    for result in program.calls.iter().flat_map(|call| call.results()) {
        let (own, behind) = rest.split_at_checked(graph.get(result)?.n_bytes())?;
        *by_tensor.get_mut(result.idx())? = Some(own);
        rest = behind;
    }
    if !rest.is_empty() {
        return None;
    }
    for &(view, origin) in &program.views {
        *by_tensor.get_mut(view.idx())? = *by_tensor.get(origin.idx())?;
    }
    let of = |result: &TensorIdx| by_tensor.get(result.idx()).copied().flatten().map(<[u8]>::to_vec);
    graph.nodes.iter().map(|node| node.outputs.iter().map(of).collect()).collect()
}
