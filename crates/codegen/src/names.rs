//! Names and texts from outside made fit for Rust source.

/// Package names that would clash with another crate of the firmware or with Rust's own.
const TAKEN: [&str; 10] = [
    "harness",
    "smidgen-kernels",
    "core",
    "alloc",
    "std",
    "test",
    "proc-macro",
    "compiler-builtins",
    "model",
    "self",
];

/// A package name like `text`: lower-case letters, digits and single hyphens, starting with a letter.
pub fn crate_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(60);
    let name = name.trim_end_matches('-');
    let usable =
        name.starts_with(|c: char| c.is_ascii_lowercase()) && !TAKEN.contains(&name) && !is_keyword(name);
    match name {
        "" => "smidgen-model".to_owned(),
        _ if usable => name.to_owned(),
        _ => format!("model-{name}"),
    }
}

/// Whether a library called `name` could not be named in an expression.
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 47] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
        "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static",
        "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "use", "where", "while",
    ];
    KEYWORDS.contains(&name) || ["unsized", "virtual", "yield"].contains(&name)
}

/// Text for a comment or a string literal of Rust or TOML: one line without quotes, backslashes and control or
/// formatting characters, which become question marks; shortened when long.
pub(crate) fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 80;
    let plain = |c: char| c.is_alphanumeric() || c == ' ' || (c.is_ascii_graphic() && c != '"' && c != '\\');
    let mut kept: String = text.chars().take(MAX_CHARS).map(|c| if plain(c) { c } else { '?' }).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        kept.push_str("...");
    }
    kept
}

/// An identifier in upper case from a constant's name.
pub(crate) fn upper(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages() {
        let cases = [
            ("kws_ref_model_int8", "kws-ref-model-int8"),
            ("Magic Wand!", "magic-wand"),
            ("__x--y__", "x-y"),
            ("8bit", "model-8bit"),
            ("harness", "model-harness"),
            ("type", "model-type"),
            ("日本", "smidgen-model"),
            ("", "smidgen-model"),
        ];
        for (text, name) in cases {
            assert_eq!(crate_name(text), name, "{text}");
            assert_eq!(crate_name(name), name, "a name stays itself");
        }
        assert!(crate_name(&"a-".repeat(99)).len() <= 66);
    }

    #[test]
    fn texts_of_comments() {
        assert_eq!(printable("a/b:0\n\"\u{202e}\\\u{e9}"), "a/b:0????\u{e9}");
        assert_eq!(printable(&"x".repeat(81)), format!("{}...", "x".repeat(80)));
    }
}
