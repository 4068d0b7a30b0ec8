//! Pictures as SVG text, in colours that the page's style sheet maps to its light and dark palettes.

pub(crate) mod curves;
pub(crate) mod memory_map;

/// Text that is safe inside SVG elements and attributes.
pub(crate) fn escape(text: &str) -> String {
    minijinja::HtmlEscape(text).to_string()
}

/// `text` cut to at most `n_chars` characters, the last of them an ellipsis where something was cut.
pub(crate) fn shorten(text: &str, n_chars: usize) -> String {
    if text.chars().count() <= n_chars {
        return text.to_string();
    }
    let head = text.chars().take(n_chars.saturating_sub(1));
    head.chain(std::iter::once('…')).collect()
}
