//! Variations of windows for training: what changes from one recording to the next, and not the class. A pure function
//! of seed, epoch and sample, so that a resumed training sees what an undisturbed one would.

pub mod background;
pub mod image;
pub mod masks;
pub mod mixup;

use crate::random::Stream;
use crate::{DataError, Dataset};
use serde::{Deserialize, Serialize};
use smidgen_features::tables::sin_cos;

/// How much to vary. Zeros switch a variation off; the default suits windows in g at 25 Hz. Of images, only the table
/// `image` counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Earlier or later by up to this many rows; the outermost row fills the gap.
    pub time_shift_rows: f64,
    /// Slower or faster by up to this part, about the middle of the window: below 1.
    pub time_stretch: f64,
    /// Larger or smaller by up to this part: below 1.
    pub amplitude: f64,
    /// Turned by up to this angle, rad, about a random axis; three axes only.
    pub rotation_rad: f64,
    /// Standard deviation of white noise, in the unit of the window.
    pub noise: f64,
    /// Recordings mixed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<background::Config>,
    /// Masks over the features of a front end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masks: Option<masks::Config>,
    /// Variations of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<image::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            time_shift_rows: 10.0,
            time_stretch: 0.1,
            amplitude: 0.1,
            rotation_rad: 0.3,
            noise: 0.02,
            background: None,
            masks: None,
            image: None,
        }
    }
}

/// The variations of one data set in one training.
#[derive(Debug, Clone)]
pub struct Augment {
    config: Config,
    seed: u64,
    rows: usize,
    axes: usize,
    background: Option<background::Background>,
    /// Of a window, and of its features.
    window: Vec<usize>,
    features: Vec<usize>,
}

impl Augment {
    /// Variations of the windows of `set`, `[rows, axes]` or `[height, width, channels]`, and of their features.
    ///
    /// # Errors
    /// [`DataError::Options`] on a negative amount or one out of range, on another rank, on rotation of windows that
    /// have not three axes, and on a table that does not fit the data.
    pub fn new(config: Config, seed: u64, set: &Dataset) -> Result<Self, DataError> {
        let (window, features) = (set.window.clone(), set.shape.clone());
        if let Some(masks) = &config.masks {
            masks::check(masks, &features)?;
        }
        if let Some(image) = &config.image {
            image::check(image, &window)?;
            return Ok(Augment { config, seed, rows: 0, axes: 0, background: None, window, features });
        }
        let &[rows, axes] = window.as_slice() else {
            let message = format!("augment: windows of shape {window:?}; set [training.augmentation.image]");
            return Err(DataError::Options(message));
        };
        let ranges = [
            ("time_shift_rows", config.time_shift_rows, rows as f64),
            ("time_stretch", config.time_stretch, 0.9),
            ("amplitude", config.amplitude, 0.9),
            ("rotation_rad", config.rotation_rad, 3.2),
            ("noise", config.noise, 1e6),
        ];
        if let Some((name, value, max)) =
            ranges.into_iter().find(|(_, value, max)| !(0.0..=*max).contains(value))
        {
            return Err(DataError::Options(format!("augment: {name} = {value}, expected 0 to {max}")));
        }
        if config.rotation_rad > 0.0 && axes != 3 {
            let message = format!("augment: rotation_rad needs 3 axes, the windows have {axes}; set it to 0");
            return Err(DataError::Options(message));
        }
        let background = config.background.as_ref().map(|config| background::Background::new(config, set));
        Ok(Augment { background: background.transpose()?, config, seed, rows, axes, window, features })
    }

    /// Masks the features of sample `index` in `epoch`, in place.
    pub fn apply_to_features(&self, epoch: u64, index: usize, features: &mut [f32]) {
        if let Some(masks) = &self.config.masks {
            let mut stream = Stream::new(&[self.seed, epoch, index as u64, 1]);
            masks::apply(masks, &self.features, features, &mut stream);
        }
    }

    /// Varies `window` in place, as sample `index` of `epoch`. A window of another length stays as it is.
    pub fn apply(&self, epoch: u64, index: usize, window: &mut [f32]) {
        let mut stream = Stream::new(&[self.seed, epoch, index as u64]);
        if let Some(image) = &self.config.image {
            image::apply(image, &self.window, window, &mut stream);
            return;
        }
        if window.len() != self.rows * self.axes || window.is_empty() {
            return;
        }
        self.resample(window, &mut stream);
        let gain = 1.0 + self.config.amplitude * stream.range(-1.0, 1.0);
        let turn = (self.axes == 3).then(|| rotation(self.config.rotation_rad, &mut stream));
        for row in window.chunks_exact_mut(self.axes) {
            if let (Some(turn), &mut [x, y, z]) = (&turn, &mut *row) {
                let old = [x, y, z].map(f64::from);
                for (value, line) in row.iter_mut().zip(turn) {
                    *value = (line[0] * old[0] + line[1] * old[1] + line[2] * old[2]) as f32;
                }
            }
            for value in row {
                let noise = if self.config.noise > 0.0 { self.config.noise * stream.normal() } else { 0.0 };
                *value = (f64::from(*value) * gain + noise) as f32;
            }
        }
        if let Some(background) = &self.background {
            background.apply(window, &mut stream);
        }
    }

