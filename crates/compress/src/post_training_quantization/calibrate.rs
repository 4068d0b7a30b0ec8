//! Ranges of the activations of a float graph, from running it on calibration data.

use super::recurrent::Cells;
use super::search::{self, Loss};
use super::{Calibration, tensor_place};
use crate::CompressError;
use crate::quantize::{floats, quantize_input};
use smidgen_ir::Range;
use smidgen_ir::{DType, Graph, Interpreter, TensorIdx};

/// Bins of the histograms that ranges are narrowed by.
const N_BINS: usize = 4096;

/// The range of each tensor; `None` for constants.
///
/// # Errors
/// See [`super::apply`].
pub(crate) fn ranges(
    graph: &Graph,
    calibration: Calibration,
    inputs: &[Vec<f32>],
) -> Result<Vec<Option<Range>>, CompressError> {
    check(graph, inputs)?;
    let mut ranges: Vec<Option<Range>> = vec![None; graph.tensors.len()];
    observe(graph, inputs, &mut |idx, values| {
        let seen = range_of(graph, idx, values)?;
        let slot = ranges.get_mut(idx.idx());
        if let (Some(slot), Some(seen)) = (slot, seen) {
            *slot = Some(match (*slot, calibration) {
                (None, _) => seen,
                (Some(past), Calibration::MovingAverage { momentum }) => average(past, seen, momentum as f32),
                (Some(past), _) => past.union(seen),
            });
        }
        Ok(())
    })?;
    let narrowed: &dyn Fn(Range, &[u64]) -> Range = match calibration {
        Calibration::Percentile { percent } => &move |full, bins| narrow(full, bins, percent),
        Calibration::Mse => &|full, bins| search::best(full, bins, Loss::SquaredError),
        Calibration::Entropy => &|full, bins| search::best(full, bins, Loss::Divergence),
        Calibration::MinMax | Calibration::MovingAverage { .. } => return Ok(ranges),
    };
    by_histograms(graph, inputs, narrowed, &mut ranges)?;
    Ok(ranges)
}

fn check(graph: &Graph, inputs: &[Vec<f32>]) -> Result<(), CompressError> {
    if inputs.is_empty() {
        let message =
            "there is no calibration data; expected inputs like those the network will see, about 100";
        return Err(CompressError::Data(message.into()));
    }
    let n_values: usize = graph.inputs.iter().map(|&idx| graph.tensor(idx).n_elements()).sum();
    for (at, input) in inputs.iter().enumerate() {
        if input.len() != n_values {
            let message =
                format!("calibration input {at} has {} values, the model takes {n_values}", input.len());
            return Err(CompressError::Data(message));
        }
        if let Some((place, value)) = input.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            let message =
                format!("calibration input {at} value {place} is {value}; expected a finite number");
            return Err(CompressError::Data(message));
        }
    }
    Ok(())
}

fn range_of(graph: &Graph, idx: TensorIdx, values: &[f32]) -> Result<Option<Range>, CompressError> {
    Range::of(values).map_err(|bad| {
        let place = graph.producer(idx).map_or_else(|| tensor_place(graph, idx), |node| graph.describe(node));
        let message =
            format!("it gives {bad} on calibration data; expected finite values: check the weights");
        CompressError::Place { place, message }
    })
}

fn average(past: Range, seen: Range, momentum: f32) -> Range {
    let mix = |past: f32, seen: f32| past * momentum + seen * (1.0 - momentum);
    Range { min: mix(past.min, seen.min), max: mix(past.max, seen.max) }
}

pub(crate) type Observer<'o> = dyn FnMut(TensorIdx, &[f32]) -> Result<(), CompressError> + 'o;

