//! A linked ELF as measuring needs it: sections in memory, symbols with readable names, where code and data alternate.

use object::elf;
use object::read::elf::{ElfFile32, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind};

/// A file is not an ELF that can be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// Not a 32-bit ARM ELF, or a broken one.
    #[error("not a linked 32-bit ARM ELF: {message}")]
    NotFirmware {
        /// What is wrong.
        message: String,
    },
    /// A function that must be there is not, or there are several.
    #[error("the ELF has {found} functions called {name}, expected one")]
    NoSuchFunction {
        /// Name of the function, the end of its path.
        name: String,
        /// How many there are.
        found: usize,
    },
    /// The stack use of a function has no bound that machine code shows.
    #[error("stack use of {function} at {address:#010x} has no known bound: {reason}")]
    Unbounded {
        /// The function.
        function: String,
        /// Address of the instruction.
        address: u32,
        /// What the instruction does.
        reason: String,
    },
}

/// Where a section's bytes are while the firmware runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In flash: code and constants.
    Flash,
    /// In RAM, with initial values in flash.
    FlashAndRam,
    /// In RAM, zeroed or uninitialised.
    Ram,
}

#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) name: String,
    pub(crate) address: u32,
    pub(crate) bytes: u32,
    pub(crate) place: Place,
    /// Contents; empty in RAM without initial values.
    pub(crate) contents: &'a [u8],
}

impl Section<'_> {
    pub(crate) fn contains(&self, address: u32) -> bool {
        address >= self.address && address - self.address < self.bytes
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol {
    /// Without the Thumb bit.
    pub(crate) address: u32,
    pub(crate) bytes: u32,
    /// Path without hashes: `model::Model::predict`.
    pub(crate) name: String,
    pub(crate) is_function: bool,
}

/// A linked ELF.
#[derive(Debug)]
pub(crate) struct Elf<'a> {
    /// Sections that take memory, by address.
    pub(crate) sections: Vec<Section<'a>>,
    /// Functions and variables, by address.
    pub(crate) symbols: Vec<Symbol>,
    /// Address and whether code (`true`) or data starts there, by address (ELF for the Arm Architecture, 5.5.5).
    pub(crate) mapping: Vec<(u32, bool)>,
}

impl<'a> Elf<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, MeasureError> {
        let broken = |error: object::Error| MeasureError::NotFirmware { message: error.to_string() };
        let file = ElfFile32::<Endianness>::parse(bytes).map_err(broken)?;
        let header = file.elf_header();
        let endian = file.endian();
        if header.e_machine(endian) != elf::EM_ARM || header.e_type(endian) != elf::ET_EXEC {
            return Err(MeasureError::NotFirmware { message: "its header says otherwise".to_owned() });
        }
        if file.elf_program_headers().iter().all(|segment| segment.p_type(endian) != elf::PT_LOAD) {
            return Err(MeasureError::NotFirmware { message: "nothing in it is loaded".to_owned() });
        }
        let mut sections = Vec::new();
        for section in file.sections() {
            if let Some(section) = memory_section(&section).map_err(broken)? {
                sections.push(section);
            }
        }
        sections.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
        let (mut symbols, mut mapping) = (Vec::new(), Vec::new());
        for symbol in file.symbols() {
            let name = symbol.name().map_err(broken)?;
            let address = symbol.address() as u32;
            match name.get(..2) {
                Some("$t") => mapping.push((address, true)),
                Some("$d" | "$a") => mapping.push((address, false)),
                _ => symbols.extend(memory_symbol(&symbol, name)),
            }
        }
        symbols.sort();
        symbols.dedup();
        mapping.sort_unstable();
        Ok(Self { sections, symbols, mapping })
    }

    /// The contents from `address` to the end of its section in flash.
    pub(crate) fn contents_at(&self, address: u32) -> Option<&'a [u8]> {
        let section = self.sections.iter().find(|section| section.contains(address))?;
        section.contents.get((address - section.address) as usize..)
    }

    pub(crate) fn word_at(&self, address: u32) -> Option<u32> {
        self.contents_at(address)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub(crate) fn halfword_at(&self, address: u32) -> Option<u16> {
        self.contents_at(address)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
    }

    /// The only function whose path ends in `name`.
    pub(crate) fn function(&self, name: &str) -> Result<&Symbol, MeasureError> {
        let mut found: Vec<&Symbol> = self
            .symbols
            .iter()
            .filter(|symbol| symbol.is_function && path_ends_in(&symbol.name, name))
            .collect();
        found.dedup_by_key(|symbol| symbol.address);
        match found.as_slice() {
            [one] => Ok(one),
            others => Err(MeasureError::NoSuchFunction { name: name.to_owned(), found: others.len() }),
        }
    }
}

