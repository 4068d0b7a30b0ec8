//! Filters of 4-bit weights, two in a byte: the low nibble first, both with a sign, rows without padding between them.
//!
//! Source: TensorFlow Lite Micro, `tensor_utils::UnpackDenseInt4IntoInt8`. The weights stay packed.

#[cfg(feature = "host")]
use super::dot::gather;
use super::dot::{Filter, mac, tail};
use crate::WrongLength;
use crate::error::length;

/// A filter of packed 4-bit weights.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a>(pub(super) &'a [u8]);

impl Filter for Packed<'_> {
    #[inline(always)]
    fn check(self, n_weights: usize) -> Result<(), WrongLength> {
        length("filter", self.0.len(), n_weights.div_ceil(2))
    }

    #[inline(always)]
    fn add_products(self, x: &[i16], first: usize, row: usize, from: usize, sums: &mut [i32]) {
        dot_rows(x, self, first, row, from, sums);
    }

    #[cfg(feature = "host")]
    fn widen(self, start: usize, to: &mut [i16]) {
        let mut weights = [0; 64];
        for (n, to) in to.chunks_mut(64).enumerate() {
            let weights = weights.get_mut(..to.len()).unwrap_or(&mut []);
            self.unpack(start + n * 64, weights);
            gather(weights, 0, to);
        }
    }
}

impl Packed<'_> {
    /// Unpacks the weights from `start` on.
    #[inline(never)]
    pub(super) fn unpack(self, start: usize, to: &mut [i8]) {
        let bytes = tail(self.0, start / 2);
        let (first, rest) = if start.is_multiple_of(2) {
            (None, to)
        } else {
            let Some((first, rest)) = to.split_first_mut() else { return };
            (Some(first), rest)
        };
        if let (Some(first), Some(&byte)) = (first, bytes.first()) {
            *first = high(byte);
        }
        let bytes = tail(bytes, start % 2);
        for (pair, &byte) in rest.chunks_mut(2).zip(bytes) {
            for (to, nibble) in pair.iter_mut().zip([low(byte), high(byte)]) {
                *to = nibble;
            }
        }
    }
}

/// [`Filter::add_products`].
#[inline(never)]
fn dot_rows(x: &[i16], filter: Packed<'_>, first: usize, row: usize, from: usize, sums: &mut [i32]) {
    let mut start = first * row + from;
    for sum in sums {
        *sum = dot(x, filter.0, start, *sum);
        start += row;
    }
}

/// Adds to a sum the products of `x` with the weights from `start` on.
#[inline(never)]
fn dot(mut x: &[i16], weights: &[u8], start: usize, mut sum: i32) -> i32 {
    let mut weights = tail(weights, start / 2);
    if !start.is_multiple_of(2) {
        // The row begins in the middle of a byte.
        let (Some((&first, x_rest)), Some((&byte, weights_rest))) = (x.split_first(), weights.split_first())
        else {
            return sum;
        };
        sum = mac(sum, i32::from(first), high(byte));
        (x, weights) = (x_rest, weights_rest);
    }
    let (pairs, last) = x.as_chunks::<2>();
    for (&[x0, x1], &byte) in pairs.iter().zip(weights) {
        sum = mac(mac(sum, i32::from(x0), low(byte)), i32::from(x1), high(byte));
    }
    if let (&[x], Some(&byte)) = (last, weights.get(pairs.len())) {
        sum = mac(sum, i32::from(x), low(byte));
    }
    sum
}

/// The first weight of a byte.
#[inline(always)]
const fn low(byte: u8) -> i8 {
    (byte << 4) as i8 >> 4
}

/// The second weight of a byte.
#[inline(always)]
const fn high(byte: u8) -> i8 {
    byte as i8 >> 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::naive::Random;
    use std::vec;

    #[test]
    fn weights_unpack_low_nibble_first() {
        let packed = Packed(&[0x21, 0x8f, 0x07]);
        let all = [1, 2, -1, -8, 7, 0];
        for start in 0..all.len() {
            for len in 0..=all.len() - start {
                let mut to = vec![9; len];
                packed.unpack(start, &mut to);
                assert_eq!(to, all[start..start + len], "{start} {len}");
            }
        }
    }

    #[test]
    fn products_are_those_of_unpacked_weights() {
        for seed in 0..200 {
            let random = &mut Random::new(seed);
            let (row, n_rows) = (random.size(1, 23), random.size(1, 6));
            let bytes: vec::Vec<u8> =
                random.int8s((row * n_rows).div_ceil(2)).iter().map(|&x| x as u8).collect();
            let mut weights = vec![0; row * n_rows];
            Packed(&bytes).unpack(0, &mut weights);
            let from = random.size(0, row - 1);
            let len = random.size(0, row - from);
            let x: vec::Vec<i16> = random.int8s(len).into_iter().map(i16::from).collect();
            let mut sums = vec![5; n_rows];
            Packed(&bytes).add_products(&x, 0, row, from, &mut sums);
            for (n, &sum) in sums.iter().enumerate() {
                let w = &weights[n * row + from..];
                let expected: i32 = x.iter().zip(w).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
                assert_eq!(sum, expected + 5, "seed {seed}, row {n}");
            }
        }
    }
}
