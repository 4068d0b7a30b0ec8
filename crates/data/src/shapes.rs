//! A generated set for detectors: discs, squares and triangles of any colour on backgrounds that are not plain, with
//! their boxes.

use crate::element::{Element, Stored};
use crate::index::Source;
use crate::random::Stream;
use crate::spool::Spool;
use crate::{DataError, Index, Item, Missing, Object, Provenance};
use serde::{Deserialize, Serialize};

/// The classes, by number.
pub const CLASSES: [&str; 3] = ["disc", "square", "triangle"];

/// What is generated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seed of everything.
    pub seed: u64,
    /// Images.
    pub images: usize,
    /// Height and width of one, pixels.
    pub side: usize,
    /// Most shapes of one; at least one is there.
    pub max_shapes: usize,
    /// Smallest and largest shape, relative to the side.
    pub sizes: [f64; 2],
}

impl Default for Config {
    fn default() -> Self {
        Config { seed: 1, images: 1000, side: 64, max_shapes: 3, sizes: [0.22, 0.45] }
    }
}

/// An image with its shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// `[side, side, 3]`, 0 to 1.
    pub pixels: Vec<f32>,
    /// What is in it, no two overlapping by more than a fifth.
    pub shapes: Vec<Object>,
}

/// Generates the scenes; each is a function of the seed and its number.
///
/// # Errors
/// [`DataError::Options`] on sides below 16 or above 1024, no image or shape, or sizes that make no sense.
pub fn generate(config: &Config) -> Result<Vec<Scene>, DataError> {
    let [small, large] = config.sizes;
    let is_sound = (16..=1024).contains(&config.side)
        && (1..=1_000_000).contains(&config.images)
        && (1..=20).contains(&config.max_shapes)
        && 0.05 <= small
        && small <= large
        && large <= 0.9;
    if !is_sound {
        return Err(DataError::Options(format!(
            "shapes: {config:?}; expected sides of 16 to 1024 and rising sizes"
        )));
    }
    Ok((0..config.images)
        .map(|number| scene(config, &mut Stream::new(&[config.seed, number as u64, 0x5a9e])))
        .collect())
}

/// The scenes as a set: images of bytes with their objects, each its own group.
///
/// # Errors
/// As [`generate`].
pub fn index(config: &Config) -> Result<Index, DataError> {
    let mut spool = Spool::new(Stored::little(Element::U8));
    let mut items = Vec::with_capacity(config.images);
    for (number, scene) in generate(config)?.into_iter().enumerate() {
        let bytes: Vec<u8> = scene.pixels.iter().map(|value| (value * 255.0).round() as u8).collect();
        let name = format!("scene {number}");
        items.push(Item {
            label: scene.shapes.first().map_or(0, |shape| shape.class),
            objects: scene.shapes,
            group: name.clone(),
            name,
            rows: config.side,
            place: spool.len(),
            ..Item::default()
        });
        spool.push_bytes(&bytes)?;
    }
    Ok(Index {
        name: "shapes".into(),
        classes: CLASSES.map(String::from).into(),
        row_shape: vec![config.side, 3],
        axes: Vec::new(),
        rate_hz: 0.0,
        unit: String::new(),
        provenance: Provenance::Generated { seed: config.seed },
        items,
        missing: Missing::default(),
        source: Source::Spool(spool),
    })
}

