//! Labelled inputs as the trainer reads them: one flat array.

use crate::error::TrainError;

/// Examples of one shape with their labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examples {
    /// Shape of one example, without a batch dimension.
    pub shape: Vec<usize>,
    /// All examples one after the other, row-major, NHWC for images.
    pub x: Vec<f32>,
    /// Class of each example.
    pub y: Vec<u32>,
}

fn without_ones(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&extent| extent != 1).collect()
}

impl Examples {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// Elements of one example.
    pub fn n_elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The values of the example at `index`; empty past the end.
    pub fn example(&self, index: usize) -> &[f32] {
        let n = self.n_elements();
        self.x.get(index * n..(index + 1) * n).unwrap_or(&[])
    }

    /// Checks the examples against a model's input (with its batch dimension of 1) and number of classes; `None`
    /// where labels do not matter.
    pub(crate) fn check(&self, input_shape: &[usize], n_classes: Option<usize>) -> Result<(), TrainError> {
        let refuse = |problem: String| Err(TrainError::Examples(problem));
        if self.is_empty() {
            return refuse("there is none; give at least one".into());
        }
        if without_ones(&self.shape) != without_ones(input_shape) {
            let shape = &self.shape;
            return refuse(format!(
                "one example has shape {shape:?}, the model's input {input_shape:?}; make them agree"
            ));
        }
        let n = self.n_elements();
        if self.x.len() != self.len() * n {
            let (found, labels) = (self.x.len(), self.len());
            return refuse(format!("{found} values do not make {labels} examples of {n}"));
        }
        if let Some(at) = self.x.iter().position(|value| !value.is_finite()) {
            return refuse(format!("example {} holds {}; remove or repair it", at / n.max(1), self.x[at]));
        }
        let Some(n_classes) = n_classes else { return Ok(()) };
        match self.y.iter().position(|&label| label as usize >= n_classes) {
            Some(at) => refuse(format!(
                "example {at} is of class {}, but the model tells {n_classes} classes apart (0 to {})",
                self.y[at],
                n_classes.saturating_sub(1)
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(examples: &Examples) -> String {
        examples.check(&[1, 2, 1], Some(2)).map_or_else(|error| error.to_string(), |()| "fine".into())
    }

    #[test]
    fn says_what_is_wrong_with_the_examples() {
        let good = Examples { shape: vec![2], x: vec![0.0, 1.0, 2.0, 3.0], y: vec![0, 1] };
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
        assert_eq!(good.check(&[1, 2], None), Ok(()));
        assert_eq!(good.example(1), [2.0, 3.0]);
        assert!(good.example(2).is_empty());
    }
}
