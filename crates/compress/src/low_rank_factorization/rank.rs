//! How many singular values stay.

/// The fewest values that hold this share of the sum of all squares; at least 1.
pub(super) fn by_energy(singular: &[f64], share: f64) -> usize {
    let total: f64 = singular.iter().map(|value| value * value).sum();
    let mut sum = 0.0;
    let n = singular.iter().take_while(|value| {
        let is_short = sum < share * total;
        sum += **value * **value;
        is_short
    });
    n.count().max(1)
}

/// The values that stand out of noise in a `rows` by `columns` matrix, by empirical variational Bayes: the analytic solution of
/// Nakajima et al. (*Global Analytic Solution of Fully-observed Variational Bayesian Matrix Factorization*, 2013), with the
/// noise found by minimising its free energy. `singular` is descending and holds all values. At least 1.
pub(super) fn by_variational_bayes(singular: &[f64], rows: usize, columns: usize) -> usize {
    let (l, m) = (rows.min(columns) as f64, rows.max(columns) as f64);
    let alpha = l / m;
    // The approximation of the threshold that the paper gives.
    let tau_bar = 2.5129 * alpha.sqrt();
    let x_bar = (1.0 + tau_bar) * (1.0 + alpha / tau_bar);
    let squares: Vec<f64> = singular.iter().map(|value| value * value).collect();
    let total: f64 = squares.iter().sum();
    if total <= 0.0 {
        return 1;
    }
    let energy = |noise: f64| -> f64 {
        let of = |square: &f64| {
            let x = (square / (m * noise)).max(1e-12);
            if x <= x_bar {
                return x - x.ln();
            }
            let shifted = x - (1.0 + alpha);
            let tau = 0.5 * (shifted + (shifted * shifted - 4.0 * alpha).max(0.0).sqrt());
            x - tau + ((tau + 1.0) / x).ln() + alpha * (tau / alpha + 1.0).ln()
        };
        squares.iter().map(of).sum()
    };
    let most = ((l / (1.0 + alpha)).ceil() as usize).saturating_sub(1).min(squares.len().saturating_sub(1));
    let rest = squares.get(most..).unwrap_or_default();
    let mean = rest.iter().sum::<f64>() / rest.len().max(1) as f64;
    let first = rest.first().copied().unwrap_or(0.0);
    let upper = total / (l * m);
    let lower = (first / (m * x_bar)).max(mean / m).max(upper * 1e-9);
    let noise = least(&energy, lower.min(upper), upper);
    squares.iter().filter(|square| **square > m * noise * x_bar).count().max(1)
}

/// The place of the least value between two, on a grid and then by the golden section.
fn least(f: &dyn Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    const GRID: usize = 64;
    let (a, b) = (low.ln(), high.ln());
    let at = |i: usize| a + (b - a) * i as f64 / GRID as f64;
    let best = (0..=GRID).min_by(|&i, &j| f(at(i).exp()).total_cmp(&f(at(j).exp()))).unwrap_or(0);
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(GRID)));
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    for _ in 0..40 {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if f(left.exp()) < f(right.exp()) { high = right } else { low = left }
    }
    (0.5 * (low + high)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post_training_quantization::tests::Noise;
    use nalgebra::DMatrix;

    #[test]
    fn energy_is_a_share_of_squares() {
        assert_eq!(by_energy(&[3.0, 2.0, 1.0], 9.0 / 14.0), 1);
        assert_eq!(by_energy(&[3.0, 2.0, 1.0], 9.1 / 14.0), 2);
        assert_eq!(by_energy(&[3.0, 2.0, 1.0], 1.0), 3);
        assert_eq!(by_energy(&[0.0, 0.0], 0.5), 1);
    }

    #[test]
    fn variational_bayes_finds_what_stands_out_of_noise() {
        let mut noise = Noise(5);
        let mut gaussian = || (0..12).map(|_| f64::from(noise.next())).sum::<f64>() * 0.5;
        for rank in [1, 4, 9] {
            let a = DMatrix::from_fn(40, rank, |_, _| gaussian());
            let b = DMatrix::from_fn(rank, 90, |_, _| gaussian());
            let made = a * b + DMatrix::from_fn(40, 90, |_, _| 0.3 * gaussian());
            let mut singular: Vec<f64> = made.singular_values().iter().copied().collect();
            singular.sort_by(|a, b| b.total_cmp(a));
            assert_eq!(by_variational_bayes(&singular, 40, 90), rank);
        }
    }
}
