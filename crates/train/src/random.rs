//! Random streams that are a function of the seed and of what they are for.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::RngCore;

/// What a stream is for; no two purposes share numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Order of the examples in an epoch.
    Order,
    /// Weights at the beginning.
    Weights,
    /// Where fitting begins.
    Fit,
}

/// A stream of its own for each seed, purpose and index (epoch, tensor).
pub(crate) fn stream(seed: u64, purpose: Purpose, index: u64) -> Pcg64 {
    Pcg64::new(u128::from(seed) << 64 | u128::from(index), purpose as u128)
}

/// A number in 0..bound.
fn below(random: &mut Pcg64, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// A number in 0..1.
pub(crate) fn unit(random: &mut Pcg64) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A number in -1..1.
pub(crate) fn signed_unit(random: &mut Pcg64) -> f32 {
    (random.next_u32() >> 7) as f32 / (1 << 24) as f32 - 1.0
}

/// The numbers 0..n in random order.
pub(crate) fn permutation(random: &mut Pcg64, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for at in (1..n).rev() {
        order.swap(at, below(random, at + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations_that_differ_by_epoch_and_seed() {
        let order = |seed, epoch| permutation(&mut stream(seed, Purpose::Order, epoch), 100);
        let mut sorted = order(1, 0);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(order(1, 0), order(1, 0));
        assert_ne!(order(1, 0), order(1, 1));
        assert_ne!(order(1, 0), order(2, 0));
    }

    #[test]
    fn numbers_lie_evenly_in_their_range() {
        let mut random = stream(3, Purpose::Weights, 0);
        let numbers: Vec<f32> = (0..10_000).map(|_| signed_unit(&mut random)).collect();
        assert!(numbers.iter().all(|v| (-1.0..1.0).contains(v)));
        let mean = numbers.iter().sum::<f32>() / 10_000.0;
        let square = numbers.iter().map(|v| v * v).sum::<f32>() / 10_000.0;
        assert!(mean.abs() < 0.02 && (square - 1.0 / 3.0).abs() < 0.01, "{mean} {square}");
    }
}
