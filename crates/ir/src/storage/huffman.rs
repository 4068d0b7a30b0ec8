//! A Huffman code for the weights of a filter, as `smidgen_kernels::ops::coded` reads it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use smidgen_kernels::ops::coded::LONGEST;

/// A filter in a code of its own.
#[derive(Debug)]
pub(super) struct Coded {
    /// Codes of each length.
    pub(super) counts: [u16; LONGEST],
    /// Values in the order of their codes.
    pub(super) symbols: Vec<i8>,
    /// The codes of all weights.
    pub(super) codes: Vec<u8>,
}

impl Coded {
    /// Codes weights; `None` where there are none.
    pub(super) fn of(weights: &[i8]) -> Option<Self> {
        let mut frequencies: BTreeMap<i8, u64> = BTreeMap::new();
        weights.iter().for_each(|weight| *frequencies.entry(*weight).or_default() += 1);
        let mut lengths = lengths(&frequencies);
        lengths.sort_by_key(|&(value, length)| (length, value));
        let mut counts = [0u16; LONGEST];
        let (mut codes, mut code, mut last) = (BTreeMap::new(), 0u32, lengths.first()?.1);
        for &(value, length) in &lengths {
            code <<= length - last;
            last = length;
            codes.insert(value, (code, length));
            code += 1;
            *counts.get_mut(length - 1)? += 1;
        }
        let (mut bytes, mut n_bits) = (Vec::new(), 0usize);
        for &(code, length) in weights.iter().filter_map(|weight| codes.get(weight)) {
            for at in (0..length).rev() {
                if n_bits.is_multiple_of(8) {
                    bytes.push(0u8);
                }
                if let Some(byte) = bytes.last_mut() {
                    *byte |= ((code >> at & 1) as u8) << (7 - n_bits % 8);
                }
                n_bits += 1;
            }
        }
        let symbols = lengths.into_iter().map(|(value, _)| value).collect();
        Some(Coded { counts, symbols, codes: bytes })
    }

    pub(super) fn n_bytes(&self) -> usize {
        2 * LONGEST + self.symbols.len() + self.codes.len()
    }
}

/// The length of each value's code, 1 to [`LONGEST`].
fn lengths(frequencies: &BTreeMap<i8, u64>) -> Vec<(i8, usize)> {
    let mut scaled: Vec<(i8, u64)> = frequencies.iter().map(|(&value, &n)| (value, n)).collect();
    loop {
        let found = unlimited(&scaled);
        if found.iter().all(|(_, length)| *length <= LONGEST) {
            return found;
        }
        // Rare values count for more until no code is too long: 256 equal ones have 8 bits.
        scaled.iter_mut().for_each(|(_, n)| *n = (*n).div_ceil(2));
    }
}

/// Huffman's algorithm.
fn unlimited(frequencies: &[(i8, u64)]) -> Vec<(i8, usize)> {
    let mut found: Vec<(i8, usize)> = frequencies.iter().map(|&(value, _)| (value, 0)).collect();
    // The sum of each tree, a number that tells equal ones apart, and its leaves.
    let trees = frequencies.iter().enumerate().map(|(at, &(_, n))| Reverse((n, at, vec![at])));
    let mut trees: BinaryHeap<_> = trees.collect();
    let mut number = frequencies.len();
    if let [only] = found.as_mut_slice() {
        only.1 = 1;
    }
    while let (Some(Reverse((a, _, mut leaves))), Some(Reverse((b, _, others)))) = (trees.pop(), trees.pop())
    {
        leaves.extend(others);
        for &leaf in &leaves {
            if let Some((_, length)) = found.get_mut(leaf) {
                *length += 1;
            }
        }
        number += 1;
        trees.push(Reverse((a + b, number, leaves)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths_of(frequencies: &[u64]) -> Vec<usize> {
        let frequencies = frequencies.iter().enumerate().map(|(value, &n)| (value as i8, n)).collect();
        lengths(&frequencies).into_iter().map(|(_, length)| length).collect()
    }

    #[test]
    fn often_values_have_short_codes() {
        assert_eq!(lengths_of(&[5, 2, 1, 1]), [1, 2, 3, 3]);
        assert_eq!(lengths_of(&[1; 128]), [7; 128]);
        assert_eq!(lengths_of(&[9]), [1]);
    }

    #[test]
    fn no_code_is_too_long_and_all_are_told_apart() {
        let fibonacci: Vec<u64> = (0..40)
            .scan((1u64, 1u64), |pair, _| {
                *pair = (pair.1, pair.0 + pair.1);
                Some(pair.0)
            })
            .collect();
        let lengths = lengths_of(&fibonacci);
        let kraft: f64 = lengths.iter().map(|&length| 0.5f64.powi(length as i32)).sum();
        assert!(lengths.iter().all(|length| (1..=LONGEST).contains(length)) && kraft <= 1.0, "{lengths:?}");
    }

    #[test]
    fn a_code_takes_little_more_than_the_entropy() {
        let weights: Vec<i8> = (0..4096i32).map(|at| ((at * at % 251 - 125) / (1 + at % 13)) as i8).collect();
        let coded = Coded::of(&weights).unwrap();
        let mut counts = BTreeMap::new();
        weights.iter().for_each(|weight| *counts.entry(*weight).or_insert(0.0f64) += 1.0);
        let entropy: f64 = counts.values().map(|n| -n * (n / 4096.0).log2()).sum();
        let bits = 8.0 * coded.codes.len() as f64;
        assert!(bits >= entropy && bits < 1.02 * entropy + 8.0, "{bits} {entropy}");
        assert_eq!(coded.symbols.len(), counts.len());
        assert!(Coded::of(&[]).is_none());
    }
}
