//! Another sampling rate: windowed sinc for sound, lines between the points for slow series.

use crate::DataError;
use smidgen_features::tables::sin_cos;
use std::f64::consts::PI;

/// Zero crossings of the sinc on each side.
const ZEROS: f64 = 16.0;

/// Shape of the Kaiser window: side lobes below about −80 dB (Kaiser, Nonrecursive digital filter design using the
/// I₀-sinh window function, 1974).
const BETA: f64 = 8.0;

/// Edge of the pass band as a part of the lower of the two Nyquist frequencies.
const ROLL_OFF: f64 = 0.95;

/// Most coefficients of the table.
const MAX_TABLE: usize = 1 << 22;

/// A polyphase filter from one rate to another.
///
/// With rates in lowest terms L : M, output n is Σₖ xₖ h(n M / L − k), where h is a sinc with its cut-off at
/// 0.95 of the lower Nyquist frequency under a Kaiser window of 16 zero crossings on each side, scaled
/// so that each phase has a gain of 1 at frequency 0. Samples outside of the recording are 0.
#[derive(Debug, Clone)]
pub struct Resampler {
    up: u64,
    down: u64,
    half: i64,
    taps: Vec<f32>,
}

impl Resampler {
    /// From `from_hz` to `to_hz`.
    ///
    /// # Errors
    /// [`DataError::Options`] on a rate of 0, and on rates whose ratio needs too large a table.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, DataError> {
        if from_hz == 0 || to_hz == 0 {
            return Err(DataError::Options(format!("a rate of 0 Hz: from {from_hz} Hz to {to_hz} Hz")));
        }
        let divisor = gcd(u64::from(from_hz), u64::from(to_hz));
        let (up, down) = (u64::from(to_hz) / divisor, u64::from(from_hz) / divisor);
        let cut_off = ROLL_OFF * (up as f64 / down as f64).min(1.0);
        let half = (ZEROS / cut_off).ceil() as i64;
        let width = 2 * half as usize;
        if (up as usize).checked_mul(width).is_none_or(|n| n > MAX_TABLE) {
            let message = format!(
                "from {from_hz} Hz to {to_hz} Hz: the ratio {up} : {down} needs too large a filter; choose a rate that has \
                 more in common with {from_hz} Hz"
            );
            return Err(DataError::Options(message));
        }
        let mut taps = Vec::with_capacity(up as usize * width);
        for phase in 0..up {
            let part = phase as f64 / up as f64;
            let row: Vec<f64> = (0..width as i64)
                .map(|k| kernel(part + (half - 1 - k) as f64, cut_off, half as f64))
                .collect();
            let sum: f64 = row.iter().sum();
            taps.extend(row.iter().map(|tap| (tap / sum) as f32));
        }
        Ok(Resampler { up, down, half, taps })
    }

    /// Samples of the output for `n` of the input: ⌈n L / M⌉.
    pub fn output_len(&self, n: usize) -> usize {
        (n as u64 * self.up).div_ceil(self.down) as usize
    }

    /// The samples of the input, possibly outside of it, that outputs `first..first + n` need: where they begin, how
    /// many.
    pub fn needs(&self, first: usize, n: usize) -> (i64, usize) {
        let at = |output: usize| (output as u64 * self.down / self.up) as i64;
        let (from, to) = (at(first) - self.half + 1, at(first + n.max(1) - 1) + self.half);
        (from, (to - from + 1) as usize)
    }

    /// Outputs `first…` from the samples that [`Resampler::needs`] asks for.
    pub fn run(&self, first: usize, input: &[f32], out: &mut [f32]) {
        let width = 2 * self.half as usize;
        let (start, _) = self.needs(first, out.len());
        for (number, value) in out.iter_mut().enumerate() {
            let position = (first + number) as u64 * self.down;
            let (whole, phase) = ((position / self.up) as i64, (position % self.up) as usize);
            let from = (whole - self.half + 1 - start) as usize;
            let samples = input.get(from..).unwrap_or_default();
            let taps = self.taps.get(phase * width..(phase + 1) * width).unwrap_or_default();
            *value = samples.iter().zip(taps).map(|(x, h)| x * h).sum();
        }
    }
}

/// The windowed sinc at `t` input samples from its middle.
fn kernel(t: f64, cut_off: f64, half: f64) -> f64 {
    let place = t / half;
    if place.abs() >= 1.0 {
        return 0.0;
    }
    let x = PI * cut_off * t;
    let sinc = if x.abs() < 1e-9 { 1.0 } else { sin_cos(x).0 / x };
    sinc * bessel_i0(BETA * (1.0 - place * place).sqrt())
}

