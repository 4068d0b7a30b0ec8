//! The model zoo: builders of known small networks with width, depth and resolution as parameters.
//!
//! [`MODELS`] lists them; [`Entry::build`] makes a float graph whose parameters are still 0 and are filled by the trainer's
//! `init`, or by fitting where a model says so. Each file in `models/` is one family and cites where its shape is from.
//!
//! ```
//! let entry = smidgen_zoo::find("ds_cnn_s")?;
//! let graph = entry.build(&smidgen_zoo::Config { outputs: 4, ..entry.default })?;
//! assert_eq!(graph.tensor(graph.outputs[0]).shape, [1, 4]);
//! # Ok::<(), smidgen_zoo::ZooError>(())
//! ```

pub mod average_precision;
pub mod detector;
mod error;
mod models;
mod net;

use smidgen_ir::{Graph, TensorIdx};

pub use error::ZooError;
pub use models::MODELS;

use net::Net;

/// The most that width or depth may multiply.
const MAX_MULTIPLIER: f32 = 4.0;
/// The largest extent of an input, and the most outputs.
const MAX_EXTENT: usize = 4096;
/// The most values of an input.
const MAX_INPUT: usize = 1 << 22;

/// What a model is for, and with it what its output means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// One label for each input: `[1, outputs]` probabilities.
    Classification,
    /// The input again, `[1, values]`: what differs is unusual.
    Reconstruction,
    /// Boxes: `[1, boxes, 5 + outputs]`, see [`detector`].
    Detection,
    /// Centres of objects: `[1, rows, columns, 1 + outputs]` scores of background and classes for each cell.
    Centroids,
    /// How unusual the input is: `[1]`. Fitted to features, not trained by gradient.
    Anomaly,
}

/// Size of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// Height, width and channels of the input. Signals have their time along the height; features of audio have
    /// frequency along the width.
    pub input: [usize; 3],
    /// Classes; clusters or components of an anomaly scorer; of no meaning for [`Task::Reconstruction`].
    pub outputs: usize,
    /// Multiplies the channels, which are then rounded to multiples of 8 where the family does so.
    pub width: f32,
    /// Multiplies the number of repeated blocks.
    pub depth: f32,
}

/// A model of the zoo.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name in project files.
    pub name: &'static str,
    /// What it is and is good for, one line.
    pub summary: &'static str,
    /// What it is for.
    pub task: Task,
    /// The size that it is known with.
    pub default: Config,
    pub(crate) network: fn(&mut Net, &Config) -> TensorIdx,
}

impl Entry {
    /// The float graph with one input `[1, height, width, channels]`; all parameters are 0.
    ///
    /// # Errors
    /// A size out of range, or an input too small for the model's strides.
    pub fn build(&self, config: &Config) -> Result<Graph, ZooError> {
        check(config).map_err(|message| ZooError::Size { model: self.name, message })?;
        let mut net = Net::new(self.name, config);
        let output = (self.network)(&mut net, config);
        net.finish(output).map_err(|source| ZooError::Shape {
            model: self.name,
            input: config.input,
            message: source.to_string(),
        })
    }
}

fn check(config: &Config) -> Result<(), String> {
    let Config { input, outputs, width, depth } = *config;
    for (name, value) in [("width", width), ("depth", depth)] {
        if !(value > 0.0 && value <= MAX_MULTIPLIER) {
            return Err(format!("{name} is {value}; expected a number above 0, at most {MAX_MULTIPLIER}"));
        }
    }
    let named = [("height", input[0]), ("width", input[1]), ("channels", input[2]), ("outputs", outputs)];
    for (name, extent) in named {
        if !(1..=MAX_EXTENT).contains(&extent) {
            return Err(format!("{name} is {extent}; expected 1 to {MAX_EXTENT}"));
        }
    }
    if input.iter().product::<usize>() > MAX_INPUT {
        return Err(format!("an input of {input:?} has more than {MAX_INPUT} values"));
    }
    Ok(())
}

/// The model called `name`.
///
/// # Errors
/// There is none; the error lists those that there are.
pub fn find(name: &str) -> Result<&'static Entry, ZooError> {
    MODELS.iter().find(|entry| entry.name == name).ok_or_else(|| ZooError::Unknown {
        name: name.to_owned(),
        known: MODELS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests;
