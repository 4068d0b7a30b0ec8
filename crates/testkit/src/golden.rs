//! Goldens of whole models: inputs, outputs and every layer, made by TFLM's reference kernels.

use std::fs;
use std::path::{Path, PathBuf};

/// A model with the goldens that belong to it.
#[derive(Debug, Clone, Copy)]
pub struct GoldenCase {
    /// First part of the golden files' names.
    pub stem: &'static str,
    /// The model, below `models/`.
    pub model: &'static str,
    /// Names of the sets of inputs and outputs.
    pub sets: &'static [&'static str],
}

/// Inputs and outputs of a number of inferences, concatenated.
#[derive(Debug)]
pub struct GoldenSet {
    /// Name of the set.
    pub name: &'static str,
    /// Inputs.
    pub inputs: Vec<u8>,
    /// Outputs.
    pub outputs: Vec<u8>,
}

/// One operator's output in the first inference of the set `in`.
#[derive(Debug)]
pub struct Layer {
    /// TFLite name of the operator.
    pub operator: String,
    /// Its output.
    pub output: Vec<u8>,
}

const ALL: &[&str] = &["in", "in25", "walk25"];

/// The int8 models whose operators are supported.
pub const INT8_CASES: &[GoldenCase] = &[
    GoldenCase { stem: "kws_ref_model", model: "mlperf_tiny/kws_ref_model_int8.tflite", sets: ALL },
    GoldenCase {
        stem: "pretrainedResnet_quant",
        model: "mlperf_tiny/pretrainedResnet_int8.tflite",
        sets: ALL,
    },
    GoldenCase { stem: "ad01_int8", model: "mlperf_tiny/ad01_int8.tflite", sets: ALL },
    GoldenCase {
        stem: "hello_world_int8",
        model: "tflm/hello_world_int8.tflite",
        sets: &["in", "in25", "walk25", "sweep"],
    },
    GoldenCase { stem: "micro_speech_quantized", model: "tflm/micro_speech_int8.tflite", sets: ALL },
    GoldenCase { stem: "person_detect", model: "tflm/person_detect_int8.tflite", sets: ALL },
];

/// The float32 models whose operators are supported.
pub const FLOAT_CASES: &[GoldenCase] = &[
    GoldenCase { stem: "hello_world_float", model: "tflm/hello_world_float.tflite", sets: ALL },
    GoldenCase { stem: "ad01_fp32", model: "mlperf_tiny/ad01_fp32.tflite", sets: &["in25", "walk25"] },
    GoldenCase {
        stem: "pretrainedResnet_float",
        model: "mlperf_tiny/pretrainedResnet_float.tflite",
        sets: &["in25", "walk25"],
    },
    GoldenCase { stem: "magic_wand_float", model: "tflm/magic_wand_float.tflite", sets: &["in25", "walk25"] },
];

impl GoldenCase {
    /// Path of the model below the shared folder.
    pub fn model_path(&self, shared: &Path) -> PathBuf {
        shared.join("models").join(self.model)
    }

    /// Bytes of the model.
    ///
    /// # Panics
    /// When the file can't be read: the shared folder is there, so it must hold it.
    pub fn model_bytes(&self, shared: &Path) -> Vec<u8> {
        read(&self.model_path(shared))
    }

    /// All sets of inputs and outputs.
    ///
    /// # Panics
    /// When a file can't be read.
    pub fn sets(&self, shared: &Path) -> Vec<GoldenSet> {
        let folder = shared.join("golden/tflm");
        let load = |name: &'static str| {
            let (input, output) = match name {
                "in" => ("in.bin", "out.bin"),
                "in25" => ("in25.bin", "out25.bin"),
                "walk25" => ("walk25.in.bin", "walk25.out.bin"),
                "sweep" => ("sweep.in.bin", "sweep.out.bin"),
                other => panic!("no golden set is called {other}"),
            };
            let file = |suffix: &str| read(&folder.join(format!("{}.{suffix}", self.stem)));
            GoldenSet { name, inputs: file(input), outputs: file(output) }
        };
        self.sets.iter().map(|&name| load(name)).collect()
    }

    /// Every operator's output in the inference with the input of seed 1, in execution order.
    ///
    /// # Panics
    /// When the files can't be read or are not what their description says.
    pub fn layers(&self, shared: &Path) -> Vec<Layer> {
        let folder = shared.join("golden/tflm/layers");
        let bytes = read(&folder.join(format!("{}.seed1.bin", self.stem)));
        let index = String::from_utf8(read(&folder.join(format!("{}.seed1.txt", self.stem)))).expect("UTF-8");
        let layer = |line: &str| {
            let field = |key: &str| {
                let start = line.find(key).unwrap_or_else(|| panic!("no {key} in {line}")) + key.len();
                line[start..]
                    .split(' ')
                    .next()
                    .and_then(|value| value.parse::<usize>().ok())
                    .expect("a number")
            };
            let (offset, length) = (field("offset="), field("bytes="));
            let operator = line.split(' ').next().expect("an operator").to_owned();
            Layer { operator, output: bytes[offset..offset + length].to_vec() }
        };
        index.lines().map(layer).collect()
    }
}

/// Whether two float32 tensors (little endian) agree to 1e-5 relative or 1e-6 absolute, element by element; else
/// the first element that does not, with both values.
pub fn close_f32(ours: &[u8], golden: &[u8]) -> Result<(), String> {
    if ours.len() != golden.len() {
        return Err(format!("{} bytes against {} in the golden", ours.len(), golden.len()));
    }
    let floats = |bytes: &[u8]| -> Vec<f32> {
        bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
    };
    for (at, (a, b)) in floats(ours).into_iter().zip(floats(golden)).enumerate() {
        let difference = (a - b).abs();
        if !(difference <= 1e-6 || difference <= 1e-5 * b.abs()) {
            return Err(format!("element {at}: {a} against {b} in the golden"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
