//! Project templates, and `smidgen new`.

use std::path::{Path, PathBuf};

use crate::project::{FILE_NAME, Project};
use crate::{Error, Result, files};

/// A kind of project.
struct Template {
    name: &'static str,
    project: &'static str,
    /// What its folder `data` is for.
    data: &'static str,
}

macro_rules! template {
    ($name:literal) => {
        Template {
            name: $name,
            project: include_str!(concat!("../templates/", $name, "/smidgen.toml")),
            data: include_str!(concat!("../templates/", $name, "/data.md")),
        }
    };
}

const TEMPLATES: [Template; 7] = [
    template!("gesture"),
    template!("sensor"),
    template!("keyword"),
    template!("image"),
    template!("anomaly"),
    template!("forecast"),
    template!("detection"),
];

/// Names of the templates.
pub fn names() -> Vec<&'static str> {
    TEMPLATES.iter().map(|template| template.name).collect()
}

fn find(name: &str) -> Result<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name).ok_or_else(|| {
        Error::input(format!("there is no template \"{name}\""))
            .help(format!("the templates are: {}", names().join(", ")))
    })
}

/// The commented project file of `template`, for a project called `name`.
///
/// # Errors
/// An unknown template, or a name that is empty or has other characters than letters, digits, `-` and `_`.
pub fn text(template: &str, name: &str) -> Result<String> {
    let template = find(template)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        return Err(Error::input(format!("\"{name}\" cannot be the name of a project"))
            .help("use letters, digits, - and _"));
    }
    let own = format!("name = \"{}\"", template.name);
    Ok(template.project.replacen(&own, &format!("name = \"{name}\""), 1))
}

/// The project of `template`, called `name`.
///
/// # Errors
/// As [`text`].
pub fn project(template: &str, name: &str) -> Result<Project> {
    Project::parse(&text(template, name)?, FILE_NAME)
}

/// Makes the folder of a new project below `parent` and returns it with the files in it.
///
/// # Errors
/// As [`text`], a folder that is there already, or one that cannot be written.
pub fn new(parent: &Path, name: &str, template: &str) -> Result<(PathBuf, Vec<PathBuf>)> {
    let text = text(template, name)?;
    let dir = parent.join(name);
    if dir.exists() {
        return Err(Error::input("the folder is there already")
            .at(dir.display())
            .help("choose another name, or move it away"));
    }
    let contents =
        [(FILE_NAME, text.as_str()), ("data/README.md", find(template)?.data), (".gitignore", "/build/\n")];
    let mut paths = Vec::new();
    for (path, content) in contents {
        let path = dir.join(path);
        files::write(&path, content.as_bytes()).inspect_err(|_| {
            // Half a project would stand in the way of the next try; the error that stopped the writing is told.
            let _ = std::fs::remove_dir_all(&dir);
        })?;
        paths.push(path);
    }
    Ok((dir, paths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_a_project_that_builds_its_graph() {
        let windows: [&[usize]; 7] =
            [&[128, 3], &[128, 6], &[49, 10], &[64, 64, 3], &[3, 16], &[24, 2], &[96, 96, 3]];
        assert_eq!(names().len(), windows.len());
        for (template, window) in names().into_iter().zip(windows) {
            let project = project(template, "my-own").unwrap();
            assert_eq!(project.project.name, "my-own");
            let graph = crate::model::initial_graph(&project, window, 4).unwrap();
            assert_eq!(graph.verify(), Ok(()), "{template}");
            let again = Project::parse(&project.to_toml().unwrap(), "again").unwrap();
            assert_eq!(again, project, "{template}");
        }
    }

    #[test]
    fn odd_names_and_templates_are_refused() {
        for name in ["", "../up", "a b", "ü"] {
            assert!(text("gesture", name).is_err(), "{name}");
        }
        let error = text("voice", "a").unwrap_err().to_string();
        assert!(error.contains("voice") && error.contains("gesture"), "{error}");
    }

    #[test]
    fn a_new_project_is_not_written_over_an_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, paths) = new(dir.path(), "wand", "gesture").unwrap();
        assert!(paths.iter().all(|path| path.is_file() && path.starts_with(&folder)));
        assert_eq!(Project::load(&folder).unwrap().project.name, "wand");
        assert!(new(dir.path(), "wand", "gesture").unwrap_err().to_string().contains("already"));
    }
}
