//! What a model costs on a board: flash and RAM from the linked ELF, instructions from the emulator.

use smidgen_device::Footprint;
use smidgen_ir::{DType, Graph, NodeIdx, ops};
use smidgen_report::{FlashBytes, LayerCost, Profile, RamBytes};

use crate::device;
use crate::events::{Event, Observer};
use crate::firmware::{Firmware, Parts};
use crate::model_file::ModelFile;
use crate::run::{Scratch, emulated};
use crate::{Error, Result};

/// MACs of each operator, in the order of the model file.
pub fn layers(graph: &Graph) -> Vec<LayerCost> {
    let nodes = (0u32..).zip(&graph.nodes);
    nodes
        .map(|(at, node)| LayerCost {
            index: at as usize,
            op: node.op.name().to_owned(),
            name: node
                .outputs
                .first()
                .and_then(|&output| graph.get(output))
                .map_or_else(String::new, |t| t.name.clone()),
            macs: ops::macs(graph, NodeIdx(at)),
            instructions: None,
            cycles: None,
        })
        .collect()
}

/// The part of a profile that the ELF tells without running.
pub(crate) fn of_footprint(firmware: &Firmware, footprint: &Footprint) -> Profile {
    let (flash, ram) = (&footprint.flash_bytes, &footprint.ram_bytes);
    let layers = layers(&firmware.graph);
    Profile {
        model: firmware.model.clone(),
        board: firmware.board.name.clone(),
        core: firmware.board.core.name.clone(),
        flash_bytes: FlashBytes {
            total: flash.total,
            code: flash.code,
            weights: flash.weights,
            other: flash.other,
        },
        ram_bytes: RamBytes {
            total: ram.total,
            arena: ram.arena,
            stack_bound: ram.stack_bound,
            other: ram.other,
        },
        harness_bytes: footprint.harness_bytes.flash,
        macs: layers.iter().map(|layer| layer.macs).sum(),
        layers,
        passes: firmware.passes.clone(),
        strips: firmware.strips,
        ..Profile::default()
    }
}

/// Builds the model for the board and runs one inference in the emulator: `profile` on the command line. The input
/// is a fixed pseudo-random sequence, because a file says nothing about its data.
///
/// # Errors
/// As building and running.
pub fn profile(
    model: &ModelFile,
    board_name: &str,
    parts: Parts,
    observer: &mut dyn Observer,
) -> Result<Profile> {
    let graph = model.read()?;
    let board = emulated(board_name)?;
    let dir = Scratch::new()?;
    let firmware = Firmware::with(&graph, &model.name(), &board, dir.path(), parts)?;
    observer.event(Event::Begin("Building the firmware"));
    let elf = firmware.elf(&[], observer)?;
    let mut profile = firmware.measure(&elf)?;
    let input = pattern(&firmware.graph);
    observer.event(Event::Begin("Running in the emulator"));
    let plain = device::run(&firmware, &elf, &input, false)?;
    profile.instructions = Some(plain.instructions);
    profile.stack_seen_bytes = Some(plain.stack_used_bytes);
    measure_layers(&mut profile, &firmware, &input, observer)?;
    Ok(profile)
}

/// Fills in the instructions of each layer, counted in a second ELF that takes a stamp after each call.
///
/// # Errors
/// As building and running, and firmware that stamps another number of calls than the program has.
pub(crate) fn measure_layers(
    profile: &mut Profile,
    firmware: &Firmware,
    inputs: &[u8],
    observer: &mut dyn Observer,
) -> Result<()> {
    let elf = firmware.elf(&["profile"], observer)?;
    let first = inputs.get(..firmware.graph.input_bytes()).unwrap_or_default();
    let run = device::run(firmware, &elf, first, false)?;
    let calls = &firmware.program.calls;
    if run.layer_instructions.len() != calls.len() {
        return Err(Error::input(format!(
            "the firmware counted {} calls, the program has {}: a bug of Smidgen",
            run.layer_instructions.len(),
            calls.len()
        )));
    }
    for layer in &mut profile.layers {
        let own =
            calls.iter().zip(&run.layer_instructions).filter(|(call, _)| call.node.idx() == layer.index);
        layer.instructions = Some(own.map(|(_, &instructions)| instructions).sum());
    }
    Ok(())
}

/// One inference's inputs: int8, uint8 and int16 from a linear congruential generator (Numerical Recipes, the high
/// byte), float32 the same bytes divided by 32, int32 and int64 their value.
pub fn pattern(graph: &Graph) -> Vec<u8> {
    let mut state: u32 = 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes = Vec::with_capacity(graph.input_bytes());
    for &input in &graph.inputs {
        let tensor = graph.tensor(input);
        for _ in 0..tensor.n_elements() {
            match tensor.dtype {
                DType::F32 => bytes.extend((f32::from(next().cast_signed()) / 32.0).to_le_bytes()),
                DType::I32 => bytes.extend(i32::from(next().cast_signed()).to_le_bytes()),
                DType::I64 => bytes.extend(i64::from(next().cast_signed()).to_le_bytes()),
                DType::Bool => bytes.push(next() >> 7),
                // The bytes as they come, as many as an element has.
                other => bytes.extend((0..other.n_bytes(1)).map(|_| next())),
            }
        }
    }
    bytes
}
