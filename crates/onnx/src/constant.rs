//! Constants of an ONNX file while it is read: extents and elements, floats or integers or floats kept as integers.

use smidgen_ir::{DType, Quant, Tensor};

use crate::findings::{Fallible, clip};
use crate::proto::data_type;

/// Most dimensions of a tensor.
const MAX_RANK: usize = 8;

/// Element type as ONNX names it. The floats of other widths are read as single precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elem {
    F32,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    Bool,
}

impl Elem {
    /// The type with this number in `TensorProto.DataType`.
    pub(crate) fn from_number(number: i32) -> Fallible<Elem> {
        Ok(match number {
            data_type::FLOAT | data_type::FLOAT16 | data_type::DOUBLE => Elem::F32,
            data_type::INT8 => Elem::I8,
            data_type::UINT8 => Elem::U8,
            data_type::INT16 => Elem::I16,
            data_type::UINT16 => Elem::U16,
            data_type::INT32 => Elem::I32,
            data_type::UINT32 => Elem::U32,
            data_type::INT64 => Elem::I64,
            data_type::UINT64 => Elem::U64,
            data_type::BOOL => Elem::Bool,
            other => {
                let name = match other {
                    data_type::STRING => "string",
                    14 | 15 => "complex",
                    16 => "bfloat16",
                    17..=20 => "float8",
                    21 | 22 => "4-bit integer",
                    _ => "unknown",
                };
                return Err(format!(
                    "element type {other} ({name}) is not supported; export the model in float32, or quantised to int8"
                ));
            }
        })
    }

    /// Whether `value` is one of this type; uint64 is kept as the bits of int64.
    fn holds(self, value: i64) -> bool {
        match self {
            Elem::I8 => i8::try_from(value).is_ok(),
            Elem::U8 | Elem::Bool => u8::try_from(value).is_ok(),
            Elem::I16 => i16::try_from(value).is_ok(),
            Elem::U16 => u16::try_from(value).is_ok(),
            Elem::I32 => i32::try_from(value).is_ok(),
            Elem::U32 => u32::try_from(value).is_ok(),
            Elem::I64 | Elem::U64 | Elem::F32 => true,
        }
    }

    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Elem::F32 => "float32",
            Elem::I8 => "int8",
            Elem::U8 => "uint8",
            Elem::I16 => "int16",
            Elem::U16 => "uint16",
            Elem::I32 => "int32",
            Elem::U32 => "uint32",
            Elem::I64 => "int64",
            Elem::U64 => "uint64",
            Elem::Bool => "bool",
        }
    }
}

/// The elements of a constant in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// Floats.
    Float(Vec<f32>),
    /// Integers and truth values of any width.
    Int(Vec<i64>),
    /// Floats that the file keeps as int8 (or int32, for a bias) with scale and zero point.
    Quantized(Vec<i64>, Quant),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Const {
    pub(crate) elem: Elem,
    pub(crate) dims: Vec<usize>,
    pub(crate) data: Data,
}

/// The number of elements, which must fit the 31 bits of the kernels' counts, as must the extents beside one of 0.
pub(crate) fn count(dims: &[usize]) -> Fallible<usize> {
    rank_fits(dims.len())?;
    let product = dims.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent.max(1)));
    let product = product.filter(|&product| product <= i32::MAX as usize);
    let product =
        product.ok_or_else(|| format!("shape {dims:?} has 2^31 elements or more; make the model smaller"))?;
    Ok(if dims.contains(&0) { 0 } else { product })
}

/// Refuses more dimensions than any tensor has.
pub(crate) fn rank_fits(rank: usize) -> Fallible<()> {
    if rank <= MAX_RANK {
        Ok(())
    } else {
        Err(format!("it has {rank} dimensions, at most {MAX_RANK} are supported"))
    }
}

/// Refuses the shape of an activation without elements, or with too many.
pub(crate) fn holds_elements(dims: &[usize]) -> Fallible<()> {
    match count(dims)? {
        0 => Err(format!("shape {dims:?} has no elements; export the model again")),
        _ => Ok(()),
    }
}

impl Const {
    /// Floats.
    pub(crate) fn floats(dims: Vec<usize>, values: Vec<f32>) -> Self {
        Const { elem: Elem::F32, dims, data: Data::Float(values) }
    }

