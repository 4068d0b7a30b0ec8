//! Anomaly scorers of the zoo, which are fitted to the usual windows instead of trained.

use smidgen_data::Dataset;
use smidgen_ir::Tensor;
use smidgen_report as report;
use smidgen_train::fit::{GaussianMixture, KMeans, Rows, gaussian_mixture, k_means};
use smidgen_zoo::Task;

use crate::dataset::{Windows, data_error};
use crate::events::{Event, Observer};
use crate::project::Project;
use crate::train::Trained;
use crate::{Error, Result, model, zoo};

/// The most values that are fitted to, 256 MiB; of a larger set, evenly spread windows are taken.
const MAX_VALUES: usize = 1 << 26;

/// The scorer of the zoo that the project names, if it names one.
pub(crate) fn of(project: &Project) -> Option<&'static zoo::Entry> {
    let entry = project.model.zoo.as_deref().and_then(|name| zoo::find(name).ok());
    entry.filter(|entry| entry.task == Task::Anomaly)
}

/// Fits the scorer to the training windows.
///
/// # Errors
/// A model that does not fit the windows, fewer windows than centres, windows that cannot be read.
pub(crate) fn fit(
    project: &Project,
    windows: &Windows,
    entry: &zoo::Entry,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    let set = &windows.split.train;
    let mut graph = model::initial_graph(project, &set.shape, 1)?;
    let (values, n_rows) = rows(set, observer)?;
    let parts = project.model.outputs.unwrap_or(entry.default.outputs);
    let rows = Rows::new(&values, set.sample_len()).map_err(Error::input)?;
    let seed = project.project.seed;
    let help = |error| Error::input(error).help("fewer model.outputs, or more windows");
    let (constants, losses) = match entry.name {
        "k_means" => {
            // Distances are in deviations, or the feature with the largest numbers would decide alone.
            let scale = rows.reciprocal_deviations();
            let scaled: Vec<f32> =
                values.iter().zip(scale.iter().cycle()).map(|(value, scale)| value * scale).collect();
            let rows = Rows::new(&scaled, set.sample_len()).map_err(Error::input)?;
            let KMeans { centres, distortion } = k_means(rows, parts, seed).map_err(help)?;
            (vec![("k_means/scale", scale), ("k_means/centres", centres)], distortion)
        }
        "gaussian_mixture" => {
            let GaussianMixture { means, factors, constants, log_likelihood } =
                gaussian_mixture(rows, parts, seed).map_err(help)?;
            let named = vec![
                ("gaussian_mixture/mean", means),
                ("gaussian_mixture/factor", factors),
                ("gaussian_mixture/constant", constants),
            ];
            (named, log_likelihood.iter().map(|log| -log).collect())
        }
        name => return Err(Error::input(format!("{name} cannot be fitted yet")).help("zoo = \"k_means\"")),
    };
    let n_parameters = constants.iter().map(|(_, values)| values.len() as u64).sum();
    for (name, values) in constants {
        let tensor = graph.tensors.iter_mut().find(|tensor| tensor.name == name);
        let tensor = tensor.ok_or_else(|| Error::input(format!("the model has no constant \"{name}\"")))?;
        *tensor = Tensor::const_f32(name, tensor.shape.clone(), &values);
    }
    let epoch = |(round, loss): (usize, f64)| report::Epoch {
        epoch: round as u64 + 1,
        loss,
        accuracy: None,
        validation_loss: None,
        validation_accuracy: None,
    };
    let epochs = losses.into_iter().enumerate().map(epoch).collect();
    let training = report::Training { n_parameters, batch_size: n_rows, learning_rate: 0.0, seed, epochs };
    Ok(Trained { graph, training })
}

/// The values of the windows, or of as many evenly spread ones as are taken, and how many those are.
fn rows(set: &Dataset, observer: &mut dyn Observer) -> Result<(Vec<f32>, usize)> {
    let n = set.len().min((MAX_VALUES / set.sample_len().max(1)).max(1));
    if n < set.len() {
        observer.event(Event::Line(&format!("fitting to {n} of {} windows, evenly spread", set.len())));
    }
    let mut values = vec![0.0; n * set.sample_len()];
    for (at, row) in values.chunks_exact_mut(set.sample_len().max(1)).enumerate() {
        set.read(at * set.len() / n.max(1), row).map_err(|error| data_error(&error))?;
    }
    Ok((values, n))
}
