//! The confusion matrix: how often each class was taken for which.

use serde::{Deserialize, Serialize};

/// Counts of windows by true class (rows) and predicted class (columns).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// Names of the classes, in the order of rows and columns.
    pub classes: Vec<String>,
    /// `counts[truth][predicted]`.
    pub counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// A matrix of zeros.
    pub fn new(classes: &[String]) -> Self {
        let counts = vec![vec![0; classes.len()]; classes.len()];
        ConfusionMatrix { classes: classes.to_vec(), counts }
    }

    /// Counts one window. A class past the end counts nothing.
    pub fn add(&mut self, truth: usize, predicted: usize) {
        if let Some(cell) = self.counts.get_mut(truth).and_then(|row| row.get_mut(predicted)) {
            *cell += 1;
        }
    }

    /// All windows.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Windows on the diagonal.
    pub fn correct(&self) -> u64 {
        self.counts.iter().enumerate().filter_map(|(class, row)| row.get(class)).sum()
    }

    /// Correct windows divided by all of them; 0 when there are none.
    pub fn accuracy(&self) -> f64 {
        match self.total() {
            0 => 0.0,
            total => self.correct() as f64 / total as f64,
        }
    }

    /// For a class, the fraction of its windows that were recognised; `None` when it has no window.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let row = self.counts.get(class)?;
        let n_windows: u64 = row.iter().sum();
        let n_correct = *row.get(class)?;
        (n_windows > 0).then(|| n_correct as f64 / n_windows as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_rates() {
        let mut matrix = ConfusionMatrix::new(&["wing".into(), "ring".into(), "slope".into()]);
        for (truth, predicted) in [(0, 0), (0, 0), (0, 1), (1, 1), (7, 0), (0, 7)] {
            matrix.add(truth, predicted);
        }
        assert_eq!((matrix.total(), matrix.correct()), (4, 3));
        assert_eq!(matrix.accuracy(), 0.75);
        assert_eq!(matrix.recall(0), Some(2.0 / 3.0));
        assert_eq!((matrix.recall(2), matrix.recall(3)), (None, None));
        assert_eq!(ConfusionMatrix::new(&[]).accuracy(), 0.0);
    }
}
