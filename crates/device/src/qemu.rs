//! Runs firmware in QEMU: inputs in by a file, outputs and counters back by files.
//!
//! The guest finds `input.bin` in its working directory, and `stateful` where it shall keep state, and leaves there, by semihosting, `output.bin`, `counters.bin`
//! (u64 little endian: inferences, instructions of the first, stack bytes seen in use during the first, then with the
//! feature `profile` the instructions of each call) and with the feature `layers` `layers.bin`. QEMU counts one
//! nanosecond of virtual time per instruction (`-icount shift=0`), which makes the counters the same on every machine.

use crate::host::Host;
use crate::process::{self, Failure, Finished};
use smidgen_target::Board;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const EMULATOR: &str = "qemu-system-arm";
pub(crate) const INSTALL: &str = "apt-get install qemu-system-arm";

/// What to run and what to expect of it.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The firmware.
    pub elf: &'a Path,
    /// The inferences' inputs, concatenated.
    pub inputs: &'a [u8],
    /// How many inferences `inputs` holds.
    pub n_inferences: u64,
    /// Whether each inference starts from the state that the one before left.
    pub stateful: bool,
    /// Bytes of one inference's outputs.
    pub output_bytes: u64,
    /// How long the emulator may take; [`time_limit`] gives a generous value.
    pub limit: Duration,
}

/// What the firmware did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The inferences' outputs, concatenated.
    pub outputs: Vec<u8>,
    /// How many inferences ran.
    pub n_inferences: u64,
    /// Instructions of the first inference, from the call to its return.
    pub instructions: u64,
    /// Stack bytes that the first inference wrote, below the caller's stack pointer.
    pub stack_used_bytes: u64,
    /// Instructions of each call of the first inference, in call order; empty without the feature `profile`.
    pub layer_instructions: Vec<u64>,
    /// The output bytes of each call of the first inference, concatenated, with the feature `layers`.
    pub layer_outputs: Option<Vec<u8>>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The board has no emulator.
    #[error("board {board} has no emulator; `smidgen boards` lists those that have one")]
    NotEmulated {
        /// The board.
        board: String,
    },
    /// QEMU is not installed.
    #[error("{EMULATOR} is not in PATH; install it: {INSTALL}")]
    NoEmulator,
    /// A file cannot be read or written, or QEMU cannot be started.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The firmware or QEMU ended with an error.
    #[error("firmware on emulated {machine} ended with status {status}: {message}")]
    Failed {
        /// QEMU's name of the board.
        machine: String,
        /// Exit status of QEMU.
        status: i32,
        /// The last lines that the firmware or QEMU printed.
        message: String,
    },
    /// The firmware was still running at the time limit.
    #[error(
        "firmware on emulated {machine} was stopped after {seconds} s; is it hanging, or this machine very slow?"
    )]
    TimedOut {
        /// QEMU's name of the board.
        machine: String,
        /// The limit.
        seconds: u64,
    },
    /// The firmware left a file of another size than it should.
    #[error("firmware on emulated {machine} left {found} bytes in {file}, expected {expected}")]
    WrongSize {
        /// QEMU's name of the board.
        machine: String,
        /// The file.
        file: &'static str,
        /// Expected size, or what it must be.
        expected: String,
        /// Actual size in bytes.
        found: u64,
    },
    /// The firmware ran another number of inferences than it was given.
    #[error("firmware on emulated {machine} ran {found} inferences, expected {expected}")]
    WrongCount {
        /// QEMU's name of the board.
        machine: String,
        /// Inferences in the input.
        expected: u64,
        /// Inferences counted by the firmware.
        found: u64,
    },
    /// The user stopped it.
    #[error("the emulator was stopped")]
    Interrupted,
}

/// A generous limit for `n_inferences` of about `instructions` each: a minute and ten times what a slow machine takes.
pub fn time_limit(n_inferences: u64, instructions: u64) -> Duration {
    const SLOW_INSTRUCTIONS_PER_SECOND: u64 = 5_000_000;
    Duration::from_secs(60 + n_inferences.saturating_mul(instructions) / SLOW_INSTRUCTIONS_PER_SECOND)
}

