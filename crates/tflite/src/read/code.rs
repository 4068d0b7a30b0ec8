//! Operators as the file names them.

use crate::builtin_names::builtin_name;
use crate::findings::clip;
use crate::schema::builtin;
use crate::ways_out::way_out;

/// What an operator's code says.
#[derive(Debug)]
pub(super) struct Code<'a> {
    pub(super) builtin: i32,
    pub(super) custom: &'a [u8],
    pub(super) version: i32,
}

impl Code<'_> {
    pub(super) fn name(&self) -> String {
        if self.builtin == builtin::CUSTOM {
            return format!("custom operator \"{}\"", clip(self.custom));
        }
        builtin_name(self.builtin).map_or_else(|| format!("builtin operator {}", self.builtin), str::to_owned)
    }

    /// That it is not supported, and what would help.
    pub(super) fn refusal(&self) -> String {
        let is_custom = self.builtin == builtin::CUSTOM;
        let name = if is_custom { clip(self.custom) } else { self.name() };
        let way_out = way_out(&name, is_custom).map_or_else(String::new, |way_out| format!(": {way_out}"));
        format!("this operator is not supported{way_out}")
    }
}
