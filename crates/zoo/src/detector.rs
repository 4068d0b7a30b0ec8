//! What the outputs of detectors mean, and their decoding as nodes of the graph, so that it runs on the device.
//!
//! A detector's output is `[1, boxes, 5 + classes]`: for each cell of each grid, row by row, and each anchor the values
//! `y, x, height, width, objectness` and a score for each class, with `centre = (cell + logistic(y, x)) / grid` and
//! `size = anchor * exp(height, width)`, all relative to the image (Redmon and Farhadi, *YOLO9000*, 2017, section 2; y
//! before x as in TFLite).

use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::ops::concatenation::Concatenation;
use smidgen_ir::ops::detection_postprocess::DetectionPostprocess;
use smidgen_ir::ops::greater_equal::GreaterEqual;
use smidgen_ir::ops::logistic::Logistic;
use smidgen_ir::ops::max_pool_2d::MaxPool2d;
use smidgen_ir::ops::mul::Mul;
use smidgen_ir::ops::select_v2::SelectV2;
use smidgen_ir::ops::slice::Slice;
use smidgen_ir::{Activation, DType, Graph, IrError, Op, Padding, Tensor, TensorIdx};

use crate::net::Net;
use crate::{Config, Entry, ZooError};

/// Height and width of the anchors relative to the image.
pub(crate) const TINY_YOLO_ANCHORS: &[[f32; 2]] = &[[0.15, 0.15], [0.25, 0.25], [0.4, 0.4]];
pub(crate) const FINE_ANCHORS: &[[f32; 2]] = &[[0.12, 0.12], [0.2, 0.2]];
pub(crate) const COARSE_ANCHORS: &[[f32; 2]] = &[[0.3, 0.3], [0.5, 0.5]];

/// Values of a box before the scores of its classes.
pub const BOX_VALUES: usize = 5;

/// Height and width of a cell of a centre finder, pixels.
pub const CELL: usize = 8;

/// A grid of a detector.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Rows and columns of cells.
    pub cells: [usize; 2],
    /// Height and width of each anchor relative to the image.
    pub anchors: Vec<[f32; 2]>,
}

/// The cell and anchor of one box of a detector's output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Rows and columns of its grid.
    pub cells: [usize; 2],
    /// Its row and column there.
    pub cell: [usize; 2],
    /// Height and width of its anchor relative to the image.
    pub anchor: [f32; 2],
}

/// The priors of a detector's boxes in the order of its output.
///
/// # Errors
/// A model that is no detector.
pub fn priors(entry: &Entry, config: &Config) -> Result<Vec<Prior>, ZooError> {
    let priors_of = |grid: Grid| {
        let [rows, columns] = grid.cells;
        let cells = (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]));
        cells.flat_map(move |cell| {
            let cells = grid.cells;
            grid.anchors.clone().into_iter().map(move |anchor| Prior { cells, cell, anchor })
        })
    };
    Ok(grids(entry, config)?.into_iter().flat_map(priors_of).collect())
}

/// The grids of a detector in the order of its output.
///
/// # Errors
/// A model that is no detector.
pub fn grids(entry: &Entry, config: &Config) -> Result<Vec<Grid>, ZooError> {
    let grid = |stride: usize, anchors: &[[f32; 2]]| Grid {
        cells: [config.input[0].div_ceil(stride), config.input[1].div_ceil(stride)],
        anchors: anchors.to_vec(),
    };
    match entry.name {
        "tiny_yolo" => Ok(vec![grid(16, TINY_YOLO_ANCHORS)]),
        "yolo_fastest" => Ok(vec![grid(8, FINE_ANCHORS), grid(16, COARSE_ANCHORS)]),
        _ => {
            Err(ZooError::Size { model: entry.name, message: "it has no boxes; expected a detector".into() })
        }
    }
}

/// The boxes `[1, cells * anchors, 5 + classes]` of the image `x`.
pub(crate) fn head(net: &mut Net, x: TensorIdx, n_anchors: usize, classes: usize) -> TensorIdx {
    let values = BOX_VALUES + classes;
    let x = net.builder.conv_2d(x, Conv::new(n_anchors * values, [1, 1]));
    let [rows, columns] = net.extents(x);
    net.reshape(x, &[1, rows * columns * n_anchors, values])
}

/// An object in an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Object {
    /// Its class, counted from 0.
    pub class: usize,
    /// Centre: y and x relative to the image.
    pub centre: [f32; 2],
    /// Height and width relative to the image.
    pub size: [f32; 2],
}

/// Shapes whose intersection over union is above this are left alone where another anchor has the object (Redmon and
/// Farhadi, *YOLOv3*, 2018, section 2.1).
const SIMILAR: f32 = 0.5;

