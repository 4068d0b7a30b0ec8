//! Fake quantisation of an activation: `y = scale * (clamp(round(x / scale) + zero_point) - zero_point)`, with the gradient
//! of `y = x` inside the interval that int8 can stand for and none outside (straight-through estimator; Bengio et al.,
//! *Estimating or Propagating Gradients Through Stochastic Neurons*, 2013).

use smidgen_ir::Range;

use crate::fake_quantization::Arithmetic;
use crate::ops::Seen;
use crate::simd::{ChannelLoop, load, map, over_channels, store};

/// Steps of an activation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grid {
    pub(crate) scale: f32,
    zero_point: f32,
}

impl Grid {
    /// The steps that int8 gets for values of this range.
    pub(crate) fn of(range: Range) -> Self {
        let quant = range.activation_quant();
        Grid { scale: quant.scales[0], zero_point: quant.zero_points[0] as f32 }
    }

    /// The real value of the int8 step nearest to `steps` above the zero point.
    #[inline(always)]
    fn nearest(self, steps: f32) -> f32 {
        let step = round(steps) + self.zero_point;
        let step = if step < -128.0 { -128.0 } else { step };
        let step = if step > 127.0 { 127.0 } else { step };
        (step - self.zero_point) * self.scale
    }

    pub(crate) fn new(scale: f32, zero_point: i32) -> Self {
        Grid { scale, zero_point: zero_point as f32 }
    }
}

/// Where the steps of an activation come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Steps {
    /// A range that follows the values.
    Slot(usize),
    /// Always these.
    Fixed(Grid),
}

/// A fake quantisation behind a node or the input.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) steps: Steps,
    /// The filter whose sums it rounds.
    pub(crate) filter: Option<usize>,
}

/// Halves away from zero, as the kernel of QUANTIZE rounds; the largest float below a half keeps what is just below one.
#[inline(always)]
pub(crate) fn round(v: f32) -> f32 {
    (v + 0.499_999_97_f32.copysign(v)).trunc()
}

impl Steps {
    pub(crate) fn grid(self, grids: &[Grid]) -> Grid {
        match self {
            Steps::Slot(at) => grids[at],
            Steps::Fixed(grid) => grid,
        }
    }
}

impl Layer {
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32], arithmetic: &Arithmetic) {
        let grid = self.steps.grid(&arithmetic.grids);
        match self.filter.and_then(|filter| arithmetic.finer.get(filter)).map(Vec::as_slice) {
            Some(&[finer]) => over_channels(x.len(), Twice { grid, finer: Finer::All(finer), rows: 1, x, y }),
            Some(finer) if !finer.is_empty() => {
                let rows = x.len() / finer.len();
                over_channels(finer.len(), Twice { grid, finer: Finer::Each(finer), rows, x, y });
            }
            _ => over_channels(x.len(), Forward { grid, x, y }),
        }
    }

    pub(crate) fn input_gradient(&self, seen: Seen<'_>, dx: &mut [f32], arithmetic: &Arithmetic) {
        let Grid { scale, zero_point } = self.steps.grid(&arithmetic.grids);
        let (low, high) = ((-128.5 - zero_point) * scale, (127.5 - zero_point) * scale);
        over_channels(dx.len(), Backward { low, high, x: seen.x[0], dy: seen.dy, dx });
    }

    /// The least and the greatest value.
    pub(crate) fn extremes(x: &[f32]) -> (f32, f32) {
        let (mut low, mut high) = ([f32::INFINITY; 16], [f32::NEG_INFINITY; 16]);
        let (blocks, rest) = x.as_chunks::<16>();
        for block in blocks {
            low = std::array::from_fn(|i| if block[i] < low[i] { block[i] } else { low[i] });
            high = std::array::from_fn(|i| if block[i] > high[i] { block[i] } else { high[i] });
        }
        let low = low.iter().chain(rest).copied().fold(f32::INFINITY, f32::min);
        (low, high.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max))
    }
}

struct Forward<'a> {
    grid: Grid,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl ChannelLoop for Forward<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, at: usize) {
        let x = load::<N>(self.x, at);
        store(self.y, at, map::<N>(|i| self.grid.nearest(x[i] / self.grid.scale)));
    }
}

