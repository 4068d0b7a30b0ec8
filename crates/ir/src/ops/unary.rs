//! Operators of one operand whose result has its shape: what they share.

use super::attributes::Attributes;
use super::operator::{Operands, Operator, OutputQuant, Results, TensorType};
use crate::kernel::Kernel;
use crate::lower::NodeLowering;
use crate::program::Elem;
use crate::scales::per_tensor;
use crate::tensor::{DType, Tensor};

/// An operator of one operand, called input.
pub(super) trait Unary: Default {
    /// The operator's name in TFLite.
    const NAME: &'static str;
    /// Element types that there are kernels for.
    const TYPES: &'static [DType];

    /// Reads the attributes that [`Unary::to_text`] printed.
    fn from_text(_attributes: &mut Attributes) -> Result<Self, String> {
        Ok(Self::default())
    }

    /// The attributes as text, all of them.
    fn to_text(&self) -> Attributes {
        Attributes::default()
    }

    /// Checks the attributes and the shape of the input.
    fn check(&self, _input: &Tensor) -> Result<(), String> {
        Ok(())
    }

    /// The element type of the result.
    fn result_dtype(&self, input: DType) -> DType {
        input
    }

    /// Where the quantisation of an int8 result comes from.
    fn result_quant(&self) -> OutputQuant {
        OutputQuant::Calibrated
    }

    /// The kernel and its tables; refuses scales and zero points that it cannot have.
    fn lowered(&self, input: &Tensor, output: &Tensor) -> Result<Lowered, String>;
}

/// A kernel that takes the operand, then tables.
pub(super) struct Lowered {
    kernel: Kernel,
    tables: Vec<(&'static str, Elem, Vec<u8>)>,
}

impl From<Kernel> for Lowered {
    fn from(kernel: Kernel) -> Self {
        Lowered { kernel, tables: Vec::new() }
    }
}

impl Lowered {
    /// A kernel that looks int8 results up.
    pub(super) fn int8(kernel: Kernel, table: [i8; 256]) -> Self {
        let bytes = table.map(i8::cast_unsigned).to_vec();
        Lowered { kernel, tables: vec![("table", Elem::I8, bytes)] }
    }

    /// A kernel that interpolates in int16 tables.
    pub(super) fn int16<const N: usize>(kernel: Kernel, tables: [(&'static str, Vec<i16>); N]) -> Self {
        let bytes = |table: Vec<i16>| table.iter().flat_map(|value| value.to_le_bytes()).collect();
        Lowered { kernel, tables: tables.map(|(name, table)| (name, Elem::I16, bytes(table))).into() }
    }
}

impl<T: Unary> Operator for T {
    fn name() -> &'static str {
        T::NAME
    }

    fn read(attributes: &mut Attributes) -> Result<Self, String> {
        T::from_text(attributes)
    }

    fn attributes(&self) -> Attributes {
        self.to_text()
    }

    fn infer(&self, operands: &Operands<'_>) -> Result<Vec<TensorType>, String> {
        let input = operands.get(0)?;
        if !T::TYPES.contains(&input.dtype) {
            let names: Vec<&str> = T::TYPES.iter().map(|dtype| dtype.name()).collect();
            return Err(format!("its input must be {}, found {}", names.join(" or "), input.dtype.name()));
        }
        self.check(input)?;
        Ok(TensorType::one(self.result_dtype(input.dtype), input.shape.clone()))
    }

    fn quant(&self, operands: &Operands<'_>, results: &Results<'_>) -> Result<(), String> {
        let output = results.get(0)?;
        if output.dtype.is_quantized() {
            self.lowered(operands.get(0)?, output)?;
        }
        Ok(())
    }

    fn output_quant(&self) -> OutputQuant {
        self.result_quant()
    }

    fn lower(
        &self,
        operands: &Operands<'_>,
        results: &Results<'_>,
        to: &mut NodeLowering<'_>,
    ) -> Result<(), String> {
        let Lowered { kernel, tables } = self.lowered(operands.get(0)?, results.get(0)?)?;
        let mut arguments = vec![to.operand(0)];
        arguments.extend(tables.into_iter().map(|(name, elem, bytes)| to.constant(name, elem, bytes)));
        to.call(kernel, arguments)
    }
}

/// The scales of an int16 operand and result, which must have zero points of 0.
pub(super) fn symmetric_scales(input: &Tensor, output: &Tensor) -> Result<[f32; 2], String> {
    let scale = |name, tensor| match per_tensor(name, tensor)? {
        (scale, 0) => Ok(scale),
        (_, found) => Err(format!("its int16 {name} must have zero point 0, found {found}")),
    };
    Ok([scale("input", input)?, scale("output", output)?])
}

/// Refuses a result without this scale, up to a thousandth of it, and zero point.
pub(super) fn fixed_quant(output: &Tensor, scale: f32, zero_point: i32) -> Result<(), String> {
    let found = per_tensor("output", output)?;
    if (found.0 - scale).abs() <= 0.001 * scale && found.1 == zero_point {
        return Ok(());
    }
    Err(format!(
        "its {} output must have scale 1/{} and zero point {zero_point}, found {:?} and {}",
        output.dtype.name(),
        1.0 / scale,
        found.0,
        found.1
    ))
}

/// Rows along the last dimension and their length.
pub(super) fn rows(input: &Tensor) -> Result<(usize, usize), String> {
    let depth = input.shape.last().copied().unwrap_or(0);
    let rows = input.n_elements().checked_div(depth);
    rows.map(|rows| (rows, depth)).ok_or_else(|| "its input must have at least 1 dimension".into())
}
