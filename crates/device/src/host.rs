//! The machine that Smidgen runs on: where programs are looked for and where built things are kept.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Variables that a child process may see. All others stay out, above all those that an outer `cargo` sets: flags,
/// wrappers and profiles in them would change the firmware.
const KEPT: [&str; 12] = [
    "HOME",
    "TMPDIR",
    "RUSTUP_HOME",
    "RUSTUP_DIST_SERVER",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Where programs are looked for and where built things are kept.
#[derive(Debug, Clone)]
pub struct Host {
    /// Folders with programs, written as in `$PATH`.
    pub search_path: OsString,
    /// The Rust compiler to prefer to those in `search_path`.
    pub rustc: Option<PathBuf>,
    /// The folder for what can be built again: compiled core libraries and ELF files. Safe to delete at any time.
    pub cache: PathBuf,
    /// Whether `rustup` may be asked to download a target.
    pub may_install: bool,
}

impl Host {
    /// The machine as the environment describes it: `PATH`, `RUSTC`, the cache in `SMIDGEN_CACHE` or
    /// `XDG_CACHE_HOME/smidgen` or `HOME/.cache/smidgen`, and `SMIDGEN_OFFLINE` against downloads.
    pub fn from_env() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let cache = set("SMIDGEN_CACHE")
            .map(PathBuf::from)
            .or_else(|| set("XDG_CACHE_HOME").map(|dir| Path::new(&dir).join("smidgen")))
            .or_else(|| set("HOME").map(|dir| Path::new(&dir).join(".cache/smidgen")))
            .unwrap_or_else(|| env::temp_dir().join("smidgen"));
        Self {
            search_path: set("PATH").unwrap_or_default(),
            rustc: set("RUSTC").map(PathBuf::from),
            cache: std::path::absolute(&cache).unwrap_or(cache),
            may_install: set("SMIDGEN_OFFLINE").is_none(),
        }
    }

    /// The first executable file called `program` in the search path.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        self.find_all(program).into_iter().next()
    }

    /// All executable files called `program` in the search path, in its order.
    pub(crate) fn find_all(&self, program: &str) -> Vec<PathBuf> {
        env::split_paths(&self.search_path)
            .filter(|dir| dir.is_absolute())
            .map(|dir| dir.join(program))
            .filter(|path| is_executable(path))
            .collect()
    }

    /// A command with a clean environment: see [`KEPT`].
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", &self.search_path).env("LC_ALL", "C");
        for name in KEPT {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_programs_in_the_order_of_the_search_path_only() {
        let root = tempfile::tempdir().unwrap();
        let mut host = Host::from_env();
        let dirs: Vec<PathBuf> = ["a", "b"].iter().map(|name| root.path().join(name)).collect();
        for dir in &dirs {
            std::fs::create_dir(dir).unwrap();
            std::fs::copy("/bin/true", dir.join("tool")).unwrap();
        }
        std::fs::write(dirs[0].join("text"), "not a program").unwrap();
        host.search_path = env::join_paths(&dirs).unwrap();
        assert_eq!(host.find_all("tool"), [dirs[0].join("tool"), dirs[1].join("tool")]);
        assert_eq!(host.find("text"), None);
        assert_eq!(host.find("true"), None);
    }

    #[test]
    fn outer_flags_do_not_reach_a_child() {
        let host = Host::from_env();
        let command = host.command(Path::new("/usr/bin/env"));
        let names: Vec<_> = command.get_envs().filter_map(|(name, value)| value.map(|_| name)).collect();
        // cargo sets CARGO_MANIFEST_DIR for this very test.
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert!(names.iter().all(|name| !name.to_string_lossy().starts_with("CARGO")), "{names:?}");
    }
}
