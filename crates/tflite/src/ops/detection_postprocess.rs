//! TFLite_Detection_PostProcess, a custom operator of single-shot detectors.

use smidgen_ir::{Graph, Node, Op, ops::detection_postprocess::DetectionPostprocess};

use super::{Encoded, Source};
use crate::findings::Fault;
use crate::flexbuffer::Map;

/// What the file calls it.
pub(super) const NAME: &str = "TFLite_Detection_PostProcess";

/// Most detections of a class where the options do not say.
const DETECTIONS_PER_CLASS: i64 = 100;

pub(super) fn read(source: &Source<'_>) -> Result<Op, Fault> {
    let options = Map::root(source.custom_options())?;
    let regular = options.optional_int("use_regular_nms")?.unwrap_or(0) != 0;
    let classes_per_box: i64 = options.int("max_classes_per_detection")?;
    if !regular && classes_per_box != 1 {
        return Err(Fault::message(format!(
            "it reports up to {classes_per_box} classes of each box (max_classes_per_detection), only 1 is supported; \
             export it with 1, or with use_regular_nms"
        )));
    }
    let per_class = options.optional_int("detections_per_class")?.unwrap_or(DETECTIONS_PER_CLASS);
    let scale = |name| options.float(name);
    Ok(Op::DetectionPostprocess(DetectionPostprocess {
        max_detections: options.number("max_detections")?,
        classes: options.number("num_classes")?,
        regular,
        detections_per_class: usize::try_from(per_class).map_err(|_| {
            Fault::message(format!("detections_per_class must not be negative, found {per_class}"))
        })?,
        score_threshold: options.float("nms_score_threshold")?,
        iou_threshold: options.float("nms_iou_threshold")?,
        scales: [scale("y_scale")?, scale("x_scale")?, scale("h_scale")?, scale("w_scale")?],
    }))
}

pub(super) fn write(op: &DetectionPostprocess, _graph: &Graph, _node: &Node) -> Encoded {
    let [y_scale, x_scale, h_scale, w_scale] = op.scales;
    Encoded::custom(
        NAME,
        &[
            ("max_detections", op.max_detections.into()),
            ("max_classes_per_detection", 1.into()),
            ("detections_per_class", op.detections_per_class.into()),
            ("use_regular_nms", op.regular.into()),
            ("nms_score_threshold", op.score_threshold.into()),
            ("nms_iou_threshold", op.iou_threshold.into()),
            ("num_classes", op.classes.into()),
            ("y_scale", y_scale.into()),
            ("x_scale", x_scale.into()),
            ("h_scale", h_scale.into()),
            ("w_scale", w_scale.into()),
        ],
    )
}
