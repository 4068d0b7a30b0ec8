//! Finds how to compile for a core: a Rust compiler, the core library for the target, a linker.
//!
//! In this order: a compiler that has the target's core library; one that has the library's source, to be compiled
//! once (a distribution's Rust has no other way); a download with `rustup target add`, where that is allowed.

use crate::host::Host;
use crate::process::{self, Failure};
use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

/// The oldest compiler that the device code is written for.
const MIN_MINOR: u32 = 90;
const PROBE_LIMIT: Duration = Duration::from_secs(60);
const INSTALL_LIMIT: Duration = Duration::from_secs(120);

/// Downloads that failed in this process: search path and target. They are not tried again.
static FAILED_INSTALLS: Mutex<BTreeSet<(PathBuf, String)>> = Mutex::new(BTreeSet::new());

/// How to compile and link for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// Rust target triple: `thumbv7em-none-eabihf`.
    pub target: String,
    /// The compiler.
    pub compiler: Compiler,
    /// Where the target's core library comes from.
    pub core: Core,
    /// What links.
    pub linker: Linker,
}

/// An installed Rust compiler and its cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    /// Path of `rustc` itself, not of a rustup proxy.
    pub rustc: PathBuf,
    /// Path of the `cargo` that belongs to it.
    pub cargo: PathBuf,
    /// Its folder of libraries.
    pub sysroot: PathBuf,
    /// Release: `1.95.0`.
    pub release: String,
    /// All of `rustc -vV`, which tells builds of one release apart.
    pub(crate) identity: String,
    /// The triple of the machine it runs on.
    pub(crate) host_triple: String,
}

/// Where the target's core library comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Core {
    /// Compiled, in the compiler's sysroot.
    Installed,
    /// The folder `library` of its source.
    Source(PathBuf),
}

/// The linker of firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linker {
    /// LLVM's linker that came with the compiler.
    RustLld(PathBuf),
    /// GNU ld for ARM.
    GnuLd(PathBuf),
}

/// There is no way to compile for a target on this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ToolchainError {
    /// The target.
    pub target: String,
    /// What was looked at, and what it lacks.
    pub looked_at: Vec<String>,
}

impl fmt::Display for ToolchainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "no compiler for {} on this machine. Looked at:", self.target)?;
        for line in &self.looked_at {
            writeln!(f, "  - {line}")?;
        }
        write!(f, "Install one:\n{}", install_advice(&self.target))
    }
}

/// The commands that make a compiler for `target` available, one per line.
pub(crate) fn install_advice(target: &str) -> String {
    format!(
        "  rustup target add {target}\n\
         or, on Debian or Ubuntu without access to rustup's servers:\n  \
         apt-get install rustc-web rust-web-src cargo-web gcc-arm-none-eabi"
    )
}

impl Toolchain {
    /// The first way to compile for `target` on `host`.
    ///
    /// # Errors
    /// When there is none: what was looked at and the commands that install one.
    pub fn find(host: &Host, target: &str) -> Result<Self, ToolchainError> {
        let mut looked_at = Vec::new();
        let compilers = compilers(host, &mut looked_at);
        if let Some(found) = Self::among(host, target, &compilers, &mut looked_at) {
            return Ok(found);
        }
        if add_target(host, target, &mut looked_at)
            && let Some(found) = Self::among(host, target, &compilers, &mut Vec::new())
        {
            return Ok(found);
        }
        Err(ToolchainError { target: target.to_owned(), looked_at })
    }

    fn among(host: &Host, target: &str, compilers: &[Compiler], looked_at: &mut Vec<String>) -> Option<Self> {
        let with = |compiler: &Compiler, core| {
            let linker = linker(host, compiler)?;
            Some(Self { target: target.to_owned(), compiler: compiler.clone(), core, linker })
        };
        let installed = compilers.iter().filter(|compiler| compiler.has_core(target));
        let sources = compilers.iter().filter_map(|compiler| Some((compiler, compiler.core_source()?)));
        if let Some(found) = installed
            .filter_map(|compiler| with(compiler, Core::Installed))
            .chain(sources.filter_map(|(compiler, source)| with(compiler, Core::Source(source))))
            .next()
        {
            return Some(found);
        }
        looked_at.extend(compilers.iter().map(|compiler| {
            let path = compiler.rustc.display();
            if compiler.has_core(target) || compiler.core_source().is_some() {
                format!("{path}: no linker (neither its own rust-lld nor arm-none-eabi-ld in PATH)")
            } else {
                format!("{path} ({}): neither the core library for {target} nor its source", compiler.release)
            }
        }));
        None
    }

    /// Everything that decides which code comes out, as text.
    pub(crate) fn identity(&self) -> String {
        format!("{}\n{}\n{:?}\n{:?}", self.compiler.identity, self.target, self.core, self.linker)
    }
}

