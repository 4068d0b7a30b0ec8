//! Ranges that lose least, searched over a histogram of the values that calibration saw.

use smidgen_ir::Range;

/// Steps of int8.
const LEVELS: usize = 256;

/// Shares of a range's ends that are tried.
const TRIED: usize = 64;
/// The smallest of them.
const LEAST: f64 = 0.1;

/// A share that stands for none.
const NEXT_TO_NOTHING: f64 = 1e-6;

/// What a range may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// The mean squared error of the quantised values.
    SquaredError,
    /// The information that the quantised values lack: the Kullback-Leibler divergence of their histogram from that of the
    /// values (Migacz, *8-bit Inference with TensorRT*, 2017).
    Divergence,
}

/// The range inside of `full`, over which `bins` are spread evenly, that loses least: first with both ends drawn in alike,
/// then each by itself.
pub(super) fn best(full: Range, bins: &[u64], loss: Loss) -> Range {
    // Whatever is chosen must hold 0.
    let ends = Range { min: full.min.min(0.0), max: full.max.max(0.0) };
    let share = |at: usize| LEAST + (1.0 - LEAST) * (at + 1) as f64 / TRIED as f64;
    let drawn = |low: f64, high: f64| Range {
        min: (f64::from(ends.min) * low) as f32,
        max: (f64::from(ends.max) * high) as f32,
    };
    let cost = |(low, high): (f64, f64)| {
        let range = drawn(low, high);
        match loss {
            Loss::SquaredError => squared_error(full, bins, range),
            Loss::Divergence => divergence(full, bins, range),
        }
    };
    // The widest of equals.
    let least = |tried: &mut dyn Iterator<Item = (f64, f64)>| {
        tried
            .map(|shares| (cost(shares), shares))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or((1.0, 1.0), |best| best.1)
    };
    let (both, _) = least(&mut (0..TRIED).rev().map(|at| (share(at), share(at))));
    let (low, _) = least(&mut (0..TRIED).rev().map(|at| (share(at), both)));
    let (_, high) = least(&mut (0..TRIED).rev().map(|at| (low, share(at))));
    drawn(low, high)
}

/// The middles of the bins with their counts.
fn values(full: Range, bins: &[u64]) -> impl Iterator<Item = (f64, f64)> {
    let width = (f64::from(full.max) - f64::from(full.min)) / bins.len().max(1) as f64;
    let filled = bins.iter().enumerate().filter(|(_, count)| **count > 0);
    filled.map(move |(at, &count)| (f64::from(full.min) + width * (at as f64 + 0.5), count as f64))
}

fn squared_error(full: Range, bins: &[u64], range: Range) -> f64 {
    let quant = range.activation_quant();
    let (Some(&scale), Some(&zero_point)) = (quant.scales.first(), quant.zero_points.first()) else {
        return 0.0;
    };
    let (scale, zero_point) = (f64::from(scale), f64::from(zero_point));
    let error = |value: f64| {
        let step = (value / scale + zero_point).round().clamp(-128.0, 127.0);
        (value - (step - zero_point) * scale).powi(2)
    };
    values(full, bins).map(|(value, count)| count * error(value)).sum()
}

/// Values beyond the range count at its ends, where the quantised histogram has none of them.
/// The zeros of RELU and of padding are exact whatever the range, and are left out.
fn divergence(full: Range, bins: &[u64], range: Range) -> f64 {
    let zero =
        (-f64::from(full.min) / (f64::from(full.max) - f64::from(full.min)) * bins.len() as f64) as usize;
    let bins: Vec<u64> =
        bins.iter().enumerate().map(|(at, &count)| if at == zero { 0 } else { count }).collect();
    let width = (f64::from(full.max) - f64::from(full.min)) / bins.len().max(1) as f64;
    let total: f64 = bins.iter().map(|&count| count as f64).sum();
    if total == 0.0 || width <= 0.0 {
        return 0.0;
    }
    let bin = |value: f32| {
        (((f64::from(value) - f64::from(full.min)) / width).round().max(0.0) as usize).min(bins.len())
    };
    let (first, last) = (bin(range.min), bin(range.max));
    let Some(inside) = bins.get(first..last).filter(|inside| !inside.is_empty()) else {
        return f64::INFINITY;
    };
    let sum = |part: &[u64]| part.iter().map(|&count| count as f64).sum::<f64>();
    let (below, above) = (sum(bins.get(..first).unwrap_or(&[])), sum(bins.get(last..).unwrap_or(&[])));
    let kept = sum(inside).max(1.0);
    let mut lost = 0.0;
    for level in 0..LEVELS {
        let of = |level: usize| level * inside.len() / LEVELS;
        let group = inside.get(of(level)..of(level + 1)).unwrap_or(&[]);
        let filled = group.iter().filter(|count| **count > 0).count();
        let each = sum(group) / filled.max(1) as f64 / kept;
        for (at, &count) in (of(level)..).zip(group) {
            let ends = if at == 0 { below } else { 0.0 } + if at + 1 == inside.len() { above } else { 0.0 };
            let p = (count as f64 + ends) / total;
            let q = if count > 0 { each } else { 0.0 }.max(NEXT_TO_NOTHING);
            lost += if p > 0.0 { p * (p / q).ln() } else { 0.0 };
        }
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bell of values from -1 to 1 in the middle of a range of -20 to 20, with two outliers.
    fn bell() -> (Range, Vec<u64>) {
        let mut bins = vec![0u64; 4000];
        for (at, bin) in bins.iter_mut().enumerate() {
            let value = (at as f64 - 2000.0) / 100.0;
            *bin = (10_000.0 * (-value * value * 8.0).exp()) as u64;
        }
        (bins[0], bins[3999]) = (1, 1);
        (Range { min: -20.0, max: 20.0 }, bins)
    }

    #[test]
    fn outliers_are_given_up_where_all_others_gain() {
        let (full, bins) = bell();
        for loss in [Loss::SquaredError, Loss::Divergence] {
            let range = best(full, &bins, loss);
            assert!(range.max < 12.0 && range.min > -12.0 && range.max > 1.0, "{loss:?}: {range:?}");
        }
        let before = squared_error(full, &bins, full);
        assert!(squared_error(full, &bins, best(full, &bins, Loss::SquaredError)) < 0.7 * before);
    }

    #[test]
    fn even_values_keep_their_range_and_empty_ones_theirs() {
        let full = Range { min: 0.0, max: 6.0 };
        let range = best(full, &[100; 4096], Loss::SquaredError);
        assert!(range.min == 0.0 && range.max > 5.7, "{range:?}");
        assert_eq!(best(full, &[0; 16], Loss::SquaredError), full);
        let flat = Range { min: 2.0, max: 2.0 };
        assert!(best(flat, &[5], Loss::SquaredError).max > 1.9);
    }
}
