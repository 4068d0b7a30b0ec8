//! Variations of images: mirrored, moved, turned, zoomed, brighter, paler.

use crate::DataError;
use crate::random::Stream;
use serde::{Deserialize, Serialize};
use smidgen_features::tables::sin_cos;

/// How much to vary. All is off unless it is set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Mirrored left to right, half of the time.
    pub flip: bool,
    /// Moved by up to this part of height and width.
    pub shift: f64,
    /// Turned by up to this angle, rad.
    pub rotation_rad: f64,
    /// Larger or smaller by up to this part.
    pub zoom: f64,
    /// Brighter or darker by up to this part of the image's range.
    pub brightness: f64,
    /// More or less contrast, by up to this part.
    pub contrast: f64,
    /// More or less colour, by up to this part; of three channels.
    pub saturation: f64,
    /// A square of up to this part of height and width becomes the image's mean, half of the time (DeVries and Taylor,
    /// Improved regularization of convolutional neural networks with cutout, 2017).
    pub erase: f64,
}

impl Config {
    /// Whether what is in an image may be elsewhere afterwards.
    pub fn moves(&self) -> bool {
        self.flip || [self.shift, self.rotation_rad, self.zoom].iter().any(|&amount| amount > 0.0)
    }
}

/// Checks the amounts against images of shape `[height, width, channels]`.
pub(super) fn check(config: &Config, shape: &[usize]) -> Result<(), DataError> {
    let wrong = |message: String| Err(DataError::Options(format!("augment: image: {message}")));
    let &[_, _, channels] = shape else {
        return wrong(format!("expected images, found windows of shape {shape:?}"));
    };
    let amounts = [
        ("shift", config.shift, 1.0),
        ("rotation_rad", config.rotation_rad, 3.2),
        ("zoom", config.zoom, 0.9),
        ("brightness", config.brightness, 1.0),
        ("contrast", config.contrast, 1.0),
        ("saturation", config.saturation, 1.0),
        ("erase", config.erase, 0.9),
    ];
    if let Some((name, value, max)) =
        amounts.into_iter().find(|(_, value, max)| !(0.0..=*max).contains(value))
    {
        return wrong(format!("{name} = {value}, expected 0 to {max}"));
    }
    if config.saturation > 0.0 && channels != 3 {
        return wrong(format!("saturation needs 3 channels, the images have {channels}; leave it out"));
    }
    Ok(())
}

/// Varies `image` in place.
pub(super) fn apply(config: &Config, shape: &[usize], image: &mut [f32], stream: &mut Stream) {
    let &[height, width, channels] = shape else { return };
    let mut amount = |most: f64| most * stream.range(-1.0, 1.0);
    let (down, across) = (amount(config.shift) * height as f64, amount(config.shift) * width as f64);
    let ((sin, cos), zoom) = (sin_cos(amount(config.rotation_rad)), 1.0 + amount(config.zoom));
    let (brightness, contrast, saturation) =
        (amount(config.brightness), 1.0 + amount(config.contrast), 1.0 + amount(config.saturation));
    let erased = (config.erase > 0.0 && stream.chance(0.5)).then(|| {
        let extent = config.erase * stream.unit();
        let sides = [height, width].map(|side| (extent * side as f64).round() as usize);
        let corner = [height - sides[0], width - sides[1]].map(|room| stream.below(room + 1));
        (corner, sides)
    });
    let mirror = if config.flip && stream.chance(0.5) { -1.0 } else { 1.0 };
    let moves = config.shift > 0.0 || config.rotation_rad > 0.0 || config.zoom > 0.0 || mirror < 0.0;
    if moves {
        let source = image.to_vec();
        let (middle_y, middle_x) = ((height as f64 - 1.0) / 2.0, (width as f64 - 1.0) / 2.0);
        for (at, pixel) in image.chunks_exact_mut(channels).enumerate() {
            let (y, x) = ((at / width) as f64 - middle_y - down, (at % width) as f64 - middle_x - across);
            let (y, x) = ((cos * y - sin * x) / zoom, mirror * (sin * y + cos * x) / zoom);
            sample(&source, [height, width, channels], [y + middle_y, x + middle_x], pixel);
        }
    }
    if let Some((corner, sides)) = erased {
        let mean = image.iter().sum::<f32>() / image.len().max(1) as f32;
        for row in image.chunks_exact_mut(width * channels).skip(corner[0]).take(sides[0]) {
            row.iter_mut()
                .skip(corner[1] * channels)
                .take(sides[1] * channels)
                .for_each(|value| *value = mean);
        }
    }
    if config.brightness > 0.0 || config.contrast > 0.0 || config.saturation > 0.0 {
        let low = image.iter().copied().fold(f32::INFINITY, f32::min);
        let high = image.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mean = image.iter().sum::<f32>() / image.len().max(1) as f32;
        let lift = brightness as f32 * (high - low);
        for pixel in image.chunks_exact_mut(channels) {
            let grey = pixel.iter().sum::<f32>() / channels as f32;
            for value in pixel {
                let coloured = grey + (*value - grey) * saturation as f32;
                // Within the image's own range, as a camera would clip it.
                *value = ((coloured - mean) * contrast as f32 + mean + lift).clamp(low, high);
            }
        }
    }
}

