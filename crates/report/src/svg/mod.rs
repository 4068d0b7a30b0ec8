//! Pictures as SVG text, in colours that the page's style sheet maps to its light and dark palettes.

pub(crate) mod curves;
pub(crate) mod memory_map;
pub(crate) mod pareto;

/// Text that is safe inside SVG elements and attributes.
pub(crate) fn escape(text: &str) -> String {
    minijinja::HtmlEscape(text).to_string()
}
