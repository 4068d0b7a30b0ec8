//! One operator of a file as its reader sees it: options, operands, and the checks that several operators share.

use smidgen_ir::{Activation, DType, Padding, TensorIdx};

use crate::findings::Fault;
use crate::schema::{operator, tensor_type};
use crate::tensors::{MAX_RANK, Tensors};
use crate::wire::{Scalars, Table};

/// One operator of the file.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    tensors: Tensors<'a>,
    operands: &'a [Option<TensorIdx>],
    options: Option<(u8, Table<'a>)>,
    custom: &'a [u8],
    results: Scalars<'a, i32>,
}

impl<'a> Source<'a> {
    /// The operator in `table`, whose operands have been looked up.
    pub(crate) fn new<'f: 'a>(
        tensors: Tensors<'f>,
        operands: &'a [Option<TensorIdx>],
        table: &Table<'f>,
    ) -> Result<Self, Fault> {
        let kind = table.scalar(operator::OPTIONS_TYPE, 0u8)?;
        let options = table.table(operator::OPTIONS)?.filter(|_| kind != 0).map(|options| (kind, options));
        let (custom, results) = (table.bytes(operator::CUSTOM_OPTIONS)?, table.scalars(operator::OUTPUTS)?);
        Ok(Source { tensors, operands, options, custom, results })
    }

    /// The options of a custom operator, as bytes.
    pub(crate) fn custom_options(&self) -> &'a [u8] {
        self.custom
    }

    /// Element type of result `at`.
    pub(crate) fn result_type(&self, at: usize) -> Result<DType, Fault> {
        let idx = self.results.get(at).and_then(|idx| u32::try_from(idx).ok());
        let missing = || Fault::message(format!("it has no result {at}; convert the model again"));
        let number = self.tensors.element_type(TensorIdx(idx.ok_or_else(missing)?))?;
        tensor_type::dtype(number).ok_or_else(|| {
            let name = tensor_type::name(number).unwrap_or("an unknown type");
            Fault::message(format!("its result is {name}, which is not supported"))
        })
    }

    /// Extent `axis` of result `at`, `None` where there is none.
    pub(crate) fn result_extent(&self, at: usize, axis: usize) -> Result<Option<usize>, Fault> {
        let Some(idx) = self.results.get(at).and_then(|idx| u32::try_from(idx).ok()) else { return Ok(None) };
        let extent = self.tensors.shape(TensorIdx(idx))?.get(axis);
        Ok(extent.and_then(|extent| usize::try_from(extent).ok()))
    }

    /// Extents of the first result as they stand in the file, one more than a tensor can have at most.
    pub(crate) fn result_shape(&self) -> Result<Vec<i32>, Fault> {
        let Some(idx) = self.results.get(0).and_then(|idx| u32::try_from(idx).ok()) else {
            return Ok(Vec::new());
        };
        Ok(self.tensors.shape(TensorIdx(idx))?.iter().take(MAX_RANK + 1).collect())
    }

    /// Whether operand `at` is computed by the model: there, and no constant.
    pub(crate) fn is_computed(&self, at: usize) -> Result<bool, Fault> {
        let Some(idx) = self.operand(at) else { return Ok(false) };
        // A constant without elements has no bytes either.
        let is_empty = self.tensors.shape(idx)?.iter().take(MAX_RANK).any(|extent| extent == 0);
        Ok(!is_empty && self.tensors.constant_bytes(idx)?.is_none())
    }

    /// The options, which must be of the union's member `kind`; `None` where the file has none.
    pub(crate) fn optional_options(&self, kind: u8) -> Result<Option<Fields<'a>>, Fault> {
        match self.options {
            None => Ok(None),
            Some((found, table)) if found == kind => Ok(Some(Fields(table))),
            Some((found, _)) => Err(Fault::message(format!(
                "its options are member {found} of the union BuiltinOptions, expected {kind}; convert the model again"
            ))),
        }
    }

    /// The options of an operator that means nothing without them.
    pub(crate) fn options(&self, kind: u8) -> Result<Fields<'a>, Fault> {
        let missing = || Fault::message("it has no options; convert the model again");
        self.optional_options(kind)?.ok_or_else(missing)
    }

    /// Operand `at`, `None` where it is absent.
    pub(crate) fn operand(&self, at: usize) -> Option<TensorIdx> {
        self.operands.get(at).copied().flatten()
    }

    /// Whether operand `at` is there and int8.
    pub(crate) fn is_int8(&self, at: usize) -> Result<bool, Fault> {
        let Some(idx) = self.operand(at) else { return Ok(false) };
        Ok(self.tensors.element_type(idx)? == tensor_type::INT8)
    }

    /// Extent `axis` of operand `at`, `None` where there is none.
    pub(crate) fn extent(&self, at: usize, axis: usize) -> Result<Option<usize>, Fault> {
        let Some(idx) = self.operand(at) else { return Ok(None) };
        Ok(self.tensors.shape(idx)?.get(axis).and_then(|extent| usize::try_from(extent).ok()))
    }

    /// The integers of constant operand `at`, a few at most; `None` where the operand is absent.
    pub(crate) fn const_ints(&self, at: usize) -> Result<Option<Vec<i64>>, Fault> {
        self.operand(at).map(|idx| self.tensors.const_ints(idx)).transpose()
    }
}