/// Modified Bessel function of the first kind of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Rows at `rate_hz` from rows `[n, axes]` at rising `times` (s): at each new time the line between the rows around
/// it. The first new row is the first old one; the last is not after the last old one.
pub(crate) fn linear(times: &[f64], values: &[f32], axes: usize, rate_hz: f64) -> Vec<f32> {
    let (Some(&start), Some(&end)) = (times.first(), times.last()) else { return Vec::new() };
    let n = ((end - start) * rate_hz + 1e-6).floor() as usize + 1;
    let mut out = Vec::with_capacity(n * axes);
    let mut row = 0;
    for number in 0..n {
        let time = start + number as f64 / rate_hz;
        while times.get(row + 1).is_some_and(|&next| next <= time) {
            row += 1;
        }
        let above = (row + 1).min(times.len() - 1);
        let (a, b) = (times.get(row).copied().unwrap_or(end), times.get(above).copied().unwrap_or(end));
        let part = if b > a { ((time - a) / (b - a)).clamp(0.0, 1.0) } else { 0.0 };
        let rows = values.iter().skip(row * axes).zip(values.iter().skip(above * axes)).take(axes);
        out.extend(rows.map(|(&x, &y)| (f64::from(x) + (f64::from(y) - f64::from(x)) * part) as f32));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(from: u32, to: u32, input: &[f32]) -> Vec<f32> {
        let resampler = Resampler::new(from, to).unwrap();
        let mut out = vec![0.0; resampler.output_len(input.len())];
        let (start, n) = resampler.needs(0, out.len());
        let at = |k: i64| usize::try_from(k).ok().and_then(|k| input.get(k)).copied().unwrap_or(0.0);
        let padded: Vec<f32> = (start..start + n as i64).map(at).collect();
        resampler.run(0, &padded, &mut out);
        out
    }

    fn sine(hz: f64, rate: u32, seconds: f64) -> Vec<f32> {
        let n = (f64::from(rate) * seconds) as usize;
        (0..n).map(|k| (2.0 * PI * hz * k as f64 / f64::from(rate)).sin() as f32).collect()
    }

    #[test]
    fn a_tone_in_the_pass_band_stays_and_one_above_goes() {
        for (from, to) in [(44_100, 16_000), (48_000, 16_000), (8_000, 16_000), (16_000, 11_025)] {
            let (made, wanted) = (whole(from, to, &sine(1000.0, from, 0.2)), sine(1000.0, to, 0.2));
            assert_eq!(made.len(), wanted.len(), "{from} to {to}");
            let inner = 200..made.len() - 200;
            let worst = inner.map(|k| (made[k] - wanted[k]).abs()).fold(0.0, f32::max);
            assert!(worst < 2e-3, "{from} to {to}: {worst}");
        }
        let gone = whole(48_000, 16_000, &sine(10_000.0, 48_000, 0.2));
        let worst = gone[200..gone.len() - 200].iter().fold(0.0f32, |most, x| most.max(x.abs()));
        assert!(worst < 1e-3, "{worst}");
    }

    #[test]
    fn any_part_is_the_same_as_the_whole() {
        let input = sine(700.0, 44_100, 0.1);
        let all = whole(44_100, 16_000, &input);
        let resampler = Resampler::new(44_100, 16_000).unwrap();
        let (start, n) = resampler.needs(700, 50);
        let (start, mut out) = (start as usize, [0.0; 50]);
        resampler.run(700, &input[start..start + n], &mut out);
        assert_eq!(out[..], all[700..750]);
    }

    #[test]
    fn lines_join_slow_points() {
        let made = linear(&[0.0, 1.0, 3.0], &[0.0, 10.0, 2.0, 20.0, 4.0, 0.0], 2, 2.0);
        assert_eq!(made, [0.0, 10.0, 1.0, 15.0, 2.0, 20.0, 2.5, 15.0, 3.0, 10.0, 3.5, 5.0, 4.0, 0.0]);
    }

    #[test]
    fn rates_without_sense_are_refused() {
        assert!(Resampler::new(0, 16_000).is_err());
        assert!(Resampler::new(44_101, 1_000_003).unwrap_err().to_string().contains("too large a filter"));
    }
}
