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
    /// Outputs: of each inference all, in order.
    pub outputs: Vec<u8>,
    /// Whether each inference starts from the state that the one before left.
    pub stateful: bool,
}

/// One result of an operator in the inference with the input of seed 1.
#[derive(Debug)]
pub struct Layer {
    /// TFLite name of the operator.
    pub operator: String,
    /// Position among the operator's results.
    pub result: usize,
    /// Its size in bytes.
    pub n_bytes: usize,
    /// Its bytes; where the goldens do not store them, their hash.
    pub output: Output,
}

/// What is known of a layer's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The bytes.
    Bytes(Vec<u8>),
    /// SHA-256 of the bytes, in hexadecimal digits.
    Sha256(String),
}

impl Output {
    /// Whether `bytes` are these.
    pub fn is(&self, bytes: &[u8]) -> bool {
        match self {
            Output::Bytes(golden) => golden == bytes,
            Output::Sha256(golden) => {
                use sha2::Digest;
                let digest = sha2::Sha256::digest(bytes);
                digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == *golden
            }
        }
    }
}

const ALL: &[&str] = &["in", "in25", "walk25"];
const TWO: &[&str] = &["in25", "walk25"];
const BIG: &[&str] = &["in5", "walk5"];

const fn case(stem: &'static str, model: &'static str, sets: &'static [&'static str]) -> GoldenCase {
    GoldenCase { stem, model, sets }
}

/// The quantised models.
pub const INT8_CASES: &[GoldenCase] = &[
    case("kws_ref_model", "mlperf_tiny/kws_ref_model_int8.tflite", ALL),
    case("pretrainedResnet_quant", "mlperf_tiny/pretrainedResnet_int8.tflite", ALL),
    case("ad01_int8", "mlperf_tiny/ad01_int8.tflite", ALL),
    case("hello_world_int8", "tflm/hello_world_int8.tflite", &["in", "in25", "walk25", "sweep"]),
    case("micro_speech_quantized", "tflm/micro_speech_int8.tflite", ALL),
    case("person_detect", "tflm/person_detect_int8.tflite", ALL),
    case(
        "trained_lstm_int8",
        "tflm/mnist_lstm_int8.tflite",
        &["in", "in25", "walk25", "stateful", "walk5.stateful"],
    ),
    case("wand_spells_quantized_model", "wand_spells/quantized_model.tflite", TWO),
    case("yolo-fastest_192_face_v4_int8", "detect/yolo-fastest_192_face_v4_int8.tflite", BIG),
    case("tf2_mobilenet_v2_1.0_224_ptq", "mobilenet/tf2_mobilenet_v2_1.0_224_ptq.tflite", BIG),
];

/// The audio front end; its inference is a frame of 30 ms.
pub const AUDIO_CASE: GoldenCase = case(
    "audio_preprocessor_int8",
    "tflm/audio_preprocessor_int8.tflite",
    &["in25", "walk25", "stateful25", "walk25.stateful", "no_30ms", "yes_30ms", "yes_1000ms"],
);

/// The float32 models.
pub const FLOAT_CASES: &[GoldenCase] = &[
    case("hello_world_float", "tflm/hello_world_float.tflite", ALL),
    case("ad01_fp32", "mlperf_tiny/ad01_fp32.tflite", TWO),
    case("pretrainedResnet_float", "mlperf_tiny/pretrainedResnet_float.tflite", TWO),
    case("magic_wand_float", "tflm/magic_wand_float.tflite", TWO),
    case("wand_spells_model", "wand_spells/model.tflite", TWO),
    case(
        "mnist_lstm_float",
        "tflm/mnist_lstm_float.tflite",
        &["in25", "walk25", "stateful25", "walk25.stateful"],
    ),
];

