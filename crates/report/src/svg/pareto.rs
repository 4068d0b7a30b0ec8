//! Models by what they cost and what they are worth, with the line of those that no other one beats in both.

use plotters::prelude::*;

use super::curves::{GRID, INK, TRAINING, VALIDATION, scalable};
use crate::{HtmlError, count};

/// Width and height in SVG units.
const SIZE: (u32, u32) = (520, 300);

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) name: String,
    pub(crate) cost: f64,
    pub(crate) worth: f64,
}

/// The points that no other one beats in both, the cheapest first. `rises` says whether more is worth more.
fn front(points: &[Point], rises: bool) -> Vec<(f64, f64)> {
    let better = |a: f64, b: f64| if rises { a > b } else { a < b };
    let mut sorted: Vec<&Point> = points.iter().collect();
    sorted.sort_by(|a, b| {
        a.cost.total_cmp(&b.cost).then_with(|| {
            let order = a.worth.total_cmp(&b.worth);
            if rises { order.reverse() } else { order }
        })
    });
    let mut front: Vec<(f64, f64)> = Vec::new();
    for point in sorted {
        if front.last().is_none_or(|last| better(point.worth, last.1)) {
            front.push((point.cost, point.worth));
        }
    }
    front
}

/// The chart as an `<svg>` element; points that are not finite are left out.
pub(crate) fn svg(points: &[Point], names: [&str; 2], rises: bool) -> Result<String, HtmlError> {
    let finite = |point: &&Point| point.cost.is_finite() && point.worth.is_finite();
    let points: Vec<Point> = points.iter().filter(finite).cloned().collect();
    let mut text = String::new();
    draw(&mut text, &points, names, rises).map_err(|error| HtmlError::Chart(error.to_string()))?;
    Ok(scalable(&text, SIZE))
}

/// A little more than what the values take.
fn range(values: impl Iterator<Item = f64> + Clone) -> std::ops::Range<f64> {
    let (low, high) =
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return 0.0..1.0;
    }
    let margin = 0.15 * (high - low).max(1e-3 * high.abs()).max(1e-6);
    low - margin..high + margin
}

fn draw(
    text: &mut String,
    points: &[Point],
    [cost, worth]: [&str; 2],
    rises: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    let costs = range(points.iter().map(|point| point.cost));
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(150)
        .x_label_area_size(34)
        .y_label_area_size(56)
        .build_cartesian_2d(costs.start.max(0.0)..costs.end, range(points.iter().map(|point| point.worth)))?;
    let label = ("sans-serif", 12).into_font().color(&INK);
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(label.clone())
        .x_labels(4)
        .y_labels(6)
        .x_desc(cost)
        .y_desc(worth)
        .x_label_formatter(&|x| count(x.max(0.0) as u64))
        .y_label_formatter(&|y| if y.abs() >= 10.0 { format!("{y:.1}") } else { format!("{y:.3}") })
        .draw()?;
    chart.draw_series(LineSeries::new(front(points, rises), TRAINING.stroke_width(2)))?;
    for point in points {
        let place = (point.cost, point.worth);
        let element = EmptyElement::at(place)
            + Circle::new((0, 0), 4, VALIDATION.filled())
            + Text::new(point.name.clone(), (7, -12), label.clone());
        chart.draw_series(std::iter::once(element))?;
    }
    drop(chart);
    root.present()?;
    drop(root);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<Point> {
        [("a", 10.0, 90.0), ("b", 8.0, 91.0), ("c", 4.0, 85.0), ("d", 5.0, 80.0)]
            .map(|(name, cost, worth)| Point { name: name.into(), cost, worth })
            .into()
    }

    #[test]
    fn the_line_joins_what_nothing_beats() {
        assert_eq!(front(&points(), true), [(4.0, 85.0), (8.0, 91.0)]);
        assert_eq!(front(&points(), false), [(4.0, 85.0), (5.0, 80.0)]);
    }

    #[test]
    fn every_model_has_its_name() {
        let mut points = points();
        points.push(Point { name: "gone".into(), cost: f64::NAN, worth: 1.0 });
        let drawn = svg(&points, ["flash, bytes", "accuracy, %"], true).unwrap();
        for name in ["a", "b", "c", "d", "flash, bytes", "accuracy, %"] {
            assert!(drawn.contains(&format!("\n{name}\n")), "{name}: {drawn}");
        }
        assert!(!drawn.contains("gone") && drawn.starts_with("<svg"));
        svg(&[], ["x", "y"], true).unwrap();
    }
}
