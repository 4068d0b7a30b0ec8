//! What the linked ELF takes: flash and RAM of the model, its kernels and its runtime, apart from the test harness.
//!
//! Every byte of every section that takes memory is counted once. A byte belongs to the symbol that covers it; bytes
//! that none covers (literals of the compiler, padding) belong to `other`.

use crate::elf::{Elf, MeasureError, Place, Section, Symbol};
use crate::stack;
use serde::{Deserialize, Serialize};

/// Path of the function whose stack a model needs.
pub const PREDICT: &str = "Model::predict";

/// Path of the function whose stack a pipeline needs.
pub const PUSH: &str = "Pipeline::push";

/// Flash and RAM of a firmware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Flash for the model.
    pub flash_bytes: FlashBytes,
    /// RAM for the model.
    pub ram_bytes: RamBytes,
    /// Start-up code and the test harness, which an application does not have.
    pub harness_bytes: HarnessBytes,
    /// Sections that take memory, by address.
    pub sections: Vec<SectionSize>,
    /// Functions and variables, the largest first.
    pub symbols: Vec<SymbolSize>,
}

/// Flash for the model, its kernels and its runtime, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashBytes {
    /// Sum of the others.
    pub total: u64,
    /// Functions of the model and its kernels, with the literals between their instructions.
    pub code: u64,
    /// Statics called `WEIGHTS_*`.
    pub weights: u64,
    /// Memory and arithmetic functions of the compiler's runtime, other constants, padding.
    pub other: u64,
}

/// RAM for the model, its kernels and its runtime, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RamBytes {
    /// Sum of the others.
    pub total: u64,
    /// The static called `ARENA`.
    pub arena: u64,
    /// The most that one inference can need, without interrupts.
    pub stack_bound: u64,
    /// Other variables, padding.
    pub other: u64,
}

/// Start-up code and the test harness, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HarnessBytes {
    /// Vector table, functions, constants, initial values.
    pub flash: u64,
    /// Variables; not the stack.
    pub ram: u64,
}

/// A section of the ELF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionSize {
    /// Name.
    pub name: String,
    /// First address when the firmware runs.
    pub address: u32,
    /// Size.
    pub bytes: u32,
    /// Whether it takes flash.
    pub in_flash: bool,
    /// Whether it takes RAM.
    pub in_ram: bool,
}

/// A function or variable of the ELF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolSize {
    /// Path.
    pub name: String,
    /// First address.
    pub address: u32,
    /// Size.
    pub bytes: u32,
}

/// Whom a byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Harness,
    Code,
    Weights,
    Arena,
    Other,
}

impl Footprint {
    /// Measures the linked ELF whose application calls `entry`: [`PREDICT`] or [`PUSH`].
    ///
    /// # Errors
    /// When the bytes are not an ARM ELF, or the stack of `entry` has no bound.
    pub fn of(elf: &[u8], entry: &str) -> Result<Self, MeasureError> {
        let bound = stack::bound(elf, entry)?;
        let elf = Elf::parse(elf)?;
        let mut flash = FlashBytes::default();
        let mut ram = RamBytes { stack_bound: u64::from(bound.bytes), ..RamBytes::default() };
        let mut harness = HarnessBytes::default();
        for section in &elf.sections {
            for (owner, bytes) in owned(section, &elf.symbols) {
                if section.place != Place::Ram {
                    match owner {
                        Owner::Harness => harness.flash += bytes,
                        Owner::Code => flash.code += bytes,
                        Owner::Weights => flash.weights += bytes,
                        Owner::Arena | Owner::Other => flash.other += bytes,
                    }
                }
                if section.place != Place::Flash {
                    match owner {
                        Owner::Harness => harness.ram += bytes,
                        Owner::Arena => ram.arena += bytes,
                        Owner::Code | Owner::Weights | Owner::Other => ram.other += bytes,
                    }
                }
            }
        }
        flash.total = flash.code + flash.weights + flash.other;
        ram.total = ram.arena + ram.stack_bound + ram.other;
        Ok(Self {
            flash_bytes: flash,
            ram_bytes: ram,
            harness_bytes: harness,
            sections: elf.sections.iter().map(section_size).collect(),
            symbols: symbol_sizes(elf.symbols),
        })
    }
}

fn section_size(section: &Section<'_>) -> SectionSize {
    SectionSize {
        name: section.name.clone(),
        address: section.address,
        bytes: section.bytes,
        in_flash: section.place != Place::Ram,
        in_ram: section.place != Place::Flash,
    }
}

fn symbol_sizes(symbols: Vec<Symbol>) -> Vec<SymbolSize> {
    let mut sizes: Vec<SymbolSize> = symbols
        .into_iter()
        .map(|Symbol { name, address, bytes, .. }| SymbolSize { name, address, bytes })
        .collect();
    sizes.sort_by(|a, b| b.bytes.cmp(&a.bytes).then(a.address.cmp(&b.address)).then(a.name.cmp(&b.name)));
    sizes
}