/// The pixel at `[y, x]` between its neighbours; the outermost pixel outside of the image.
fn sample(image: &[f32], [height, width, channels]: [usize; 3], [y, x]: [f64; 2], pixel: &mut [f32]) {
    let y = y.clamp(0.0, height as f64 - 1.0);
    let x = x.clamp(0.0, width as f64 - 1.0);
    let (top, left) = (y as usize, x as usize);
    let (bottom, right) = ((top + 1).min(height - 1), (left + 1).min(width - 1));
    let (down, across) = ((y - top as f64) as f32, (x - left as f64) as f32);
    for (channel, value) in pixel.iter_mut().enumerate() {
        let at = |row: usize, column: usize| {
            image.get((row * width + column) * channels + channel).copied().unwrap_or(0.0)
        };
        let upper = at(top, left) + (at(top, right) - at(top, left)) * across;
        let lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * across;
        *value = upper + (lower - upper) * down;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(config: &Config, seed: u64) -> Vec<f32> {
        let mut image: Vec<f32> = (0..48).map(|at| at as f32).collect();
        apply(config, &[4, 4, 3], &mut image, &mut Stream::new(&[seed]));
        image
    }

    fn plain() -> Vec<f32> {
        varied(&Config::default(), 0)
    }

    #[test]
    fn a_flip_mirrors_rows_half_of_the_time() {
        let config = Config { flip: true, ..Config::default() };
        let all: Vec<Vec<f32>> = (0..20).map(|seed| varied(&config, seed)).collect();
        let same = all.iter().filter(|image| **image == plain()).count();
        assert!((4..=16).contains(&same));
        let mirrored = all.iter().find(|image| **image != plain()).unwrap();
        assert_eq!(mirrored[..6], [9.0, 10.0, 11.0, 6.0, 7.0, 8.0]);
    }

    #[test]
    fn colours_stay_in_the_range_of_the_image() {
        let config = Config { brightness: 0.5, contrast: 0.5, saturation: 0.5, ..Config::default() };
        let image = varied(&config, 3);
        assert!(image != plain() && image.iter().all(|value| (0.0..=47.0).contains(value)));
        let moved = varied(&Config { shift: 0.3, rotation_rad: 0.3, zoom: 0.2, ..Config::default() }, 3);
        assert!(moved != plain() && moved.iter().all(|value| (0.0..=47.0).contains(value)));
    }

    #[test]
    fn a_square_is_erased_half_of_the_time() {
        let config = Config { erase: 0.5, ..Config::default() };
        let erased = |seed| varied(&config, seed).iter().filter(|&&value| value == 23.5).count();
        let counts: Vec<usize> = (0..40).map(erased).collect();
        assert!(counts.iter().all(|n| [0, 3, 12].contains(n)), "{counts:?}");
        assert!(counts.contains(&12) && counts.iter().filter(|&&n| n == 0).count() > 10);
    }

    #[test]
    fn amounts_out_of_range_are_refused() {
        let text = |config: Config, shape: &[usize]| check(&config, shape).unwrap_err().to_string();
        assert!(text(Config { zoom: 1.0, ..Config::default() }, &[4, 4, 3]).contains("zoom = 1"));
        assert!(text(Config { saturation: 0.1, ..Config::default() }, &[4, 4, 1]).contains("3 channels"));
        assert!(text(Config::default(), &[128, 3]).contains("expected images"));
    }
}
