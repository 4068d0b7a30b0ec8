//! Images of bytes, height × width × channels: part, size, brightness, and bytes to a network's numbers.

use crate::{InvalidSpec, WrongLength, ensure, length};

/// A rectangle of an image, brought to a size by bilinear interpolation with half-pixel centres, as TensorFlow's
/// `resize` does without antialiasing; weights have 8 fraction bits, so every machine gives the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resize {
    /// Height and width of the image.
    pub input: [usize; 2],
    /// Row and column of the rectangle's corner.
    pub corner: [usize; 2],
    /// Its height and width.
    pub part: [usize; 2],
    /// Height and width that it is brought to.
    pub output: [usize; 2],
    /// Bytes of a pixel.
    pub channels: usize,
}

/// Fraction bits of a weight.
const BITS: u32 = 8;

impl Resize {
    /// The largest centred part of the output's aspect.
    ///
    /// # Errors
    /// As [`Resize::check`].
    pub const fn centred(
        input: [usize; 2],
        output: [usize; 2],
        channels: usize,
    ) -> Result<Self, InvalidSpec> {
        ensure!(output[0] > 0 && output[1] > 0, "an image must have a height and a width");
        let (by_height, by_width) = (input[0] * output[1] / output[0], input[1] * output[0] / output[1]);
        let part = [
            if by_width < input[0] { by_width } else { input[0] },
            if by_height < input[1] { by_height } else { input[1] },
        ];
        let corner = [(input[0] - part[0]) / 2, (input[1] - part[1]) / 2];
        Resize { input, corner, part, output, channels }.check()
    }

    /// Checks that the part lies in the image.
    ///
    /// # Errors
    /// [`InvalidSpec`] when it does not, or when an extent is 0 or above 2¹⁵.
    pub const fn check(self) -> Result<Self, InvalidSpec> {
        let mut side = 0;
        while side < 2 {
            ensure!(self.part[side] > 0 && self.output[side] > 0, "an image must have a height and a width");
            ensure!(
                self.input[side] <= 1 << 15 && self.output[side] <= 1 << 15,
                "an image must have at most 2^15 rows and columns"
            );
            ensure!(
                self.corner[side] + self.part[side] <= self.input[side],
                "the part must lie in the image"
            );
            side += 1;
        }
        ensure!(self.channels > 0 && self.channels <= 4, "a pixel must have 1 to 4 bytes");
        Ok(self)
    }

    /// Bytes `[input, channels]` to `[output, channels]`.
    ///
    /// # Errors
    /// [`WrongLength`] of either.
    pub fn run(&self, input: &[u8], output: &mut [u8]) -> Result<(), WrongLength> {
        length("input", input.len(), self.input[0] * self.input[1] * self.channels)?;
        length("output", output.len(), self.output[0] * self.output[1] * self.channels)?;
        let pixel = |row: usize, column: usize, channel: usize| {
            let (row, column) = (self.corner[0] + row, self.corner[1] + column);
            let at = (row * self.input[1] + column) * self.channels + channel;
            input.get(at).copied().map_or(0, u32::from)
        };
        let mut places = output.iter_mut();
        for row in 0..self.output[0] {
            let (top, bottom, down) = between(row, self.part[0], self.output[0]);
            for column in 0..self.output[1] {
                let (left, right, across) = between(column, self.part[1], self.output[1]);
                for channel in 0..self.channels {
                    let mix = |a: u32, b: u32, part: u32| (a << BITS) - a * part + b * part;
                    let upper = mix(pixel(top, left, channel), pixel(top, right, channel), across);
                    let lower = mix(pixel(bottom, left, channel), pixel(bottom, right, channel), across);
                    let value = (mix(upper, lower, down) + (1 << (2 * BITS - 1))) >> (2 * BITS);
                    if let Some(place) = places.next() {
                        *place = value.min(255) as u8;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The two input lines around output line `at` and the weight of the second.
fn between(at: usize, n_in: usize, n_out: usize) -> (usize, usize, u32) {
    // The centre (at + 1/2) n_in / n_out − 1/2 with BITS fraction bits, rounded to nearest.
    let doubled = ((2 * at + 1) * n_in) << BITS;
    let centre = (doubled + n_out) / (2 * n_out);
    let centre = centre.saturating_sub(1 << (BITS - 1)).min((n_in - 1) << BITS);
    let first = centre >> BITS;
    (first, (first + 1).min(n_in - 1), (centre & ((1 << BITS) - 1)) as u32)
}

/// Brightness of each pixel, as (54 R + 183 G + 19 B) / 256: ITU-R BT.709 with 8 fraction bits.
///
/// # Errors
/// [`WrongLength`] of colours that are not three for each grey value.
pub fn grey(colours: &[u8], output: &mut [u8]) -> Result<(), WrongLength> {
    length("colours", colours.len(), output.len() * 3)?;
    for (grey, &[red, green, blue]) in output.iter_mut().zip(colours.as_chunks::<3>().0) {
        *grey = ((54 * u32::from(red) + 183 * u32::from(green) + 19 * u32::from(blue) + 128) >> 8) as u8;
    }
    Ok(())
}

/// Bytes to numbers: (byte − mean) × scale.
///
/// # Errors
/// [`WrongLength`] of unlike slices.
pub fn normalise(bytes: &[u8], mean: f32, scale: f32, output: &mut [f32]) -> Result<(), WrongLength> {
    length("bytes", bytes.len(), output.len())?;
    for (number, &byte) in output.iter_mut().zip(bytes) {
        *number = (f32::from(byte) - mean) * scale;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized<const N: usize>(resize: Resize, input: &[u8]) -> [u8; N] {
        let mut output = [0; N];
        resize.check().unwrap().run(input, &mut output).unwrap();
        output
    }

    #[test]
    fn sizes_are_those_of_half_pixel_centres() {
        let same = Resize { input: [2, 2], corner: [0, 0], part: [2, 2], output: [2, 2], channels: 1 };
        assert_eq!(resized::<4>(same, &[1, 2, 3, 4]), [1, 2, 3, 4]);
        // tf.image.resize([[0, 100]], [1, 4]) = 0, 25, 75, 100.
        let wide = Resize { input: [1, 2], corner: [0, 0], part: [1, 2], output: [1, 4], channels: 1 };
        assert_eq!(resized::<4>(wide, &[0, 100]), [0, 25, 75, 100]);
        // tf.image.resize of 4 to 2: the means of the middle pairs' neighbours, 0.5 and 2.5.
        let narrow = Resize { input: [1, 4], corner: [0, 0], part: [1, 4], output: [1, 2], channels: 1 };
        assert_eq!(resized::<2>(narrow, &[0, 10, 20, 30]), [5, 25]);
    }

    #[test]
    fn the_largest_centred_part_is_taken() {
        let resize = Resize::centred([2, 4], [1, 1], 3).unwrap();
        assert_eq!((resize.corner, resize.part), ([0, 1], [2, 2]));
        assert!(Resize { part: [3, 2], ..resize }.check().is_err());
        assert!(Resize::centred([2, 2], [0, 1], 1).is_err());
        assert!(resize.run(&[0; 3], &mut [0; 3]).is_err());
    }

    #[test]
    fn grey_keeps_white_and_weighs_green_most() {
        let mut output = [0; 3];
        grey(&[255, 255, 255, 0, 255, 0, 255, 0, 0], &mut output).unwrap();
        assert_eq!(output, [255, 182, 54]);
        let mut numbers = [0.0; 2];
        normalise(&[0, 255], 127.5, 1.0 / 127.5, &mut numbers).unwrap();
        assert_eq!(numbers, [-1.0, 1.0]);
    }
}
