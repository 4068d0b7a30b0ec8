//! A temporary folder and the built `smidgen` in it.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first surprise"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that goes away with the value.
pub(crate) struct Folder(tempfile::TempDir);

/// What a run of `smidgen` gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smidgen"));
        command.current_dir(self.0.path()).args(args).env_remove("RUSTC");
        command
    }

    pub(crate) fn smidgen(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs `smidgen`, which must succeed, and parses the JSON document on its stdout.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let ran = self.smidgen(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).expect("one JSON document on stdout")
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// A project with few recordings and a small network, so that an epoch takes no time.
    pub(crate) fn small_project(&self, name: &str) -> PathBuf {
        let made = self.smidgen(&["new", name]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        let path = self.path(name).join("smidgen.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("people = 12", "people = 4").replace("repeats = 20", "repeats = 4");
        std::fs::write(&path, text.replace("negatives = 24", "negatives = 4")).unwrap();
        self.path(name)
    }
}

pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether firmware can be built and run here.
pub(crate) fn can_emulate(folder: &Folder) -> bool {
    let doctor = folder.smidgen(&["doctor", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&doctor.stdout).unwrap();
    let found = |name: &str| {
        let tools = value["tools"].as_array().unwrap();
        tools.iter().any(|tool| tool["name"] == name && tool["found"] == true)
    };
    let both = found("qemu-system-arm") && found("rust for thumbv7em-none-eabihf");
    if !both {
        println!("skipped: no emulator or no compiler for Cortex-M4 here");
    }
    both
}
