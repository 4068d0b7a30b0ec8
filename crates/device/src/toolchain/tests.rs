use super::*;
use std::fs;

const TARGET: &str = "thumbv7em-none-eabihf";

/// A machine whose `PATH` is one folder, in which each script stands for a program.
struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn host(&self) -> Host {
        Host {
            search_path: format!("{}:/usr/bin:/bin", self.root.path().join("bin").display()).into(),
            rustc: None,
            cache: self.root.path().join("cache"),
            may_install: true,
        }
    }

    /// Only this machine's programs, none of the real one's.
    fn isolated(&self) -> Host {
        Host { search_path: self.root.path().join("bin").into(), ..self.host() }
    }

    #[cfg(unix)]
    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.file(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A compiler with its own sysroot.
    fn compiler(&self, release: &str) {
        let sysroot = self.root.path().join("sysroot");
        let script = format!(
            "if [ \"$1\" = --print ]; then echo '{}'; else echo 'release: {release}'; echo 'host: h'; fi",
            sysroot.display()
        );
        self.program("rustc", &script);
        self.program("cargo", "exit 1");
    }
}

#[test]
fn prefers_the_installed_core_library_to_its_source() {
    let machine = Machine::new();
    machine.compiler("1.95.0");
    machine.file("sysroot/lib/rustlib/src/rust/library/core/src/lib.rs", "");
    let lld = machine.file("sysroot/lib/rustlib/h/bin/rust-lld", "");
    let found = Toolchain::find(&machine.isolated(), TARGET).unwrap();
    assert!(matches!(found.core, Core::Source(path) if path.ends_with("lib/rustlib/src/rust/library")));
    assert_eq!(found.linker, Linker::RustLld(lld));
    machine.file(&format!("sysroot/lib/rustlib/{TARGET}/lib/libcore-1.rlib"), "");
    let found = Toolchain::find(&machine.isolated(), TARGET).unwrap();
    assert_eq!((found.core, found.compiler.release.as_str()), (Core::Installed, "1.95.0"));
}

#[test]
fn says_what_it_looked_at_and_what_to_install() {
    let machine = Machine::new();
    let none = Toolchain::find(&machine.isolated(), TARGET).unwrap_err().to_string();
    assert!(none.contains("no rustc in PATH") && none.contains("no rustup in PATH"), "{none}");
    assert!(none.contains(&format!("rustup target add {TARGET}")), "{none}");
    assert!(none.contains("apt-get install rustc-web rust-web-src cargo-web gcc-arm-none-eabi"), "{none}");

    machine.compiler("1.63.0");
    let old = Toolchain::find(&machine.isolated(), TARGET).unwrap_err().to_string();
    assert!(old.contains("release 1.63.0 is older than 1.90"), "{old}");

    machine.compiler("1.95.0");
    let bare = Toolchain::find(&machine.isolated(), TARGET).unwrap_err().to_string();
    assert!(bare.contains("neither the core library"), "{bare}");

    machine.file(&format!("sysroot/lib/rustlib/{TARGET}/lib/libcore-1.rlib"), "");
    let unlinked = Toolchain::find(&machine.isolated(), TARGET).unwrap_err().to_string();
    assert!(unlinked.contains("no linker"), "{unlinked}");
}

#[test]
fn asks_rustup_once_and_only_when_allowed() {
    let machine = Machine::new();
    let calls = machine.root.path().join("calls");
    machine.program("rustup", &format!("echo $* >> {}; echo 'no network' >&2; exit 1", calls.display()));
    let host = machine.isolated();
    let forbidden = Toolchain::find(&Host { may_install: false, ..host.clone() }, TARGET).unwrap_err();
    assert!(forbidden.to_string().contains("not tried"), "{forbidden}");
    assert!(!calls.exists());
    let first = Toolchain::find(&host, TARGET).unwrap_err();
    assert!(first.to_string().contains("failed: no network"), "{first}");
    let second = Toolchain::find(&host, TARGET).unwrap_err();
    assert!(second.to_string().contains("failed before"), "{second}");
    assert_eq!(fs::read_to_string(calls).unwrap(), format!("target add {TARGET}\n"));
}

#[test]
fn takes_what_rustup_installs() {
    let machine = Machine::new();
    machine.compiler("1.95.0");
    machine.file("sysroot/lib/rustlib/h/bin/rust-lld", "");
    let lib = machine.root.path().join("sysroot/lib/rustlib").join(TARGET).join("lib");
    machine.program("rustup", &format!("/bin/mkdir -p {0}; echo > {0}/libcore-1.rlib", lib.display()));
    let found = Toolchain::find(&machine.isolated(), TARGET).unwrap();
    assert_eq!(found.core, Core::Installed);
}

#[test]
fn finds_gnu_ld_when_the_compiler_has_no_linker() {
    let machine = Machine::new();
    machine.compiler("1.95.0");
    machine.file(&format!("sysroot/lib/rustlib/{TARGET}/lib/libcore-1.rlib"), "");
    machine.program("arm-none-eabi-ld", "exit 0");
    let found = Toolchain::find(&machine.host(), TARGET).unwrap();
    assert_eq!(found.linker, Linker::GnuLd(machine.root.path().join("bin/arm-none-eabi-ld")));
}
