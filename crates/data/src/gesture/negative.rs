//! Everything that is not a gesture: rest, carrying, walking, shaking, scribbling and gestures broken off.

use super::path::{self, Form, Path, Shape};
use super::person::Person;
use super::wand::{Axis, Sway, Wand};
use crate::random::Stream;
use smidgen_features::tables::TURN;

/// One negative recording. Returns its duration in seconds too.
pub(super) fn perform(person: &Person, stream: &mut Stream) -> (Wand, f64) {
    let seconds = stream.range(2.2, 5.4);
    let kind = stream.unit();
    let wand = match kind {
        _ if kind < 0.14 => rest(person, stream),
        _ if kind < 0.26 => carry(person, seconds, stream),
        _ if kind < 0.42 => walk(person, stream),
        _ if kind < 0.54 => shake(person, stream),
        _ if kind < 0.89 => scribble(person, stream),
        _ => broken_off(person, stream),
    };
    (wand, seconds)
}

/// A wand that lies or is held in any position.
fn rest(person: &Person, stream: &mut Stream) -> Wand {
    let mut wand = Wand::held(person, Path::default(), stream);
    wand.pitch = stream.range(-1.3, 1.3);
    wand.roll = stream.range(-0.5, 0.5) * TURN;
    wand
}

/// A slow turn from one position to another.
fn carry(person: &Person, seconds: f64, stream: &mut Stream) -> Wand {
    let mut path = Path::default();
    let turn = [stream.range(-1.0, 1.0), stream.range(-1.3, 1.3)];
    path.then(Form::Line(turn), seconds * stream.range(0.7, 1.4), 0.0);
    let mut wand = Wand::held(person, path, stream);
    wand.pitch = stream.range(-1.0, 1.0);
    wand.roll += stream.range(-1.0, 1.0);
    wand
}

/// Steps: the hand goes up and down with each of them and swings with every second one.
fn walk(person: &Person, stream: &mut Stream) -> Wand {
    let mut wand = rest(person, stream);
    wand.roll = person.roll + stream.range(-0.6, 0.6);
    let (hz, phase) = (stream.range(1.5, 2.3), stream.unit());
    let mut add = |axis, amplitude, hz, phase| wand.sways.push(Sway { axis, amplitude, hz, phase });
    add(Axis::Up, stream.range(0.008, 0.03), hz, phase);
    add(Axis::Up, stream.range(0.001, 0.005), 2.0 * hz, stream.unit());
    add(Axis::Forward, stream.range(0.005, 0.02), hz, stream.unit());
    add(Axis::Left, stream.range(0.005, 0.03), 0.5 * hz, stream.unit());
    add(Axis::Pitch, stream.range(0.03, 0.35), 0.5 * hz, stream.unit());
    wand
}

/// A quick back and forth about one or two axes.
fn shake(person: &Person, stream: &mut Stream) -> Wand {
    let mut wand = rest(person, stream);
    let hz = stream.range(2.0, 5.5);
    let axes = [Axis::Forward, Axis::Left, Axis::Up, Axis::Pitch, Axis::Yaw, Axis::Roll];
    for _ in 0..1 + stream.below(2) {
        // The same acceleration at every frequency; angles act over the lever.
        let metres = stream.range(4.0, 14.0) / (TURN * hz * TURN * hz);
        let axis = axes[stream.below(axes.len())];
        let amplitude = match axis {
            Axis::Forward | Axis::Left | Axis::Up => metres,
            Axis::Pitch | Axis::Yaw | Axis::Roll => (metres / wand.lever_m).min(1.0),
        };
        wand.sways.push(Sway { axis, amplitude, hz, phase: stream.unit() });
    }
    wand
}

/// Strokes and arcs in any direction.
fn scribble(person: &Person, stream: &mut Stream) -> Wand {
    let mut path = Path { start: [0.0, stream.range(0.2, 1.0)], pieces: Vec::new() };
    for _ in 0..5 + stream.below(5) {
        let seconds = stream.range(0.35, 1.1) * person.tempo;
        let form = if stream.chance(0.3) {
            let radius = [stream.range(0.1, 0.5), stream.range(0.1, 0.4)];
            let sweep =
                TURN * if stream.chance(0.7) { stream.range(-0.9, -0.2) } else { stream.range(0.2, 0.5) };
            Form::Arc { radius, from: TURN * stream.unit(), sweep }
        } else {
            // The wand comes back to the middle, as an arm does.
            let [u, v] = path.at(f64::MAX);
            Form::Line([stream.range(-0.6, 0.6) - 0.7 * u, stream.range(-0.7, 0.7) - 0.7 * (v - 0.4)])
        };
        path.then(form, seconds, stream.range(-0.3, 0.4));
    }
    Wand::held(person, path, stream)
}

/// A gesture that stops well before its end.
fn broken_off(person: &Person, stream: &mut Stream) -> Wand {
    let lead_in = stream.range(0.0, 1.2);
    let (shape, share) =
        if stream.chance(0.5) { (Shape::Wing, 0.5) } else { (Shape::Ring, stream.range(0.15, 0.3)) };
    let (path, _) = path::draw(shape, person, lead_in, share, stream);
    Wand::held(person, path, stream)
}