fn scene(config: &Config, stream: &mut Stream) -> Scene {
    let side = config.side;
    // A background that shades from one colour to another, with noise.
    let (from, to) = (colour(stream), colour(stream));
    let mut pixels = Vec::with_capacity(side * side * 3);
    for row in 0..side {
        for column in 0..side {
            let part = (row + column) as f64 / (2 * side) as f64;
            for channel in 0..3 {
                let shade = 0.35 + 0.3 * (from[channel] * (1.0 - part) + to[channel] * part);
                pixels.push((shade + 0.03 * stream.normal()) as f32);
            }
        }
    }
    let mut shapes: Vec<Object> = Vec::new();
    let wanted = 1 + stream.below(config.max_shapes);
    for _ in 0..wanted * 10 {
        if shapes.len() == wanted {
            break;
        }
        let size = stream.range(config.sizes[0], config.sizes[1]);
        let size = [size, size * stream.range(0.85, 1.15)].map(|extent| extent.min(0.95));
        let centre = size.map(|extent| stream.range(extent / 2.0, 1.0 - extent / 2.0));
        let shape = Object {
            class: stream.below(CLASSES.len()),
            centre: centre.map(|x| x as f32),
            size: size.map(|x| x as f32),
        };
        if shapes.iter().all(|other| overlap(&shape, other) < 0.2) {
            draw(&mut pixels, side, &shape, colour(stream), stream.chance(0.5));
            shapes.push(shape);
        }
    }
    pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    Scene { pixels, shapes }
}

fn colour(stream: &mut Stream) -> [f64; 3] {
    [(); 3].map(|()| stream.unit())
}

/// The part of the smaller box that the other covers.
fn overlap(a: &Object, b: &Object) -> f32 {
    let along = |axis: usize| {
        let ends = |shape: &Object| {
            (shape.centre[axis] - shape.size[axis] / 2.0, shape.centre[axis] + shape.size[axis] / 2.0)
        };
        let ((a0, a1), (b0, b1)) = (ends(a), ends(b));
        (a1.min(b1) - a0.max(b0)).max(0.0)
    };
    let area = |shape: &Object| shape.size[0] * shape.size[1];
    along(0) * along(1) / area(a).min(area(b)).max(1e-9)
}

/// Draws a bright or dark shape.
fn draw(pixels: &mut [f32], side: usize, shape: &Object, colour: [f64; 3], is_bright: bool) {
    for (at, pixel) in pixels.chunks_exact_mut(3).enumerate() {
        let place = [(at / side) as f32 + 0.5, (at % side) as f32 + 0.5].map(|pixel| pixel / side as f32);
        // −1 to 1 across the box.
        let [y, x] = [0, 1].map(|axis| 2.0 * (place[axis] - shape.centre[axis]) / shape.size[axis]);
        let inside = match shape.class {
            0 => y * y + x * x <= 1.0,
            1 => y.abs() <= 1.0 && x.abs() <= 1.0,
            _ => y.abs() <= 1.0 && x.abs() <= (1.0 + y) / 2.0,
        };
        if inside {
            for (value, part) in pixel.iter_mut().zip(colour) {
                *value = (if is_bright { 0.75 + 0.25 * part } else { 0.2 * part }) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_a_function_of_the_seed_and_boxes_hold_the_shapes() {
        let config = Config { images: 40, ..Config::default() };
        let scenes = generate(&config).unwrap();
        assert_eq!(generate(&config).unwrap(), scenes);
        assert_ne!(generate(&Config { seed: 2, ..config.clone() }).unwrap(), scenes);
        let mut seen = [0; 3];
        for scene in &scenes {
            assert!(scene.pixels.len() == 64 * 64 * 3 && (1..=3).contains(&scene.shapes.len()));
            assert!(scene.pixels.iter().all(|value| (0.0..=1.0).contains(value)));
            for shape in &scene.shapes {
                seen[shape.class] += 1;
                let inside = |axis: usize| {
                    shape.centre[axis] - shape.size[axis] / 2.0 >= -1e-6
                        && shape.centre[axis] + shape.size[axis] / 2.0 <= 1.000_001
                };
                assert!(inside(0) && inside(1), "{shape:?}");
            }
        }
        assert!(seen.iter().all(|&n| n > 10), "{seen:?}");
        let index = index(&config).unwrap();
        assert_eq!(index.items[7].objects, scenes[7].shapes);
        let near = |(byte, value): (&f32, &f32)| (byte / 255.0 - value).abs() < 0.003;
        assert!(index.values(7).unwrap().iter().zip(&scenes[7].pixels).all(near));
        assert!(generate(&Config { side: 8, ..config.clone() }).is_err());
        assert!(generate(&Config { sizes: [0.5, 0.1], ..config }).is_err());
    }
}
