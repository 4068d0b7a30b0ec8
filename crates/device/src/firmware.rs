//! Builds a firmware folder into an ELF.
//!
//! The folder is copied into the cache and compiled there, away from cargo configuration around it and without writing
//! into it. The ELF is kept under a digest of everything that went in, so that building the same folder again costs a
//! look-up; sources, compiler and flags decide its bytes, paths and time do not.

use crate::host::Host;
use crate::process::{self, Failure};
use crate::sysroot;
use crate::toolchain::{Core, Linker, Toolchain};
use smidgen_target::Board;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(1800);

/// Why there is no ELF.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file or folder cannot be read or written, or a program cannot be started.
    #[error("{}: {error}{}", path.display(), advice(error))]
    Io {
        /// The file, folder or program.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The folder is not a firmware folder.
    #[error("{}: expected a firmware folder with Cargo.toml, harness/Cargo.toml and harness/link.x; {missing} is missing", dir.display())]
    NotFirmware {
        /// The folder.
        dir: PathBuf,
        /// The file that is not there.
        missing: &'static str,
    },
    /// The toolchain compiles for another core than the board's.
    #[error("the toolchain compiles for {found}, the board {board} needs {expected}")]
    WrongTarget {
        /// The board.
        board: String,
        /// The board's target triple.
        expected: String,
        /// The toolchain's target triple.
        found: String,
    },
    /// The core library does not compile from its source.
    #[error("the core library for {target} does not compile:\n{messages}")]
    Core {
        /// The target triple.
        target: String,
        /// The end of the compiler's messages.
        messages: String,
    },
    /// Compiling or linking failed.
    #[error("building {} for {board} failed:\n{messages}", dir.display())]
    Compile {
        /// The firmware folder.
        dir: PathBuf,
        /// The board.
        board: String,
        /// The end of the compiler's messages.
        messages: String,
    },
    /// The compiler was stopped.
    #[error("the compiler was stopped after {seconds} s")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// The user stopped it.
    #[error("building the firmware was stopped; nothing was left half written")]
    Interrupted,
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; make the folder writable or set SMIDGEN_CACHE to one that is"
        }
        io::ErrorKind::StorageFull => "; free some space or set SMIDGEN_CACHE to a folder on another disk",
        _ => "",
    }
}

pub(crate) fn io_error(path: &Path, error: io::Error) -> BuildError {
    BuildError::Io { path: path.to_owned(), error }
}

/// Compiles the firmware in `dir` with the given cargo features and links it for `board`; `on_line` gets the
/// compiler's messages while it works. Returns the ELF in the cache, which [`install`] copies elsewhere.
///
/// # Errors
/// See [`BuildError`]; messages of the compiler are carried along.
pub fn build(
    host: &Host,
    toolchain: &Toolchain,
    dir: &Path,
    board: &Board,
    features: &[&str],
    on_line: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    if toolchain.target != board.core.triple {
        return Err(BuildError::WrongTarget {
            board: board.name.clone(),
            expected: board.core.triple.clone(),
            found: toolchain.target.clone(),
        });
    }
    let sources = read_sources(dir)?;
    let flags = compiler_flags(toolchain, board);
    let features = features.join(",");
    let made_by = format!("{}\n{}\n{flags:?}\n{features}", env!("CARGO_PKG_VERSION"), toolchain.identity());
    let files =
        sources.iter().flat_map(|(path, bytes)| [path.as_os_str().as_encoded_bytes(), bytes.as_slice()]);
    let key = digest(std::iter::once(made_by.as_bytes()).chain(files));
    let finished = host.cache.join("elf").join(format!("{key}.elf"));
    if finished.is_file() {
        return Ok(finished);
    }
    let sysroot = match &toolchain.core {
        Core::Installed => None,
        Core::Source(library) => Some(sysroot::prepare(host, toolchain, library, on_line)?),
    };
    let work = work_dir(&host.cache.join("build"))?;
    write_sources(&sources, &work.path().join("source"))?;
    let flags =
        flags.into_iter().chain(sysroot.map(|path| format!("--sysroot={}", path.display()))).collect();
    let elf = Compilation { host, toolchain, dir, board, features, flags }.run(work.path(), on_line)?;
    install(&elf, &finished)?;
    Ok(finished)
}

/// A new folder below `parent` that goes away with the value. Those that killed processes left are removed after a day.
pub(crate) fn work_dir(parent: &Path) -> Result<TempDir, BuildError> {
    const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
    const PREFIX: &str = "tmp-";
    fs::create_dir_all(parent).map_err(|error| io_error(parent, error))?;
    for entry in fs::read_dir(parent).map_err(|error| io_error(parent, error))?.flatten() {
        let age =
            entry.metadata().and_then(|data| data.modified()).map(|time| time.elapsed().unwrap_or_default());
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && age.is_ok_and(|age| age > ABANDONED) {
            // Another process may be at it too; what stays is tried again next time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent).map_err(|error| io_error(parent, error))
}

/// Copies a file so that `to` is either absent, as it was, or whole.
///
/// # Errors
/// When `from` cannot be read or the folder of `to` cannot be written.
pub fn install(from: &Path, to: &Path) -> Result<(), BuildError> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| io_error(folder, error))?;
    let bytes = fs::read(from).map_err(|error| io_error(from, error))?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(|error| io_error(folder, error))?;
    io::Write::write_all(&mut temporary, &bytes).map_err(|error| io_error(to, error))?;
    temporary.persist(to).map_err(|error| io_error(to, error.error))?;
    Ok(())
}

