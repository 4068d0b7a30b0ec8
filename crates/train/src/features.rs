//! What a student learns from inside a teacher: where both have activations of the same height and width, the student's are held to
//! the teacher's.

use serde::{Deserialize, Serialize};
use smidgen_ir::{Graph, TensorIdx};

/// What of an activation is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// Where it is large: for each pixel the sum of the squares of its channels, all divided by the root of the sum of their squares
    /// (Zagoruyko and Komodakis, *Paying More Attention to Attention*, 2017). Channels may differ in number.
    #[default]
    Attention,
    /// Its values (Romero et al., *FitNets: Hints for Thin Deep Nets*, 2015). Shapes must be the same.
    Hint,
}

/// An activation of a student that is held to a teacher's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The student's activation, NHWC.
    #[serde(with = "number")]
    pub tensor: TensorIdx,
    /// What of it is compared.
    pub kind: FeatureKind,
    /// What the loss counts beside the others: half of it times the squared distance of two maps of attention, or times the mean
    /// square of the differences of values.
    pub weight: f32,
}

/// A tensor as its number in a checkpoint.
mod number {
    use serde::{Deserialize, Deserializer, Serializer};
    use smidgen_ir::TensorIdx;

    pub(super) fn serialize<S: Serializer>(tensor: &TensorIdx, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(tensor.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TensorIdx, D::Error> {
        u32::deserialize(from).map(TensorIdx)
    }
}

/// Pixels and channels of an activation `[1, height, width, channels]`.
pub(crate) fn extents(graph: &Graph, tensor: TensorIdx) -> Result<(usize, usize), String> {
    let Some(found) = graph.get(tensor) else { return Err("is a tensor that is not there".into()) };
    match *found.shape.as_slice() {
        [1, height, width, channels] if height * width > 1 => Ok((height * width, channels)),
        _ => Err(format!("\"{}\" has the shape {:?}; features are images", found.name, found.shape)),
    }
}

impl FeatureKind {
    /// Values that the teacher tells of an activation.
    pub(crate) fn n_told(self, (pixels, channels): (usize, usize)) -> usize {
        match self {
            FeatureKind::Attention => pixels,
            FeatureKind::Hint => pixels * channels,
        }
    }

    /// Writes what is compared of an activation.
    pub(crate) fn of(self, activation: &[f32], told: &mut [f32]) {
        match self {
            FeatureKind::Hint => told.copy_from_slice(activation),
            FeatureKind::Attention => {
                let channels = activation.len() / told.len().max(1);
                for (told, pixel) in told.iter_mut().zip(activation.chunks_exact(channels.max(1))) {
                    *told = pixel.iter().map(|value| value * value).sum();
                }
                let norm = norm(told);
                told.iter_mut().for_each(|told| *told /= norm);
            }
        }
    }

    /// The loss of an example, without its weight; where `gradient` is not empty, that times `scale` becomes the gradient.
    pub(crate) fn loss(self, activation: &[f32], told: &[f32], scale: f32, gradient: &mut [f32]) -> f64 {
        match self {
            FeatureKind::Hint => hint(activation, told, scale, gradient),
            FeatureKind::Attention => attention(activation, told, scale, gradient),
        }
    }
}

fn norm(map: &[f32]) -> f32 {
    map.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-12)
}

/// `mean((a - t)^2) / 2`
fn hint(activation: &[f32], told: &[f32], scale: f32, gradient: &mut [f32]) -> f64 {
    let n = activation.len().max(1) as f32;
    for ((gradient, a), t) in gradient.iter_mut().zip(activation).zip(told) {
        *gradient = scale * (a - t) / n;
    }
    let sum: f32 = activation.iter().zip(told).map(|(a, t)| (a - t) * (a - t)).sum();
    0.5 * f64::from(sum / n)
}

/// `|q - t|^2 / 2` with the map `q = f / |f|` and `f` the sums of squares over channels.
fn attention(activation: &[f32], told: &[f32], scale: f32, gradient: &mut [f32]) -> f64 {
    let channels = (activation.len() / told.len().max(1)).max(1);
    let pixels = || activation.chunks_exact(channels);
    let squares: Vec<f32> = pixels().map(|pixel| pixel.iter().map(|value| value * value).sum()).collect();
    let norm = norm(&squares);
    let differences: Vec<f32> = squares.iter().zip(told).map(|(f, t)| f / norm - t).collect();
    if !gradient.is_empty() {
        // The norm takes the part along q out of what reaches q.
        let along: f32 = squares.iter().zip(&differences).map(|(f, d)| f / norm * d).sum();
        let of_pixel = squares.iter().zip(&differences).map(|(f, d)| (d - f / norm * along) / norm);
        for ((gradient, pixel), df) in gradient.chunks_exact_mut(channels).zip(pixels()).zip(of_pixel) {
            gradient.iter_mut().zip(pixel).for_each(|(gradient, a)| *gradient = scale * 2.0 * a * df);
        }
    }
    0.5 * f64::from(differences.iter().map(|d| d * d).sum::<f32>())
}

/// Pairs of activations of a student and a teacher: the last at each height and width that both have.
pub fn pairs(student: &Graph, teacher: &Graph, kind: FeatureKind) -> Vec<(TensorIdx, TensorIdx)> {
    let last = |graph: &Graph| {
        let mut by_size: Vec<([usize; 2], TensorIdx)> = Vec::new();
        for &output in graph.nodes.iter().flat_map(|node| &node.outputs) {
            if graph.outputs.contains(&output) || extents(graph, output).is_err() {
                continue;
            }
            let shape = &graph.tensor(output).shape;
            let size = [shape[1], shape[2]];
            by_size.retain(|(known, _)| *known != size);
            by_size.push((size, output));
        }
        by_size
    };
    let teachers = last(teacher);
    let pair = |(size, own): ([usize; 2], TensorIdx)| {
        let other = teachers.iter().find(|(known, _)| *known == size).map(|(_, other)| *other)?;
        let is_same = student.tensor(own).shape == teacher.tensor(other).shape;
        (kind == FeatureKind::Attention || is_same).then_some((own, other))
    };
    last(student).into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests;