/// Splits the section's bytes by owner. The sizes sum to the section's.
fn owned(section: &Section<'_>, symbols: &[Symbol]) -> Vec<(Owner, u64)> {
    let end = u64::from(section.address) + u64::from(section.bytes);
    let gap = if section.name == ".vectors" { Owner::Harness } else { Owner::Other };
    let mut parts = Vec::new();
    // Everything below `at` is counted; symbols that are names for the same bytes count once.
    let mut at = u64::from(section.address);
    for symbol in symbols.iter().filter(|symbol| section.contains(symbol.address)) {
        let start = u64::from(symbol.address).max(at);
        let stop = (u64::from(symbol.address) + u64::from(symbol.bytes)).min(end);
        if stop > start {
            parts.push((gap, start - at));
            parts.push((owner(symbol, section), stop - start));
            at = stop;
        }
    }
    parts.push((gap, end - at));
    parts
}

fn owner(symbol: &Symbol, section: &Section<'_>) -> Owner {
    let last = symbol.name.rsplit("::").next().unwrap_or_default();
    if section.name == ".vectors" {
        Owner::Harness
    } else if last.starts_with("WEIGHTS_") {
        Owner::Weights
    } else if last == "ARENA" {
        Owner::Arena
    } else {
        match crate_of(&symbol.name) {
            Some("harness") => Owner::Harness,
            Some("compiler_builtins") => Owner::Other,
            Some(_) if symbol.is_function => Owner::Code,
            Some(_) => Owner::Other,
            None if is_runtime(&symbol.name) => Owner::Other,
            // Start-up code has names for the linker, not paths.
            None => Owner::Harness,
        }
    }
}

/// The crate that a path starts with; `None` for a name that is not a path.
fn crate_of(name: &str) -> Option<&str> {
    if !name.contains("::") {
        return None;
    }
    let mut start = name;
    while let Some(rest) =
        ["<", "&", "mut ", "dyn ", "*const ", "*mut "].iter().find_map(|prefix| start.strip_prefix(prefix))
    {
        start = rest;
    }
    start.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
}

/// Whether this is one of the functions that compiled code calls by itself (Run-time ABI for the Arm Architecture).
fn is_runtime(name: &str) -> bool {
    name.starts_with("__") || ["memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen"].contains(&name)
}

/// Names of functions that firmware must not hold: panics and allocation.
///
/// # Errors
/// When the bytes are not an ARM ELF.
pub fn forbidden_symbols(elf: &[u8]) -> Result<Vec<String>, MeasureError> {
    const FORBIDDEN: [&str; 9] = [
        "core::panicking",
        "core::option::unwrap_failed",
        "core::option::expect_failed",
        "core::result::unwrap_failed",
        "core::slice::index::slice_",
        "core::fmt::",
        "alloc::",
        "__rust_alloc",
        "__rg_alloc",
    ];
    const FORBIDDEN_C: [&str; 5] = ["malloc", "calloc", "realloc", "free", "_sbrk"];
    let elf = Elf::parse(elf)?;
    let bad = |name: &str| {
        FORBIDDEN.iter().any(|part| name.trim_start_matches(['<', '&']).starts_with(part))
            || FORBIDDEN_C.contains(&name)
    };
    Ok(elf.symbols.into_iter().map(|symbol| symbol.name).filter(|name| bad(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_crate_of_a_path() {
        assert_eq!(crate_of("model::Model::predict"), Some("model"));
        assert_eq!(crate_of("<model::Model>::predict::<harness::Profile>"), Some("model"));
        assert_eq!(crate_of("<&mut harness::Hook as core::ops::FnMut>::call_mut"), Some("harness"));
        assert_eq!(crate_of("reset"), None);
    }

    fn symbol(address: u32, bytes: u32, name: &str, is_function: bool) -> Symbol {
        Symbol { address, bytes, name: name.to_owned(), is_function }
    }

    #[test]
    fn splits_every_byte_once() {
        let section =
            Section { name: ".text".to_owned(), address: 100, bytes: 50, place: Place::Flash, contents: &[] };
        let symbols = [
            symbol(90, 10, "before::x", true),
            symbol(102, 8, "model::f", true),
            symbol(102, 8, "model::same_as_f", true),
            symbol(108, 4, "harness::overlaps", true),
            symbol(120, 10, "model::WEIGHTS_0", false),
            symbol(145, 20, "memcpy", true),
            symbol(150, 4, "behind::x", true),
        ];
        let parts = owned(&section, &symbols);
        let sum = |owner| parts.iter().filter(|part| part.0 == owner).map(|part| part.1).sum::<u64>();
        assert_eq!(parts.iter().map(|part| part.1).sum::<u64>(), 50);
        assert_eq!(sum(Owner::Code), 8);
        assert_eq!(sum(Owner::Harness), 2);
        assert_eq!(sum(Owner::Weights), 10);
        assert_eq!(sum(Owner::Other), 2 + 8 + 15 + 5);
    }
}
