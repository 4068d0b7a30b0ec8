//! Builds, runs and measures the fixture firmware, whose every byte is known.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use smidgen_device::firmware::{self, BuildError};
use smidgen_device::footprint::{Footprint, PREDICT, forbidden_symbols};
use smidgen_device::qemu::{self, Job, Run, RunError};
use smidgen_device::{Host, Toolchain, stack};
use smidgen_target::Board;
use std::path::{Path, PathBuf};
use std::time::Duration;

const INPUTS: [[u8; 8]; 2] = [[0, 1, 2, 3, 4, 5, 6, 7], [255, 0, 128, 127, 9, 9, 9, 9]];

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture-firmware")
}

fn board() -> Board {
    smidgen_target::board("mps2-an386").unwrap()
}

/// What the fixture's network computes.
fn expected(input: &[u8; 8]) -> (Vec<u8>, Vec<u8>) {
    let weights = [1i8, -2, 3, -4, 5, -6, 7, -8];
    let hidden: Vec<u8> = input.iter().zip(weights).map(|(x, w)| x.wrapping_add(w as u8)).collect();
    let output = hidden.iter().map(|x| x ^ 85).collect();
    (hidden, output)
}

/// The machine and its compiler, or `None` with a note when there is no compiler.
fn compiler(test: &str, board: &Board) -> Option<(Host, Toolchain)> {
    let host = Host::from_env();
    match Toolchain::find(&host, &board.core.triple) {
        Ok(toolchain) => Some((host, toolchain)),
        Err(error) => {
            println!("skipped: {test}: {error}");
            None
        }
    }
}

fn build(host: &Host, toolchain: &Toolchain, features: &[&str]) -> PathBuf {
    firmware::build(host, toolchain, &fixture(), &board(), features, &mut |_| ()).unwrap()
}

fn job<'a>(elf: &'a Path, inputs: &'a [u8]) -> Job<'a> {
    Job {
        elf,
        inputs,
        n_inferences: inputs.len() as u64 / 8,
        stateful: false,
        output_bytes: 8,
        limit: qemu::time_limit(inputs.len() as u64 / 8, 1000),
    }
}

fn emulate(test: &str, host: &Host, board: &Board, job: &Job<'_>) -> Option<Result<Run, RunError>> {
    match qemu::run(host, board, job) {
        Err(error @ RunError::NoEmulator) => {
            println!("skipped: {test}: {error}");
            None
        }
        result => Some(result),
    }
}

#[test]
fn runs_inferences_and_stays_below_the_stack_bound() {
    let test = "runs_inferences_and_stays_below_the_stack_bound";
    // Boards with the memories that the fixture's linker script names: Thumb-2 with and without an FPU, and Thumb.
    for name in ["mps2-an386", "mps2-an385", "mps2-an385-m0plus"] {
        let board = smidgen_target::board(name).unwrap();
        let Some((host, toolchain)) = compiler(test, &board) else { continue };
        let elf = firmware::build(&host, &toolchain, &fixture(), &board, &[], &mut |_| ()).unwrap();
        let inputs = INPUTS.concat();
        let Some(run) = emulate(test, &host, &board, &job(&elf, &inputs)) else { return };
        let run = run.unwrap();
        let outputs: Vec<u8> = INPUTS.iter().flat_map(|input| expected(input).1).collect();
        assert_eq!(run.outputs, outputs, "{name}");
        assert_eq!((run.n_inferences, run.instructions), (2, 1000));
        assert_eq!((run.layer_instructions.as_slice(), run.layer_outputs), (&[][..], None));

        let bound = stack::bound(&std::fs::read(&elf).unwrap(), "Model::predict").unwrap();
        let (most, seen) = (u64::from(bound.bytes), run.stack_used_bytes);
        assert!(seen >= 400, "{name}: a layer has 400 bytes on the stack, seen {seen}");
        assert!(most >= seen && most * 2 <= seen * 3, "{name}: {bound:?}, seen {seen}");
        assert!(bound.path[0].function.contains("predict"), "{bound:?}");
    }
}

