//! Triangular filters over the bins of a spectrum, as the mel filter banks of TensorFlow and HTK have them.

use crate::{InvalidSpec, WrongLength, ensure, length};

/// The triangles: channel `c` covers `widths[c]` bins from `starts[c]`, with its weights in order after those of the
/// channels before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MelBank<'t> {
    /// First bin of each channel.
    pub starts: &'t [u16],
    /// Bins of each channel.
    pub widths: &'t [u16],
    /// Weights of all channels.
    pub weights: &'t [f32],
}

impl MelBank<'_> {
    /// Checks that channels lie in a spectrum of `bins` and that there is a weight for each of their bins.
    ///
    /// # Errors
    /// [`InvalidSpec`] when they do not, and without a channel.
    pub const fn check(&self, bins: usize) -> Result<(), InvalidSpec> {
        ensure!(!self.starts.is_empty(), "a filter bank must have a channel");
        ensure!(self.starts.len() == self.widths.len(), "each channel must have a start and a width");
        let (mut at, mut n_weights) = (0, 0);
        while at < self.starts.len() {
            let end = self.starts[at] as usize + self.widths[at] as usize;
            ensure!(end <= bins, "a channel must lie in the spectrum");
            n_weights += self.widths[at] as usize;
            at += 1;
        }
        ensure!(n_weights == self.weights.len(), "each bin of a channel must have a weight");
        Ok(())
    }

    /// `output[c] = Σ weight · spectrum[bin]` over the bins of channel c.
    ///
    /// # Errors
    /// [`WrongLength`] of an output that has not one place for each channel.
    pub fn run(&self, spectrum: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        length("output", output.len(), self.starts.len())?;
        let mut weights = self.weights;
        for ((sum, &start), &width) in output.iter_mut().zip(self.starts).zip(self.widths) {
            let (own, rest) = weights.split_at_checked(usize::from(width)).unwrap_or((weights, &[]));
            weights = rest;
            let bins = spectrum.get(usize::from(start)..).unwrap_or_default();
            *sum = bins.iter().zip(own).fold(0.0, |sum, (bin, weight)| sum + bin * weight);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_weigh_their_bins() {
        let bank = MelBank { starts: &[0, 1, 3], widths: &[2, 2, 0], weights: &[1.0, 0.5, 0.5, 2.0] };
        assert_eq!(bank.check(3), Ok(()));
        let mut output = [9.0; 3];
        assert_eq!(bank.run(&[1.0, 10.0, 100.0], &mut output), Ok(()));
        assert_eq!(output, [6.0, 205.0, 0.0]);
        assert!(bank.check(2).is_err() && bank.run(&[], &mut [0.0]).is_err());
        assert!(MelBank { weights: &[1.0], ..bank }.check(3).is_err());
    }
}