/// How much finer the first of two roundings is.
enum Finer<'a> {
    All(f32),
    Each(&'a [f32]),
}

/// Sums of a filter, which are rounded twice.
struct Twice<'a> {
    grid: Grid,
    finer: Finer<'a>,
    rows: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl ChannelLoop for Twice<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, channel: usize) {
        let (finer, n_channels) = match self.finer {
            Finer::All(finer) => ([finer; N], self.x.len()),
            Finer::Each(finer) => (load::<N>(finer, channel), finer.len()),
        };
        let grid = self.grid;
        for row in 0..self.rows {
            let at = row * n_channels + channel;
            let x = load::<N>(self.x, at);
            let once = map::<N>(|i| round(x[i] / grid.scale * finer[i]) / finer[i]);
            store(self.y, at, map::<N>(|i| grid.nearest(once[i])));
        }
    }
}

struct Backward<'a> {
    low: f32,
    high: f32,
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl ChannelLoop for Backward<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, at: usize) {
        let (x, dy) = (load::<N>(self.x, at), load::<N>(self.dy, at));
        let pass = |i: usize| if (x[i] >= self.low) & (x[i] <= self.high) { dy[i] } else { 0.0 };
        store(self.dx, at, map::<N>(pass));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_kernels::ops::dequantize::dequantize_value;
    use smidgen_kernels::ops::quantize::quantize_value;

    #[test]
    fn computes_what_the_kernels_make_of_a_value() {
        let range = Range { min: -1.3, max: 2.9 };
        let quant = range.activation_quant();
        let (scale, zero_point) = (quant.scales[0], quant.zero_points[0]);
        let x: Vec<f32> =
            (-4000..4000).map(|i| i as f32 * 1e-3).chain([0.5 * scale, -0.5 * scale, 1.5 * scale]).collect();
        let mut y = vec![0.0; x.len()];
        let arithmetic = Arithmetic { grids: vec![Grid::of(range)], ..Arithmetic::default() };
        Layer { steps: Steps::Slot(0), filter: None }.forward(&x, &mut y, &arithmetic);
        for (x, y) in x.iter().zip(&y) {
            let step = quantize_value(*x, scale, zero_point);
            assert_eq!(*y, dequantize_value(step, scale, zero_point), "{x}");
        }
        assert_eq!([0.49999997, 0.5, -0.5, 1.5, -2.5].map(round), [0.0, 1.0, -1.0, 2.0, -3.0]);
    }

    #[test]
    fn sums_of_a_filter_are_rounded_twice() {
        let steps = Steps::Fixed(Grid::new(1.0, 0));
        let arithmetic = Arithmetic { finer: vec![vec![1.0, 4.0]], ..Arithmetic::default() };
        let mut y = [0.0; 4];
        // 2.4 becomes 2.5 in quarters, which rounds up.
        Layer { steps, filter: Some(0) }.forward(&[2.4, 2.4, 2.3, 2.3], &mut y, &arithmetic);
        assert_eq!(y, [2.0, 3.0, 2.0, 2.0]);
    }

    #[test]
    fn the_gradient_stops_where_int8_ends() {
        let layer = Layer { steps: Steps::Fixed(Grid::new(0.1, -28)), filter: None };
        // Steps -128 to 127 are -10 to 15.5.
        let x = [-11.0, -10.0, 0.03, 15.5, 16.0];
        let seen = Seen { params: &[], x: &[&x], y: &[], dy: &[1.0; 5] };
        let mut dx = [f32::NAN; 5];
        layer.input_gradient(seen, &mut dx, &Arithmetic::default());
        assert_eq!(dx, [0.0, 1.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn finds_the_extremes() {
        let x: Vec<f32> = (0..37).map(|i| ((i * 17) % 37) as f32 - 20.0).collect();
        assert_eq!(Layer::extremes(&x), (-20.0, 16.0));
        assert_eq!(Layer::extremes(&[2.0]), (2.0, 2.0));
    }
}
