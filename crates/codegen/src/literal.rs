//! Lays out a struct literal as rustfmt would a long one.

/// `A { b: 1, c: [2, 3] }` with each field on a line of its own; arrays stay in one line.
pub(crate) fn one_field_a_line(literal: &str) -> String {
    let mut text = String::new();
    let (mut structs, mut arrays) = (0usize, 0usize);
    let new_line = |text: &mut String, structs: usize| {
        text.push('\n');
        text.push_str(&"    ".repeat(structs));
    };
    for c in literal.chars() {
        match c {
            ' ' if text.ends_with(' ') => {}
            '{' => {
                structs += 1;
                text.push('{');
                new_line(&mut text, structs);
            }
            '}' => {
                structs = structs.saturating_sub(1);
                text.truncate(text.trim_end().len());
                text.push(',');
                new_line(&mut text, structs);
                text.push('}');
            }
            ',' if arrays == 0 => {
                text.push(',');
                new_line(&mut text, structs);
            }
            _ => {
                arrays = if c == '[' { arrays + 1 } else { arrays.saturating_sub(usize::from(c == ']')) };
                text.push(c);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_nested_structs_and_arrays() {
        let laid_out = one_field_a_line("A { b: -1.5, c: B { d: [2, 3], e: 4 }, f: 5 }");
        let expected =
            "A {\n    b: -1.5,\n    c: B {\n        d: [2, 3],\n        e: 4,\n    },\n    f: 5,\n}";
        assert_eq!(laid_out, expected);
    }
}
