//! A model to a firmware folder for a board, and that to ELF files.

use std::fs;
use std::path::{Path, PathBuf};

use smidgen_codegen::{OptLevel, Options, Pipeline};
use smidgen_device::firmware::{self as device_firmware, BuildError};
use smidgen_device::footprint::PREDICT;
use smidgen_device::{Footprint, Host, Toolchain};
pub use smidgen_ir::Storage;
use smidgen_ir::adds::without_adds;
use smidgen_ir::copies::without_copies;
use smidgen_ir::padding::without_pads;
use smidgen_ir::{Graph, Program, lower, stored};
use smidgen_plan::{Plan, Within};
use smidgen_report::{self as report, count};
use smidgen_target::Board;

use crate::events::{Event, Observer};
use crate::{Error, Kind, Result, files, fit, host, optimize, profile};

/// Its first line says that the folder is firmware.
const MANIFEST: &str = "Cargo.toml";

/// A firmware folder with all that it was made from.
#[derive(Debug, Clone)]
pub struct Firmware {
    /// The folder.
    pub dir: PathBuf,
    /// The model.
    pub graph: Graph,
    /// The model as kernel calls.
    pub program: Program,
    /// The arena.
    pub plan: Plan,
    /// The board.
    pub board: Board,
    /// File name of the model.
    pub model: String,
    /// Where compilers and emulators are looked for.
    pub host: Host,
    /// What passes took away.
    pub passes: Vec<report::PassEffect>,
    /// How the first operators run in strips; `None` where they do not.
    pub strips: Option<report::Strips>,
}

/// What firmware consists of besides the model.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// What is around the model, where samples come as a stream.
    pub pipeline: Option<Pipeline>,
    /// Whether all exact passes are run first.
    pub optimizes: bool,
    /// How filters lie in flash.
    pub storage: Storage,
    /// Bytes that the arena may take: beyond them the first operators run in strips of rows.
    pub max_arena: Option<usize>,
    /// Other firmware whose kernels are taken, for programs with several models.
    pub kernels_of: Option<PathBuf>,
    /// The linker's section for the constants.
    pub weights_section: Option<String>,
}

/// A built firmware.
#[derive(Debug, Clone)]
pub struct Built {
    /// The ELF without hooks, as an application would carry it.
    pub elf: PathBuf,
    /// What it takes.
    pub profile: report::Profile,
}

/// The board called `name`.
///
/// # Errors
/// An unknown name, with those that look like it.
pub fn board(name: &str) -> Result<Board> {
    smidgen_target::board(name).map_err(|error| {
        Error::input(error).help("smidgen boards lists the boards; --board NAME chooses one")
    })
}

/// How firmware for `board` is compiled on this machine.
///
/// # Errors
/// No compiler for the board's core, with the commands that install one.
pub fn toolchain(host: &Host, board: &Board) -> Result<Toolchain> {
    Toolchain::find(host, &board.core.triple).map_err(|error| {
        if smidgen_device::interrupted() {
            return Error::interrupted("the search for a compiler was stopped");
        }
        Error::input(error).help("smidgen doctor tells what is missing")
    })
}

/// What `graph` may be on the device, the plainest program first.
fn programs(graph: &Graph, storage: Storage, optimizes: bool) -> Result<Vec<Program>> {
    let program = stored(lower(graph).map_err(host::ir_error)?, storage);
    if !optimizes {
        return Ok(vec![program]);
    }
    let program = without_pads(graph, program);
    // What is written to its place in another tensor lies over nothing, so that an arena may be larger.
    let without = without_copies(graph, program.clone());
    let arena = |program: &Program| smidgen_plan::plan(graph, program).map(|plan| plan.arena_bytes);
    let is_larger = arena(&without).map_err(Error::input)? > arena(&program).map_err(Error::input)?;
    let program = if is_larger { program } else { without };
    // A kernel that does the work of two takes more flash than what it saves in time is worth.
    let fused = without_adds(graph, program.clone());
    Ok(vec![program, fused])
}

/// The program whose arena is smallest, with its plan; its first operators in strips if the arena must be smaller still.
struct Strips {
    graph: Graph,
    program: Program,
    plan: Plan,
    strips: Option<report::Strips>,
}

