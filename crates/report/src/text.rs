//! Long names in narrow columns.

/// `text` cut to at most `n_chars` characters, the last of them an ellipsis where something was cut.
pub fn shorten(text: &str, n_chars: usize) -> String {
    if text.chars().count() <= n_chars {
        return text.to_string();
    }
    let head = text.chars().take(n_chars.saturating_sub(1));
    head.chain(std::iter::once('…')).collect()
}
