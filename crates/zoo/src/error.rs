//! What can be wrong with a choice from the zoo.

/// A model that cannot be built as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZooError {
    /// There is no such model.
    #[error("there is no model \"{name}\" in the zoo; the models are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A multiplier or extent out of range.
    #[error("{model}: {message}")]
    Size {
        /// The model.
        model: &'static str,
        /// What was expected and found.
        message: String,
    },
    /// The input does not go through the model's layers.
    #[error(
        "{model} cannot take an input of {input:?} (height, width, channels): {message}; take a larger input or another \
         model"
    )]
    Shape {
        /// The model.
        model: &'static str,
        /// Height, width, channels.
        input: [usize; 3],
        /// The layer and its problem.
        message: String,
    },
}
