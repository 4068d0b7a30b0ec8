//! Tensors: element type, shape, quantisation and, for constants, data.

use std::sync::Arc;

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 half precision; only constants, which CAST or DEQUANTIZE widen.
    F16,
    /// Signed 4-bit integer, two in a byte, the first in the low half; only filters.
    I4,
    /// Signed 8-bit integer; the quantised activations and weights.
    I8,
    /// Unsigned 8-bit integer; inputs and outputs of models that were quantised so.
    U8,
    /// Signed 16-bit integer; the activations of int16×8 models.
    I16,
    /// Signed 32-bit integer; quantised biases and indices.
    I32,
    /// Signed 64-bit integer; biases beside int16 activations, and indices.
    I64,
    /// Unsigned 32-bit integer; spectra of the signal operators.
    U32,
    /// Unsigned 64-bit integer; sums of the signal operators.
    U64,
    /// Truth values, a byte each: 0 or 1.
    Bool,
}

impl DType {
    /// All element types.
    pub const ALL: [DType; 11] = [
        DType::F32,
        DType::F16,
        DType::I4,
        DType::I8,
        DType::U8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U32,
        DType::U64,
        DType::Bool,
    ];

    /// Bits of one element.
    pub const fn bits(self) -> usize {
        match self {
            DType::I4 => 4,
            DType::I8 | DType::U8 | DType::Bool => 8,
            DType::F16 | DType::I16 => 16,
            DType::F32 | DType::I32 | DType::U32 => 32,
            DType::I64 | DType::U64 => 64,
        }
    }

    /// Bytes that `n_elements` elements take, packed.
    pub const fn n_bytes(self, n_elements: usize) -> usize {
        match self {
            DType::I4 => n_elements.div_ceil(2),
            _ => n_elements * (self.bits() / 8),
        }
    }

    /// The name used in messages, in the text form and by numpy: `float32`, `int8`, `int32`.
    pub const fn name(self) -> &'static str {
        match self {
            DType::F32 => "float32",
            DType::F16 => "float16",
            DType::I4 => "int4",
            DType::I8 => "int8",
            DType::U8 => "uint8",
            DType::I16 => "int16",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::U32 => "uint32",
            DType::U64 => "uint64",
            DType::Bool => "bool",
        }
    }

    /// The range of a quantised integer type, which zero points and activation bounds stay in.
    pub const fn quantized_range(self) -> Option<[i32; 2]> {
        match self {
            DType::I4 => Some([-8, 7]),
            DType::I8 => Some([-128, 127]),
            DType::U8 => Some([0, 255]),
            DType::I16 => Some([-32_768, 32_767]),
            DType::I32 => Some([i32::MIN, i32::MAX]),
            DType::F32 | DType::F16 | DType::I64 | DType::U32 | DType::U64 | DType::Bool => None,
        }
    }

    /// Whether activations of this type are quantised: they mean nothing without a scale.
    pub const fn is_quantized(self) -> bool {
        matches!(self, DType::I8 | DType::U8 | DType::I16)
    }
}

/// Affine quantisation, `real = scale * (q - zero_point)`, as the TFLite quantisation specification defines it.
///
/// One scale and zero point describe the whole tensor; several, one for each index along `axis`, are per-channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Quant {
    /// Scales, each positive and finite; length 1 or the extent of `axis`.
    pub scales: Vec<f32>,
    /// Zero points, as many as scales.
    pub zero_points: Vec<i32>,
    /// The quantised dimension; 0 and meaningless when there is one scale.
    pub axis: usize,
}

impl Quant {
    /// One scale and zero point for the whole tensor.
    pub fn per_tensor(scale: f32, zero_point: i32) -> Self {
        Quant { scales: vec![scale], zero_points: vec![zero_point], axis: 0 }
    }

    /// Symmetric scales, one for each index along `axis`.
    pub fn per_channel(scales: Vec<f32>, axis: usize) -> Self {
        let zero_points = vec![0; scales.len()];
        Quant { scales, zero_points, axis }
    }
}

impl std::str::FromStr for DType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = DType::ALL.into_iter().find(|dtype| dtype.name() == text);
        found.ok_or_else(|| format!("expected an element type such as int8, found \"{text}\""))
    }
}

