//! The accelerometer: sampling, offset, noise, range and step.

use super::wand::{GRAVITY, Wand};
use super::{RATE_HZ, ROWS};
use crate::random::Stream;

/// Largest reading, milli-g.
const RANGE_MILLI_G: f64 = 2040.0;

/// One part, with the tolerances of its kind.
#[derive(Debug, Clone)]
pub(super) struct Sensor {
    /// Constant error of each axis, milli-g.
    offset: [f64; 3],
    /// Standard deviation of the noise, milli-g.
    noise: f64,
    /// True rate divided by the nominal one.
    rate: f64,
    /// Standard deviation of the time of a sample, s.
    jitter_s: f64,
}

impl Sensor {
    /// A part from the shelf.
    pub(super) fn new(stream: &mut Stream) -> Self {
        Sensor {
            offset: [(); 3].map(|()| stream.range(-30.0, 30.0)),
            noise: stream.range(3.0, 9.0),
            rate: stream.range(0.98, 1.02),
            jitter_s: stream.range(0.0005, 0.002),
        }
    }
}

/// Records `seconds` of the wand: rows of x, y, z in whole milli-g.
pub(super) fn record(wand: &Wand, sensor: &Sensor, seconds: f64, stream: &mut Stream) -> Vec<f32> {
    let rate_hz = f64::from(RATE_HZ) * sensor.rate;
    let n_rows = ((seconds * rate_hz).round() as usize).clamp(*ROWS.start(), *ROWS.end());
    let mut values = Vec::with_capacity(3 * n_rows);
    for row in 0..n_rows {
        let force = wand.specific_force(row as f64 / rate_hz + sensor.jitter_s * stream.normal());
        for (force, offset) in force.into_iter().zip(sensor.offset) {
            let reading = force / GRAVITY * 1000.0 + offset + sensor.noise * stream.normal();
            values.push(reading.clamp(-RANGE_MILLI_G, RANGE_MILLI_G).round() as f32);
        }
    }
    values
}