#[test]
fn a_damaged_elf_is_measured_or_refused() {
    let Some((host, toolchain)) = compiler("a_damaged_elf_is_measured_or_refused", &board()) else { return };
    let elf = std::fs::read(build(&host, &toolchain, &[])).unwrap();
    let whole = Footprint::of(&elf, PREDICT).unwrap();
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut n_refused = 0;
    for _ in 0..2000 {
        let mut damaged = elf.clone();
        for _ in 0..=random(8) {
            let at = random(damaged.len());
            damaged[at] = random(256) as u8;
        }
        damaged.truncate(elf.len() - random(elf.len()) * (random(4) / 3));
        match Footprint::of(&damaged, PREDICT) {
            Ok(footprint) => assert!(footprint.sections.len() <= whole.sections.len() + 8),
            Err(_) => n_refused += 1,
        }
    }
    assert!(n_refused > 100, "{n_refused} refused");
}

#[test]
fn features_add_counters_and_layers() {
    let test = "features_add_counters_and_layers";
    let Some((host, toolchain)) = compiler(test, &board()) else { return };
    let elf = build(&host, &toolchain, &["layers", "profile"]);
    let inputs = INPUTS.concat();
    let Some(run) = emulate(test, &host, &board(), &job(&elf, &inputs)) else { return };
    let run = run.unwrap();
    assert_eq!(run.layer_instructions, [600, 400]);
    let (hidden, output) = expected(&INPUTS[0]);
    assert_eq!(run.layer_outputs, Some([hidden, output].concat()));
}

#[test]
fn failures_of_the_guest_are_told() {
    let test = "failures_of_the_guest_are_told";
    let Some((host, toolchain)) = compiler(test, &board()) else { return };
    let elf = build(&host, &toolchain, &[]);
    let inputs = INPUTS.concat();
    let good = job(&elf, &inputs);
    let Some(run) = emulate(test, &host, &board(), &Job { n_inferences: 3, ..good }) else { return };
    assert!(matches!(run, Err(RunError::WrongCount { expected: 3, found: 2, .. })), "{run:?}");
    let run = emulate(test, &host, &board(), &Job { output_bytes: 9, ..good });
    assert!(matches!(run, Some(Err(RunError::WrongSize { file: "output.bin", found: 16, .. }))), "{run:?}");

    let broken = build(&host, &toolchain, &["broken"]);
    let run = emulate(test, &host, &board(), &Job { elf: &broken, ..good });
    let Some(Err(RunError::Failed { status: 1, message, .. })) = run else { panic!("{run:?}") };
    assert_eq!(message, "fixture: broken on purpose");

    let endless = build(&host, &toolchain, &["endless"]);
    let run = emulate(test, &host, &board(), &Job { elf: &endless, limit: Duration::from_secs(1), ..good });
    assert!(matches!(run, Some(Err(RunError::TimedOut { seconds: 1, .. }))), "{run:?}");
}

#[test]
fn every_byte_of_the_elf_is_counted() {
    let Some((host, toolchain)) = compiler("every_byte_of_the_elf_is_counted", &board()) else { return };
    let elf = std::fs::read(build(&host, &toolchain, &[])).unwrap();
    let footprint = Footprint::of(&elf, PREDICT).unwrap();
    let Footprint { flash_bytes: flash, ram_bytes: ram, harness_bytes: harness, sections, .. } = &footprint;
    let size = |place: fn(&smidgen_device::footprint::SectionSize) -> bool| {
        sections.iter().filter(|section| place(section)).map(|section| u64::from(section.bytes)).sum::<u64>()
    };
    assert_eq!(flash.total + harness.flash, size(|section| section.in_flash));
    assert_eq!(flash.total, flash.code + flash.weights + flash.other);
    assert_eq!(ram.total - ram.stack_bound + harness.ram, size(|section| section.in_ram));
    assert_eq!(ram.total, ram.arena + ram.stack_bound + ram.other);
    assert_eq!((flash.weights, ram.arena), (16, 24));
    assert!(flash.code > 0 && harness.flash > 64 && harness.ram >= 8, "{footprint:?}");
    let names: Vec<&str> = sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, [".vectors", ".text", ".rodata", ".data", ".bss"]);
}