/// A tensor of a [`crate::Graph`]: an activation, a constant when `data` is there, or state that lasts from one
/// inference to the next when `is_variable`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Name from the file or the builder; not necessarily unique.
    pub name: String,
    /// Extents, outermost first; activations of image operators are NHWC.
    pub shape: Vec<usize>,
    /// Element type.
    pub dtype: DType,
    /// Quantisation, where there is one.
    pub quant: Option<Quant>,
    /// Little-endian elements in row-major order, exactly `n_bytes()` long; absent for activations. What a variable
    /// starts with; one without starts with zeros, or with its zero point where it is quantised.
    pub data: Option<Arc<[u8]>>,
    /// Whether nodes may change it and it keeps its value between inferences.
    pub is_variable: bool,
}

impl Tensor {
    /// An activation without quantisation.
    pub fn activation(name: impl Into<String>, dtype: DType, shape: Vec<usize>) -> Self {
        Tensor { name: name.into(), shape, dtype, quant: None, data: None, is_variable: false }
    }

    /// A float32 constant.
    pub fn const_f32(name: impl Into<String>, shape: Vec<usize>, values: &[f32]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tensor {
            name: name.into(),
            shape,
            dtype: DType::F32,
            quant: None,
            data: Some(data),
            is_variable: false,
        }
    }

    /// An int8 constant.
    pub fn const_i8(name: impl Into<String>, shape: Vec<usize>, values: &[i8], quant: Quant) -> Self {
        let data = values.iter().map(|&v| v.cast_unsigned()).collect();
        Tensor {
            name: name.into(),
            shape,
            dtype: DType::I8,
            quant: Some(quant),
            data: Some(data),
            is_variable: false,
        }
    }

    /// An int32 constant.
    pub fn const_i32(
        name: impl Into<String>,
        shape: Vec<usize>,
        values: &[i32],
        quant: Option<Quant>,
    ) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tensor { name: name.into(), shape, dtype: DType::I32, quant, data: Some(data), is_variable: false }
    }

    /// Number of elements.
    pub fn n_elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Size in bytes.
    pub fn n_bytes(&self) -> usize {
        self.dtype.n_bytes(self.n_elements())
    }

    /// Whether the tensor is a constant.
    pub fn is_const(&self) -> bool {
        self.data.is_some() && !self.is_variable
    }

    /// State that keeps its value between inferences and starts with zeros, or the zero point where it is quantised.
    pub fn variable(name: impl Into<String>, dtype: DType, shape: Vec<usize>, quant: Option<Quant>) -> Self {
        Tensor { quant, is_variable: true, ..Tensor::activation(name, dtype, shape) }
    }

    /// What a variable holds before the first inference, little endian.
    pub fn initial_bytes(&self) -> Vec<u8> {
        if let Some(data) = &self.data {
            return data.to_vec();
        }
        let zero_point =
            self.quant.as_ref().and_then(|quant| quant.zero_points.first()).copied().unwrap_or(0);
        let zero = zero_point.to_le_bytes();
        // TFLM's ResetVariableTensors fills only int8 variables with their zero point.
        let fill = if self.dtype == DType::I8 { zero[0] } else { 0 };
        vec![fill; self.n_bytes()]
    }

    /// The elements of a float32 constant; `None` for anything else.
    pub fn f32s(&self) -> Option<Vec<f32>> {
        self.words(DType::F32).map(|words| words.map(f32::from_le_bytes).collect())
    }

    /// The elements of an int32 constant; `None` for anything else.
    pub fn i32s(&self) -> Option<Vec<i32>> {
        self.words(DType::I32).map(|words| words.map(i32::from_le_bytes).collect())
    }

    /// The elements of an int8 constant; `None` for anything else.
    pub fn i8s(&self) -> Option<Vec<i8>> {
        match (&self.data, self.dtype) {
            (Some(data), DType::I8) => Some(data.iter().map(|v| v.cast_signed()).collect()),
            _ => None,
        }
    }

    fn words(&self, dtype: DType) -> Option<impl Iterator<Item = [u8; 4]>> {
        match &self.data {
            Some(data) if self.dtype == dtype => {
                Some(data.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]))
            }
            _ => None,
        }
    }
}