impl Strips {
    /// # Errors
    /// An arena that strips do not make so small, with the smallest that they do.
    fn of(graph: &Graph, programs: &[Program], max_arena: Option<usize>) -> Result<Self> {
        let most = max_arena.unwrap_or(usize::MAX);
        let found =
            programs.iter().map(|program| smidgen_plan::within(graph, program, most).map_err(Error::input));
        let found = found.collect::<Result<Vec<_>>>()?.into_iter().min_by_key(|found| found.rank(most));
        let Some(found) = found else { return Err(Error::input("there is no program: a bug of Smidgen")) };
        let Within { graph, program, plan, first, n_calls, n_strips, macs } = found;
        let node = |call: usize| program.calls.get(call).map_or(0, |call| call.node.idx());
        let arena = plan.arena_bytes;
        if arena > most {
            let message = format!(
                "the arena cannot be {} bytes: the smallest is {}{}",
                count(most as u64),
                count(arena as u64),
                match n_calls {
                    0 => String::new(),
                    n =>
                        format!(", with {n} operators from operator {} on in {n_strips} strips", node(first)),
                }
            );
            let help = "allow that much; smidgen shrink makes activations smaller, smidgen inspect shows what is needed at once";
            return Err(Error::check(message).help(help));
        }
        let first = node(first) as u64;
        let strips = report::Strips { first, operators: n_calls as u64, strips: n_strips as u64, macs };
        Ok(Strips { graph, program, plan, strips: (n_calls > 0).then_some(strips) })
    }
}

impl Firmware {
    /// Lowers and plans the model, and writes the firmware crate for `board` into `dir`, which must be empty, absent,
    /// or hold earlier firmware.
    ///
    /// # Errors
    /// A model that cannot be lowered or is too large for the board, a folder with something else in it, or one that cannot be written.
    pub fn generate(graph: &Graph, model: &str, board: &Board, dir: &Path) -> Result<Self> {
        Self::with(graph, model, board, dir, Parts::default())
    }

    /// [`Firmware::generate`] with other parts than usual.
    ///
    /// # Errors
    /// As [`Firmware::generate`], and a pipeline that does not fit the model.
    pub fn with(graph: &Graph, model: &str, board: &Board, dir: &Path, parts: Parts) -> Result<Self> {
        let Parts { pipeline, optimizes, storage, max_arena, kernels_of, weights_section } = parts;
        let (graph, passes) = match optimizes {
            true => optimize::optimized(graph)?,
            false => (graph.clone(), Vec::new()),
        };
        let graph = &graph;
        let programs = programs(graph, storage, optimizes)?;
        let Strips { graph, program, plan, strips } = Strips::of(graph, &programs, max_arena)
            .map_err(|error| if error.kind == Kind::Check { error.at(model) } else { error })?;
        let stem = Path::new(model).file_stem().unwrap_or_default().to_string_lossy();
        let options = Options {
            board: board.clone(),
            crate_name: smidgen_codegen::crate_name(&stem),
            source: model.to_owned(),
            opt_level: OptLevel::default(),
            pipeline,
            kernels: kernels_of.map(|dir| kernels(&dir)).transpose()?,
            weights_section,
        };
        let texts = smidgen_codegen::firmware(&graph, &program, &plan, &options).map_err(Error::input)?;
        let firmware = Firmware {
            dir: dir.to_owned(),
            graph,
            program,
            plan,
            strips,
            board: board.clone(),
            model: model.to_owned(),
            host: Host::from_env(),
            passes,
        };
        fit::planned(&firmware)?;
        clear(dir)?;
        // First the file that tells firmware from other folders, so that half of a crate can be replaced too.
        let manifest = |path: &Path| path == Path::new(MANIFEST);
        let (first, rest): (Vec<_>, Vec<_>) = texts.iter().partition(|(path, _)| manifest(Path::new(path)));
        for (path, bytes) in first.into_iter().chain(rest) {
            files::write(&dir.join(path), bytes)?;
        }
        Ok(firmware)
    }

    /// How the firmware is compiled on this machine.
    ///
    /// # Errors
    /// No compiler for the board's core, with the commands that install one.
    pub fn toolchain(&self) -> Result<Toolchain> {
        toolchain(&self.host, &self.board)
    }

    /// Compiles and links with the given features of the harness: none, `profile` or `layers`.
    ///
    /// # Errors
    /// No compiler, or firmware that does not compile or fit the board.
    pub fn elf(&self, features: &[&str], observer: &mut dyn Observer) -> Result<PathBuf> {
        let toolchain = self.toolchain()?;
        device_firmware::build(&self.host, &toolchain, &self.dir, &self.board, features, &mut |line| {
            observer.event(Event::Line(line));
        })
        .map_err(|error| self.build_error(&error))
    }

    fn build_error(&self, error: &BuildError) -> Error {
        let too_large = match error {
            BuildError::Interrupted => return Error::interrupted(error),
            BuildError::Compile { messages, .. } | BuildError::Core { messages, .. }
                if messages.contains("No space left on device") =>
            {
                let help = "free some space, or set SMIDGEN_CACHE to a folder on another disk";
                return Error::input("the disk is full: the firmware cannot be compiled")
                    .at(self.host.cache.display())
                    .help(help);
            }
            BuildError::Compile { messages, .. } => fit::overflow(self, messages),
            _ => None,
        };
        too_large
            .unwrap_or_else(|| Error::input(error).help("smidgen doctor tells whether a tool is missing"))
    }

