//! Values that every template gets.

use crate::names::printable;
use crate::{OptLevel, Options};
use serde::Serialize;
use smidgen_ir::Graph;
use smidgen_target::Board;

#[derive(Debug, Serialize)]
pub(crate) struct Common {
    /// The model's name for readers.
    title: String,
    /// Version of Smidgen.
    version: &'static str,
    source: String,
    crate_name: String,
    lib_name: String,
    opt_level: &'static str,
    board: BoardText,
    /// The emulator's command line, where there is one.
    run: Option<String>,
    /// Whether there is a front end and a decision around the model.
    has_pipeline: bool,
    /// Where the packages find the kernels, in quotes.
    kernels: String,
    /// Whether they are part of the workspace.
    has_kernels: bool,
    /// The section that the constants are put into.
    weights_section: Option<String>,
}

/// A board as the templates print it.
#[derive(Debug, Serialize)]
struct BoardText {
    title: String,
    triple: String,
    llvm_cpu: String,
    llvm_features: String,
    flash_origin: String,
    flash_bytes: u32,
    ram_origin: String,
    ram_bytes: u32,
}

impl Common {
    pub(crate) fn new(graph: &Graph, options: &Options) -> Self {
        let Options { board, crate_name, source, opt_level, pipeline, kernels, weights_section } = options;
        let title = if graph.name.trim().is_empty() { crate_name } else { &graph.name };
        let run = board.qemu.as_ref().map(|qemu| {
            let cpu = qemu.cpu.as_ref().map(|cpu| format!(" -cpu {cpu}")).unwrap_or_default();
            let machine = &qemu.machine;
            format!(
                "qemu-system-arm -M {machine}{cpu} -nographic -icount shift=0 -semihosting-config enable=on,target=native"
            )
        });
        Common {
            title: printable(title),
            version: env!("CARGO_PKG_VERSION"),
            source: printable(source),
            crate_name: crate_name.clone(),
            lib_name: crate_name.replace('-', "_"),
            opt_level: match opt_level {
                OptLevel::Speed => "3",
                OptLevel::Size => "\"s\"",
            },
            board: board_text(board),
            run,
            has_pipeline: pipeline.is_some(),
            kernels: format!("{:?}", kernels.as_deref().unwrap_or("../kernels")),
            has_kernels: kernels.is_none(),
            weights_section: weights_section.clone(),
        }
    }
}

fn board_text(board: &Board) -> BoardText {
    BoardText {
        title: printable(&board.title),
        triple: board.core.triple.clone(),
        llvm_cpu: board.core.llvm_cpu.clone(),
        llvm_features: board.core.llvm_features.join(","),
        flash_origin: format!("{:#010x}", board.flash.origin),
        flash_bytes: board.flash.bytes,
        ram_origin: format!("{:#010x}", board.ram.origin),
        ram_bytes: board.ram.bytes,
    }
}
