//! The package around a model that takes a stream of samples: front end, framing, smoothing and debounce.

mod front_end;

use crate::CodegenError;
use crate::context::Common;
use crate::names::printable;
use crate::templates::{Template, render, template};
use serde::Serialize;
use smidgen_features::{mfcc, spectral, wavelet};
use smidgen_ir::{DType, Graph, Tensor};
use std::collections::BTreeMap;

use front_end::{Made, table};

const TEMPLATES: [Template; 2] = [template!("pipeline/Cargo.toml"), template!("pipeline/src/lib.rs")];

/// Numbers on a line of a table.
const IN_LINE: usize = 12;

/// What is around the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// What comes in.
    pub sample: Sample,
    /// Factor of every sample.
    pub scale: f32,
    /// Mean and factor of each axis: a scaled sample x becomes (x − mean) · factor.
    pub standard: Option<(Vec<f32>, Vec<f32>)>,
    /// Samples (of all axes) of a window.
    pub window: usize,
    /// Samples from one inference to the next; a multiple of the front end's hop where it has frames.
    pub stride: usize,
    /// What makes features.
    pub front_end: FrontEnd,
    /// What the scores are for.
    pub classes: Vec<String>,
    /// Classes that are never detected.
    pub quiet: Vec<usize>,
    /// Inferences whose scores are averaged.
    pub smoothing: usize,
    /// Averaged score from which a class is detected.
    pub threshold: f32,
    /// Inferences after a detection in which there is no other.
    pub pause: u32,
}

/// What comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// 16-bit PCM: ±1 of full scale in training.
    Pcm16,
    /// Numbers in the unit of the recordings, all axes of a row one after the other.
    Float32,
}

impl Sample {
    /// Bytes of one.
    pub fn bytes(self) -> usize {
        match self {
            Sample::Pcm16 => 2,
            Sample::Float32 => 4,
        }
    }
}

/// What makes features, with its constants.
#[derive(Debug, Clone, PartialEq)]
pub enum FrontEnd {
    /// The network sees the window itself.
    None,
    /// [`mfcc::Mfcc`], one frame every `hop` samples.
    Mfcc {
        /// Its specification.
        spec: mfcc::Spec,
        /// Window, twiddles, split and DCT.
        tables: [Vec<f32>; 4],
        /// Starts, widths and weights of the filter bank.
        mel: (Vec<u16>, Vec<u16>, Vec<f32>),
        /// Samples from one frame to the next.
        hop: usize,
    },
    /// [`smidgen_features::micro_speech::MicroSpeech`], one frame every `hop` samples.
    MicroSpeech {
        /// The fields of [`smidgen_features::micro_speech::Tables`] by their names.
        tables: Vec<(&'static str, Vec<i16>)>,
        /// What a step of the features stands for.
        step: f32,
        /// Samples from one frame to the next.
        hop: usize,
    },
    /// [`spectral::Spectral`] over the window.
    Spectral {
        /// Its specification.
        spec: spectral::Spec,
        /// Window, twiddles and split.
        tables: [Vec<f32>; 3],
        /// Edges of the bands.
        edges: Vec<u16>,
    },
    /// [`wavelet::Wavelet`] over the window.
    Wavelet {
        /// Its specification.
        spec: wavelet::Spec,
        /// The low-pass filter.
        low: Vec<f32>,
    },
}

/// What the templates get.
#[derive(Debug, Serialize)]
struct Values<'a> {
    #[serde(flatten)]
    common: &'a Common,
    imports: Vec<&'static str>,
    tables: Vec<Table>,
    classes: Vec<String>,
    quiet: Vec<usize>,
    sample: &'static str,
    sample_what: &'static str,
    zero: &'static str,
    real: String,
    standard: bool,
    frame_what: &'static str,
    frame: usize,
    hop: usize,
    rows: Option<usize>,
    row_hop: usize,
    features: usize,
    input: Numbers,
    output: Numbers,
    front_end: Option<FrontEndText>,
    depth: usize,
    threshold: String,
    pause: u32,
    step: String,
}