    /// Integers of type `elem`, which must hold each.
    pub(crate) fn integers(elem: Elem, dims: Vec<usize>, values: Vec<i64>) -> Fallible<Self> {
        match values.iter().find(|&&value| !elem.holds(value)) {
            None => Ok(Const { elem, dims, data: Data::Int(values) }),
            Some(value) => Err(format!("{value} does not fit {}; export the model again", elem.name())),
        }
    }

    /// Integers of type int64.
    pub(crate) fn ints(dims: Vec<usize>, values: Vec<i64>) -> Self {
        Const { elem: Elem::I64, dims, data: Data::Int(values) }
    }

    /// A list of int64.
    pub(crate) fn list(values: Vec<i64>) -> Self {
        Const::ints(vec![values.len()], values)
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Float(values) => values.len(),
            Data::Int(values) | Data::Quantized(values, _) => values.len(),
        }
    }

    /// The elements as floats; integers are converted.
    pub(crate) fn to_floats(&self) -> Vec<f32> {
        match &self.data {
            Data::Float(values) => values.clone(),
            Data::Int(values) => values.iter().map(|&value| value as f32).collect(),
            Data::Quantized(values, quant) => {
                let channel = ChannelOf::new(&self.dims, quant);
                let real = |(at, &value): (usize, &i64)| {
                    let (scale, zero_point) = channel.at(at);
                    (value - i64::from(zero_point)) as f32 * scale
                };
                values.iter().enumerate().map(real).collect()
            }
        }
    }

    /// The elements as integers, where they are.
    pub(crate) fn as_ints(&self) -> Fallible<&[i64]> {
        match &self.data {
            Data::Int(values) => Ok(values),
            _ => Err(format!("a constant must hold integers, found {}", self.elem.name())),
        }
    }

    /// The one element as a float.
    pub(crate) fn scalar(&self) -> Fallible<f32> {
        match self.to_floats()[..] {
            [value] => Ok(value),
            _ => Err(format!("a constant must have one element, found shape {:?}", self.dims)),
        }
    }

    /// The same elements under another shape.
    pub(crate) fn with_dims(&self, dims: Vec<usize>) -> Fallible<Const> {
        if count(&dims)? != self.len() {
            return Err(format!(
                "shape {dims:?} does not hold the {} elements of {:?}",
                self.len(),
                self.dims
            ));
        }
        let mut moved = self.clone();
        if let Data::Quantized(_, quant) = &mut moved.data
            && quant.scales.len() > 1
        {
            let Some(axis) = same_axis(&self.dims, quant.axis, &dims) else { return Ok(self.decoded(dims)) };
            quant.axis = axis;
        }
        moved.dims = dims;
        Ok(moved)
    }

    /// The constant as plain floats under `dims`.
    fn decoded(&self, dims: Vec<usize>) -> Const {
        Const::floats(dims, self.to_floats())
    }

    /// The elements at `offset + sum of strides[i] * index[i]` for every index into `dims`; `axis_of` tells the new
    /// place of each old axis, for scales along one.
    pub(crate) fn strided(
        &self,
        dims: Vec<usize>,
        strides: &[i64],
        offset: i64,
        axis_of: impl Fn(usize) -> Option<usize>,
    ) -> Fallible<Const> {
        self.picked(&places(&dims, strides, offset)?, dims, axis_of)
    }

    /// The elements at these places, in shape `dims`; `axis_of` as for [`Const::strided`].
    pub(crate) fn picked(
        &self,
        places: &[i64],
        dims: Vec<usize>,
        axis_of: impl Fn(usize) -> Option<usize>,
    ) -> Fallible<Const> {
        let outside = || "it reads outside of a constant; export the model again".to_owned();
        fn pick<T: Copy>(values: &[T], places: &[i64]) -> Option<Vec<T>> {
            places.iter().map(|&at| values.get(usize::try_from(at).ok()?).copied()).collect()
        }
        let data = match &self.data {
            Data::Float(values) => Data::Float(pick(values, places).ok_or_else(outside)?),
            Data::Int(values) => Data::Int(pick(values, places).ok_or_else(outside)?),
            Data::Quantized(values, quant) => {
                let axis = if quant.scales.len() > 1 {
                    axis_of(quant.axis).filter(|&axis| dims.get(axis) == Some(&quant.scales.len()))
                } else {
                    Some(0)
                };
                let Some(axis) = axis else {
                    return Ok(Const::floats(dims, pick(&self.to_floats(), places).ok_or_else(outside)?));
                };
                Data::Quantized(pick(values, places).ok_or_else(outside)?, Quant { axis, ..quant.clone() })
            }
        };
        Ok(Const { elem: self.elem, dims, data })
    }

    /// The constant with its axes in the order `perm`: axis `i` of the result is axis `perm[i]` of this.
    pub(crate) fn transposed(&self, perm: &[usize]) -> Fallible<Const> {
        let own = strides(&self.dims);
        let (mut dims, mut steps) = (Vec::new(), Vec::new());
        for &axis in perm {
            let found = self.dims.get(axis).copied().zip(own.get(axis).copied());
            let (extent, step) =
                found.ok_or_else(|| format!("there is no axis {axis} in {:?}", self.dims))?;
            dims.push(extent);
            steps.push(step);
        }
        self.strided(dims, &steps, 0, |old| perm.iter().position(|&axis| axis == old))
    }

    /// The constant as a tensor of the graph.
    pub(crate) fn tensor(&self, name: &str) -> Fallible<Tensor> {
        match &self.data {
            Data::Float(values) => Ok(Tensor::const_f32(name, self.dims.clone(), values)),
            Data::Quantized(values, quant) if self.elem == Elem::I8 => {
                let narrow: Option<Vec<i8>> = values.iter().map(|&value| i8::try_from(value).ok()).collect();
                match narrow {
                    Some(values) => Ok(Tensor::const_i8(name, self.dims.clone(), &values, quant.clone())),
                    None => Ok(Tensor::const_f32(name, self.dims.clone(), &self.to_floats())),
                }
            }
            Data::Quantized(..) => Ok(Tensor::const_f32(name, self.dims.clone(), &self.to_floats())),
            Data::Int(values) if self.elem == Elem::Bool => {
                let data = values.iter().map(|&value| u8::from(value != 0)).collect();
                let tensor = Tensor::activation(name, DType::Bool, self.dims.clone());
                Ok(Tensor { data: Some(data), ..tensor })
            }
            Data::Int(values) => {
                let narrow: Option<Vec<i32>> =
                    values.iter().map(|&value| i32::try_from(value).ok()).collect();
                let narrow = narrow.ok_or_else(|| {
                    format!(
                        "constant \"{}\" has values outside of int32, which the kernels compute with",
                        clip(name)
                    )
                })?;
                Ok(Tensor::const_i32(name, self.dims.clone(), &narrow, None))
            }
        }
    }
}

