//! A simulated person: how fast, how large and how steadily they draw, how they hold the wand, and their sensor.

use super::sensor::Sensor;
use crate::random::Stream;

/// What stays the same from one recording of a person to the next.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// Group name: `person01`.
    pub(super) name: String,
    /// Factor of all durations.
    pub(super) tempo: f64,
    /// Factor of the drawing.
    pub(super) size: f64,
    /// Width of the drawing relative to its height.
    pub(super) aspect: f64,
    /// Part of a stroke that overlaps with the next, which rounds the corner.
    pub(super) overlap: f64,
    /// Rotation of the drawing in its plane, rad.
    pub(super) slant: f64,
    /// Pitch of the wand at the top of the drawing, rad; 0 is level.
    pub(super) top_pitch: f64,
    /// Roll of the wand, rad; its sign is the handedness.
    pub(super) roll: f64,
    /// Roll for each radian of yaw, as the wrist turns.
    pub(super) roll_per_yaw: f64,
    /// From the joint that the wand turns about to the sensor, m.
    pub(super) lever_m: f64,
    /// How far the joint itself moves for a drawing of size 1, m.
    pub(super) hand_m: f64,
    /// Amplitude of the tremor, m/s².
    pub(super) tremor: f64,
    /// Standard deviation of every factor from one recording to the next.
    pub(super) sloppiness: f64,
    /// Factor of the rest after a gesture.
    pub(super) pause: f64,
    /// The sensor of this person's wand.
    pub(super) sensor: Sensor,
}

impl Person {
    /// Person `number` of the world with this seed.
    pub(super) fn new(seed: u64, number: usize) -> Self {
        let mut stream = Stream::new(&[seed, number as u64]);
        let left_handed = stream.chance(0.1);
        let roll = if left_handed { stream.range(-0.15, 0.1) } else { stream.range(0.1, 0.42) };
        Person {
            name: format!("person{:02}", number + 1),
            tempo: stream.range(0.68, 1.2),
            size: stream.range(0.8, 1.15),
            aspect: stream.range(0.75, 1.2),
            overlap: stream.range(0.12, 0.35),
            slant: stream.range(-0.12, 0.12),
            top_pitch: stream.range(0.55, 0.95),
            roll,
            roll_per_yaw: stream.range(-0.3, 0.5),
            lever_m: stream.range(0.24, 0.45),
            hand_m: stream.range(0.03, 0.15),
            tremor: stream.range(0.12, 0.7),
            sloppiness: stream.range(0.06, 0.13),
            pause: stream.range(0.8, 1.5),
            sensor: Sensor::new(&mut stream),
        }
    }

    /// A factor near 1 by which this recording differs from the person's habit.
    pub(super) fn vary(&self, stream: &mut Stream) -> f64 {
        (1.0 + self.sloppiness * stream.normal()).clamp(0.6, 1.5)
    }
}
