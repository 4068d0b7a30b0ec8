//! Tensors: element type, shape, quantisation and, for constants, data.

use std::sync::Arc;

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// IEEE 754 single precision.
    F32,
    /// Signed 8-bit integer; the quantised activations and weights.
    I8,
    /// Signed 32-bit integer; quantised biases and shape operands.
    I32,
}

impl DType {
    /// Size of one element in bytes.
    pub const fn size_bytes(self) -> usize {
        match self {
            DType::F32 | DType::I32 => 4,
            DType::I8 => 1,
        }
    }

    /// The name used in messages, in the text form and by numpy: `float32`, `int8`, `int32`.
    pub const fn name(self) -> &'static str {
        match self {
            DType::F32 => "float32",
            DType::I8 => "int8",
            DType::I32 => "int32",
        }
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

/// A tensor of a [`crate::Graph`]: an activation, or a constant when `data` is there.
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
    /// Little-endian elements in row-major order, exactly `n_bytes()` long; absent for activations.
    pub data: Option<Arc<[u8]>>,
}

impl Tensor {
    /// An activation without quantisation.
    pub fn activation(name: impl Into<String>, dtype: DType, shape: Vec<usize>) -> Self {
        Tensor { name: name.into(), shape, dtype, quant: None, data: None }
    }

    /// A float32 constant.
    pub fn const_f32(name: impl Into<String>, shape: Vec<usize>, values: &[f32]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tensor { name: name.into(), shape, dtype: DType::F32, quant: None, data: Some(data) }
    }

    /// An int8 constant.
    pub fn const_i8(name: impl Into<String>, shape: Vec<usize>, values: &[i8], quant: Quant) -> Self {
        let data = values.iter().map(|&v| v.cast_unsigned()).collect();
        Tensor { name: name.into(), shape, dtype: DType::I8, quant: Some(quant), data: Some(data) }
    }

    /// An int32 constant.
    pub fn const_i32(
        name: impl Into<String>,
        shape: Vec<usize>,
        values: &[i32],
        quant: Option<Quant>,
    ) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tensor { name: name.into(), shape, dtype: DType::I32, quant, data: Some(data) }
    }

    /// Number of elements.
    pub fn n_elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Size in bytes.
    pub fn n_bytes(&self) -> usize {
        self.n_elements() * self.dtype.size_bytes()
    }

    /// Whether the tensor is a constant.
    pub fn is_const(&self) -> bool {
        self.data.is_some()
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
