//! Examples as the trainer reads them: one at a time, from wherever they lie.

use crate::error::TrainError;

/// Examples of one shape. They are read while training goes on, from several threads at once, so that they need not fit
/// into memory; reading the same one again must give the same values.
pub trait Source: Sync {
    /// Number of examples.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape of one example, without a batch dimension.
    fn shape(&self) -> &[usize];

    /// Class of an example; 0 where it has none.
    fn class(&self, _index: usize) -> u32 {
        0
    }

    /// Writes the values of an example, row-major, NHWC for images.
    ///
    /// # Errors
    /// A file that cannot be read, or values that do not fit; the message names the place.
    fn read(&self, index: usize, values: &mut [f32]) -> Result<(), String>;

    /// Writes the values of an example as epoch `epoch` (from 0) trains on it: varied, where examples are augmented. A pure
    /// function of both numbers, so that a resumed training sees what an undisturbed one would.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn vary(&self, _epoch: u64, index: usize, values: &mut [f32]) -> Result<(), String> {
        self.read(index, values)
    }

    /// A second class of an example as epoch `epoch` trains on it, and its share, 0 to 1, where [`Source::vary`] mixes
    /// examples.
    fn second_class(&self, _epoch: u64, _index: usize) -> Option<(u32, f32)> {
        None
    }

    /// Writes the target values of an example, for losses that have some; `input` is the example as it was read or varied,
    /// which a teacher looks at.
    ///
    /// # Errors
    /// As [`Source::read`], and examples without target values.
    fn target(&self, _index: usize, _input: &[f32], _values: &mut [f32]) -> Result<(), String> {
        Err("these examples have no target values, which the loss needs".into())
    }

    /// Checks what can be told without reading all of it.
    ///
    /// # Errors
    /// What is wrong.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Examples in memory: one flat array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examples {
    /// Shape of one example, without a batch dimension.
    pub shape: Vec<usize>,
    /// All examples one after the other, row-major, NHWC for images.
    pub x: Vec<f32>,
    /// Class of each example; their number is the number of examples.
    pub y: Vec<u32>,
    /// Target values of all examples one after the other; empty where the loss has none.
    pub targets: Vec<f32>,
}

impl Examples {
    fn row<'a>(&self, values: &'a [f32], index: usize) -> &'a [f32] {
        let len = values.len() / self.y.len().max(1);
        values.get(index * len..(index + 1) * len).unwrap_or(&[])
    }
}

fn copy(from: &[f32], to: &mut [f32], what: &str) -> Result<(), String> {
    if from.len() != to.len() {
        return Err(format!("an example has {} {what}, expected {}", from.len(), to.len()));
    }
    to.copy_from_slice(from);
    Ok(())
}

impl Source for Examples {
    fn len(&self) -> usize {
        self.y.len()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn class(&self, index: usize) -> u32 {
        self.y.get(index).copied().unwrap_or(0)
    }

    fn read(&self, index: usize, values: &mut [f32]) -> Result<(), String> {
        copy(self.row(&self.x, index), values, "values")
    }

    fn target(&self, index: usize, _input: &[f32], values: &mut [f32]) -> Result<(), String> {
        copy(self.row(&self.targets, index), values, "target values")
    }

    fn check(&self) -> Result<(), String> {
        let n: usize = self.shape.iter().product();
        if self.x.len() != self.y.len() * n {
            let (found, labels) = (self.x.len(), self.y.len());
            return Err(format!("{found} values do not make {labels} examples of {n}"));
        }
        match self.x.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(format!("example {} holds {}; remove or repair it", at / n.max(1), self.x[at])),
            None => Ok(()),
        }
    }
}

fn without_ones(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&extent| extent != 1).collect()
}

/// Checks examples against a model's input (with its batch dimension of 1) and number of classes; `None` where labels
/// do not matter.
pub(crate) fn check(
    examples: &dyn Source,
    input_shape: &[usize],
    n_classes: Option<usize>,
) -> Result<(), TrainError> {
    let refuse = |problem: String| Err(TrainError::Examples(problem));
    if examples.is_empty() {
        return refuse("there is none; give at least one".into());
    }
    if without_ones(examples.shape()) != without_ones(input_shape) {
        let shape = examples.shape();
        return refuse(format!(
            "one example has shape {shape:?}, the model's input {input_shape:?}; make them agree"
        ));
    }
    examples.check().map_err(TrainError::Examples)?;
    let Some(n_classes) = n_classes else { return Ok(()) };
    match (0..examples.len()).find(|&index| examples.class(index) as usize >= n_classes) {
        Some(at) => refuse(format!(
            "example {at} is of class {}, but the model tells {n_classes} classes apart (0 to {})",
            examples.class(at),
            n_classes.saturating_sub(1)
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(examples: &Examples) -> String {
        check(examples, &[1, 2, 1], Some(2)).map_or_else(|error| error.to_string(), |()| "fine".into())
    }

    #[test]
    fn says_what_is_wrong_with_the_examples() {
        let good = Examples {
            shape: vec![2],
            x: vec![0.0, 1.0, 2.0, 3.0],
            y: vec![0, 1],
            targets: vec![5.0, 6.0, 7.0, 8.0, 9.0, 10.0],
        };
        assert_eq!(message(&good), "fine");
        assert!(message(&Examples::default()).contains("there is none"));
        assert!(message(&Examples { shape: vec![4], ..good.clone() }).contains("[1, 2, 1]"));
        assert!(
            message(&Examples { x: vec![0.0; 3], ..good.clone() })
                .contains("3 values do not make 2 examples of 2")
        );
        assert!(
            message(&Examples { x: vec![0.0, 1.0, f32::NAN, 0.0], ..good.clone() })
                .contains("example 1 holds NaN")
        );
        assert!(message(&Examples { y: vec![0, 2], ..good.clone() }).contains("example 1 is of class 2"));
        assert_eq!(check(&good, &[1, 2], None), Ok(()));
        let mut values = [0.0; 2];
        assert_eq!((good.read(1, &mut values), values), (Ok(()), [2.0, 3.0]));
        assert!(good.read(2, &mut values).is_err() && good.target(0, &[], &mut values).is_err());
        let mut targets = [0.0; 3];
        assert_eq!((good.target(1, &[], &mut targets), targets), (Ok(()), [8.0, 9.0, 10.0]));
    }
}
