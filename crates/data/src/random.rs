//! A random stream that is the same on every machine, and the few deviates that the crate draws from it.
//!
//! The deviates are made here from raw 64-bit words, with additions and multiplications only, because a library of
//! distributions may change its algorithm between versions and logarithms differ between platforms.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::RngCore;

/// A stream of random numbers, a pure function of the numbers it is made from.
#[derive(Debug, Clone)]
pub(crate) struct Stream(Pcg64);

impl Stream {
    /// The stream that belongs to `keys`, such as seed, person and repetition. Streams of different keys are unrelated.
    pub(crate) fn new(keys: &[u64]) -> Self {
        let state = keys.iter().fold(0x5eed, |state, &key| mix(state ^ mix(key)));
        Stream(Pcg64::new(u128::from(state) << 64 | u128::from(mix(state)), u128::from(mix(!state))))
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform between `low` and `high`.
    pub(crate) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform among `0..n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Approximately normal with mean 0 and standard deviation 1: the centred sum of twelve uniform deviates
    /// (Irwin-Hall), which never exceeds 6.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Fisher-Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The output function of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
pub(crate) fn mix(key: u64) -> u64 {
    let key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_and_apart() {
        assert_eq!(Stream::new(&[1, 2]).unit(), Stream::new(&[1, 2]).unit());
        assert_ne!(Stream::new(&[1, 2]).unit(), Stream::new(&[2, 1]).unit());
        assert_ne!(Stream::new(&[1]).unit(), Stream::new(&[1, 0]).unit());
    }

    #[test]
    fn deviates_have_their_moments() {
        let mut stream = Stream::new(&[7]);
        let n = 20_000;
        let uniform: Vec<f64> = (0..n).map(|_| stream.range(-1.0, 3.0)).collect();
        assert!(uniform.iter().all(|x| (-1.0..3.0).contains(x)));
        assert!((uniform.iter().sum::<f64>() / f64::from(n) - 1.0).abs() < 0.05);
        let normal: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        assert!((normal.iter().sum::<f64>() / f64::from(n)).abs() < 0.03);
        assert!((normal.iter().map(|x| x * x).sum::<f64>() / f64::from(n) - 1.0).abs() < 0.05);
    }

    #[test]
    fn below_covers_its_range_and_shuffle_permutes() {
        let mut stream = Stream::new(&[3]);
        let mut seen = [0; 5];
        (0..1000).for_each(|_| seen[stream.below(5)] += 1);
        assert!(seen.iter().all(|&count| count > 150), "{seen:?}");
        assert_eq!(stream.below(0), 0);
        let mut items: Vec<usize> = (0..50).collect();
        stream.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
