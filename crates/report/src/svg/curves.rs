//! Curves of loss and accuracy over the epochs.

use plotters::prelude::*;

use crate::{Epoch, HtmlError};

/// Width and height of one chart in SVG units.
const SIZE: (u32, u32) = (520, 280);
/// Stand-ins that the style sheet of the page replaces by the colours of the palette, by attribute selectors.
pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
pub(super) const GRID: RGBColor = RGBColor(2, 2, 2);
pub(super) const TRAINING: RGBColor = RGBColor(3, 3, 3);
pub(super) const VALIDATION: RGBColor = RGBColor(4, 4, 4);

/// What a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    /// Mean loss, from 0 up.
    Loss,
    /// Accuracy in percent.
    Accuracy,
}

impl Curve {
    fn training(self, epoch: &Epoch) -> Option<f64> {
        match self {
            Curve::Loss => Some(epoch.loss),
            Curve::Accuracy => epoch.accuracy.map(|accuracy| accuracy * 100.0),
        }
    }

    fn validation(self, epoch: &Epoch) -> Option<f64> {
        match self {
            Curve::Loss => epoch.validation_loss,
            Curve::Accuracy => epoch.validation_accuracy.map(|accuracy| accuracy * 100.0),
        }
    }

    fn range(self, series: [&[(f64, f64)]; 2]) -> std::ops::Range<f64> {
        let values = || series.into_iter().flatten().map(|point| point.1);
        match self {
            Curve::Loss => 0.0..values().fold(0.0, f64::max).max(0.01) * 1.05,
            Curve::Accuracy => values().fold(100.0, f64::min).clamp(0.0, 90.0).floor()..100.0,
        }
    }
}

/// The chart as an `<svg>` element; values that are not finite are left out.
pub(crate) fn svg(curve: Curve, epochs: &[Epoch]) -> Result<String, HtmlError> {
    let finite = |point: &(f64, f64)| point.1.is_finite();
    let points = |of: fn(Curve, &Epoch) -> Option<f64>| -> Vec<(f64, f64)> {
        let point = |e: &Epoch| Some((e.epoch as f64, of(curve, e)?));
        epochs.iter().filter_map(point).filter(finite).collect()
    };
    let (training, validation) = (points(Curve::training), points(Curve::validation));
    let last = epochs.last().map_or(1.0, |e| e.epoch as f64).max(2.0);
    let mut text = String::new();
    draw(&mut text, last, curve.range([&training, &validation]), [training, validation])
        .map_err(|error| HtmlError::Chart(error.to_string()))?;
    Ok(scalable(&text, SIZE))
}

fn draw(
    text: &mut String,
    last: f64,
    range: std::ops::Range<f64>,
    [training, validation]: [Vec<(f64, f64)>; 2],
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(18)
        .x_label_area_size(34)
        .y_label_area_size(46)
        .build_cartesian_2d(1.0..last, range)?;
    let label = ("sans-serif", 12).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(label)
        .x_labels(8)
        .y_labels(6)
        .x_desc("epoch")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| if *y >= 10.0 { format!("{y:.0}") } else { format!("{y:.2}") })
        .draw()?;
    for (points, colour) in [(training, TRAINING), (validation, VALIDATION)] {
        chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
        if let Some(&end) = points.last() {
            chart.draw_series([Circle::new(end, 3, colour.filled())])?;
        }
    }
    root.present()?;
    Ok(())
}

/// Without fixed width and height the picture follows its column.
pub(super) fn scalable(text: &str, (width, height): (u32, u32)) -> String {
    let fixed = format!("width=\"{width}\" height=\"{height}\" ");
    text.replacen(&fixed, "class=\"curve\" role=\"img\" ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: u64, loss: f64) -> Epoch {
        Epoch {
            epoch,
            loss,
            accuracy: Some(0.5),
            validation_loss: Some(loss * 1.5),
            validation_accuracy: None,
        }
    }

    #[test]
    fn one_line_for_each_series_that_has_values() {
        let epochs: Vec<_> = (1..=5).map(|n| epoch(n, 1.0 / n as f64)).collect();
        let loss = svg(Curve::Loss, &epochs).unwrap();
        let accuracy = svg(Curve::Accuracy, &epochs).unwrap();
        let line =
            |text: &str, colour: &str| text.lines().any(|l| l.starts_with("<polyline") && l.contains(colour));
        assert!(line(&loss, "#030303") && line(&loss, "#040404"), "{loss}");
        assert!(line(&accuracy, "#030303") && !line(&accuracy, "#040404"), "{accuracy}");
        assert!(loss.starts_with("<svg class=\"curve\""), "{loss}");
    }

    #[test]
    fn a_diverged_run_draws_what_is_finite() {
        let epochs = [epoch(1, 2.0), epoch(2, f64::NAN), epoch(3, f64::INFINITY)];
        let text = svg(Curve::Loss, &epochs).unwrap();
        assert!(!text.contains("NaN") && !text.contains("inf\""), "{text}");
        assert!(svg(Curve::Loss, &[]).unwrap().contains("<svg"));
    }
}
