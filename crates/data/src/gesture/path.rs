//! What the wand's tip draws: a sum of minimum-jerk strokes and arcs in a plane, `u` to the right and `v` up.

use super::person::Person;
use crate::random::Stream;
use smidgen_features::tables::{TURN, sin_cos};

/// The gestures that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The letter W.
    Wing,
    /// A clockwise circle from its top.
    Ring,
    /// Down and left, then right.
    Slope,
}

/// One movement, at rest before and after.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// When it starts, s.
    pub(super) start_s: f64,
    /// How long it takes, s.
    pub(super) seconds: f64,
    /// Where it goes.
    pub(super) form: Form,
}

/// Where a movement goes.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// Straight, by this much.
    Line([f64; 2]),
    /// Along an ellipse.
    Arc {
        /// Half axes.
        radius: [f64; 2],
        /// Where it starts, rad, clockwise from the top.
        from: f64,
        /// How far it goes, rad, clockwise.
        sweep: f64,
    },
}

/// A drawing: a start and the movements, which may overlap in time.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    /// Where the tip rests at first.
    pub(super) start: [f64; 2],
    /// The movements.
    pub(super) pieces: Vec<Piece>,
}

impl Path {
    /// The tip's place at time `t`.
    pub(super) fn at(&self, t: f64) -> [f64; 2] {
        self.pieces.iter().fold(self.start, |at, piece| {
            let [u, v] = piece.moved(t);
            [at[0] + u, at[1] + v]
        })
    }

    /// Appends a movement that begins when all but `overlap` of the last one is over.
    pub(super) fn then(&mut self, form: Form, seconds: f64, overlap: f64) {
        let start_s = self.pieces.last().map_or(0.0, |last| last.start_s + last.seconds * (1.0 - overlap));
        self.pieces.push(Piece { start_s, seconds, form });
    }

    /// When the last movement ends, s.
    pub(super) fn end_s(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.start_s + piece.seconds).fold(0.0, f64::max)
    }
}

impl Piece {
    fn moved(&self, t: f64) -> [f64; 2] {
        let done = minimum_jerk((t - self.start_s) / self.seconds);
        match self.form {
            Form::Line([u, v]) => [u * done, v * done],
            Form::Arc { radius, from, sweep } => {
                let (sin_from, cos_from) = sin_cos(from);
                let (sin, cos) = sin_cos(from + sweep * done);
                [radius[0] * (sin - sin_from), radius[1] * (cos - cos_from)]
            }
        }
    }
}

/// The share of a reach that is done after the share `tau` of its time, with velocity and acceleration 0 at both ends.
fn minimum_jerk(tau: f64) -> f64 {
    let tau = tau.clamp(0.0, 1.0);
    tau * tau * tau * (10.0 - 15.0 * tau + 6.0 * tau * tau)
}

/// Draws the first `share` of a shape from `lead_in` seconds on. Returns the drawing and when it ends.
pub(super) fn draw(
    shape: Shape,
    person: &Person,
    lead_in: f64,
    share: f64,
    stream: &mut Stream,
) -> (Path, f64) {
    let mut path = match shape {
        Shape::Wing => wing(person, share, stream),
        Shape::Ring => ring(person, share, stream),
        Shape::Slope => slope(person, share, stream),
    };
    path.pieces.iter_mut().for_each(|piece| piece.start_s += lead_in);
    let end = path.end_s();
    (path, end)
}

/// Four strokes between the corners of a W; a share keeps the first of them.
fn wing(person: &Person, share: f64, stream: &mut Stream) -> Path {
    let width = 0.3 * person.aspect;
    let middle = 0.85 * person.vary(stream);
    let corners = [[width, -1.0], [width, middle], [width, -middle], [width, 1.0]];
    strokes(person, [-2.0 * width, 1.0], &corners, 0.62, share, stream)
}

/// Two strokes; a share keeps the first of them.
fn slope(person: &Person, share: f64, stream: &mut Stream) -> Path {
    let width = 0.7 * person.aspect;
    let corners = [[-0.55 * width, -0.92], [width, stream.range(-0.08, 0.08)]];
    strokes(person, [0.0, 1.0], &corners, 0.68, share, stream)
}

fn strokes(
    person: &Person,
    start: [f64; 2],
    moves: &[[f64; 2]],
    seconds: f64,
    share: f64,
    stream: &mut Stream,
) -> Path {
    let (size, tempo) = (person.size * person.vary(stream), person.tempo * person.vary(stream));
    let n_kept = ((moves.len() as f64 * share).round() as usize).max(1);
    let mut path = Path { start: [start[0] * size, start[1]], pieces: Vec::new() };
    for &[u, v] in moves.iter().take(n_kept) {
        let step = [u * size * person.vary(stream), v * size * person.vary(stream)];
        let overlap = person.overlap * person.vary(stream);
        path.then(Form::Line(step), seconds * tempo * person.vary(stream), overlap);
    }
    path
}

/// A circle that rarely closes exactly.
fn ring(person: &Person, share: f64, stream: &mut Stream) -> Path {
    let size = 0.5 * person.size * person.vary(stream);
    let radius = [size * person.aspect * person.vary(stream), size];
    let from = TURN * stream.range(-0.05, 0.05);
    let sweep = TURN * stream.range(0.93, 1.1) * share;
    let seconds = 2.0 * person.tempo * person.vary(stream) * (0.35 + 0.65 * share);
    let mut path = Path { start: [0.0, 1.0], pieces: Vec::new() };
    path.then(Form::Arc { radius, from, sweep }, seconds, 0.0);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: [f64; 2], b: [f64; 2]) -> bool {
        (a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9
    }

    #[test]
    fn a_stroke_rests_before_and_after() {
        let mut path = Path { start: [1.0, 2.0], pieces: Vec::new() };
        path.then(Form::Line([2.0, -4.0]), 0.5, 0.0);
        assert!(close(path.at(-1.0), [1.0, 2.0]));
        assert!(close(path.at(0.25), [2.0, 0.0]));
        assert!(close(path.at(9.0), [3.0, -2.0]));
    }

    #[test]
    fn a_full_arc_comes_back_clockwise() {
        let mut path = Path::default();
        path.then(Form::Arc { radius: [1.0, 2.0], from: 0.0, sweep: TURN }, 1.0, 0.0);
        assert!(path.at(0.3)[0] > 0.1, "right of the top first");
        assert!(close(path.at(0.5), [0.0, -4.0]));
        assert!(close(path.at(1.0), [0.0, 0.0]));
    }

    #[test]
    fn shapes_end_where_they_should() {
        let person = Person::new(1, 0);
        let mut stream = Stream::new(&[5]);
        let mut end = |shape| {
            let (path, end) = draw(shape, &person, 0.1, 1.0, &mut stream);
            (path.pieces.len(), path.start, path.at(end))
        };
        let (n, start, at) = end(Shape::Wing);
        assert!(n == 4 && at[0] > start[0] + 0.5 && (at[1] - start[1]).abs() < 0.5);
        let (n, start, at) = end(Shape::Ring);
        assert!(n == 1 && (at[0] - start[0]).abs() < 0.4 && (at[1] - start[1]).abs() < 0.3);
        let (n, start, at) = end(Shape::Slope);
        assert!(n == 2 && at[0] > start[0] && at[1] < start[1] - 0.5);
    }
}
