//! Inference over raw tensors, on the host or in the emulator, and the outputs of each layer.

use std::path::Path;

use smidgen_device::Host;
use smidgen_ir::Graph;
use smidgen_target::Board;

use crate::events::{Event, Observer};
use crate::firmware::{Firmware, board};
use crate::host::Layers;
use crate::model_file::ModelFile;
use crate::{Error, Result, device, files, host};

/// Where to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On<'a> {
    /// The interpreter.
    Host,
    /// Firmware for this board, in QEMU.
    Qemu(&'a str),
}

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The model file.
    pub model: &'a ModelFile,
    /// Raw inputs: each inference's inputs in order, concatenated, little endian, NHWC.
    pub input: &'a Path,
    /// Where the raw outputs go.
    pub output: Option<&'a Path>,
    /// Folder for the output of each operator of the first inference.
    pub layers: Option<&'a Path>,
    /// Where to run.
    pub on: On<'a>,
    /// Whether each inference starts from the state that the one before left.
    pub stateful: bool,
}

/// What ran.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Ran {
    /// Inferences.
    pub n_inferences: usize,
    /// Bytes of all outputs.
    pub output_bytes: usize,
    /// Instructions of the first inference, in the emulator.
    pub instructions: Option<u64>,
    /// Files of layers written.
    pub n_layers: usize,
}

/// Runs the job and writes its outputs.
///
/// # Errors
/// As reading the model, running it and writing files.
pub fn run(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Ran> {
    let graph = job.model.read()?;
    let inputs = files::read(job.input)?;
    let n_inferences = host::count(&graph, &inputs).map_err(|error| error.at(job.input.display()))?;
    let (outputs, layers, instructions) = match job.on {
        On::Host => {
            let layers = job.layers.map(|_| host::layers(&graph, &inputs)).transpose()?;
            let run = if job.stateful { host::run_stateful } else { host::run };
            (run(&graph, &inputs, observer)?, layers, None)
        }
        On::Qemu(name) => {
            let (board, dir) = (emulated(name)?, Scratch::new()?);
            let firmware = Firmware::generate(&graph, &job.model.name(), &board, dir.path())?;
            observer.event(Event::Begin("Building the firmware"));
            let elf = firmware.elf(&[], observer)?;
            observer.event(Event::Begin("Running in the emulator"));
            let ran = device::run(&firmware, &elf, &inputs, job.stateful)?;
            let layers = job.layers.map(|_| device::layers(&firmware, &inputs, observer)).transpose()?;
            (ran.outputs, layers, Some(ran.instructions))
        }
    };
    if let Some(path) = job.output {
        files::write(path, &outputs)?;
        observer.event(Event::Wrote(path));
    }
    if let (Some(dir), Some(layers)) = (job.layers, &layers) {
        write_layers(&graph, layers, dir)?;
        observer.event(Event::Wrote(dir));
    }
    let n_layers = layers.map_or(0, |layers| layers.len());
    Ok(Ran { n_inferences, output_bytes: outputs.len(), instructions, n_layers })
}

/// The board called `name`, which must be emulated here.
pub(crate) fn emulated(name: &str) -> Result<Board> {
    let board = board(name)?;
    device::check_emulator(&Host::from_env(), &board)?;
    Ok(board)
}

/// Writes the output of each operator as `NNN_<OPERATOR>.bin`, numbered by its position in the model file; further
/// results of an operator as `NNN_<OPERATOR>.1.bin` and so on.
fn write_layers(graph: &Graph, layers: &Layers, dir: &Path) -> Result<()> {
    for (at, (node, results)) in graph.nodes.iter().zip(layers).enumerate() {
        for (result, bytes) in results.iter().enumerate() {
            let stem = format!("{at:03}_{}", node.op.name());
            let name = if result == 0 { format!("{stem}.bin") } else { format!("{stem}.{result}.bin") };
            files::write(&dir.join(name), bytes)?;
        }
    }
    Ok(())
}

/// A folder that goes away with the value.
#[derive(Debug)]
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("smidgen-").tempdir();
        dir.map(Scratch).map_err(|error| {
            Error::input(format!("no temporary folder: {error}"))
                .at(std::env::temp_dir().display())
                .help("set TMPDIR to a folder that you may write to")
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}