/// Runs the job on the board's emulator.
///
/// # Errors
/// See [`RunError`].
pub fn run(host: &Host, board: &Board, job: &Job<'_>) -> Result<Run, RunError> {
    let Some(qemu) = &board.qemu else {
        return Err(RunError::NotEmulated { board: board.name.clone() });
    };
    let emulator = host.find(EMULATOR).ok_or(RunError::NoEmulator)?;
    let folder = tempfile::Builder::new().prefix("smidgen-run-").tempdir();
    let folder = folder.map_err(|error| io_error(&std::env::temp_dir(), error))?;
    let input = folder.path().join("input.bin");
    fs::write(&input, job.inputs).map_err(|error| io_error(&input, error))?;
    if job.stateful {
        // The firmware only looks whether the file is there.
        let flag = folder.path().join("stateful");
        fs::write(&flag, []).map_err(|error| io_error(&flag, error))?;
    }
    let elf = std::path::absolute(job.elf).map_err(|error| io_error(job.elf, error))?;

    let mut command = host.command(&emulator);
    command
        .current_dir(folder.path())
        .args(["-machine", &qemu.machine])
        .args(qemu.cpu.iter().flat_map(|cpu| ["-cpu", cpu]))
        .args(["-display", "none", "-monitor", "none", "-serial", "none", "-no-reboot"])
        .args(["-icount", "shift=0", "-semihosting-config", "enable=on,target=native"])
        .arg("-kernel")
        .arg(&elf);
    let machine = &qemu.machine;
    match process::run(&mut command, job.limit, &mut |_| ()) {
        Ok(done) if done.status.success() => collect(folder.path(), machine, job),
        Ok(done) => Err(failed(machine, &done)),
        Err(Failure::TimedOut) => {
            Err(RunError::TimedOut { machine: machine.clone(), seconds: job.limit.as_secs() })
        }
        Err(Failure::Interrupted) => Err(RunError::Interrupted),
        Err(Failure::Io(error)) => Err(io_error(&emulator, error)),
    }
}

fn io_error(path: &Path, error: io::Error) -> RunError {
    RunError::Io { path: path.to_owned(), error }
}

fn failed(machine: &str, done: &Finished) -> RunError {
    let message = match done.tail(5) {
        empty if empty.is_empty() => "it printed nothing".to_owned(),
        message => message,
    };
    RunError::Failed { machine: machine.to_owned(), status: done.status.code().unwrap_or(-1), message }
}

/// Reads what the firmware left.
fn collect(folder: &Path, machine: &str, job: &Job<'_>) -> Result<Run, RunError> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).map_err(|error| io_error(&path, error))
    };
    let wrong_size = |file, expected, bytes: &[u8]| RunError::WrongSize {
        machine: machine.to_owned(),
        file,
        expected,
        found: bytes.len() as u64,
    };
    let counters = read("counters.bin")?;
    let (words, rest) = counters.as_chunks::<8>();
    let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
    let (Some(n_inferences), Some(instructions), Some(stack_used_bytes), []) =
        (words.next(), words.next(), words.next(), rest)
    else {
        return Err(wrong_size("counters.bin", "at least 3 counters of 8 bytes".to_owned(), &counters));
    };
    if n_inferences != job.n_inferences {
        return Err(RunError::WrongCount {
            machine: machine.to_owned(),
            expected: job.n_inferences,
            found: n_inferences,
        });
    }
    let outputs = read("output.bin")?;
    let expected = job.n_inferences.saturating_mul(job.output_bytes);
    if outputs.len() as u64 != expected {
        return Err(wrong_size("output.bin", expected.to_string(), &outputs));
    }
    let layer_outputs = folder.join("layers.bin").exists().then(|| read("layers.bin")).transpose()?;
    Ok(Run {
        outputs,
        n_inferences,
        instructions,
        stack_used_bytes,
        layer_instructions: words.collect(),
        layer_outputs,
    })
}
