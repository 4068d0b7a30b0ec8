//! Filters in a Huffman code: often values have short codes. What one row takes to decode is shared by several pixels, and rows
//! are read in order, each time from the first.
//!
//! The code is canonical (as in RFC 1951, section 3.2.2): codes of one length follow each other, the shorter ones first, so that
//! how many there are of each length and the values in this order are all that it takes.

use super::dot::{dot_rows, part};
use crate::WrongLength;
use crate::error::length;

/// Longest code, in bits.
pub const LONGEST: usize = 15;

/// Weights that are decoded at once.
const DECODED: usize = 256;

/// A filter, or what is left of it to read.
#[derive(Clone, Copy)]
pub(super) struct Coded<'a> {
    lengths: [Length; LONGEST],
    /// Lengths that some code has.
    n_lengths: usize,
    /// The values in the order of their codes.
    symbols: &'a [i8],
    /// Bytes that are still to be read: codes, each from its highest bit, the highest bits of a byte first.
    codes: &'a [u8],
    /// The lowest bits were read and not used yet.
    word: u32,
    /// How many.
    n_bits: u32,
}

/// The codes of one length.
#[derive(Clone, Copy)]
struct Length {
    bits: u32,
    /// What follows the last of them, with as many bits behind it as the longest code has more.
    end: u32,
    /// The place of a code's value, less the code.
    place: u32,
}

impl<'a> Coded<'a> {
    /// `counts` says how many codes there are of 1 bit, of 2 bits, …
    ///
    /// Fails unless there is a count for each length. Codes that lie past the end, or that are of no value, read as 0.
    pub(super) fn new(counts: &[u16], symbols: &'a [i8], codes: &'a [u8]) -> Result<Self, WrongLength> {
        length("counts", counts.len(), LONGEST)?;
        let mut lengths = [Length { bits: 0, end: 0, place: 0 }; LONGEST];
        let (mut first, mut index, mut n_lengths) = (0u32, 0u32, 0);
        for (bits, &count) in (1..).zip(counts) {
            if count > 0
                && let Some(length) = lengths.get_mut(n_lengths)
            {
                let end = (first + u32::from(count)) << (LONGEST as u32 - bits);
                *length = Length { bits, end, place: index.wrapping_sub(first) };
                n_lengths += 1;
            }
            index += u32::from(count);
            first = (first + u32::from(count)) << 1;
        }
        Ok(Coded { lengths, n_lengths, symbols, codes, word: 0, n_bits: 0 })
    }

    /// The next weight.
    #[inline(always)]
    fn next(&mut self) -> i8 {
        while self.n_bits < LONGEST as u32 {
            let byte = self.codes.split_first().map_or(0, |(&byte, rest)| {
                self.codes = rest;
                byte
            });
            self.word = self.word << 8 | u32::from(byte);
            self.n_bits += 8;
        }
        let window = (self.word >> (self.n_bits - LONGEST as u32)) & ((1 << LONGEST) - 1);
        for length in part(&self.lengths, 0, self.n_lengths) {
            if window < length.end {
                self.n_bits -= length.bits;
                let place = (window >> (LONGEST as u32 - length.bits)).wrapping_add(length.place);
                return self.symbols.get(place as usize).copied().unwrap_or(0);
            }
        }
        self.n_bits -= LONGEST as u32;
        0
    }

    /// Adds to every sum the product of the next row with inputs: those of the first sum, then those of the next, `row` apart.
    #[cfg_attr(feature = "host", inline(always))]
    #[cfg_attr(not(feature = "host"), inline(never))]
    pub(super) fn add_products(&mut self, row: usize, inputs: &[i8], sums: &mut [i32]) {
        let mut decoded = [0_i16; DECODED];
        let mut from = 0;
        while from < row {
            let piece = decoded.get_mut(..(row - from).min(DECODED)).unwrap_or(&mut []);
            for to in piece.iter_mut() {
                *to = i16::from(self.next());
            }
            dot_rows(piece, inputs, row, from, sums);
            from += DECODED;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_canonical() {
        // 5: 0, -3: 10, 7: 110, 9: 111.
        let mut counts = [0; LONGEST];
        counts[..3].copy_from_slice(&[1, 1, 2]);
        let mut coded = Coded::new(&counts, &[5, -3, 7, 9], &[0b0101_1011, 0b1010_0000]).unwrap();
        let values: [i8; 6] = core::array::from_fn(|_| coded.next());
        assert_eq!(values, [5, -3, 7, 9, 5, -3]);
        assert_eq!(Coded::new(&counts[1..], &[], &[]).err().map(|error| error.expected), Some(LONGEST));
    }

    #[test]
    fn what_is_no_code_reads_as_0() {
        let mut counts = [0; LONGEST];
        counts[1] = 1;
        let mut coded = Coded::new(&counts, &[5], &[0xff; 2]).unwrap();
        assert_eq!(coded.next(), 0, "15 bits of 1");
        let mut nothing = Coded::new(&[0; LONGEST], &[], &[]).unwrap();
        assert_eq!((nothing.next(), nothing.next()), (0, 0));
    }
}
