//! DETECTION_POSTPROCESS: decodes the boxes of a single-shot detector and keeps the best of those that overlap.

use smidgen_kernels::ops::detection_postprocess::{Float32, Float32Spec, Int8Spec};

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use super::reduction::one_of;
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::Target;
use crate::scales::per_tensor;
use crate::tensor::DType;

/// Attributes of DETECTION_POSTPROCESS, in TFLite the custom operator `TFLite_Detection_PostProcess`.
///
/// Inputs: encoded boxes `[1, boxes, 4 or more]`, scores `[1, boxes, classes]` (one more where the first is the
/// background), anchors `[boxes, 4]`; all float32 or all int8. Results, float32: boxes `[1, detections, 4]` as `ymin, xmin, ymax, xmax`, their classes and
/// scores `[1, detections]`, and the number of detections `[1]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionPostprocess {
    /// Most detections.
    pub max_detections: usize,
    /// Classes, without the background.
    pub classes: usize,
    /// Whether overlapping boxes suppress one another in each class apart, not once by their best class.
    pub regular: bool,
    /// Most detections of a class with regular suppression.
    pub detections_per_class: usize,
    /// Lowest score of a detection.
    pub score_threshold: f32,
    /// Intersection over union above which boxes overlap.
    pub iou_threshold: f32,
    /// What encoded centers and sizes are divided by: y, x, height, width.
    pub scales: [f32; 4],
}

impl DetectionPostprocess {
    fn spec(&self, operands: &Operands<'_>) -> Result<Float32Spec, String> {
        let shape = |at: usize| Ok::<_, String>(operands.get(at)?.shape.as_slice());
        let (encodings, scores, anchors) = (shape(0)?, shape(1)?, shape(2)?);
        let (&[1, boxes, box_len], &[1, scored, columns], &[anchored, 4]) = (encodings, scores, anchors)
        else {
            return Err(format!(
                "its boxes, scores and anchors must have the shapes [1, boxes, 4], [1, boxes, classes] and [boxes, 4], \
                 found {encodings:?}, {scores:?} and {anchors:?}"
            ));
        };
        if scored != boxes || anchored != boxes {
            return Err(format!("its {boxes} boxes have {scored} scores and {anchored} anchors"));
        }
        let background = columns == self.classes.saturating_add(1);
        if columns != self.classes && !background {
            let classes = self.classes;
            return Err(format!("its scores must have {classes} classes, or one more, found {columns}"));
        }
        let [y_scale, x_scale, h_scale, w_scale] = self.scales;
        let spec = Float32Spec {
            boxes,
            box_len,
            classes: self.classes,
            background,
            max_detections: self.max_detections,
            regular: self.regular,
            detections_per_class: self.detections_per_class,
            score_threshold: self.score_threshold,
            iou_threshold: self.iou_threshold,
            y_scale,
            x_scale,
            h_scale,
            w_scale,
        };
        Float32::new(spec).map_err(|error| error.to_string())?;
        Ok(spec)
    }
}

impl Operator for DetectionPostprocess {
    fn name() -> &'static str {
        "DETECTION_POSTPROCESS"
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        let scales = attributes.take_list("scales")?;
        let n_scales = scales.len();
        Ok(DetectionPostprocess {
            max_detections: attributes.take("max_detections")?,
            classes: attributes.take("classes")?,
            regular: attributes.take("regular")?,
            detections_per_class: attributes.take("detections_per_class")?,
            score_threshold: attributes.take("score_threshold")?,
            iou_threshold: attributes.take("iou_threshold")?,
            scales: <[f32; 4]>::try_from(scales)
                .map_err(|_| format!("attribute scales: expected 4 values, found {n_scales}"))?,
        })
    }

    fn attributes(&self) -> Attributes {
        let float = |value: f32| format!("{value:?}");
        Attributes::default()
            .with("max_detections", self.max_detections)
            .with("classes", self.classes)
            .with("regular", self.regular)
            .with("detections_per_class", self.detections_per_class)
            .with("score_threshold", float(self.score_threshold))
            .with("iou_threshold", float(self.iou_threshold))
            .with_list("scales", &self.scales.map(float))
    }

    fn operands(&self) -> &'static [&'static str] {
        &["boxes", "scores", "anchors"]
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        one_of(operands.name(0), input, &[DType::F32, DType::I8])?;
        for at in 1..3 {
            one_of(operands.name(at), operands.get(at)?, &[input.dtype])?;
        }
        let n = self.spec(operands)?.max_detections;
        let shapes = [vec![1, n, 4], vec![1, n], vec![1, n], vec![1]];
        Ok(shapes.into_iter().map(|shape| TensorType { dtype: DType::F32, shape }).collect())
    }

    fn quant(&self, operands: &Operands<'_>, _results: &Results<'_>) -> Result<(), String> {
        for at in 0..3 {
            let operand = operands.get(at)?;
            if operand.dtype == DType::I8 {
                per_tensor(operands.name(at), operand)?;
            }
        }
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        OutputQuant::NotQuantized
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        _results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let spec = self.spec(operands)?;
        let kernel = Float32::new(spec).map_err(|error| error.to_string())?;
        let arguments = (0..3).map(|at| to.operand(at)).collect();
        let mut targets = (0..4).map(|at| to.result(at)).collect::<Result<Vec<_>, _>>()?;
        targets.push(Target::Scratch { bytes: kernel.scratch_len() * size_of::<f32>() });
        if operands.get(0)?.dtype == DType::F32 {
            return to.call_into(Kernel::DetectionPostprocessFloat32(spec), arguments, targets);
        }
        let quant = |at: usize| per_tensor(operands.name(at), operands.get(at)?);
        let spec = Int8Spec {
            boxes: spec.boxes,
            box_len: spec.box_len,
            classes: spec.classes,
            background: spec.background,
            max_detections: spec.max_detections,
            regular: spec.regular,
            detections_per_class: spec.detections_per_class,
            score_threshold: spec.score_threshold,
            iou_threshold: spec.iou_threshold,
            y_scale: spec.y_scale,
            x_scale: spec.x_scale,
            h_scale: spec.h_scale,
            w_scale: spec.w_scale,
            encodings: quant(0)?,
            scores: quant(1)?,
            anchors: quant(2)?,
        };
        to.call_into(Kernel::DetectionPostprocessInt8(spec), arguments, targets)
    }
}