    /// Shift and stretch, with linear interpolation.
    fn resample(&self, window: &mut [f32], stream: &mut Stream) {
        let shift = self.config.time_shift_rows * stream.range(-1.0, 1.0);
        let rate = 1.0 + self.config.time_stretch * stream.range(-1.0, 1.0);
        if shift == 0.0 && rate == 1.0 {
            return;
        }
        let source = window.to_vec();
        let last = self.rows - 1;
        let middle = last as f64 / 2.0;
        for (row, values) in window.chunks_exact_mut(self.axes).enumerate() {
            let at = (middle + (row as f64 - middle - shift) * rate).clamp(0.0, last as f64);
            let (below, part) = (at as usize, (at - (at as usize) as f64) as f32);
            let above = (below + 1).min(last);
            for (axis, value) in values.iter_mut().enumerate() {
                let (a, b) = (source[below * self.axes + axis], source[above * self.axes + axis]);
                *value = a + (b - a) * part;
            }
        }
    }
}

/// A rotation matrix about a random axis by up to `max` (Rodrigues).
fn rotation(max: f64, stream: &mut Stream) -> [[f64; 3]; 3] {
    let axis = [stream.normal(), stream.normal(), stream.normal()];
    let length = (axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]).sqrt().max(1e-9);
    let [x, y, z] = axis.map(|part| part / length);
    let (s, c) = sin_cos(max * stream.range(-1.0, 1.0));
    let k = 1.0 - c;
    [
        [c + x * x * k, x * y * k - z * s, x * z * k + y * s],
        [y * x * k + z * s, c + y * y * k, y * z * k - x * s],
        [z * x * k - y * s, z * y * k + x * s, c + z * z * k],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Provenance, dataset::Values};

    const OFF: Config = Config {
        time_shift_rows: 0.0,
        time_stretch: 0.0,
        amplitude: 0.0,
        rotation_rad: 0.0,
        noise: 0.0,
        background: None,
        masks: None,
        image: None,
    };

    fn set(axes: usize) -> Dataset {
        let provenance = Provenance::Generated { seed: 1 };
        let none: [Values; 0] = [];
        Dataset::in_memory(Vec::new(), vec![16, axes], &none, provenance).unwrap()
    }

    fn varied(config: Config, epoch: u64, index: usize) -> Vec<f32> {
        let mut window = ramp();
        Augment::new(config, 5, &set(3)).unwrap().apply(epoch, index, &mut window);
        window
    }

    fn ramp() -> Vec<f32> {
        (0..48).map(|at| (at / 3) as f32 * 0.1 + (at % 3) as f32).collect()
    }

    #[test]
    fn all_off_is_the_identity() {
        let near = |(a, b): (f32, f32)| (a - b).abs() < 1e-6;
        assert!(varied(OFF, 1, 2).into_iter().zip(ramp()).all(near));
    }

    #[test]
    fn it_is_a_function_of_seed_epoch_and_index() {
        let default = Config::default();
        assert_eq!(varied(default.clone(), 3, 4), varied(default.clone(), 3, 4));
        assert_ne!(varied(default.clone(), 3, 4), varied(default.clone(), 3, 5));
        assert_ne!(varied(default.clone(), 3, 4), varied(default, 4, 4));
    }

    #[test]
    fn a_shift_moves_rows_and_repeats_the_edge() {
        let window = varied(Config { time_shift_rows: 3.0, ..OFF }, 0, 0);
        let steps: Vec<f32> = window.chunks(3).map(|row| row[0]).collect();
        assert!(steps.windows(2).all(|pair| (-1e-6..=0.1001).contains(&(pair[1] - pair[0]))));
        assert!(steps[0] == 0.0 || (steps[15] - 1.5).abs() < 1e-6, "one edge is repeated");
        assert_ne!(window, ramp());
    }

    #[test]
    fn a_rotation_keeps_lengths_and_a_gain_scales_them() {
        let lengths = |window: &[f32]| -> Vec<f32> {
            window.chunks(3).map(|row| row.iter().map(|v| v * v).sum::<f32>().sqrt()).collect()
        };
        let turned = varied(Config { rotation_rad: 0.5, ..OFF }, 0, 1);
        assert_ne!(turned, ramp());
        assert!(lengths(&turned).iter().zip(lengths(&ramp())).all(|(a, b)| (a - b).abs() < 1e-5));
        let scaled = lengths(&varied(Config { amplitude: 0.3, ..OFF }, 0, 1));
        let gains: Vec<f32> = scaled.iter().zip(lengths(&ramp())).map(|(a, b)| a / b).collect();
        assert!(gains.iter().all(|gain| (gain - gains[0]).abs() < 1e-5 && (0.7..=1.3).contains(gain)));
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let refused =
            |config, axes| matches!(Augment::new(config, 1, &set(axes)), Err(DataError::Options(_)));
        assert!(refused(Config { noise: -1.0, ..OFF }, 3));
        assert!(refused(Config { time_stretch: f64::NAN, ..OFF }, 3));
        assert!(refused(Config::default(), 2));
        assert!(!refused(OFF, 2));
        let flat = Dataset { window: vec![16], ..set(3) };
        assert!(Augment::new(OFF, 1, &flat).unwrap_err().to_string().contains("augmentation.image"));
    }

    #[test]
    fn another_length_is_left_alone() {
        let mut window = vec![1.0; 5];
        Augment::new(Config::default(), 5, &set(3)).unwrap().apply(0, 0, &mut window);
        assert_eq!(window, vec![1.0; 5]);
    }
}
