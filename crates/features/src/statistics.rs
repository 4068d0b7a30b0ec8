//! Figures of a stretch of signal: mean, root mean square, skewness, kurtosis, zero crossings, peaks.

use smidgen_kernels::float;

/// Figures about the mean of a stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f32,
    /// Root mean square about the mean: the standard deviation.
    pub deviation: f32,
    /// Third standardised moment; 0 of a constant.
    pub skewness: f32,
    /// Fourth standardised moment less 3; 0 of a constant.
    pub kurtosis: f32,
}

/// The moments of `values`; all 0 of none.
pub fn moments(values: impl Iterator<Item = f32> + Clone) -> Moments {
    let (mut n, mut sum) = (0.0, 0.0);
    for value in values.clone() {
        n += 1.0;
        sum += value;
    }
    if n == 0.0 {
        return Moments { mean: 0.0, deviation: 0.0, skewness: 0.0, kurtosis: 0.0 };
    }
    let mean = sum / n;
    let (mut second, mut third, mut fourth) = (0.0, 0.0, 0.0);
    for value in values {
        let off = value - mean;
        let square = off * off;
        second += square;
        third += square * off;
        fourth += square * square;
    }
    let variance = second / n;
    let deviation = float::sqrt(variance);
    if variance <= f32::MIN_POSITIVE {
        return Moments { mean, deviation, skewness: 0.0, kurtosis: 0.0 };
    }
    Moments {
        mean,
        deviation,
        skewness: third / n / (variance * deviation),
        kurtosis: fourth / n / (variance * variance) - 3.0,
    }
}

/// Root mean square of `values`; 0 of none.
pub fn root_mean_square(values: impl Iterator<Item = f32>) -> f32 {
    let (n, sum) = values.fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value * value));
    if n == 0.0 { 0.0 } else { float::sqrt(sum / n) }
}

/// How often `values` pass from one side of `level` to the other; a value on it counts to the side before.
pub fn crossings(values: impl Iterator<Item = f32>, level: f32) -> usize {
    let (mut side, mut n) = (0i8, 0);
    for value in values {
        let now = i8::from(value > level) - i8::from(value < level);
        if now != 0 {
            n += usize::from(side == -now);
            side = now;
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_numpy_and_scipy() {
        // numpy.mean, numpy.std, scipy.stats.skew, scipy.stats.kurtosis.
        let moments = moments([1.0, 2.0, 3.0, 10.0].into_iter());
        let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
        assert!(near(moments.mean, 4.0) && near(moments.deviation, 3.535_534), "{moments:?}");
        assert!(near(moments.skewness, 1.018_234) && near(moments.kurtosis, -0.7696), "{moments:?}");
        assert_eq!(super::moments([2.0; 3].into_iter()).kurtosis, 0.0);
        assert!(near(root_mean_square([3.0, 4.0].into_iter()), 3.535_534));
    }

    #[test]
    fn crossings_count_changes_of_side() {
        assert_eq!(crossings([1.0, -1.0, 0.0, -2.0, 0.0, 3.0].into_iter(), 0.0), 2);
        assert_eq!(crossings([].into_iter(), 0.0), 0);
    }
}