/// Scale and zero point of each element of a quantised constant.
struct ChannelOf<'q> {
    quant: &'q Quant,
    inner: usize,
}

impl<'q> ChannelOf<'q> {
    fn new(dims: &[usize], quant: &'q Quant) -> Self {
        ChannelOf { quant, inner: dims.iter().skip(quant.axis + 1).product::<usize>().max(1) }
    }

    fn at(&self, element: usize) -> (f32, i32) {
        let n = self.quant.scales.len().max(1);
        let channel = (element / self.inner) % n;
        let scale = self.quant.scales.get(channel).copied().unwrap_or(1.0);
        (scale, self.quant.zero_points.get(channel).copied().unwrap_or(0))
    }
}

/// The axis of `new` that is axis `axis` of `old`: as long, with as many elements behind it.
fn same_axis(old: &[usize], axis: usize, new: &[usize]) -> Option<usize> {
    let behind = |dims: &[usize], axis: usize| dims.iter().skip(axis + 1).product::<usize>();
    let (extent, inner) = (old.get(axis)?, behind(old, axis));
    (0..new.len()).find(|&at| new.get(at) == Some(extent) && behind(new, at) == inner)
}

/// Elements from one index to the next along each axis.
pub(crate) fn strides(dims: &[usize]) -> Vec<i64> {
    let mut strides = vec![1i64; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(dims[axis] as i64);
    }
    strides
}

fn places(dims: &[usize], strides: &[i64], offset: i64) -> Fallible<Vec<i64>> {
    let n = count(dims)?;
    let mut places = Vec::with_capacity(n);
    if n == 0 {
        return Ok(places);
    }
    let (mut index, mut at) = (vec![0usize; dims.len()], offset);
    loop {
        places.push(at);
        let mut axis = dims.len();
        loop {
            let Some(next) = axis.checked_sub(1) else { return Ok(places) };
            axis = next;
            index[axis] += 1;
            at = at.saturating_add(strides[axis]);
            if index[axis] < dims[axis] {
                break;
            }
            at = at.saturating_sub(strides[axis].saturating_mul(dims[axis] as i64));
            index[axis] = 0;
        }
    }
}