/// What a detector with these priors is to answer: rows `y, x, height, width, objectness, classes` as the trainer's
/// detection loss takes them. Each object goes to the prior whose cell holds its centre and whose anchor is most like it.
pub fn box_targets(priors: &[Prior], classes: usize, objects: &[Object]) -> Vec<f32> {
    let mut targets = vec![0.0; priors.len() * (BOX_VALUES + classes)];
    for object in objects {
        let holds = |prior: &Prior| {
            (0..2).all(|axis| {
                let at = (object.centre[axis] * prior.cells[axis] as f32).floor();
                at.clamp(0.0, prior.cells[axis] as f32 - 1.0) as usize == prior.cell[axis]
            })
        };
        let near = priors.iter().enumerate().filter(|(_, prior)| holds(prior));
        let near: Vec<(usize, f32)> =
            near.map(|(at, prior)| (at, likeness(prior.anchor, object.size))).collect();
        let Some(&(best, _)) = near.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
        for (at, likeness) in near {
            let row = &mut targets[at * (BOX_VALUES + classes)..][..BOX_VALUES + classes];
            if at != best && row[4] == 0.0 && likeness > SIMILAR {
                row[4] = -1.0;
            }
            if at == best {
                fill(row, &priors[at], object);
            }
        }
    }
    targets
}

/// Intersection over union of two boxes with the same centre.
fn likeness(a: [f32; 2], b: [f32; 2]) -> f32 {
    let common = a[0].min(b[0]) * a[1].min(b[1]);
    common / (a[0] * a[1] + b[0] * b[1] - common).max(f32::MIN_POSITIVE)
}

fn fill(row: &mut [f32], prior: &Prior, object: &Object) {
    row.fill(0.0);
    for axis in 0..2 {
        row[axis] = object.centre[axis] * prior.cells[axis] as f32 - prior.cell[axis] as f32;
        row[2 + axis] = (object.size[axis] / prior.anchor[axis]).max(f32::MIN_POSITIVE).ln();
    }
    row[4] = 1.0;
    if let Some(class) = row.get_mut(BOX_VALUES + object.class) {
        *class = 1.0;
    }
}

/// What a centre finder with this grid is to answer: for each cell a one at its class, which is 0 for the background.
pub fn cell_targets([rows, columns]: [usize; 2], classes: usize, objects: &[Object]) -> Vec<f32> {
    let mut targets = vec![0.0; rows * columns * (1 + classes)];
    targets.chunks_exact_mut(1 + classes).for_each(|cell| cell[0] = 1.0);
    for object in objects {
        let at =
            |axis: usize, extent: usize| ((object.centre[axis] * extent as f32) as usize).min(extent - 1);
        let cell = at(0, rows) * columns + at(1, columns);
        if let Some(cell) = targets.chunks_exact_mut(1 + classes).nth(cell) {
            cell.fill(0.0);
            if let Some(class) = cell.get_mut(1 + object.class) {
                *class = 1.0;
            }
        }
    }
    targets
}

/// Which boxes a detector keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suppression {
    /// Most boxes of an image.
    pub max_detections: usize,
    /// Lowest score of a box.
    pub score_threshold: f32,
    /// Intersection over union from which a box gives way to one with a higher score.
    pub iou_threshold: f32,
}

impl Default for Suppression {
    fn default() -> Self {
        Suppression { max_detections: 10, score_threshold: 0.3, iou_threshold: 0.5 }
    }
}

