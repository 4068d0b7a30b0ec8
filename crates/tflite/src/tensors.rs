//! The tensors of a file and their constants, looked up by index and turned into tensors of the graph.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use smidgen_ir::{DType, Graph, Quant, Tensor, TensorIdx};

use crate::findings::{Budget, Fault, Findings, clip, text};
use crate::lut::Luts;
use crate::schema::{buffer, model, quantization, sub_graph, tensor, tensor_type};
use crate::wire::{Scalars, Table, Tables};

/// Most dimensions of a tensor.
pub(crate) const MAX_RANK: usize = 8;

/// Most integers of an operand that says what an operator does: an axis, paddings, the sizes of parts.
const MAX_INTS: usize = 256;

/// The tensors and buffers of the main subgraph.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tensors<'a> {
    tensors: Tables<'a>,
    buffers: Tables<'a>,
}

impl<'a> Tensors<'a> {
    /// Finds the two vectors.
    pub(crate) fn of(model: &Table<'a>, subgraph: &Table<'a>) -> Result<Self, Fault> {
        Ok(Tensors { tensors: subgraph.tables(sub_graph::TENSORS)?, buffers: model.tables(model::BUFFERS)? })
    }

    /// Number of tensors.
    pub(crate) fn len(&self) -> usize {
        self.tensors.len()
    }

    fn table(&self, idx: TensorIdx) -> Result<Table<'a>, Fault> {
        let none = || Fault::message(format!("there is no tensor {}, only {}", idx.0, self.tensors.len()));
        Ok(self.tensors.get(idx.idx()).ok_or_else(none)??)
    }

    /// Name of a tensor; empty where it can't be read.
    pub(crate) fn name(&self, idx: TensorIdx) -> &'a [u8] {
        let bytes = self.table(idx).and_then(|table| Ok(table.bytes(tensor::NAME)?));
        bytes.unwrap_or_default()
    }

    /// Number of the element type in `TensorType`.
    pub(crate) fn element_type(&self, idx: TensorIdx) -> Result<i8, Fault> {
        Ok(self.table(idx)?.scalar(tensor::TYPE, tensor_type::FLOAT32)?)
    }

    /// Extents as they stand in the file.
    pub(crate) fn shape(&self, idx: TensorIdx) -> Result<Scalars<'a, i32>, Fault> {
        Ok(self.table(idx)?.scalars(tensor::SHAPE)?)
    }

    /// The elements of a constant of type int32 or int64, a few at most.
    pub(crate) fn const_ints(&self, idx: TensorIdx) -> Result<Vec<i64>, Fault> {
        let table = self.table(idx)?;
        let name = clip(table.bytes(tensor::NAME)?);
        let data = match self.buffer_of(&table)? {
            Some((_, data)) => data,
            // The shape of a scalar has no elements.
            None if table.scalars::<i32>(tensor::SHAPE)?.iter().take(MAX_RANK).any(|extent| extent == 0) => {
                &[]
            }
            None => {
                return Err(Fault::message(format!(
                    "operand \"{name}\" must be a constant; convert the model with a fixed input shape"
                )));
            }
        };
        let kind = table.scalar(tensor::TYPE, tensor_type::FLOAT32)?;
        let bytes = match kind {
            tensor_type::INT32 => 4,
            tensor_type::INT64 => 8,
            other => {
                let found = tensor_type::name(other).unwrap_or("an unknown type");
                return Err(Fault::message(format!(
                    "operand \"{name}\" must be int32 or int64, found {found}"
                )));
            }
        };
        let count = data.len() / bytes;
        if count > MAX_INTS {
            return Err(Fault::message(format!(
                "operand \"{name}\" has {count} elements, at most {MAX_INTS} are supported; use fewer dimensions or parts"
            )));
        }
        Ok(match kind {
            tensor_type::INT32 => words(data).map(i32::from_le_bytes).map(i64::from).collect(),
            _ => words(data).map(i64::from_le_bytes).collect(),
        })
    }

    /// The bytes of a constant, `None` for an activation.
    pub(crate) fn constant_bytes(&self, idx: TensorIdx) -> Result<Option<&'a [u8]>, Fault> {
        Ok(self.buffer_of(&self.table(idx)?)?.map(|(_, data)| data))
    }

    /// Number and bytes of a tensor's buffer; `None` for an activation, whose buffer is empty.
    fn buffer_of(&self, table: &Table<'a>) -> Result<Option<(usize, &'a [u8])>, Fault> {
        if table.scalar(tensor::EXTERNAL_BUFFER, 0u32)? != 0 {
            return Err(Fault::message(
                "its data stand in another file; convert the model into one file without external buffers",
            ));
        }
        let number = table.scalar(tensor::BUFFER, 0u32)?;
        Ok(self.buffer(number)?.map(|data| (number as usize, data)))
    }

    /// The bytes of buffer `number`, inside the table or behind it as in large models; `None` where it is empty.
    pub(crate) fn buffer(&self, number: u32) -> Result<Option<&'a [u8]>, Fault> {
        /// Converters write this into both fields before they know where the data will stand.
        const PLACEHOLDER: u64 = 1;
        let Some(found) = self.buffers.get(number as usize) else {
            if number == 0 {
                return Ok(None);
            }
            let have = self.buffers.len();
            return Err(Fault::message(format!(
                "there is no buffer {number}, only {have}; convert the model again"
            )));
        };
        let found = found?;
        let offset = found.scalar(buffer::OFFSET, 0u64)?;
        let data = if offset > PLACEHOLDER {
            found.file_bytes(offset, found.scalar(buffer::SIZE, 0u64)?, "a buffer's offset plus size")?
        } else {
            found.bytes(buffer::DATA)?
        };
        Ok((!data.is_empty()).then_some(data))
    }
}

