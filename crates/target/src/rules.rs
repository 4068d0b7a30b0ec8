//! The rules that a board or core file must keep, each with a name that the error shows.

use crate::error::Problem;
use crate::schema::{BoardFile, Core, Memory};

/// A named rule: `None` when `T` keeps it, otherwise what was found and what is expected.
struct Rule<T> {
    name: &'static str,
    check: fn(&T) -> Option<String>,
}

const BOARD_RULES: [Rule<BoardFile>; 9] = [
    Rule { name: "board-name", check: |board| name_form(&board.name) },
    Rule { name: "board-title", check: |board| title_form(&board.title) },
    Rule { name: "clock-range", check: clock_range },
    Rule { name: "flash-size", check: |board| memory_size("flash", &board.flash) },
    Rule { name: "ram-size", check: |board| memory_size("ram", &board.ram) },
    Rule { name: "memory-aligned", check: memory_aligned },
    Rule { name: "memory-overlap", check: memory_overlap },
    Rule { name: "qemu-machine", check: qemu_machine },
    Rule { name: "qemu-timer", check: qemu_timer },
];

const CORE_RULES: [Rule<Core>; 5] = [
    Rule { name: "core-name", check: |core| name_form(&core.name) },
    Rule { name: "core-title", check: |core| title_form(&core.title) },
    Rule { name: "core-triple", check: core_triple },
    Rule { name: "core-fpu", check: core_fpu },
    Rule { name: "core-features", check: core_features },
];

pub(crate) fn board_problems(board: &BoardFile) -> Vec<Problem> {
    problems(&BOARD_RULES, board)
}

pub(crate) fn core_problems(core: &Core) -> Vec<Problem> {
    problems(&CORE_RULES, core)
}

fn problems<T>(rules: &[Rule<T>], value: &T) -> Vec<Problem> {
    let broken = |rule: &Rule<T>| (rule.check)(value).map(|message| Problem { rule: rule.name, message });
    rules.iter().filter_map(broken).collect()
}

fn name_form(name: &str) -> Option<String> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !name.is_empty() && name.chars().all(letter) && !name.starts_with('-');
    (!good).then(|| format!("name is \"{name}\"; use lower-case letters, digits and hyphens"))
}

fn title_form(title: &str) -> Option<String> {
    let good = !title.trim().is_empty() && !title.contains(char::is_control);
    (!good).then(|| "title must be one line of text".to_owned())
}

fn clock_range(board: &BoardFile) -> Option<String> {
    let good = (1_000..=10_000_000_000).contains(&board.clock_hz);
    (!good).then(|| format!("clock_hz is {}; expected a rate in Hz from 1 kHz to 10 GHz", board.clock_hz))
}

fn memory_size(name: &str, memory: &Memory) -> Option<String> {
    if memory.bytes < 1024 {
        return Some(format!("{name}.bytes is {}; expected at least 1024", memory.bytes));
    }
    let fits = memory.end() <= 1 << 32;
    (!fits).then(|| format!("{name} ends at {:#x}, past the 32-bit address space", memory.end()))
}

fn memory_aligned(board: &BoardFile) -> Option<String> {
    let odd: Vec<String> = [("flash", board.flash), ("ram", board.ram)]
        .iter()
        .filter(|(_, memory)| memory.origin % 16 != 0 || memory.bytes % 16 != 0)
        .map(|(name, memory)| format!("{name} ({:#x}, {} bytes)", memory.origin, memory.bytes))
        .collect();
    (!odd.is_empty()).then(|| format!("{}: origin and bytes must be multiples of 16", odd.join(" and ")))
}

fn memory_overlap(board: &BoardFile) -> Option<String> {
    let (flash, ram) = (board.flash, board.ram);
    let overlap = u64::from(flash.origin) < ram.end() && u64::from(ram.origin) < flash.end();
    overlap.then(|| format!("flash at {:#x} and ram at {:#x} overlap", flash.origin, ram.origin))
}

fn qemu_machine(board: &BoardFile) -> Option<String> {
    let qemu = board.qemu.as_ref()?;
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != ',');
    let good = word(&qemu.machine) && qemu.cpu.as_deref().is_none_or(word);
    (!good).then(|| "qemu.machine and qemu.cpu must be single words without commas".to_owned())
}

/// Slowest timer: the generated harness has a loop of as many instructions as a tick has nanoseconds.
const MIN_TIMER_HZ: u32 = 1_000_000;

fn qemu_timer(board: &BoardFile) -> Option<String> {
    let qemu = board.qemu.as_ref()?;
    let good = qemu.timer_hz >= MIN_TIMER_HZ && 1_000_000_000 % qemu.timer_hz == 0;
    if !good {
        return Some(format!(
            "qemu.timer_hz is {}; expected a divisor of 1000000000 that is at least {MIN_TIMER_HZ}",
            qemu.timer_hz
        ));
    }
    (qemu.timer_base % 4 != 0)
        .then(|| format!("qemu.timer_base is {:#x}; expected a multiple of 4", qemu.timer_base))
}

fn core_triple(core: &Core) -> Option<String> {
    let known = ["thumbv6m-", "thumbv7m-", "thumbv7em-", "thumbv8m.base-", "thumbv8m.main-"];
    let good = known.iter().any(|prefix| core.triple.starts_with(prefix));
    (!good).then(|| format!("triple is \"{}\"; expected a bare-metal Arm M-profile target", core.triple))
}

fn core_fpu(core: &Core) -> Option<String> {
    let hard_float = core.triple.ends_with("eabihf");
    (hard_float && !core.fpu)
        .then(|| format!("triple \"{}\" passes floats in FPU registers but fpu is false", core.triple))
}

fn core_features(core: &Core) -> Option<String> {
    let good = |feature: &String| {
        let rest = feature.strip_prefix(['+', '-']).unwrap_or("");
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    };
    let bad: Vec<&str> =
        core.llvm_features.iter().filter(|feature| !good(feature)).map(String::as_str).collect();
    (!bad.is_empty()).then(|| format!("llvm_features {}: each must be +name or -name", bad.join(" ")))
}
