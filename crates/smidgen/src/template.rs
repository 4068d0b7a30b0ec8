//! Project templates, and `smidgen new`.

use std::path::{Path, PathBuf};

use crate::project::{FILE_NAME, Project};
use crate::{Error, Result, files};

/// Names of the templates.
pub const NAMES: [&str; 1] = ["gesture"];

const GESTURE: &str = include_str!("../templates/gesture/smidgen.toml");
const GESTURE_DATA: &str = include_str!("../templates/gesture/data.md");

/// The commented project file of `template`, for a project called `name`.
///
/// # Errors
/// An unknown template, or a name that is empty or has other characters than letters, digits, `-` and `_`.
pub fn text(template: &str, name: &str) -> Result<String> {
    if template != "gesture" {
        return Err(Error::input(format!("there is no template \"{template}\""))
            .help(format!("the templates are: {}", NAMES.join(", "))));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        return Err(Error::input(format!("\"{name}\" cannot be the name of a project"))
            .help("use letters, digits, - and _"));
    }
    Ok(GESTURE.replacen("name = \"gesture\"", &format!("name = \"{name}\""), 1))
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
        [(FILE_NAME, text.as_str()), ("data/README.md", GESTURE_DATA), (".gitignore", "/build/\n")];
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
    fn the_template_is_a_project_that_builds_its_graph() {
        let project = project("gesture", "my-wand").unwrap();
        assert_eq!(project.project.name, "my-wand");
        let graph = crate::model::initial_graph(&project, &[128, 3], 4).unwrap();
        assert_eq!(graph.verify(), Ok(()));
        let again = Project::parse(&project.to_toml().unwrap(), "again").unwrap();
        assert_eq!(again, project);
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
