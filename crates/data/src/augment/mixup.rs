//! mixup: an example and a part of another one, in values and in class (Zhang et al., *mixup: Beyond Empirical Risk
//! Minimization*, 2018).

use crate::random::Stream;

/// What is mixed into sample `index` of `epoch`, of `n`: another sample and its share, at most a half. The share of the one
/// or the other is drawn from the distribution Beta(`alpha`, `alpha`); a pure function of all arguments.
pub fn partner(seed: u64, epoch: u64, index: usize, n: usize, alpha: f64) -> (usize, f32) {
    let mut stream = Stream::new(&[seed, epoch, index as u64, 2]);
    let other = stream.below(n);
    let share = beta(alpha, &mut stream);
    (other, share.min(1.0 - share) as f32)
}

/// A deviate of Beta(`alpha`, `alpha`), `alpha` up to 1 (Jöhnk, 1964).
fn beta(alpha: f64, stream: &mut Stream) -> f64 {
    loop {
        let (x, y) = (stream.unit().powf(1.0 / alpha), stream.unit().powf(1.0 / alpha));
        if x + y <= 1.0 && x + y > 0.0 {
            return x / (x + y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_moments_of_their_distribution() {
        for alpha in [0.2, 0.5, 1.0] {
            let mut stream = Stream::new(&[1]);
            let shares: Vec<f64> = (0..20_000).map(|_| beta(alpha, &mut stream)).collect();
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            let variance =
                shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / shares.len() as f64;
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: {mean}");
            // alpha^2 / ((2 alpha)^2 (2 alpha + 1))
            assert!((variance - 0.25 / (2.0 * alpha + 1.0)).abs() < 0.01, "{alpha}: {variance}");
        }
    }

    #[test]
    fn partners_are_fixed_and_all_come_up() {
        let drawn: Vec<(usize, f32)> = (0..200).map(|index| partner(7, 3, index, 5, 0.2)).collect();
        assert_eq!(drawn[11], partner(7, 3, 11, 5, 0.2));
        assert!((0..5).all(|other| drawn.iter().any(|(at, _)| *at == other)));
        assert!(drawn.iter().all(|(_, share)| (0.0..=0.5).contains(share)));
        assert_ne!(partner(7, 4, 11, 5, 0.2), drawn[11]);
    }
}
