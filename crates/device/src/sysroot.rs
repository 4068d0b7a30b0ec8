//! Compiles the core library from its source, once per compiler and target, into a sysroot in the cache.
//!
//! The unstable `-Zbuild-std` of cargo does the work. It is used here only: firmware itself is compiled as stable Rust
//! against the finished sysroot, so that models share one compiled core library.

use crate::firmware::{BuildError, digest, io_error, work_dir};
use crate::host::Host;
use crate::process::{self, Failure};
use crate::toolchain::Toolchain;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(1200);

const MANIFEST: &str = "\
[package]
name = \"empty\"
version = \"0.0.0\"
edition = \"2024\"

[workspace]

[profile.release]
panic = \"abort\"
";

/// The sysroot with the core library that `library` is the source of.
pub(crate) fn prepare(
    host: &Host,
    toolchain: &Toolchain,
    library: &Path,
    on_line: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let key = digest([toolchain.identity().as_bytes(), MANIFEST.as_bytes()]);
    let sysroots = host.cache.join("sysroot");
    let finished = sysroots.join(format!("{}-{key}", toolchain.target));
    if finished.is_dir() {
        return Ok(finished);
    }
    fs::create_dir_all(&sysroots).map_err(|error| io_error(&sysroots, error))?;
    // Two processes that start together would both compile for half a minute.
    let lock_path = sysroots.join(format!("{}-{key}.lock", toolchain.target));
    let lock = File::create(&lock_path).map_err(|error| io_error(&lock_path, error))?;
    lock.lock().map_err(|error| io_error(&lock_path, error))?;
    if finished.is_dir() {
        return Ok(finished);
    }
    on_line(&format!("compiling the core library for {} (once per compiler)", toolchain.target));
    let work = work_dir(&sysroots)?;
    compile(host, toolchain, library, work.path(), on_line)?;
    let made = collect(toolchain, work.path())?;
    fs::rename(&made, &finished).map_err(|error| io_error(&finished, error))?;
    Ok(finished)
}

/// Compiles an empty crate, and with it the core library, into `work/target`.
fn compile(
    host: &Host,
    toolchain: &Toolchain,
    library: &Path,
    work: &Path,
    on_line: &mut dyn FnMut(&str),
) -> Result<(), BuildError> {
    let write = |name: &str, text: &str| {
        let path = work.join(name);
        fs::write(&path, text).map_err(|error| io_error(&path, error))
    };
    fs::create_dir_all(work.join("src")).map_err(|error| io_error(work, error))?;
    write("Cargo.toml", MANIFEST)?;
    write("src/lib.rs", "//! Nothing: only what it depends on is wanted.\n#![no_std]\n")?;

    let mut cargo = host.command(&toolchain.compiler.cargo);
    cargo
        .current_dir(work)
        .env("RUSTC", &toolchain.compiler.rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC_WRAPPER", "")
        .env("CARGO_HOME", work.join("home"))
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes")
        .args(["build", "--release", "-Zbuild-std=core", "-Zbuild-std-features=compiler-builtins-mem"])
        .args(["--target", &toolchain.target]);
    let vendor = library.join("vendor");
    if vendor.is_dir() {
        // The library's own dependencies travel beside it; with them nothing needs the network.
        cargo.arg("--offline");
        cargo.args(["--config", "source.crates-io.replace-with='vendor-of-core'"]);
        cargo.arg("--config").arg(format!("source.vendor-of-core.directory='{}'", vendor.display()));
    }
    match process::run(&mut cargo, LIMIT, on_line) {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(BuildError::Core { target: toolchain.target.clone(), messages: done.tail(30) }),
        Err(Failure::TimedOut) => Err(BuildError::TimedOut { seconds: LIMIT.as_secs() }),
        Err(Failure::Interrupted) => Err(BuildError::Interrupted),
        Err(Failure::Io(error)) => Err(io_error(&toolchain.compiler.cargo, error)),
    }
}

/// Moves the compiled libraries into the layout of a sysroot, `work/sysroot`.
fn collect(toolchain: &Toolchain, work: &Path) -> Result<PathBuf, BuildError> {
    let from = work.join("target").join(&toolchain.target).join("release/deps");
    let root = work.join("sysroot");
    let to = root.join("lib/rustlib").join(&toolchain.target).join("lib");
    fs::create_dir_all(&to).map_err(|error| io_error(&to, error))?;
    let mut n_cores = 0;
    for entry in fs::read_dir(&from).map_err(|error| io_error(&from, error))?.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libempty-") {
            n_cores += usize::from(text.starts_with("libcore-"));
            fs::rename(entry.path(), to.join(&name)).map_err(|error| io_error(&to, error))?;
        }
    }
    if n_cores == 1 {
        return Ok(root);
    }
    let messages = format!("{} has {n_cores} files libcore-*.rlib, expected one", from.display());
    Err(BuildError::Core { target: toolchain.target.clone(), messages })
}