/// The detector `graph`, float32 or int8, with decoding and non-maximum suppression behind it.
///
/// Its outputs become those of DETECTION_POSTPROCESS: boxes `[1, detections, 4]` as `ymin, xmin, ymax, xmax`, classes and
/// scores `[1, detections]` and their number `[1]`. A score is the product of objectness and class.
///
/// # Errors
/// A graph whose output is not one of these priors.
pub fn with_boxes(graph: Graph, priors: &[Prior], suppression: &Suppression) -> Result<Graph, IrError> {
    let (raw, shape) = output(&graph)?;
    let &[1, n_boxes, values] = shape.as_slice() else {
        return Err(misfit(&shape, "[1, boxes, 5 + classes]"));
    };
    if n_boxes != priors.len() || values <= BOX_VALUES {
        return Err(misfit(&shape, &format!("[1, {}, 5 + classes]", priors.len())));
    }
    let classes = values - BOX_VALUES;
    let is_float = graph.tensor(raw).dtype == DType::F32;
    let mut net = Builder::on(graph, |_| Vec::new());
    let raw = if is_float { raw } else { net.dequantize(raw) };
    let part = |net: &mut Builder<'_>, from: usize, size: usize| {
        let slice = Slice { begin: vec![0, 0, from as i32], size: vec![1, -1, size as i32] };
        net.node(Op::Slice(slice), &[Some(raw)], None)
    };
    let logistic = |net: &mut Builder<'_>, x: TensorIdx| net.node(Op::Logistic(Logistic), &[Some(x)], None);
    let product = |net: &mut Builder<'_>, a: TensorIdx, b: TensorIdx| {
        net.node(Op::Mul(Mul::default()), &[Some(a), Some(b)], None)
    };

    let centres = part(&mut net, 0, 2);
    let centres = logistic(&mut net, centres);
    // DETECTION_POSTPROCESS multiplies centres by the anchor's size; cells are what they count.
    let per_anchor = priors
        .iter()
        .flat_map(|prior| [0, 1].map(|axis| 1.0 / (prior.cells[axis] as f32 * prior.anchor[axis])));
    let per_anchor: Vec<f32> = per_anchor.collect();
    let per_anchor = Tensor::const_f32("cells_per_anchor", vec![1, n_boxes, 2], &per_anchor);
    let per_anchor = net.constant(per_anchor);
    let centres = product(&mut net, centres, per_anchor);
    let sizes = part(&mut net, 2, 2);
    let join = Op::Concatenation(Concatenation { axis: 2 });
    let boxes = net.node(join, &[Some(centres), Some(sizes)], None);

    let objectness = part(&mut net, 4, 1);
    let objectness = logistic(&mut net, objectness);
    let scores = part(&mut net, BOX_VALUES, classes);
    let scores = logistic(&mut net, scores);
    let scores = product(&mut net, scores, objectness);

    let anchors = priors.iter().flat_map(|prior| {
        let [y, x] = [0, 1].map(|axis| prior.cell[axis] as f32 / prior.cells[axis] as f32);
        [y, x, prior.anchor[0], prior.anchor[1]]
    });
    let anchors: Vec<f32> = anchors.collect();
    let anchors = net.constant(Tensor::const_f32("anchors", vec![n_boxes, 4], &anchors));
    let op = DetectionPostprocess {
        max_detections: suppression.max_detections,
        classes,
        regular: false,
        detections_per_class: suppression.max_detections,
        score_threshold: suppression.score_threshold,
        iou_threshold: suppression.iou_threshold,
        scales: [1.0; 4],
    };
    let outputs = net.nodes(Op::DetectionPostprocess(op), &[Some(boxes), Some(scores), Some(anchors)], &[]);
    net.finish(&outputs)
}

/// The centre finder `graph`, float32 or int8, with all but the peaks of each class taken out: `[1, rows, columns,
/// classes]` scores that are 0 where one of the eight neighbours has a higher one.
///
/// # Errors
/// A graph whose output is not `[1, rows, columns, 1 + classes]`.
pub fn with_peaks(graph: Graph) -> Result<Graph, IrError> {
    let (scores, shape) = output(&graph)?;
    let n_scores = match *shape.as_slice() {
        [1, _, _, n_scores] if n_scores > 1 => n_scores,
        _ => return Err(misfit(&shape, "[1, rows, columns, 1 + classes]")),
    };
    let quant = graph.tensor(scores).quant.clone();
    let zero_point = quant.as_ref().and_then(|quant| quant.zero_points.first().copied());
    let mut net = Builder::on(graph, |_| Vec::new());
    let slice = Slice { begin: vec![0, 0, 0, 1], size: vec![1, -1, -1, (n_scores - 1) as i32] };
    let scores = net.node(Op::Slice(slice), &[Some(scores)], None);
    let pool =
        MaxPool2d { window: [3, 3], stride: [1, 1], padding: Padding::Same, activation: Activation::None };
    let highest = net.node(Op::MaxPool2d(pool), &[Some(scores)], None);
    let is_peak = net.node(Op::GreaterEqual(GreaterEqual), &[Some(scores), Some(highest)], None);
    let nothing = match (quant.clone(), zero_point) {
        (Some(quant), Some(zero_point)) => {
            let nothing = Tensor::activation("nothing", DType::I8, vec![1]);
            Tensor { quant: Some(quant), data: Some(vec![zero_point as u8].into()), ..nothing }
        }
        _ => Tensor::const_f32("nothing", vec![1], &[0.0]),
    };
    let nothing = net.constant(nothing);
    let peaks = net.node(Op::SelectV2(SelectV2), &[Some(is_peak), Some(scores), Some(nothing)], quant);
    net.finish(&[peaks])
}

fn output(graph: &Graph) -> Result<(TensorIdx, Vec<usize>), IrError> {
    match graph.outputs.as_slice() {
        &[output] => Ok((output, graph.tensor(output).shape.clone())),
        other => Err(misfit(&[other.len()], "one output")),
    }
}

fn misfit(found: &[usize], expected: &str) -> IrError {
    let message = format!("expected {expected}, found {found:?}");
    IrError::Node { place: "the detector's output".into(), message }
}

#[cfg(test)]
mod tests;
