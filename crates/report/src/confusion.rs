//! The confusion matrix: how often each class was taken for which.

use serde::{Deserialize, Serialize};

/// Counts of windows by true class (rows) and predicted class (columns).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    /// For a class, the harmonic mean of recall and precision: `2 right / (its windows + windows taken for it)`; `None` when
    /// there are neither.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let row: u64 = self.counts.get(class)?.iter().sum();
        let column: u64 = self.counts.iter().filter_map(|row| row.get(class)).sum();
        let right = *self.counts.get(class)?.get(class)?;
        (row + column > 0).then(|| 2.0 * right as f64 / (row + column) as f64)
    }

    /// The mean F1 of the classes that have one; 0 when there is none.
    pub fn macro_f1(&self) -> f64 {
        let f1: Vec<f64> = (0..self.classes.len()).filter_map(|class| self.f1(class)).collect();
        f1.iter().sum::<f64>() / f1.len().max(1) as f64
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
        // Class 0: 2 right, 3 windows, 2 named; class 1: 1 right, 1 window, 2 named; class 2 has none.
        assert_eq!((matrix.f1(0), matrix.f1(1), matrix.f1(2)), (Some(0.8), Some(2.0 / 3.0), None));
        assert!((matrix.macro_f1() - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert_eq!(ConfusionMatrix::new(&[]).accuracy(), 0.0);
    }
}
