//! `smidgen eval`: accuracy of the project's models on people not seen in training.

use std::path::Path;

use smidgen_report::Evaluation;

use crate::artifacts::Artifacts;
use crate::events::Observer;
use crate::model_file::{self, ModelFile};
use crate::project::Project;
use crate::quantize::not_trained;
use crate::{Result, dataset, evaluate};

/// Measures `model`, or the float and int8 models that the project in `dir` has, on the test windows.
///
/// # Errors
/// A project without a model, or a model that does not fit the windows.
pub fn eval(
    project: &Project,
    dir: &Path,
    model: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Vec<Evaluation>> {
    let artifacts = Artifacts::of(dir);
    let models = match model {
        Some(path) => vec![(Some(ModelFile::new(path).name()), path.to_owned())],
        None => vec![(Some("float".into()), artifacts.float_model()), (None, artifacts.model())],
    };
    let present: Vec<_> = models.into_iter().filter(|(_, path)| model.is_some() || path.exists()).collect();
    if present.is_empty() {
        return Err(not_trained(&artifacts.float_model()));
    }
    let windows = dataset::windows(project, dir)?;
    let one = |(name, path): (Option<String>, std::path::PathBuf)| {
        let graph = model_file::read(&path)?;
        let name = name.unwrap_or_else(|| format!("{} on the host", evaluate::form(&graph)));
        Ok(evaluate::on_host(&name, &graph, &windows, observer)?.0)
    };
    present.into_iter().map(one).collect()
}
