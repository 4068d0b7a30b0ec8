//! Models that find objects in images: what they are held to, their decoding, and what they found.

use smidgen_data::{Dataset, Index};
use smidgen_ir::Graph;
use smidgen_report::Finds;
use smidgen_zoo::Task;
use smidgen_zoo::average_precision::{Found, Match, average_precisions, found_boxes, found_centres};
use smidgen_zoo::detector::{self, Object, Prior, Suppression};

use crate::project::{Detection, Project};
use crate::{Error, Result, zoo};

/// Intersection over union from which a found box is the object's.
const OVERLAP: f32 = 0.5;

/// Cells that a found centre may be beside the object's.
const CELLS: f32 = 1.5;

/// How objects are found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finder {
    /// Boxes around anchors.
    Boxes {
        /// Cells and anchors of the boxes.
        priors: Vec<Prior>,
        /// Which of them are kept.
        suppression: Suppression,
    },
    /// Centres, a class for each cell.
    Centres {
        /// Rows and columns of cells.
        grid: [usize; 2],
        /// How many classes there are.
        classes: usize,
        /// Lowest score of a centre.
        score_threshold: f32,
    },
}

impl Finder {
    /// The finder of the project's model for the images of `index`.
    ///
    /// # Errors
    /// Data without objects, and a model that finds none.
    pub(crate) fn new(project: &Project, detection: &Detection, index: &Index) -> Result<Self> {
        if !index.is_images() || index.items.iter().all(|item| item.objects.is_empty()) {
            return Err(Error::input("detection: the data has no boxes around objects")
                .help("source = \"objects\", or \"shapes\" for generated ones"));
        }
        let entry = zoo::find(project.model.zoo.as_deref().unwrap_or("")).map_err(|error| {
            Error::input(error).help("detection needs zoo = \"tiny_yolo\", \"yolo_fastest\" or \"fomo\"")
        })?;
        let height = index.items.first().map_or(0, |item| item.rows);
        let (width, channels) = match *index.row_shape.as_slice() {
            [width, channels] => (width, channels),
            _ => (0, 0),
        };
        let config =
            zoo::Config { input: [height, width, channels], outputs: index.classes.len(), ..entry.default };
        let &Detection { score_threshold, overlap, max_detections, .. } = detection;
        match entry.task {
            Task::Detection => Ok(Finder::Boxes {
                priors: detector::priors(entry, &config).map_err(Error::input)?,
                suppression: Suppression { max_detections, score_threshold, iou_threshold: overlap },
            }),
            Task::Centroids => {
                let grid = [height, width].map(|extent| extent.div_ceil(detector::CELL));
                Ok(Finder::Centres { grid, classes: config.outputs, score_threshold })
            }
            _ => Err(Error::input(format!("model.zoo: {} finds no objects", entry.name))
                .help("tiny_yolo and yolo_fastest find boxes, fomo finds centres")),
        }
    }

    /// Writes what the model is to answer for image `at`.
    ///
    /// # Errors
    /// Another number of values.
    pub(crate) fn target(&self, set: &Dataset, at: usize, target: &mut [f32]) -> Result<()> {
        let (classes, objects) = (set.classes.len(), objects(set, at));
        let values = match self {
            Finder::Boxes { priors, .. } => detector::box_targets(priors, classes, &objects),
            Finder::Centres { grid, .. } => detector::cell_targets(*grid, classes, &objects),
        };
        if values.len() != target.len() {
            let (n, found) = (values.len(), target.len());
            return Err(Error::input(format!("the model gives {found} values, its grids have {n}"))
                .help("the model's width, depth and input must be those of the zoo"));
        }
        target.copy_from_slice(&values);
        Ok(())
    }

    /// The model with its decoding behind it, or as it is where it has it already.
    ///
    /// # Errors
    /// A model with other outputs.
    pub(crate) fn decoded(&self, graph: Graph) -> Result<Graph> {
        let last = |graph: &Graph| {
            graph.outputs.first().and_then(|&output| graph.tensor(output).shape.last().copied())
        };
        match self {
            Finder::Boxes { .. } if graph.outputs.len() == 4 => Ok(graph),
            Finder::Boxes { priors, suppression } => detector::with_boxes(graph, priors, suppression),
            Finder::Centres { classes, .. } if last(&graph) == Some(*classes) => Ok(graph),
            Finder::Centres { .. } => detector::with_peaks(graph),
        }
        .map_err(Error::input)
    }

    /// What the decoded outputs of an image say.
    fn found(&self, image: usize, outputs: &[f32]) -> Vec<Found> {
        match self {
            Finder::Boxes { suppression, .. } => found_boxes(image, outputs, suppression.max_detections),
            &Finder::Centres { grid, classes, score_threshold } => {
                found_centres(image, outputs, grid, classes, score_threshold)
            }
        }
    }

    /// When a find is the object.
    fn rule(&self) -> Match {
        match self {
            Finder::Boxes { .. } => Match::Overlap(OVERLAP),
            Finder::Centres { grid, .. } => Match::Distance(CELLS / grid[0].min(grid[1]).max(1) as f32),
        }
    }

    /// The average precision of each class over the images of `set`, by the decoded outputs of each.
    pub(crate) fn judge(&self, set: &Dataset, outputs: &[Vec<f32>]) -> Finds {
        let found: Vec<Found> =
            outputs.iter().enumerate().flat_map(|(at, outputs)| self.found(at, outputs)).collect();
        let truth: Vec<Vec<Object>> = (0..set.len()).map(|at| objects(set, at)).collect();
        Finds {
            classes: set.classes.clone(),
            average_precision: average_precisions(&found, &truth, set.classes.len(), self.rule()),
            n_images: set.len() as u64,
            n_objects: truth.iter().map(|objects| objects.len() as u64).sum(),
        }
    }
}

/// The objects of an image as detectors have them.
fn objects(set: &Dataset, at: usize) -> Vec<Object> {
    let object =
        |&smidgen_data::Object { class, centre, size }: &smidgen_data::Object| Object { class, centre, size };
    set.objects(at).iter().map(object).collect()
}
