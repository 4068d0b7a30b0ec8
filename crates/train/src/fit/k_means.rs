//! k-means by Lloyd's algorithm (*Least Squares Quantization in PCM*, 1982) from centres that are drawn far apart (Arthur and
//! Vassilvitskii, *k-means++*, 2007). The best of some starts is kept.

use rand_pcg::Pcg64;

use super::{Rows, square_distance};
use crate::error::TrainError;
use crate::random::{Purpose, stream, unit};

const STARTS: u64 = 4;
const MAX_ROUNDS: usize = 300;

/// Fitted centres.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// One row for each centre.
    pub centres: Vec<f32>,
    /// Mean squared distance of the rows to their centres after each round.
    pub distortion: Vec<f64>,
}

/// Fits `parts` centres to `rows`.
///
/// # Errors
/// No centre, or fewer rows than centres.
pub fn k_means(rows: Rows<'_>, parts: usize, seed: u64) -> Result<KMeans, TrainError> {
    rows.check(parts)?;
    let one = |start| lloyd(rows, spread(rows, parts, &mut stream(seed, Purpose::Fit, start)));
    let last = |fitted: &KMeans| fitted.distortion.last().copied().unwrap_or(f64::INFINITY);
    let fitted =
        (0..STARTS).map(one).reduce(|best, other| if last(&other) < last(&best) { other } else { best });
    Ok(fitted.unwrap_or(KMeans { centres: Vec::new(), distortion: Vec::new() }))
}

/// Rows as centres: the first at random, each further one with a chance that grows with the square of its distance.
fn spread(rows: Rows<'_>, parts: usize, random: &mut Pcg64) -> Vec<f32> {
    let first = (unit(random) * rows.len() as f64) as usize;
    let mut centres = rows.row(first.min(rows.len() - 1)).to_vec();
    let mut nearest: Vec<f64> = rows.iter().map(|row| square_distance(row, &centres)).collect();
    for _ in 1..parts {
        let mut left = unit(random) * nearest.iter().sum::<f64>();
        let next = nearest.iter().position(|&square| {
            left -= square;
            left < 0.0
        });
        let centre = rows.row(next.unwrap_or(0));
        centres.extend_from_slice(centre);
        for (nearest, row) in nearest.iter_mut().zip(rows.iter()) {
            *nearest = nearest.min(square_distance(row, centre));
        }
    }
    centres
}

/// The nearest centre and the squared distance to it, the first of equals.
fn nearest(row: &[f32], centres: &[f32]) -> (usize, f64) {
    let distances = centres.chunks_exact(row.len()).map(|centre| square_distance(row, centre));
    distances.enumerate().fold((0, f64::INFINITY), |best, other| if other.1 < best.1 { other } else { best })
}

fn lloyd(rows: Rows<'_>, mut centres: Vec<f32>) -> KMeans {
    let parts = centres.len() / rows.width;
    let mut members = vec![usize::MAX; rows.len()];
    let mut distortion = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let (mut sums, mut counts) = (vec![0.0; centres.len()], vec![0usize; parts]);
        let (mut total, mut moved, mut farthest) = (0.0, false, (0, -1.0));
        for (at, row) in rows.iter().enumerate() {
            let (part, square) = nearest(row, &centres);
            moved |= members[at] != part;
            members[at] = part;
            counts[part] += 1;
            total += square;
            if square > farthest.1 {
                farthest = (at, square);
            }
            sums[part * rows.width..].iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        distortion.push(total / rows.len() as f64);
        if !moved {
            break;
        }
        let means = centres.chunks_exact_mut(rows.width).zip(sums.chunks_exact(rows.width)).zip(counts);
        for ((centre, sums), count) in means {
            match count {
                // A centre without rows goes where it is missed most.
                0 => centre.copy_from_slice(rows.row(farthest.0)),
                _ => centre.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = (sum / count as f64) as f32),
            }
        }
    }
    KMeans { centres, distortion }
}