impl Compiler {
    /// Whether the compiled core library for `target` is in the sysroot.
    fn has_core(&self, target: &str) -> bool {
        let dir = self.sysroot.join("lib/rustlib").join(target).join("lib");
        std::fs::read_dir(dir).is_ok_and(|entries| {
            entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
        })
    }

    /// The folder `library` of the source of the core library.
    fn core_source(&self) -> Option<PathBuf> {
        let library = self.sysroot.join("lib/rustlib/src/rust/library");
        library.join("core/src/lib.rs").is_file().then_some(library)
    }

    /// Asks `rustc` what it is.
    fn probe(host: &Host, rustc: &Path) -> Result<Self, String> {
        let sysroot = PathBuf::from(ask(host, rustc, &["--print", "sysroot"])?.trim());
        let own = sysroot.join("bin/rustc");
        let rustc = if own.is_file() { own } else { rustc.to_owned() };
        let identity = ask(host, &rustc, &["-vV"])?;
        let field =
            |name: &str| identity.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let (release, host_triple) = (field("release: ").to_owned(), field("host: ").to_owned());
        if !recent(&release) {
            return Err(format!("release {release} is older than 1.{MIN_MINOR}"));
        }
        let cargo = [rustc.with_file_name("cargo")].into_iter().chain(host.find_all("cargo"));
        let cargo = cargo.into_iter().find(|path| path.is_file()).ok_or("there is no cargo with it")?;
        Ok(Self { rustc, cargo, sysroot, release, identity, host_triple })
    }
}

fn recent(release: &str) -> bool {
    let mut parts = release.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (1, MIN_MINOR)
}

/// Every usable compiler, once each; what is wrong with the others goes to `looked_at`.
fn compilers(host: &Host, looked_at: &mut Vec<String>) -> Vec<Compiler> {
    let mut found: Vec<Compiler> = Vec::new();
    let mut paths: Vec<PathBuf> = host.rustc.iter().cloned().chain(host.find_all("rustc")).collect();
    if paths.is_empty() {
        looked_at.push(format!("no rustc in PATH ({})", host.search_path.display()));
    }
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    for path in paths {
        match Compiler::probe(host, &path) {
            Ok(compiler) if found.iter().any(|other| other.sysroot == compiler.sysroot) => {}
            Ok(compiler) => found.push(compiler),
            Err(reason) => looked_at.push(format!("{}: {reason}", path.display())),
        }
    }
    found
}

/// The linker for `compiler`: its own, else GNU ld.
fn linker(host: &Host, compiler: &Compiler) -> Option<Linker> {
    let own = compiler.sysroot.join("lib/rustlib").join(&compiler.host_triple).join("bin/rust-lld");
    if own.is_file() {
        return Some(Linker::RustLld(own));
    }
    host.find("arm-none-eabi-ld").map(Linker::GnuLd)
}

/// Asks rustup for the target's core library; whether it is there now.
fn add_target(host: &Host, target: &str, looked_at: &mut Vec<String>) -> bool {
    let Some(rustup) = host.find("rustup") else {
        looked_at.push("no rustup in PATH".to_owned());
        return false;
    };
    let command = format!("rustup target add {target}");
    if !host.may_install {
        looked_at.push(format!("`{command}` was not tried: downloads are switched off"));
        return false;
    }
    let key = (rustup.clone(), target.to_owned());
    let lock = || FAILED_INSTALLS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if lock().contains(&key) {
        looked_at.push(format!("`{command}` failed before"));
        return false;
    }
    let mut add = through_rustup(host, &rustup);
    let reason = match process::run(add.args(["target", "add", target]), INSTALL_LIMIT, &mut |_| ()) {
        Ok(done) if done.status.success() => return true,
        Ok(done) => done.tail(1),
        Err(Failure::TimedOut) => format!("no answer in {} s", INSTALL_LIMIT.as_secs()),
        Err(Failure::Interrupted) => "it was stopped".to_owned(),
        Err(Failure::Io(error)) => error.to_string(),
    };
    looked_at.push(format!("`{command}` failed: {reason}"));
    lock().insert(key);
    false
}

/// A command that may be a rustup proxy, which must see the choice of toolchain.
fn through_rustup(host: &Host, program: &Path) -> Command {
    let mut command = host.command(program);
    for name in ["RUSTUP_TOOLCHAIN", "CARGO_HOME"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// What `program` prints, or why it did not.
pub(crate) fn ask(host: &Host, program: &Path, arguments: &[&str]) -> Result<String, String> {
    match process::run(through_rustup(host, program).args(arguments), PROBE_LIMIT, &mut |_| ()) {
        Ok(done) if done.status.success() => Ok(done.stdout),
        Ok(done) => Err(format!("`{}` failed: {}", arguments.join(" "), done.tail(1))),
        Err(Failure::TimedOut) => Err(format!("no answer in {} s", PROBE_LIMIT.as_secs())),
        Err(Failure::Interrupted) => Err("it was stopped".to_owned()),
        Err(Failure::Io(error)) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