fn words<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> {
    data.chunks_exact(N).filter_map(|word| word.first_chunk().copied())
}

/// Turns the tensors of a file into those of a graph.
#[derive(Debug)]
pub(crate) struct Converter<'a, 'b> {
    tensors: Tensors<'a>,
    budget: &'b mut Budget,
    findings: &'b mut Findings,
    /// Tensors that are stored as indices.
    luts: Luts,
    /// Constants by buffer number, so that tensors which share a buffer share it in the graph as well.
    constants: BTreeMap<usize, Arc<[u8]>>,
    /// The tensors of each type that the graph does not have.
    odd_types: BTreeMap<i8, Named>,
    /// The tensors whose quantised dimension is outside their shape and means nothing.
    odd_axes: Named,
}

/// Tensors that have something in common: the names of the first few, and how many there are.
#[derive(Debug, Default)]
struct Named {
    names: Vec<String>,
    count: usize,
}

impl Named {
    fn add(&mut self, name: &[u8]) {
        const SHOWN: usize = 3;
        self.count += 1;
        if self.names.len() < SHOWN {
            self.names.push(format!("\"{}\"", clip(name)));
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join(", "))?;
        match self.count - self.names.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl<'a, 'b> Converter<'a, 'b> {
    /// A converter that charges `budget` and reports to `findings`.
    pub(crate) fn new(
        tensors: Tensors<'a>,
        luts: Luts,
        budget: &'b mut Budget,
        findings: &'b mut Findings,
    ) -> Self {
        let (constants, odd_types) = (BTreeMap::new(), BTreeMap::new());
        Converter { tensors, budget, findings, luts, constants, odd_types, odd_axes: Named::default() }
    }

    /// Adds the tensors that `used` marks to `graph`, in file order. Returns the new index of each.
    pub(crate) fn convert(
        mut self,
        used: &[bool],
        graph: &mut Graph,
    ) -> Result<Vec<Option<TensorIdx>>, Fault> {
        self.budget.charge_for::<Option<TensorIdx>>(used.len())?;
        let mut places = vec![None; used.len()];
        for ((idx, used), place) in (0u32..).map(TensorIdx).zip(used).zip(&mut places) {
            if !*used {
                continue;
            }
            match self.tensor(idx) {
                Ok(Some(tensor)) => *place = Some(graph.add_tensor(tensor)),
                Ok(None) => {}
                Err(fault) => {
                    let name = clip(self.tensors.name(idx));
                    self.findings.fault(&format!("tensor {} \"{name}\"", idx.0), fault)?;
                }
            }
        }
        for (kind, named) in &self.odd_types {
            let name = tensor_type::name(*kind).map_or(format!("type {kind}"), |name| format!("type {name}"));
            self.findings.problem(
                &name,
                format!("not supported, found in {named}; convert the model to float32 or int8"),
            );
        }
        if self.odd_axes.count > 0 {
            self.findings.warn(format!(
                "the quantized_dimension is outside the shape and was ignored in {}",
                self.odd_axes
            ));
        }
        Ok(places)
    }

    /// One tensor; `None` when its type is noted as odd.
    fn tensor(&mut self, idx: TensorIdx) -> Result<Option<Tensor>, Fault> {
        let table = self.tensors.table(idx)?;
        let name = table.bytes(tensor::NAME)?;
        let shape = table.scalars::<i32>(tensor::SHAPE)?;
        self.budget.charge_for::<Tensor>(1)?;
        self.budget.charge(name.len())?;
        self.budget.charge_for_messages(1, name.len())?;
        self.budget.charge_for::<usize>(shape.len())?;
        refuse_features(&table)?;
        let kind = table.scalar(tensor::TYPE, tensor_type::FLOAT32)?;
        let Some(dtype) = tensor_type::dtype(kind) else {
            self.odd_types.entry(kind).or_default().add(name);
            return Ok(None);
        };
        let shape = extents(shape, dtype)?;
        let quant = if dtype == DType::F32 { None } else { self.quant(&table, name, &shape)? };
        let is_variable = table.flag(tensor::IS_VARIABLE)?;
        let mut tensor = Tensor { name: text(name), shape, dtype, quant, data: None, is_variable };
        let stored = self.tensors.buffer_of(&table)?;
        if let (Some((_, indices)), Some(lut)) = (stored, self.luts.get(idx)) {
            let data = lut.expand(&tensor, indices, &self.tensors, self.budget)?;
            tensor.data = Some(Arc::from(data));
        } else if let Some((number, data)) = stored {
            if data.len() != tensor.n_bytes() {
                return Err(Fault::message(format!(
                    "its shape {:?} takes {} bytes of {}, its buffer has {}; convert the model again",
                    tensor.shape,
                    tensor.n_bytes(),
                    dtype.name(),
                    data.len()
                )));
            }
            tensor.data = Some(self.constant(number, data)?);
        }
        Ok(Some(tensor))
    }

    fn constant(&mut self, number: usize, data: &[u8]) -> Result<Arc<[u8]>, Fault> {
        if let Some(known) = self.constants.get(&number) {
            return Ok(known.clone());
        }
        // The map's node is counted with the data; it is smaller than this.
        const NODE_BYTES: usize = 64;
        self.budget.charge(data.len().saturating_add(NODE_BYTES))?;
        let data: Arc<[u8]> = Arc::from(data);
        self.constants.insert(number, data.clone());
        Ok(data)
    }

    fn quant(&mut self, table: &Table<'a>, name: &[u8], shape: &[usize]) -> Result<Option<Quant>, Fault> {
        let Some(table) = table.table(tensor::QUANTIZATION)? else { return Ok(None) };
        if table.scalar(quantization::DETAILS_TYPE, 0u8)? != 0 {
            return Err(Fault::message(
                "it has custom quantisation; convert the model with per-tensor or per-channel affine quantisation",
            ));
        }
        let scales = table.scalars::<f32>(quantization::SCALE)?;
        let zero_points = table.scalars::<i64>(quantization::ZERO_POINT)?;
        let (n_scales, n_zero_points) = (scales.len(), zero_points.len());
        if n_scales == 0 {
            return Ok(None);
        }
        if n_zero_points != n_scales && n_zero_points != 0 {
            return Err(Fault::message(format!(
                "it has {n_scales} scales and {n_zero_points} zero points; they must be as many, so convert the model again"
            )));
        }
        self.budget.charge_for::<(f32, i32)>(n_scales)?;
        // The verifier checks the number of scales and of zero points, their values and the dimension.
        self.budget.charge_for_messages(4, name.len())?;
        let narrow = |value: i64| {
            let wide = || format!("zero point {value} is outside int32; convert the model again");
            i32::try_from(value).map_err(|_| Fault::message(wide()))
        };
        let mut zero_points: Vec<i32> = zero_points.iter().map(narrow).collect::<Result<_, _>>()?;
        zero_points.resize(n_scales, 0);
        let axis = table.scalar(quantization::QUANTIZED_DIMENSION, 0i32)?;
        let axis = self.axis(axis, n_scales, name, shape)?;
        Ok(Some(Quant { scales: scales.iter().collect(), zero_points, axis }))
    }

    /// The quantised dimension: one of the shape's, or 0 where there is one scale or one dimension and the file's value
    /// means nothing. Converters of 2019 gave the biases of depthwise convolutions the dimension of the filter.
    fn axis(&mut self, axis: i32, n_scales: usize, name: &[u8], shape: &[usize]) -> Result<usize, Fault> {
        let inside = usize::try_from(axis).ok().filter(|&axis| axis < shape.len().max(1));
        if n_scales == 1 || shape.len() == 1 {
            if inside.is_none() {
                self.odd_axes.add(name);
            }
            return Ok(0);
        }
        inside.ok_or_else(|| {
            Fault::message(format!(
                "quantized_dimension {axis} is outside the shape {shape:?}; convert the model again"
            ))
        })
    }
}

fn refuse_features(table: &Table<'_>) -> Result<(), Fault> {
    if table.has(tensor::SPARSITY) {
        return Err(Fault::message(
            "it is stored sparse, which is not supported; convert the model with dense weights",
        ));
    }
    Ok(())
}

/// At most eight extents of known size whose tensor is below 2 GiB, so that no later product overflows.
fn extents(shape: Scalars<'_, i32>, dtype: DType) -> Result<Vec<usize>, Fault> {
    if shape.len() > MAX_RANK {
        let rank = shape.len();
        return Err(Fault::message(format!(
            "it has {rank} dimensions, at most {MAX_RANK} are supported; reshape it"
        )));
    }
    let shape: Vec<i32> = shape.iter().collect();
    let known: Option<Vec<usize>> = shape.iter().map(|&extent| usize::try_from(extent).ok()).collect();
    let known = known.ok_or_else(|| {
        Fault::message(format!(
            "its shape {shape:?} has a negative extent, so it is not fixed; convert the model with a fixed input shape"
        ))
    })?;
    // Zero extents must not hide an overflow of the others.
    let wide = known.iter().try_fold(1i64, |product, &extent| product.checked_mul(extent.max(1) as i64));
    let Some(elements) = wide else {
        return Err(Fault::message(format!(
            "its shape {shape:?} multiplies past 2^63, the file is damaged; fetch or convert the model again"
        )));
    };
    if i32::try_from(elements).is_err() {
        return Err(Fault::message(format!(
            "its shape {shape:?} has {elements} elements, a count that wraps around 32 bits; make the model smaller"
        )));
    }
    let bytes = dtype.n_bytes(elements as usize);
    if i32::try_from(bytes).is_err() {
        return Err(Fault::message(format!(
            "its shape {shape:?} takes {bytes} bytes, 2 GiB or more; make the model smaller"
        )));
    }
    Ok(known)
}
