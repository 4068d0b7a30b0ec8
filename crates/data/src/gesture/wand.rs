//! From a drawing to specific force: the wand turns about a joint in the arm and carries the sensor with it.

use super::path::Path;
use super::person::Person;
use crate::random::Stream;
use smidgen_features::tables::{TURN, sin_cos};

/// Standard gravity, m/s².
pub(super) const GRAVITY: f64 = 9.80665;

/// Half the span of the central difference that gives the acceleration, s. It stands for the sensor's bandwidth.
const STEP_S: f64 = 0.008;

/// What a [`Sway`] moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// The hand along the wand's level direction, m.
    Forward,
    /// The hand to the left, m.
    Left,
    /// The hand up, m.
    Up,
    /// rad
    Pitch,
    /// rad
    Yaw,
    /// rad
    Roll,
}

/// A sinusoid on top of the drawing: tremor, the body's sway, steps, shaking.
#[derive(Debug, Clone)]
pub(super) struct Sway {
    /// What it moves.
    pub(super) axis: Axis,
    /// m or rad
    pub(super) amplitude: f64,
    /// Frequency.
    pub(super) hz: f64,
    /// Phase at time 0, in turns.
    pub(super) phase: f64,
}

/// A wand in motion.
#[derive(Debug, Clone)]
pub(super) struct Wand {
    /// What its tip draws.
    pub(super) path: Path,
    /// Pitch where the drawing has `v = 0`, rad.
    pub(super) pitch: f64,
    /// Roll where the drawing has `u = 0`, rad.
    pub(super) roll: f64,
    /// Roll for each radian of yaw.
    pub(super) roll_per_yaw: f64,
    /// Rotation of the drawing in its plane: sine and cosine.
    pub(super) slant: (f64, f64),
    /// From the joint to the sensor, m.
    pub(super) lever_m: f64,
    /// How far the joint moves for one unit of the drawing, m.
    pub(super) hand_m: f64,
    /// Sinusoids on top.
    pub(super) sways: Vec<Sway>,
}

struct Pose {
    pitch: f64,
    yaw: f64,
    roll: f64,
    position: [f64; 3],
}

impl Wand {
    /// The wand as `person` holds it for a gesture, with their tremor.
    pub(super) fn held(person: &Person, path: Path, stream: &mut Stream) -> Self {
        let top_pitch = person.top_pitch + 0.1 * stream.normal();
        let mut wand = Wand {
            path,
            pitch: top_pitch - 1.0,
            roll: person.roll + 0.08 * stream.normal(),
            roll_per_yaw: person.roll_per_yaw,
            slant: sin_cos(person.slant + 0.05 * stream.normal()),
            lever_m: person.lever_m,
            hand_m: person.hand_m,
            sways: Vec::new(),
        };
        wand.tremble(person, stream);
        wand
    }

    /// Adds tremor (8 to 12 Hz in the hand) and a slow sway of the arm.
    pub(super) fn tremble(&mut self, person: &Person, stream: &mut Stream) {
        for axis in [Axis::Forward, Axis::Left, Axis::Up, Axis::Left, Axis::Up] {
            let hz = stream.range(7.0, 12.0);
            let amplitude = person.tremor * stream.range(0.3, 1.0) / (TURN * hz * TURN * hz);
            self.sways.push(Sway { axis, amplitude, hz, phase: stream.unit() });
        }
        for axis in [Axis::Pitch, Axis::Yaw, Axis::Roll] {
            let (amplitude, hz) = (stream.range(0.005, 0.03), stream.range(0.3, 1.2));
            self.sways.push(Sway { axis, amplitude, hz, phase: stream.unit() });
        }
    }

    /// What an ideal accelerometer on the wand reads at time `t`, m/s²: x from the tip to the hand, y to the right,
    /// z up when the wand is level. At rest it is gravity's reaction.
    pub(super) fn specific_force(&self, t: f64) -> [f64; 3] {
        let now = self.pose(t);
        let (before, after) = (self.pose(t - STEP_S).position, self.pose(t + STEP_S).position);
        let acceleration = |i: usize| (before[i] - 2.0 * now.position[i] + after[i]) / (STEP_S * STEP_S);
        let force = [acceleration(0), acceleration(1), acceleration(2) + GRAVITY];
        let (forward, left, up) = now.frame();
        [-dot(forward, force), -dot(left, force), dot(up, force)]
    }

    fn pose(&self, t: f64) -> Pose {
        let [u, v] = self.path.at(t);
        let (sin, cos) = self.slant;
        let (u, v) = (u * cos - v * sin, u * sin + v * cos);
        let sway =
            |axis| self.sways.iter().filter(|sway| sway.axis == axis).map(|sway| sway.at(t)).sum::<f64>();
        let yaw = -u + sway(Axis::Yaw);
        let pitch = self.pitch + v + sway(Axis::Pitch);
        let roll = self.roll + self.roll_per_yaw * yaw + sway(Axis::Roll);
        let ((sin_pitch, cos_pitch), (sin_yaw, cos_yaw)) = (sin_cos(pitch), sin_cos(yaw));
        let position = [
            self.lever_m * cos_pitch * cos_yaw + sway(Axis::Forward),
            self.lever_m * cos_pitch * sin_yaw - self.hand_m * u + sway(Axis::Left),
            self.lever_m * sin_pitch + self.hand_m * v + sway(Axis::Up),
        ];
        Pose { pitch, yaw, roll, position }
    }
}

impl Sway {
    fn at(&self, t: f64) -> f64 {
        self.amplitude * sin_cos(TURN * (self.hz * t + self.phase)).0
    }
}

impl Pose {
    /// The wand's own directions in the world: forward, left, up.
    fn frame(&self) -> ([f64; 3], [f64; 3], [f64; 3]) {
        let ((sp, cp), (sy, cy), (sr, cr)) = (sin_cos(self.pitch), sin_cos(self.yaw), sin_cos(self.roll));
        let forward = [cp * cy, cp * sy, sp];
        let (level, steep) = ([-sy, cy, 0.0], [-sp * cy, -sp * sy, cp]);
        let left = [0, 1, 2].map(|i| cr * level[i] - sr * steep[i]);
        let up = [0, 1, 2].map(|i| sr * level[i] + cr * steep[i]);
        (forward, left, up)
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn still(pitch: f64, roll: f64) -> Wand {
        Wand {
            path: Path::default(),
            pitch,
            roll,
            roll_per_yaw: 0.0,
            slant: (0.0, 1.0),
            lever_m: 0.3,
            hand_m: 0.0,
            sways: Vec::new(),
        }
    }

    #[test]
    fn at_rest_it_reads_gravity() {
        let near =
            |force: [f64; 3], want: [f64; 3]| (0..3).all(|i| (force[i] - want[i] * GRAVITY).abs() < 1e-5);
        assert!(near(still(0.0, 0.0).specific_force(1.0), [0.0, 0.0, 1.0]));
        assert!(near(still(TURN / 4.0, 0.0).specific_force(1.0), [-1.0, 0.0, 0.0]), "tip up");
        assert!(near(still(0.0, TURN / 4.0).specific_force(1.0), [0.0, 1.0, 0.0]), "rolled");
    }

    #[test]
    fn a_shake_reads_its_acceleration() {
        let mut wand = still(0.0, 0.0);
        wand.sways.push(Sway { axis: Axis::Up, amplitude: 0.01, hz: 2.0, phase: 0.0 });
        let omega = TURN * 2.0;
        let peak = wand.specific_force(0.125)[2];
        assert!((peak - (GRAVITY - 0.01 * omega * omega)).abs() < 0.01, "{peak}");
    }
}
