//! SIGNAL_FILTER_BANK: energies of frequency bins, weighted into channels that overlap by half.
//!
//! Band `c` of `0..=channels` is a run of bins. With `w` and `u` its weighted and "unweighted" sums, channel `c - 1` is
//! `w[c] + u[c - 1]`. Source: TensorFlow Lite Micro, `FilterbankAccumulateChannels`, whose first sum is discarded.

use crate::error::{attempt, elements, length};
use crate::{InvalidSpec, WrongLength};

/// Everything about a SIGNAL_FILTER_BANK that is known when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32Spec {
    /// Frequency bins.
    pub bins: usize,
    /// Weights of all bands.
    pub weights: usize,
    /// Channels, one fewer than bands.
    pub channels: usize,
}

/// SIGNAL_FILTER_BANK of uint32 energies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uint32 {
    spec: Uint32Spec,
}

impl Uint32 {
    /// Checks the specification.
    pub const fn new(spec: Uint32Spec) -> Result<Self, InvalidSpec> {
        attempt!(elements(&[spec.bins]));
        attempt!(elements(&[spec.weights]));
        attempt!(elements(&[spec.channels, 2]));
        Ok(Self { spec })
    }

    /// Input `bins`, output `channels`. A band `c` weighs `widths[c]` bins from `frequency_starts[c]` on, with as many
    /// weights from `weight_starts[c]` on; one that reaches beyond its operands counts nothing.
    #[expect(clippy::too_many_arguments, reason = "the operator has six operands")]
    #[inline(never)]
    pub fn run(
        &self,
        input: &[u32],
        weights: &[i16],
        unweights: &[i16],
        frequency_starts: &[i16],
        weight_starts: &[i16],
        widths: &[i16],
        output: &mut [u64],
    ) -> Result<(), WrongLength> {
        let Uint32Spec { bins, weights: n_weights, channels } = self.spec;
        length("input", input.len(), bins)?;
        length("weights", weights.len(), n_weights)?;
        length("unweights", unweights.len(), n_weights)?;
        length("frequency_starts", frequency_starts.len(), channels + 1)?;
        length("weight_starts", weight_starts.len(), channels + 1)?;
        length("widths", widths.len(), channels + 1)?;
        length("output", output.len(), channels)?;
        let mut bands =
            frequency_starts.iter().zip(weight_starts).zip(widths).map(|((&bin, &at), &width)| {
                let bins = window(input, bin, width);
                (sum(bins, window(weights, at, width)), sum(bins, window(unweights, at, width)))
            });
        let mut carried = bands.next().map_or(0, |(_, unweighted)| unweighted);
        for (channel, (weighted, unweighted)) in output.iter_mut().zip(bands) {
            *channel = carried.wrapping_add(weighted);
            carried = unweighted;
        }
        Ok(())
    }
}

/// `width` elements from `start` on, or none where that reaches beyond the slice.
#[inline(always)]
fn window<T>(slice: &[T], start: i16, width: i16) -> &[T] {
    let (start, width) = (usize::try_from(start), usize::try_from(width));
    let (Ok(start), Ok(width)) = (start, width) else { return &[] };
    slice.get(start..start + width).unwrap_or_default()
}

#[inline(always)]
fn sum(bins: &[u32], weights: &[i16]) -> u64 {
    bins.iter().zip(weights).fold(0, |sum: u64, (&bin, &weight)| {
        sum.wrapping_add((i64::from(weight) as u64).wrapping_mul(bin.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_the_bins_between_them() {
        let kernel = Uint32::new(Uint32Spec { bins: 6, weights: 6, channels: 2 }).unwrap();
        let mut output = [0; 2];
        let (weights, unweights) = ([1, 2, 3, 4, 5, 6], [60, 50, 40, 30, 20, 10]);
        let energies = [1, 10, 100, 1000, 10_000, u32::MAX];
        let result =
            kernel.run(&energies, &weights, &unweights, &[1, 2, 4], &[0, 1, 3], &[1, 2, 2], &mut output);
        assert_eq!(result, Ok(()));
        // Bands: bin 1; bins 2 and 3; bins 4 and 5.
        let last = 4 * 10_000 + 5 * u64::from(u32::MAX);
        assert_eq!(output, [10 * 60 + 2 * 100 + 3 * 1000, 50 * 100 + 40 * 1000 + last]);
    }

    #[test]
    fn bands_outside_of_their_operands_count_nothing() {
        let kernel = Uint32::new(Uint32Spec { bins: 2, weights: 2, channels: 1 }).unwrap();
        let mut output = [1];
        let result = kernel.run(&[1, 1], &[1, 1], &[1, 1], &[1, -1], &[0, 0], &[2, 1], &mut output);
        assert_eq!((result, output), (Ok(()), [0]));
    }
}
