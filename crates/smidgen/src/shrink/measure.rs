//! What a model is worth and costs after a stage.

use smidgen_compress::{weight_clustering, weight_pruning};
use smidgen_ir::{Graph, filter_bytes, passes};
use smidgen_report::StageReport;
use smidgen_target::Board;

use super::stage::State;
use crate::dataset::Windows;
use crate::events::{Event, Observer, Silent};
use crate::firmware::Firmware;
use crate::project::Project;
use crate::run::Scratch;
use crate::{Error, Result, device, evaluate, feed, quantize};

/// Test windows that run on the emulated board after each stage.
const ON_DEVICE: usize = 64;

/// Measures models.
pub(super) struct Meter<'a> {
    pub(super) project: &'a Project,
    pub(super) windows: &'a Windows,
    /// What firmware is built for; `None` where none is built.
    pub(super) board: Option<&'a Board>,
}

/// The int8 form of a network: the one that it was trained with, or the project's way; without channels that are the same for every
/// window, which pruning leaves behind.
pub(super) fn int8(project: &Project, windows: &Windows, state: &State) -> Result<Graph> {
    let int8 = match &state.int8 {
        Some(int8) => windows.goal.deployed(int8.clone()),
        None => quantize::on_windows(project, &state.graph, windows, &mut Silent),
    }?;
    passes::constant_channels(&int8).map_err(Error::input)
}

impl Meter<'_> {
    /// Measures a network on the test windows, and its firmware on the board.
    ///
    /// # Errors
    /// As quantising, building and running.
    pub(super) fn measure(
        &self,
        name: &str,
        state: &State,
        log: Vec<String>,
        observer: &mut dyn Observer,
    ) -> Result<StageReport> {
        let float = &state.graph;
        let int8 = int8(self.project, self.windows, state)?;
        let (float_result, _) = evaluate::on_host("float", float, self.windows, observer)?;
        let (int8_result, outputs) = evaluate::on_host("int8", &int8, self.windows, observer)?;
        let constants = float.tensors.iter().filter(|tensor| tensor.is_const());
        let mut report = StageReport {
            name: name.to_owned(),
            float: float_result,
            int8: int8_result,
            parameters: constants.map(|tensor| tensor.n_elements() as u64).sum(),
            zeros: weight_pruning::sparsity(float),
            values: weight_clustering::n_values(&int8),
            macs: int8.macs(),
            float_file_bytes: smidgen_tflite::write(float).map_err(Error::input)?.len() as u64,
            log,
            ..StageReport::default()
        };
        if let Some(board) = self.board {
            self.on_device(board, &int8, &outputs, &mut report, observer)?;
        }
        Ok(report)
    }

    fn on_device(
        &self,
        board: &Board,
        int8: &Graph,
        outputs: &[u8],
        report: &mut StageReport,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let dir = Scratch::new()?;
        let firmware = Firmware::generate(int8, "shrunk.tflite", board, dir.path())?;
        let elf = firmware.elf(&[], observer)?;
        let profile = firmware.measure(&elf)?;
        let inputs = feed::inputs(int8, &self.windows.split.test)?;
        let shown = inputs.get(..ON_DEVICE * int8.input_bytes()).unwrap_or(&inputs);
        observer.event(Event::Note("running on the emulated board"));
        let ran = device::run(&firmware, &elf, shown, false)?;
        let on_host = outputs.get(..ran.outputs.len()).unwrap_or(outputs);
        report.agreement = Some(evaluate::agreement(on_host, &ran.outputs, int8.output_bytes()));
        (report.flash_bytes, report.ram_bytes) = (Some(profile.flash_bytes), Some(profile.ram_bytes));
        report.filter_bytes = Some(filter_bytes(&firmware.program) as u64);
        report.instructions = Some(ran.instructions);
        Ok(())
    }
}
