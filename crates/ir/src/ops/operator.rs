//! What every operator answers: its operands, result, quantisation rules, cost, lowering and attributes as text.

use super::Activation;
use super::attributes::Attributes;
use crate::lower::NodeLowering;
use crate::tensor::{DType, Quant, Tensor};

/// Element type and extents of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorType {
    /// Element type.
    pub dtype: DType,
    /// Extents, outermost first.
    pub shape: Vec<usize>,
}

impl TensorType {
    /// The only result of an operator.
    pub(crate) fn one(dtype: DType, shape: Vec<usize>) -> Vec<Self> {
        vec![TensorType { dtype, shape }]
    }

    /// The type of `tensor`.
    pub fn of(tensor: &Tensor) -> Self {
        TensorType { dtype: tensor.dtype, shape: tensor.shape.clone() }
    }
}

/// Where the quantisation of an operator's quantised results comes from (TFLite quantisation specification).
#[derive(Debug, Clone, PartialEq)]
pub enum OutputQuant {
    /// Free: calibration chooses scale and zero point.
    Calibrated,
    /// The scale and zero point of the first operand.
    SameAsInput,
    /// Always these.
    Fixed(Quant),
    /// The result has none: float32, indices, truth values.
    NotQuantized,
}

/// The operands of one node with the names that messages use.
#[derive(Debug)]
pub(crate) struct Operands<'g> {
    pub(crate) names: &'static [&'static str],
    pub(crate) tensors: &'g [Option<&'g Tensor>],
}

impl<'g> Operands<'g> {
    /// The operand at `at`, or a message that it is missing.
    pub(crate) fn get(&self, at: usize) -> Result<&'g Tensor, String> {
        self.optional(at).ok_or_else(|| format!("operand {at} ({}) is missing", self.name(at)))
    }

    /// The operand at `at` where the node has one.
    pub(crate) fn optional(&self, at: usize) -> Option<&'g Tensor> {
        self.tensors.get(at).copied().flatten()
    }

    /// The name of the operand at `at`: `filter`. Operands of a variadic operator share the last name.
    pub(crate) fn name(&self, at: usize) -> &'static str {
        self.names.get(at).or(self.names.last()).copied().unwrap_or("operand")
    }

    /// Number of operands.
    pub(crate) fn len(&self) -> usize {
        self.tensors.len()
    }

    /// The operand at `at` as a constant.
    pub(crate) fn constant(&self, at: usize) -> Result<&'g Tensor, String> {
        let tensor = self.get(at)?;
        if tensor.is_const() {
            return Ok(tensor);
        }
        Err(format!("its {} must be a constant, found an activation", self.name(at)))
    }
}

/// The results of one node.
#[derive(Debug)]
pub(crate) struct Results<'g> {
    pub(crate) tensors: &'g [&'g Tensor],
}

impl<'g> Results<'g> {
    /// The result at `at`, or a message that it is missing.
    pub(crate) fn get(&self, at: usize) -> Result<&'g Tensor, String> {
        self.tensors.get(at).copied().ok_or_else(|| format!("result {at} is missing"))
    }
}

/// One operator; every attribute struct implements it. All messages are completed with the node's name by the caller.
pub(crate) trait Operator {
    /// The operator's name in TFLite.
    fn name() -> &'static str
    where
        Self: Sized;

    /// Reads the attributes that [`Operator::attributes`] printed.
    fn read(attributes: &mut Attributes) -> Result<Self, String>
    where
        Self: Sized;

    /// The attributes as text, all of them.
    fn attributes(&self) -> Attributes;

    /// Names of the operands in order.
    fn operands(&self) -> &'static [&'static str] {
        &["input"]
    }

    /// How many of the operands must be present; the rest are optional.
    fn n_required(&self) -> usize {
        self.operands().len()
    }

    /// Whether any number of operands may follow, called like the last of [`Operator::operands`]: CONCATENATION.
    fn is_variadic(&self) -> bool {
        false
    }

    /// Positions of the operands that are variables and that the operator changes.
    fn states(&self) -> &'static [usize] {
        &[]
    }

    /// Types of the variables at [`Operator::states`] where TFLite keeps them inside of the operator, not as tensors.
    fn own_states(&self, _operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        Ok(Vec::new())
    }

    /// The fused activation, where the operator can have one.
    fn activation_mut(&mut self) -> Option<&mut Activation> {
        None
    }

    /// Element types and shapes of the results, one for each: [`TensorType::one`] for most operators.
    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String>;

    /// Checks scales and zero points of operands and results; [`Operator::infer`] has accepted types and shapes.
    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String>;

    /// Where the quantisation of the results comes from.
    fn output_quant(&self) -> OutputQuant;

    /// Multiply-accumulates of one inference.
    fn macs(&self, _operands: &Operands<'_>, _results: &Results<'_>) -> u64 {
        0
    }

    /// Adds the kernel calls to the program.
    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String>;
}