#[derive(Debug, Serialize)]
struct Table {
    name: String,
    elem: &'static str,
    len: usize,
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FrontEndText {
    path: &'static str,
    arguments: String,
    elem: &'static str,
    scratch: Option<usize>,
    state: Option<&'static str>,
}

/// Numbers of the model's input or output.
#[derive(Debug, Serialize)]
struct Numbers {
    bytes: usize,
    scale: Option<String>,
    zero_point: i32,
}

pub(crate) fn files(
    pipeline: &Pipeline,
    graph: &Graph,
    common: &Common,
) -> Result<BTreeMap<String, Vec<u8>>, CodegenError> {
    let values = values(pipeline, graph, common)?;
    let mut files: BTreeMap<_, _> =
        TEMPLATES.into_iter().map(|template| render(template, &values)).collect::<Result<_, _>>()?;
    if !values.tables.is_empty() {
        files.extend([render(template!("pipeline/src/tables.rs"), &values)?]);
    }
    Ok(files)
}

fn values<'a>(pipeline: &Pipeline, graph: &Graph, common: &'a Common) -> Result<Values<'a>, CodegenError> {
    let wrong = |message: String| Err(CodegenError::Pipeline(message));
    let one = |tensors: &[smidgen_ir::TensorIdx]| match *tensors {
        [tensor] => numbers(graph.tensor(tensor)).map(|numbers| (numbers, graph.tensor(tensor).n_elements())),
        _ => {
            Err(CodegenError::Pipeline(format!("{} inputs or outputs, expected one of each", tensors.len())))
        }
    };
    let ((input, n_inputs), (output, n_outputs)) = (one(&graph.inputs)?, one(&graph.outputs)?);
    if n_outputs != pipeline.classes.len() || pipeline.quiet.iter().any(|&class| class >= n_outputs) {
        return wrong(format!("{n_outputs} outputs for {} classes", pipeline.classes.len()));
    }
    if pipeline.smoothing == 0 || pipeline.window == 0 || pipeline.stride == 0 {
        return wrong("smoothing, window and stride must be at least 1".into());
    }
    let mut made = Made::of(&pipeline.front_end)?;
    let (mut frame, mut hop, mut rows, mut row_hop, mut features) =
        (pipeline.window, pipeline.stride, None, 0, n_inputs);
    if let Some((frame_len, frame_hop, n_features)) = made.frames {
        if frame_hop == 0 || !pipeline.stride.is_multiple_of(frame_hop) || pipeline.window < frame_len {
            return wrong(format!(
                "an inference every {} samples, but a frame of {frame_len} every {frame_hop}",
                pipeline.stride
            ));
        }
        let n_rows = (pipeline.window - frame_len) / frame_hop + 1;
        (frame, hop, rows, row_hop, features) =
            (frame_len, frame_hop, Some(n_rows), pipeline.stride / frame_hop, n_features);
    }
    if rows.unwrap_or(1) * features != n_inputs {
        return wrong(format!(
            "{rows:?} rows of {features} features, but the model takes {n_inputs} numbers"
        ));
    }
    let (sample, zero, sample_what) = match pipeline.sample {
        Sample::Pcm16 => ("i16", "0", "A sample: 16-bit PCM."),
        Sample::Float32 => {
            ("f32", "0.0", "A value of a row, in the unit of the recordings; axes come one after the other.")
        }
    };
    let real = match pipeline.sample {
        Sample::Pcm16 => "f32::from(sample) * (1.0 / 32768.0)",
        Sample::Float32 => "sample",
    };
    let scale = if pipeline.scale == 1.0 { String::new() } else { format!(" * {:?}", pipeline.scale) };
    if let Some((mean, factor)) = &pipeline.standard {
        if mean.is_empty() || mean.len() != factor.len() {
            return wrong(format!("{} means and {} factors", mean.len(), factor.len()));
        }
        made.tables.extend([table("MEAN", "f32", mean), table("FACTOR", "f32", factor)]);
    }
    made.tables.retain(|table| table.len > 0);
    Ok(Values {
        common,
        imports: made.imports,
        tables: made.tables,
        classes: pipeline.classes.iter().map(|class| printable(class).replace(['"', '\\'], "'")).collect(),
        quiet: pipeline.quiet.clone(),
        sample,
        sample_what,
        zero,
        real: format!("{real}{scale}"),
        standard: pipeline.standard.is_some(),
        frame_what: if rows.is_some() { "frame" } else { "window" },
        frame,
        hop,
        rows,
        row_hop,
        features,
        input,
        output,
        front_end: made.text,
        depth: pipeline.smoothing,
        threshold: format!("{:?}", pipeline.threshold),
        pause: pipeline.pause,
        step: made.step,
    })
}

fn numbers(tensor: &Tensor) -> Result<Numbers, CodegenError> {
    let quant = tensor.quant.as_ref().map(|quant| (quant.scales.as_slice(), quant.zero_points.as_slice()));
    match (tensor.dtype, quant) {
        (DType::F32, _) => Ok(Numbers { bytes: 4, scale: None, zero_point: 0 }),
        (DType::I8, Some((&[scale], &[zero_point]))) => {
            Ok(Numbers { bytes: 1, scale: Some(format!("{scale:?}")), zero_point })
        }
        _ => Err(CodegenError::Pipeline(format!(
            "tensor \"{}\" is {}; a pipeline takes float32 and int8 with one scale",
            tensor.name,
            tensor.dtype.name()
        ))),
    }
}
