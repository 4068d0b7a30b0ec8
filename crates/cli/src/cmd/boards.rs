//! `smidgen boards`: what firmware can be built for.

use clap::Args;
use smidgen::reporting::count;
use smidgen::{Result, boards};

use super::table;
use crate::output::Output;

/// List the boards
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  smidgen boards --json")]
pub(crate) struct Boards;

impl Boards {
    pub(crate) fn run(self, output: &Output) -> Result<()> {
        let boards = boards()?;
        let list: Vec<_> = boards
            .iter()
            .map(|board| {
                serde_json::json!({
                    "name": board.name, "title": board.title, "core": board.core.name, "clock_hz": board.clock_hz,
                    "flash_bytes": board.flash.bytes, "ram_bytes": board.ram.bytes, "emulated": board.qemu.is_some(),
                })
            })
            .collect();
        output.result(&list, || {
            let rows = boards.iter().map(|board| {
                let emulator = if board.qemu.is_some() { "QEMU" } else { "–" };
                vec![
                    board.name.clone(),
                    board.core.name.clone(),
                    (board.clock_hz / 1_000_000).to_string(),
                    count(board.flash.bytes.into()),
                    count(board.ram.bytes.into()),
                    emulator.to_owned(),
                    board.title.clone(),
                ]
            });
            let header = ["board", "core", "MHz", "flash", "RAM", "emulator", ""];
            table(&header, rows, &[2, 3, 4]).to_string()
        })
    }
}
