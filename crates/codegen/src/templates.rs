//! The templates of the text files, and how they are filled.

use crate::CodegenError;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// A template: the path of the file that it makes, and its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

/// A template whose file stands in `templates/` under the path of what it makes.
macro_rules! template {
    ($path:literal) => {
        $crate::templates::Template {
            path: $path,
            text: include_str!(concat!("../templates/", $path, ".j2")),
        }
    };
}

pub(crate) use template;

/// Fills a template.
pub(crate) fn render(template: Template, values: &impl Serialize) -> Result<(String, Vec<u8>), CodegenError> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_filter("map", minijinja::filters::map);
    let text = environment
        .render_named_str(template.path, template.text, values)
        .map_err(|error| CodegenError::Template { template: template.path, message: format!("{error:#}") })?;
    // A line of a template that is only a block leaves nothing; a first line that is one leaves no empty line.
    Ok((template.path.to_owned(), text.trim_start_matches('\n').as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_is_an_error_that_names_the_template() {
        let template = Template { path: "a/b.rs", text: "{{ there }} {{ absent }}" };
        let values = std::collections::BTreeMap::from([("there", 1)]);
        let error = render(template, &values).expect_err("absent is undefined").to_string();
        assert!(error.contains("template a/b.rs"), "{error}");
    }
}