/// The name that graphs give to a custom operator: `SIGNAL_FFT_AUTO_SCALE` for SignalFftAutoScale. Others stay as they are.
fn in_capitals(operator: &str) -> String {
    let mut name = String::new();
    let mut after_small = false;
    for letter in operator.chars() {
        if after_small && letter.is_ascii_uppercase() {
            name.push('_');
        }
        after_small = letter.is_ascii_lowercase();
        name.push(letter.to_ascii_uppercase());
    }
    name
}

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

    /// All sets of inputs and outputs. `output_bytes` are the sizes of the model's outputs, which stand in files of
    /// their own.
    ///
    /// # Panics
    /// When a file can't be read.
    pub fn sets(&self, shared: &Path, output_bytes: &[usize]) -> Vec<GoldenSet> {
        self.sets.iter().map(|&name| self.set(shared, name, output_bytes)).collect()
    }

    fn set(&self, shared: &Path, name: &'static str, output_bytes: &[usize]) -> GoldenSet {
        // The files of inputs and of the first output, and what further outputs are called.
        let (input, first, further) = match name {
            "in" => ("in.bin", "out.bin", ""),
            "in25" => ("in25.bin", "out25.bin", ""),
            "in5" => ("in5.bin", "out5.bin", "out5_1.bin"),
            "walk25" => ("walk25.in.bin", "walk25.out.bin", ""),
            "walk5" => ("walk5.in.bin", "walk5.out.bin", "walk5.out_1.bin"),
            "sweep" => ("sweep.in.bin", "sweep.out.bin", ""),
            "stateful" => ("in.bin", "stateful.out.bin", ""),
            "stateful25" => ("in25.bin", "stateful25.out.bin", ""),
            "walk25.stateful" => ("walk25.in.bin", "walk25.stateful.out.bin", ""),
            "walk5.stateful" => ("walk25.in.bin", "walk5.stateful.out.bin", ""),
            "no_30ms" => ("no_30ms.in.bin", "no_30ms.out.bin", ""),
            "yes_30ms" => ("yes_30ms.in.bin", "yes_30ms.out.bin", ""),
            "yes_1000ms" => ("yes_1000ms.in.bin", "yes_1000ms.out.bin", ""),
            other => panic!("no golden set is called {other}"),
        };
        let folder = shared.join("golden/tflm");
        let file = |suffix: &str| read(&folder.join(format!("{}.{suffix}", self.stem)));
        let files: Vec<Vec<u8>> =
            [first, further].iter().take(output_bytes.len()).map(|suffix| file(suffix)).collect();
        let n = files[0].len() / output_bytes[0];
        let of = |at: usize| {
            let parts = files.iter().zip(output_bytes);
            parts.flat_map(move |(file, &bytes)| file[at * bytes..][..bytes].to_vec())
        };
        let mut inputs = file(input);
        if name == "walk5.stateful" {
            // It has the first five of the twenty-five.
            inputs.truncate(inputs.len() / 25 * n);
        }
        let stateful = name.contains("stateful") || name == "yes_1000ms";
        GoldenSet { name, inputs, outputs: (0..n).flat_map(of).collect(), stateful }
    }

    /// Every operator's results in the inference with the input of seed 1, in execution order.
    ///
    /// # Panics
    /// When the files can't be read or are not what their description says.
    pub fn layers(&self, shared: &Path) -> Vec<Layer> {
        self.layers_of(shared, "seed1")
    }

    /// The layers of the inference that is called `name`: `seed1`, `yes.frame20`.
    ///
    /// # Panics
    /// When the files can't be read or are not what their description says.
    pub fn layers_of(&self, shared: &Path, name: &str) -> Vec<Layer> {
        let folder = shared.join("golden/tflm/layers");
        let bytes = fs::read(folder.join(format!("{}.{name}.bin", self.stem))).unwrap_or_default();
        let index =
            String::from_utf8(read(&folder.join(format!("{}.{name}.txt", self.stem)))).expect("UTF-8");
        let layer = |line: &str| {
            let field = |key: &str| line.split(' ').find_map(|word| word.strip_prefix(key));
            let number = |key: &str| field(key).and_then(|value| value.parse::<usize>().ok());
            let n_bytes = number("bytes=").expect("a size");
            let operator = match line.split(' ').next().expect("an operator") {
                "LSTM" => "UNIDIRECTIONAL_SEQUENCE_LSTM",
                other => other,
            };
            Layer {
                operator: in_capitals(operator),
                result: number("out=").unwrap_or(0),
                n_bytes,
                output: match number("offset=") {
                    Some(offset) => Output::Bytes(bytes[offset..offset + n_bytes].to_vec()),
                    None => Output::Sha256(field("sha256=").expect("a hash").to_owned()),
                },
            }
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