    /// Builds the ELF without hooks, puts it into the folder as `firmware.elf`, and measures it.
    ///
    /// # Errors
    /// As [`Firmware::elf`], and an ELF that has no stack bound.
    pub fn build(&self, observer: &mut dyn Observer) -> Result<Built> {
        let cached = self.elf(&[], observer)?;
        let elf = self.dir.join("firmware.elf");
        files::write(&elf, &files::read(&cached)?)?;
        observer.event(Event::Wrote(&elf));
        Ok(Built { profile: self.measure(&elf)?, elf })
    }

    /// What an ELF of this firmware takes.
    ///
    /// # Errors
    /// A file that is no such ELF, one that has no stack bound, or one that leaves too little RAM for the stack.
    pub fn measure(&self, elf: &Path) -> Result<report::Profile> {
        self.measure_entry(elf, PREDICT)
    }

    /// [`Firmware::measure`] of an ELF whose application calls `entry`.
    pub(crate) fn measure_entry(&self, elf: &Path, entry: &str) -> Result<report::Profile> {
        let footprint = Footprint::of(&files::read(elf)?, entry);
        let footprint = footprint.map_err(|error| Error::input(error).at(elf.display()))?;
        fit::linked(self, &footprint)?;
        Ok(profile::of_footprint(self, &footprint))
    }

    /// The arena over time, for a report.
    pub fn memory_map(&self) -> report::MemoryMap {
        memory_map(&self.graph, &self.program, &self.plan)
    }
}

/// The arena of a plan over time, for a report.
pub(crate) fn memory_map(graph: &Graph, program: &Program, plan: &Plan) -> report::MemoryMap {
    let op_name = |call: usize| {
        let node = program.calls.get(call).and_then(|call| graph.nodes.get(call.node.idx()));
        node.map_or_else(String::new, |node| node.op.name().to_owned())
    };
    let buffers = plan.buffers.iter().map(|buffer| report::Buffer {
        name: match buffer.tensor {
            Some(tensor) => graph.get(tensor).map_or_else(String::new, |tensor| tensor.name.clone()),
            None => format!("scratch of {}", op_name(buffer.first_call)),
        },
        offset: buffer.offset,
        bytes: buffer.bytes,
        first_call: buffer.first_call,
        last_call: buffer.last_call,
    });
    report::MemoryMap {
        arena_bytes: plan.arena_bytes,
        lower_bound_bytes: plan.lower_bound_bytes,
        calls: (0..program.calls.len()).map(op_name).collect(),
        buffers: buffers.collect(),
    }
}

/// The kernels in the firmware folder `dir`, which must be of this version.
fn kernels(dir: &Path) -> Result<String> {
    let path = dir.join("kernels");
    let refuse = |what: &str| {
        Error::input(what)
            .at(path.display())
            .help("name the folder of firmware that this version of smidgen has built")
    };
    let manifest =
        fs::read_to_string(path.join(MANIFEST)).map_err(|_| refuse("there are no kernels here"))?;
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    if !manifest.contains("name = \"smidgen-kernels\"") || !manifest.contains(&version) {
        return Err(refuse("these are not this version's kernels"));
    }
    let path = fs::canonicalize(&path).map_err(|_| refuse("there are no kernels here"))?;
    Ok(path.to_string_lossy().into_owned())
}

/// Empties a folder of earlier firmware, so that no stale file stays; refuses one with other things in it.
fn clear(dir: &Path) -> Result<()> {
    let refuse =
        |what: String| Error::input(what).at(dir.display()).help("choose an empty or new folder with -o");
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return files::make_dir(dir),
        Err(error) => return Err(refuse(format!("the folder cannot be used: {error}"))),
    };
    let unfinished = files::partial_name(Path::new(MANIFEST));
    if entries.flatten().all(|entry| entry.file_name() == unfinished.as_os_str()) {
        return Ok(());
    }
    let manifest = fs::read_to_string(dir.join(MANIFEST)).unwrap_or_default();
    if !manifest.lines().next().is_some_and(|line| line.contains("generated by Smidgen")) {
        return Err(refuse("the folder holds other things than firmware of an earlier build".to_owned()));
    }
    for part in ["harness", "kernels", "model", "features", "pipeline"] {
        let path = dir.join(part);
        if path.exists() {
            fs::remove_dir_all(&path)
                .map_err(|error| refuse(format!("{part} cannot be replaced: {error}")))?;
        }
    }
    Ok(())
}