/// One run of cargo.
struct Compilation<'a> {
    host: &'a Host,
    toolchain: &'a Toolchain,
    dir: &'a Path,
    board: &'a Board,
    features: String,
    flags: Vec<String>,
}

impl Compilation<'_> {
    /// Builds `work/source` and returns the path of the ELF below `work`.
    fn run(&self, work: &Path, on_line: &mut dyn FnMut(&str)) -> Result<PathBuf, BuildError> {
        let target_dir = work.join("target");
        let Toolchain { target, compiler, .. } = self.toolchain;
        let mut cargo = self.host.command(&compiler.cargo);
        cargo
            .current_dir(work.join("source"))
            .env("RUSTC", &compiler.rustc)
            // These beat the settings of a configuration file in a folder above the cache.
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "")
            .env("CARGO_HOME", work.join("home"))
            .env("CARGO_TARGET_DIR", &target_dir)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags.join("\x1f"))
            .args([
                "rustc",
                "--offline",
                "--release",
                "--package=harness",
                "--bin=harness",
                "--target",
                target,
            ])
            .args((!self.features.is_empty()).then(|| format!("--features={}", self.features)))
            // The linker runs in the workspace: a relative path keeps the machine's paths out.
            .args(["--", "-Clink-arg=-Lharness", "-Clink-arg=-Tlink.x"]);
        match process::run(&mut cargo, LIMIT, on_line) {
            Ok(done) if done.status.success() => Ok(target_dir.join(target).join("release/harness")),
            Ok(done) => Err(BuildError::Compile {
                dir: self.dir.to_owned(),
                board: self.board.name.clone(),
                messages: done.tail(40),
            }),
            Err(Failure::TimedOut) => Err(BuildError::TimedOut { seconds: LIMIT.as_secs() }),
            Err(Failure::Interrupted) => Err(BuildError::Interrupted),
            Err(Failure::Io(error)) => Err(io_error(&compiler.cargo, error)),
        }
    }
}

/// Flags for every crate of the firmware.
fn compiler_flags(toolchain: &Toolchain, board: &Board) -> Vec<String> {
    let mut flags = vec![format!("-Ctarget-cpu={}", board.core.llvm_cpu)];
    if !board.core.llvm_features.is_empty() {
        flags.push(format!("-Ctarget-feature={}", board.core.llvm_features.join(",")));
    }
    let (flavor, linker) = match &toolchain.linker {
        Linker::RustLld(path) => ("ld.lld", path),
        Linker::GnuLd(path) => ("ld", path),
    };
    flags.extend([format!("-Clinker={}", linker.display()), format!("-Clinker-flavor={flavor}")]);
    flags
}

/// Path and bytes of each file of the workspace, sorted by path; hidden files and build output are left out.
fn read_sources(dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, BuildError> {
    for missing in ["Cargo.toml", "harness/Cargo.toml", "harness/link.x"] {
        if !dir.join(missing).is_file() {
            return Err(BuildError::NotFirmware { dir: dir.to_owned(), missing });
        }
    }
    let mut sources = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        for entry in fs::read_dir(&path).map_err(|error| io_error(&path, error))? {
            let entry = entry.map_err(|error| io_error(&path, error))?;
            let name = entry.file_name();
            let relative = folder.join(&name);
            let kind = entry.path().metadata().map_err(|error| io_error(&entry.path(), error))?;
            if name.as_encoded_bytes().starts_with(b".") || relative == Path::new("target") {
                continue;
            }
            if kind.is_dir() {
                folders.push(relative);
            } else if kind.is_file() && !is_elf(&relative) {
                let bytes = fs::read(entry.path()).map_err(|error| io_error(&entry.path(), error))?;
                sources.push((relative, bytes));
            }
        }
    }
    sources.sort();
    Ok(sources)
}

/// Whether this is an ELF that was put beside its source.
fn is_elf(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "elf")
}

fn write_sources(sources: &[(PathBuf, Vec<u8>)], to: &Path) -> Result<(), BuildError> {
    for (relative, bytes) in sources {
        let path = to.join(relative);
        let folder = path.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(|error| io_error(folder, error))?;
        fs::write(&path, bytes).map_err(|error| io_error(&path, error))?;
    }
    Ok(())
}

/// FNV-1a with 128 bits over the parts and their lengths, in hexadecimal (RFC 9923; a name, not a signature).
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    const PRIME: u128 = (1 << 88) + (1 << 8) + 0x3b;
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for part in parts {
        for byte in (part.len() as u64).to_le_bytes().iter().chain(part) {
            hash = (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
    }
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests;
