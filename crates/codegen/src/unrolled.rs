//! Filters as code: one call of a macro of the kernels for each, with the rows.

use crate::model::CallText;
use smidgen_ir::{Code, Program, Row};
use std::fmt::{Result, Write};

/// Rows whose sums are in memory together.
const SUMS: usize = 64;

const HEAD: &str = "//! Filters as code. A row is the bias of an output, then each magnitude of weights with the places of the inputs that it \
     multiplies:\n//! those that are added; those that are subtracted.\n";

/// The module of a model with the filters that are code, see [`Program::code`]; `calls` are those of the program.
pub(crate) fn text(program: &Program, calls: &[CallText]) -> String {
    let mut text = HEAD.to_owned();
    for (index, (call, described)) in program.calls.iter().zip(calls).enumerate() {
        if let Some(code) = program.code(call) {
            // Writing to a string does not fail.
            let _ = write_call(&mut text, index, &described.comment, &code);
        }
    }
    text
}

fn write_call(text: &mut String, index: usize, comment: &str, code: &Code) -> Result {
    writeln!(text, "\n// {index}: {comment}")?;
    writeln!(text, "smidgen_kernels::unrolled! {{\n    call_{index:03}({}) {{", code.in_c)?;
    for rows in code.rows.chunks(SUMS) {
        writeln!(text, "        [")?;
        rows.iter().try_for_each(|row| write_row(text, row))?;
        writeln!(text, "        ]")?;
    }
    writeln!(text, "    }}\n}}")
}

fn write_row(text: &mut String, row: &Row) -> Result {
    write!(text, "            {{ {}", row.bias)?;
    let places = |places: &[usize]| places.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
    for product in &row.products {
        write!(text, " {}[{}; {}]", product.magnitude, places(&product.plus), places(&product.minus))?;
    }
    writeln!(text, " }}")
}