/// The options of an operator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(Table<'a>);

impl<'a> Fields<'a> {
    /// The table itself.
    pub(crate) fn table(&self) -> &Table<'a> {
        &self.0
    }

    /// The padding in field `id`.
    pub(crate) fn padding(&self, id: u16) -> Result<Padding, Fault> {
        match self.0.scalar(id, 0i8)? {
            0 => Ok(Padding::Same),
            1 => Ok(Padding::Valid),
            other => {
                Err(Fault::message(format!("padding {other} is unknown; expected 0 (SAME) or 1 (VALID)")))
            }
        }
    }

    /// The fused activation in field `id`.
    pub(crate) fn activation(&self, id: u16) -> Result<Activation, Fault> {
        match self.0.scalar(id, 0i8)? {
            0 => Ok(Activation::None),
            1 => Ok(Activation::Relu),
            2 => Ok(Activation::ReluN1To1),
            3 => Ok(Activation::Relu6),
            4 => Err(not_fused("TANH")),
            5 => Err(not_fused("SIGN_BIT")),
            other => {
                Err(Fault::message(format!("fused activation {other} is unknown; convert the model again")))
            }
        }
    }

    /// The stride, dilation or window in fields `height` and `width`, each at least 1.
    pub(crate) fn extents(
        &self,
        what: &str,
        height: u16,
        width: u16,
        default: i32,
    ) -> Result<[usize; 2], Fault> {
        let found = [self.0.scalar(height, default)?, self.0.scalar(width, default)?];
        let [h, w] = found.map(|extent| usize::try_from(extent).ok().filter(|&extent| extent > 0));
        h.zip(w).map(|(h, w)| [h, w]).ok_or_else(|| {
            Fault::message(format!(
                "{what} {found:?} must be at least 1 in both directions; convert the model again"
            ))
        })
    }

    /// Refuses a type for bias and accumulator other than int32 and int64, between which the bias decides, in field `id`.
    pub(crate) fn refuse_bias_type(&self, id: u16) -> Result<(), Fault> {
        match self.0.scalar(id, tensor_type::FLOAT32)? {
            // Zero, which is float32, stands for the default.
            tensor_type::FLOAT32 | tensor_type::INT32 | tensor_type::INT64 => Ok(()),
            other => {
                let name = tensor_type::name(other).unwrap_or("an unknown type");
                Err(Fault::message(format!(
                    "quantized_bias_type is {name}; only int32 and int64 are supported"
                )))
            }
        }
    }
}

fn not_fused(name: &str) -> Fault {
    Fault::message(format!(
        "fused activation {name} is not supported; expected NONE, RELU, RELU_N1_TO_1 or RELU6"
    ))
}