/// Number of elements, or a message that the shape is too large to count.
pub(crate) fn checked_elements(shape: &[usize]) -> Result<usize, String> {
    let product = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    product.ok_or_else(|| format!("shape {shape:?} has too many elements"))
}

/// Extents of an NHWC tensor, or a message naming the operand.
pub(crate) fn rank_4(name: &str, tensor: &Tensor) -> Result<[usize; 4], String> {
    <[usize; 4]>::try_from(tensor.shape.as_slice())
        .map_err(|_| format!("its {name} must have 4 dimensions, found shape {:?}", tensor.shape))
}

/// The extents with leading ones up to six dimensions, as the kernels take them.
pub(crate) fn rank_6(name: &str, shape: &[usize]) -> Result<[usize; 6], String> {
    let mut padded = [1; 6];
    let Some(start) = padded.len().checked_sub(shape.len()) else {
        return Err(format!("its {name} has {} dimensions, at most 6 are supported", shape.len()));
    };
    for (to, &from) in padded.iter_mut().skip(start).zip(shape) {
        *to = from;
    }
    Ok(padded)
}

/// Accepts float32 or int8, the element types of activations.
pub(crate) fn float_or_int8(name: &str, tensor: &Tensor) -> Result<DType, String> {
    match tensor.dtype {
        DType::F32 | DType::I8 => Ok(tensor.dtype),
        other => Err(format!("its {name} must be float32 or int8, found {}", other.name())),
    }
}

/// Checks that the filter and bias of a weighted operator fit the element type of its input: float32; int8 with weights of
/// 8 or 4 bits and an int32 bias; int16 with int8 weights and an int64 bias, or an int32 one if `narrow` sums are known.
pub(crate) fn weighted_types(operands: &Operands<'_>, out_c: usize, narrow: bool) -> Result<DType, String> {
    let (input, filter) = (operands.get(0)?, operands.get(1)?);
    let dtype = activation_type(operands.name(0), input)?;
    let fits = match dtype {
        DType::I8 => matches!(filter.dtype, DType::I8 | DType::I4),
        DType::I16 => filter.dtype == DType::I8,
        _ => filter.dtype == dtype,
    };
    if !fits {
        return Err(format!(
            "its {} is {} and its {} is {}: hybrid operators are not supported; quantise both or neither",
            operands.name(0),
            dtype.name(),
            operands.name(1),
            filter.dtype.name()
        ));
    }
    let Some(bias) = operands.optional(2) else { return Ok(dtype) };
    let wanted = match dtype {
        DType::I8 => DType::I32,
        DType::I16 if narrow && bias.dtype == DType::I32 => DType::I32,
        DType::I16 => DType::I64,
        _ => DType::F32,
    };
    if bias.dtype != wanted {
        let (wanted, found) = (wanted.name(), bias.dtype.name());
        return Err(format!("its bias must be {wanted} beside {} inputs, found {found}", dtype.name()));
    }
    if bias.shape.iter().any(|&extent| extent != out_c && extent != 1)
        || checked_elements(&bias.shape)? != out_c
    {
        return Err(format!("its bias must have {out_c} elements, found shape {:?}", bias.shape));
    }
    Ok(dtype)
}

/// Accepts float32, int8 or int16, the element types of activations.
pub(crate) fn activation_type(name: &str, tensor: &Tensor) -> Result<DType, String> {
    match tensor.dtype {
        DType::F32 | DType::I8 | DType::I16 => Ok(tensor.dtype),
        other => Err(format!("its {name} must be float32, int8 or int16, found {}", other.name())),
    }
}
