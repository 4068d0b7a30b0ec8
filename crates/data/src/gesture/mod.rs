//! The magic-wand gestures that ship: wing, ring, slope and negative, made from a model of people who wave a wand.
//!
//! Each recording is what a three-axis accelerometer on a wand would say, 25 times a second, in milli-g:
//! 1. A `person` has a tempo, a size, a way to hold the wand, a tremor and a sensor of their own.
//! 2. A `path` is what the tip draws: minimum-jerk strokes and arcs (Flash and Hogan, The coordination of arm
//!    movements, 1985). A wing is a W, a ring a clockwise circle from the top, a slope a stroke down and left and then
//!    one to the right; a `negative` is anything else, from a wand at rest to a gesture broken off.
//! 3. A `wand` turns the drawing into pitch, yaw and hand position, whose second derivative with gravity, seen from
//!    the wand, is the specific force.
//! 4. A `sensor` samples it with jitter, offset and noise, clips it to its range and rounds it to its step.
//!
//! Lengths, tilt, amplitudes and clipping follow the statistics of TensorFlow's measured magic-wand set. All of it
//! is a function of the seed alone, bit for bit on every machine.

mod negative;
mod path;
mod person;
mod sensor;
mod wand;

use crate::random::Stream;
use crate::{DataError, Provenance, Recording, Recordings};
use path::Shape;
use person::Person;
use serde::{Deserialize, Serialize};
use wand::Wand;

/// Class names, in the order of their numbers.
pub const CLASSES: [&str; 4] = ["wing", "ring", "slope", "negative"];

/// Rows a second.
pub const RATE_HZ: f32 = 25.0;

/// Fewest and most rows of a recording, as in TensorFlow's set.
pub const ROWS: std::ops::RangeInclusive<usize> = 33..=175;

/// How many recordings to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seed of everything.
    pub seed: u64,
    /// Simulated people; each is a group. 1 to 1,000.
    pub n_people: usize,
    /// Recordings of each gesture by each person. 1 to 10,000.
    pub n_repeats: usize,
    /// Negative recordings by each person. 1 to 10,000.
    pub n_negatives: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { seed: 1, n_people: 16, n_repeats: 16, n_negatives: 32 }
    }
}

/// Makes the set: people in order, classes in the order of [`CLASSES`] within each.
///
/// # Errors
/// [`DataError::Options`] on a number outside its range.
pub fn generate(config: &Config) -> Result<Recordings, DataError> {
    check("n_people", config.n_people, 1_000)?;
    check("n_repeats", config.n_repeats, 10_000)?;
    check("n_negatives", config.n_negatives, 10_000)?;
    let mut recordings = Vec::new();
    for number in 0..config.n_people {
        let person = Person::new(config.seed, number);
        for (class, shape) in
            CLASSES.iter().zip([Some(Shape::Wing), Some(Shape::Ring), Some(Shape::Slope), None])
        {
            let n = if shape.is_some() { config.n_repeats } else { config.n_negatives };
            for repeat in 0..n {
                let mut stream = Stream::new(&[config.seed, number as u64, class_key(class), repeat as u64]);
                let (wand, seconds) = match shape {
                    Some(shape) => perform(&person, shape, &mut stream),
                    None => negative::perform(&person, &mut stream),
                };
                let values = sensor::record(&wand, &person.sensor, seconds, &mut stream);
                recordings.push(Recording { label: (*class).into(), group: person.name.clone(), values });
            }
        }
    }
    Ok(Recordings {
        name: "magic wand, simulated".into(),
        classes: CLASSES.iter().map(|&class| class.into()).collect(),
        axes: 3,
        rate_hz: RATE_HZ,
        unit: "milli-g".into(),
        provenance: Provenance::Generated { seed: config.seed },
        recordings,
    })
}

fn check(name: &str, value: usize, max: usize) -> Result<(), DataError> {
    if (1..=max).contains(&value) {
        return Ok(());
    }
    Err(DataError::Options(format!("gesture generator: {name} = {value}, expected 1 to {max}")))
}

/// A number for the class that does not change when classes are added.
fn class_key(class: &str) -> u64 {
    class.bytes().fold(0, |key, byte| (key << 8) | u64::from(byte))
}

/// A whole gesture: a short rest or none, the drawing, the wand held still at its end. Returns the duration too.
fn perform(person: &Person, shape: Shape, stream: &mut Stream) -> (Wand, f64) {
    let lead_in = if stream.chance(0.15) { stream.range(0.2, 0.8) } else { stream.range(0.0, 0.25) };
    let (path, end) = path::draw(shape, person, lead_in, 1.0, stream);
    let seconds = end + stream.range(0.25, 1.5) * person.pause;
    (Wand::held(person, path, stream), seconds)
}

#[cfg(test)]
mod tests;
