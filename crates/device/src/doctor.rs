//! What is installed of the programs that firmware needs, and what to do about the rest.

use crate::host::Host;
use crate::qemu;
use crate::toolchain::{self, Core, Linker, Toolchain};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The state of every program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doctor {
    /// One entry per program or target.
    pub tools: Vec<Tool>,
}

/// One program, or the compiler for one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Name: `qemu-system-arm`, `rust for thumbv6m-none-eabi`.
    pub name: String,
    /// What it is needed for.
    pub needed_for: String,
    /// Whether it can be used.
    pub found: bool,
    /// Version, as it tells it itself.
    pub version: Option<String>,
    /// Where it is.
    pub path: Option<PathBuf>,
    /// What to do when it is missing; how it is used when it is there.
    pub advice: String,
}

impl Doctor {
    /// Looks for a compiler for each of `targets` (Rust triples) and for the emulator. Nothing is installed.
    pub fn examine(host: &Host, targets: &[&str]) -> Self {
        let offline = Host { may_install: false, ..host.clone() };
        let compilers = targets.iter().map(|target| compiler(&offline, target));
        Self { tools: compilers.chain([emulator(host)]).collect() }
    }

    /// Whether nothing is missing.
    pub fn is_well(&self) -> bool {
        self.tools.iter().all(|tool| tool.found)
    }
}

fn compiler(host: &Host, target: &str) -> Tool {
    let name = format!("rust for {target}");
    let needed_for = "building firmware".to_owned();
    match Toolchain::find(host, target) {
        Ok(Toolchain { compiler, core, linker, .. }) => {
            let core = match core {
                Core::Installed => "the installed core library",
                Core::Source(_) => "a core library that is compiled from source once",
            };
            let (Linker::RustLld(linker) | Linker::GnuLd(linker)) = linker;
            Tool {
                name,
                needed_for,
                found: true,
                version: Some(compiler.release),
                path: Some(compiler.rustc),
                advice: format!("with {core}, linked by {}", linker.display()),
            }
        }
        Err(_) => Tool {
            name,
            needed_for,
            found: false,
            version: None,
            path: None,
            advice: format!("install it:\n{}", toolchain::install_advice(target)),
        },
    }
}

fn emulator(host: &Host) -> Tool {
    let path = host.find(qemu::EMULATOR);
    let version = path.as_ref().and_then(|path| toolchain::ask(host, path, &["--version"]).ok());
    Tool {
        name: qemu::EMULATOR.to_owned(),
        needed_for: "running firmware without a board".to_owned(),
        found: path.is_some(),
        version: version.and_then(|text| text.lines().next().map(str::to_owned)),
        advice: if path.is_some() { String::new() } else { format!("install it: {}", qemu::INSTALL) },
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_install_on_an_empty_machine() {
        let host = Host { search_path: "/nowhere".into(), rustc: None, ..Host::from_env() };
        let doctor = Doctor::examine(&host, &["thumbv6m-none-eabi"]);
        assert!(!doctor.is_well());
        let [compiler, emulator] = doctor.tools.as_slice() else { panic!("{doctor:?}") };
        assert!(compiler.advice.contains("rustup target add thumbv6m-none-eabi"), "{}", compiler.advice);
        assert!(emulator.advice.contains("apt-get install qemu-system-arm"), "{}", emulator.advice);
        assert_eq!((&compiler.path, &emulator.version), (&None, &None));
    }
}