#[test]
fn panics_are_found() {
    let Some((host, toolchain)) = compiler("panics_are_found", &board()) else { return };
    let clean = std::fs::read(build(&host, &toolchain, &[])).unwrap();
    assert_eq!(forbidden_symbols(&clean), Ok(vec![]));

    let dir = tempfile::tempdir().unwrap();
    copy(&fixture(), dir.path());
    let main = dir.path().join("harness/src/main.rs");
    let text = std::fs::read_to_string(&main).unwrap();
    let text =
        text.replace("n_inferences += 1;", "n_inferences += 1; core::hint::black_box(None::<u8>).unwrap();");
    std::fs::write(&main, text).unwrap();
    let elf = firmware::build(&host, &toolchain, dir.path(), &board(), &[], &mut |_| ()).unwrap();
    let found = forbidden_symbols(&std::fs::read(elf).unwrap()).unwrap();
    assert!(found.iter().any(|name| name.contains("unwrap_failed")), "{found:?}");
}

#[test]
fn the_same_sources_give_the_same_bytes_elsewhere() {
    let test = "the_same_sources_give_the_same_bytes_elsewhere";
    let Some((host, toolchain)) = compiler(test, &board()) else { return };
    let first = std::fs::read(build(&host, &toolchain, &[])).unwrap();
    // Another folder and another cache; only the compiled core library is shared, which takes long to make.
    let elsewhere = tempfile::tempdir().unwrap();
    let (dir, cache) = (elsewhere.path().join("a/b/firmware"), elsewhere.path().join("cache"));
    copy(&fixture(), &dir);
    std::fs::create_dir(&cache).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(host.cache.join("sysroot"), cache.join("sysroot")).unwrap();
    let host = Host { cache, ..host };
    let mut lines = 0;
    let elf = firmware::build(&host, &toolchain, &dir, &board(), &[], &mut |_| lines += 1).unwrap();
    assert!(lines > 0, "nothing was compiled");
    let second = std::fs::read(&elf).unwrap();
    assert!(first == second, "ELF files of {} and {} bytes differ", first.len(), second.len());
    let has = |text: &str| second.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!has(&host.cache.display().to_string()), "the cache's path is in the ELF");
}

#[test]
fn compiler_messages_and_missing_files_are_told() {
    let Some((host, toolchain)) = compiler("compiler_messages_and_missing_files_are_told", &board()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let build = || firmware::build(&host, &toolchain, dir.path(), &board(), &[], &mut |_| ());
    assert!(matches!(build(), Err(BuildError::NotFirmware { missing: "Cargo.toml", .. })));
    copy(&fixture(), dir.path());
    std::fs::write(dir.path().join("model/src/lib.rs"), "#![no_std]\nfn f() -> u8 { 256 }\n").unwrap();
    let error = build().unwrap_err().to_string();
    assert!(error.contains("literal out of range") && error.contains("model/src/lib.rs:2"), "{error}");
    assert!(error.contains("mps2-an386"), "{error}");
    let other = smidgen_target::board("mps2-an385").unwrap();
    let error = firmware::build(&host, &toolchain, dir.path(), &other, &[], &mut |_| ()).unwrap_err();
    assert!(matches!(error, BuildError::WrongTarget { .. }), "{error}");
}

#[test]
fn an_unwritable_cache_is_told() {
    let Some((host, toolchain)) = compiler("an_unwritable_cache_is_told", &board()) else { return };
    let host = Host { cache: PathBuf::from("/proc/smidgen-cache"), ..host };
    let error = firmware::build(&host, &toolchain, &fixture(), &board(), &[], &mut |_| ()).unwrap_err();
    assert!(matches!(error, BuildError::Io { .. }), "{error}");
    assert!(error.to_string().contains("/proc/smidgen-cache"), "{error}");
}

#[test]
fn no_emulator_is_told() {
    let host = Host { search_path: "/nowhere".into(), ..Host::from_env() };
    let error = qemu::run(&host, &board(), &job(Path::new("x.elf"), &[])).unwrap_err();
    assert!(error.to_string().contains("apt-get install qemu-system-arm"), "{error}");
    let board = Board { qemu: None, ..board() };
    let error = qemu::run(&host, &board, &job(Path::new("x.elf"), &[])).unwrap_err();
    assert!(matches!(error, RunError::NotEmulated { .. }), "{error}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(path, to).unwrap();
        }
    }
}
