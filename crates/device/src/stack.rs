//! A bound on the stack that a function and all it calls can need, from the machine code of the linked ELF.
//!
//! The bound is the deepest path of calls. It holds for Thumb code that keeps the procedure call standard and has
//! neither recursion nor calls through pointers, both of which are errors. Frames of interrupts come on top.

use crate::elf::{Elf, MeasureError, Symbol};
use crate::frame::{self, Frame};
use std::collections::BTreeMap;

/// Far more than any device code nests.
const MAX_CALLERS: usize = 500;

/// A bound on stack use, and the path of calls that needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The most bytes that the function and all it calls can have on the stack, its caller's not counted.
    pub bytes: u32,
    /// The functions of the deepest path, from the function itself down.
    pub path: Vec<Step>,
}

/// A function on the deepest path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Path of the function.
    pub function: String,
    /// Bytes that it has on the stack when it calls the next function; all that it ever has, for the last one.
    pub bytes: u32,
}

/// The bound for the only function whose path ends in `function`, such as `Model::predict`.
///
/// # Errors
/// When there is no such function, or no bound; the error names the function and instruction that prevent it.
pub fn bound(elf: &[u8], function: &str) -> Result<Bound, MeasureError> {
    of(&Elf::parse(elf)?, function)
}

fn of(elf: &Elf<'_>, function: &str) -> Result<Bound, MeasureError> {
    let start = elf.function(function)?;
    let mut calls = CallGraph { elf, functions: functions(elf), known: BTreeMap::new() };
    calls.bound(start.address, &mut Vec::new())?;
    let mut path = Vec::new();
    let mut at = Some(start.address);
    while let Some((address, deepest)) = at.and_then(|address| calls.known.get_key_value(&address)) {
        path.push(Step { function: calls.name(*address).to_owned(), bytes: deepest.own });
        at = deepest.next;
    }
    Ok(Bound { bytes: calls.known.get(&start.address).map_or(0, |deepest| deepest.total), path })
}

/// Functions by address. One without a size (some are written in assembly) reaches to the next one.
fn functions<'a>(elf: &'a Elf<'_>) -> BTreeMap<u32, (&'a str, u32)> {
    let all: Vec<&Symbol> = elf.symbols.iter().filter(|symbol| symbol.is_function).collect();
    let mut functions = BTreeMap::new();
    for (at, symbol) in all.iter().enumerate() {
        let next = all.iter().skip(at).map(|other| other.address).find(|address| *address > symbol.address);
        let section = elf.sections.iter().find(|section| section.contains(symbol.address));
        let end = next.or_else(|| section.map(|section| section.address.saturating_add(section.bytes)));
        let bytes = match symbol.bytes {
            0 => end.map_or(0, |end| end - symbol.address),
            bytes => bytes,
        };
        let known = functions.entry(symbol.address).or_insert((symbol.name.as_str(), bytes));
        known.1 = bytes.max(known.1);
    }
    functions
}

/// The deepest path from a function.
#[derive(Debug, Clone, Copy)]
struct Deepest {
    total: u32,
    own: u32,
    next: Option<u32>,
}

struct CallGraph<'a> {
    elf: &'a Elf<'a>,
    functions: BTreeMap<u32, (&'a str, u32)>,
    known: BTreeMap<u32, Deepest>,
}

impl CallGraph<'_> {
    fn name(&self, address: u32) -> &str {
        self.functions.get(&address).map_or("?", |function| function.0)
    }

    /// The most stack that the function at `address` needs; `callers` are those being looked at.
    fn bound(&mut self, address: u32, callers: &mut Vec<u32>) -> Result<u32, MeasureError> {
        if let Some(deepest) = self.known.get(&address) {
            return Ok(deepest.total);
        }
        let Some(&(name, bytes)) = self.functions.get(&address) else {
            let caller = callers.last().copied().unwrap_or(address);
            return Err(self.unbounded(caller, address, "no function starts at the address that it calls"));
        };
        if let Some(first) = callers.iter().position(|caller| *caller == address) {
            let cycle = callers.iter().skip(first).chain([&address]).map(|caller| self.name(*caller));
            let reason = format!("it calls itself: {}", cycle.collect::<Vec<_>>().join(" > "));
            return Err(self.unbounded(address, address, &reason));
        }
        if callers.len() >= MAX_CALLERS {
            return Err(self.unbounded(address, address, "calls are nested too deep to follow"));
        }
        let Frame { bytes: own, calls } = frame::analyse(self.elf, name, address, bytes)?;
        let mut deepest = Deepest { total: own, own, next: None };
        callers.push(address);
        for call in calls {
            let total = call.depth.saturating_add(self.bound(call.to, callers)?);
            if total > deepest.total {
                deepest = Deepest { total, own: call.depth, next: Some(call.to) };
            }
        }
        callers.pop();
        self.known.insert(address, deepest);
        Ok(deepest.total)
    }

    fn unbounded(&self, function: u32, address: u32, reason: &str) -> MeasureError {
        MeasureError::Unbounded {
            function: self.name(function).to_owned(),
            address,
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