/// Shows every activation of every inference to `observer`, in order, and what recurrent cells hold.
pub(crate) fn observe(
    graph: &Graph,
    inputs: &[Vec<f32>],
    observer: &mut Observer<'_>,
) -> Result<(), CompressError> {
    let mut interpreter = Interpreter::new(graph)?;
    let mut cells = Cells::of(graph)?;
    let mut values = Vec::new();
    for input in inputs {
        let mut rest = input.as_slice();
        for &idx in &graph.inputs {
            let (own, tail) = rest.split_at_checked(graph.tensor(idx).n_elements()).unwrap_or((rest, &[]));
            observer(idx, own)?;
            cells.follow(idx, own, observer)?;
            rest = tail;
        }
        let mut result = Ok(());
        interpreter.reset();
        interpreter.run_layers(&quantize_input(graph, input)?, &mut |node, results| {
            for (&output, bytes) in graph.nodes[node.idx()].outputs.iter().zip(results) {
                if result.is_ok() && graph.tensor(output).dtype == DType::F32 {
                    values.clear();
                    values.extend(floats(bytes));
                    result = observer(output, &values).and_then(|()| cells.follow(output, &values, observer));
                }
            }
        })?;
        result?;
    }
    Ok(())
}

/// Narrows the ranges by histograms over the full ones.
fn by_histograms(
    graph: &Graph,
    inputs: &[Vec<f32>],
    narrowed: &dyn Fn(Range, &[u64]) -> Range,
    ranges: &mut [Option<Range>],
) -> Result<(), CompressError> {
    let mut histograms = vec![vec![0u64; N_BINS]; ranges.len()];
    observe(graph, inputs, &mut |idx, values| {
        if let (Some(&Some(range)), Some(bins)) = (ranges.get(idx.idx()), histograms.get_mut(idx.idx())) {
            for &value in values {
                if let Some(bin) = bins.get_mut(bin_of(range, value)) {
                    *bin += 1;
                }
            }
        }
        Ok(())
    })?;
    for (range, bins) in ranges.iter_mut().zip(&histograms) {
        *range = range.map(|full| narrowed(full, bins));
    }
    Ok(())
}

fn bin_of(range: Range, value: f32) -> usize {
    let width = f64::from(range.max) - f64::from(range.min);
    if width <= 0.0 {
        return 0;
    }
    let share = (f64::from(value) - f64::from(range.min)) / width;
    ((share * N_BINS as f64) as usize).min(N_BINS - 1)
}

/// Leaves out bins at either end while the values left out there are at most half of what may be left out.
fn narrow(range: Range, bins: &[u64], percent: f64) -> Range {
    let total: u64 = bins.iter().sum();
    let spare = total as f64 * (1.0 - percent / 100.0) / 2.0;
    let n_cut = |bins: &mut dyn Iterator<Item = &u64>| {
        let mut cut = 0u64;
        bins.take_while(|&&bin| {
            cut += bin;
            cut as f64 <= spare
        })
        .count()
    };
    let (low, high) = (n_cut(&mut bins.iter()), n_cut(&mut bins.iter().rev()));
    let width = f64::from(range.max) - f64::from(range.min);
    let at = |bin: usize| (f64::from(range.min) + width * bin as f64 / bins.len() as f64) as f32;
    Range {
        min: if low == 0 { range.min } else { at(low) },
        max: if high == 0 { range.max } else { at(bins.len() - high) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_leaves_out_equal_tails() {
        let range = Range { min: -10.0, max: 10.0 };
        let mut bins = vec![0u64; 100];
        bins[0] = 1;
        bins[40] = 998;
        bins[99] = 1;
        assert_eq!(narrow(range, &bins, 100.0), range);
        let cut = narrow(range, &bins, 99.8);
        assert!((cut.min - -2.0).abs() < 1e-5 && (cut.max - -1.8).abs() < 1e-5, "{cut:?}");
        assert_eq!(narrow(range, &bins, 99.95), range, "half a value cannot be left out");
    }

    #[test]
    fn bins_cover_the_range() {
        let range = Range { min: -1.0, max: 1.0 };
        assert_eq!(bin_of(range, -1.0), 0);
        assert_eq!(bin_of(range, 1.0), N_BINS - 1);
        assert_eq!(bin_of(Range { min: 2.0, max: 2.0 }, 2.0), 0);
    }

    #[test]
    fn averages_lean_on_the_past() {
        let (past, seen) = (Range { min: -1.0, max: 1.0 }, Range { min: -2.0, max: 3.0 });
        assert_eq!(average(past, seen, 0.5), Range { min: -1.5, max: 2.0 });
        assert_eq!(average(past, seen, 0.0), seen);
    }
}