/// Whether the path `name`, generic arguments aside, ends in the segments of `end`: both `<model::Model>::predict::<T>`
/// and `model::Model::predict` end in `Model::predict`.
fn path_ends_in(name: &str, end: &str) -> bool {
    let path = without_generics(name);
    let path = path.strip_suffix("::").unwrap_or(&path);
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
}

/// Drops `::<T>` and the brackets of `<model::Model>::predict`.
fn without_generics(name: &str) -> String {
    let (mut path, mut dropped) = (String::new(), 0usize);
    let mut open: Vec<bool> = Vec::new();
    for c in name.chars() {
        match c {
            '<' => {
                // A bracket at the start of a path encloses a type whose path counts.
                let drops = !path.is_empty();
                dropped += usize::from(drops);
                open.push(drops);
            }
            '>' => dropped -= usize::from(open.pop().unwrap_or(false)),
            _ if dropped == 0 => path.push(c),
            _ => {}
        }
    }
    path
}

/// The section, when it takes memory on the device.
fn memory_section<'a>(section: &impl ObjectSection<'a>) -> Result<Option<Section<'a>>, object::Error> {
    let SectionFlags::Elf { sh_flags } = section.flags() else { return Ok(None) };
    if sh_flags & u64::from(elf::SHF_ALLOC) == 0 || section.size() == 0 {
        return Ok(None);
    }
    let zeroed = section.kind() == SectionKind::UninitializedData;
    let place = match (zeroed, sh_flags & u64::from(elf::SHF_WRITE) != 0) {
        (true, _) => Place::Ram,
        (false, true) => Place::FlashAndRam,
        (false, false) => Place::Flash,
    };
    Ok(Some(Section {
        name: section.name()?.to_owned(),
        address: section.address() as u32,
        bytes: section.size() as u32,
        place,
        contents: if zeroed { &[] } else { section.data()? },
    }))
}

fn memory_symbol<'a>(symbol: &impl ObjectSymbol<'a>, name: &str) -> Option<Symbol> {
    let is_function = symbol.kind() == SymbolKind::Text;
    if !(is_function || symbol.kind() == SymbolKind::Data && symbol.size() > 0) {
        return None;
    }
    let thumb_bit = u32::from(is_function);
    Some(Symbol {
        address: symbol.address() as u32 & !thumb_bit,
        bytes: symbol.size() as u32,
        name: format!("{:#}", rustc_demangle::demangle(name)),
        is_function,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_ends_of_paths() {
        let same = |name| path_ends_in(name, "Model::predict");
        assert!(same("Model::predict") && same("model::Model::predict"));
        assert!(same("<model::Model>::predict") && same("<model::Model>::predict::<harness::Profile>"));
        assert!(same("model::Model::predict::<&mut a::B<c::D>>"));
        assert!(!same("model::MyModel::predict") && !same("model::Model::predict_all"));
        assert!(!same("x::f::<model::Model::predict>"));
    }

    #[test]
    fn rejects_what_is_not_firmware() {
        let own = std::fs::read("/proc/self/exe").unwrap_or_default();
        for bytes in [&b""[..], b"\x7fELF", &own] {
            assert!(matches!(Elf::parse(bytes), Err(MeasureError::NotFirmware { .. })));
        }
    }
}
