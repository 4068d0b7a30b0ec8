//! TensorFlow Lite Micro's compression: constants as indices into tables of their values. The metadata `COMPRESSION_METADATA` hold
//! a flatbuffer that says which tensors are stored so.
//!
//! Indices have 1 to 7 bits and stand one after the other, the most significant bit first, filled up to a byte with zeros. A tensor
//! with one scale has one table, one with several a table for each, all equally long, along its quantised dimension: the first or the
//! last. Source: `metadata.fbs` and `docs/compression.md` of TensorFlow Lite Micro.

use std::collections::BTreeMap;

use flatbuffers::FlatBufferBuilder;
use smidgen_ir::{DType, Graph, Op, Tensor, TensorIdx};

use crate::findings::{Budget, Fault};
use crate::schema::{compression, lut_tensor, metadata, model, sub_graph_compression};
use crate::tensors::Tensors;
use crate::wire::Table;
use crate::write::{FileTensor, Layout};

/// Name of the metadata.
pub(crate) const COMPRESSION_METADATA: &str = "COMPRESSION_METADATA";

/// The only version of the metadata.
const VERSION: u32 = 1;

/// Most bits of an index.
const MOST_BITS: u32 = 7;

/// How a tensor is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lut {
    value_buffer: u32,
    bits: u32,
}

/// The compressed tensors of the main subgraph, by their number in the file.
#[derive(Debug, Default)]
pub(crate) struct Luts(BTreeMap<TensorIdx, Lut>);

impl Luts {
    /// Finds them in the metadata; none where there are no such metadata.
    pub(crate) fn of(model: &Table<'_>, tensors: &Tensors<'_>, budget: &mut Budget) -> Result<Self, Fault> {
        let mut luts = Luts::default();
        for table in model.tables(model::METADATA)?.iter() {
            let table = table?;
            if table.bytes(metadata::NAME)? != COMPRESSION_METADATA.as_bytes() {
                continue;
            }
            let bytes = tensors.buffer(table.scalar(metadata::BUFFER, 0u32)?)?.unwrap_or_default();
            luts.add(bytes, tensors.len(), budget)?;
        }
        Ok(luts)
    }

    fn add(&mut self, bytes: &[u8], n_tensors: usize, budget: &mut Budget) -> Result<(), Fault> {
        let root = Table::root(bytes)?;
        let version = root.scalar(compression::SCHEMA_VERSION, VERSION)?;
        if version > VERSION {
            return Err(Fault::message(format!(
                "{COMPRESSION_METADATA} of version {version} are not supported, only {VERSION}; give the model before it was \
                 compressed"
            )));
        }
        let Some(main) = root.tables(compression::SUBGRAPHS)?.get(0) else { return Ok(()) };
        for table in main?.tables(sub_graph_compression::LUT_TENSORS)?.iter() {
            let table = table?;
            let tensor = table.scalar(lut_tensor::TENSOR, 0i32)?;
            let bits = u32::from(table.scalar(lut_tensor::INDEX_BITWIDTH, 0u8)?);
            let idx = u32::try_from(tensor).ok().filter(|&idx| (idx as usize) < n_tensors).ok_or_else(|| {
                Fault::message(format!(
                    "{COMPRESSION_METADATA}: there is no tensor {tensor}, only {n_tensors}; compress the model again"
                ))
            })?;
            if !(1..=MOST_BITS).contains(&bits) {
                return Err(Fault::message(format!(
                    "{COMPRESSION_METADATA}: tensor {tensor} has indices of {bits} bits, expected 1 to {MOST_BITS}; compress \
                     the model again"
                )));
            }
            budget.charge_for::<[(TensorIdx, Lut); 2]>(1)?;
            let value_buffer = table.scalar(lut_tensor::VALUE_BUFFER, 0u32)?;
            self.0.insert(TensorIdx(idx), Lut { value_buffer, bits });
        }
        Ok(())
    }

    /// How a tensor is stored, if it is compressed.
    pub(crate) fn get(&self, idx: TensorIdx) -> Option<Lut> {
        self.0.get(&idx).copied()
    }
}

impl Lut {
    /// The elements of `tensor`, whose buffer holds `indices`.
    pub(crate) fn expand(
        self,
        tensor: &Tensor,
        indices: &[u8],
        tensors: &Tensors<'_>,
        budget: &mut Budget,
    ) -> Result<Vec<u8>, Fault> {
        let refuse = |what: String| Err(Fault::message(format!("{what}; compress the model again")));
        let Some(element) = size_of(tensor.dtype) else {
            return refuse(format!("it is compressed, which is not supported for {}", tensor.dtype.name()));
        };
        let values = tensors.buffer(self.value_buffer)?.unwrap_or_default();
        let (n, bits) = (tensor.n_elements(), self.bits as usize);
        let needed = n.saturating_mul(bits).div_ceil(8);
        if indices.len() != needed {
            let found = indices.len();
            return refuse(format!(
                "its {n} indices of {bits} bits take {needed} bytes, its buffer has {found}"
            ));
        }
        let Some(channels) = Channels::of(tensor) else {
            return refuse(
                "it is compressed along a dimension that is neither the first nor the last".to_owned(),
            );
        };
        let stride = values.len() / element / channels.count.max(1);
        if stride == 0 || stride * element * channels.count != values.len() {
            return refuse(format!(
                "its table of values has {} bytes, which is no whole number of values for each of {} channels",
                values.len(),
                channels.count
            ));
        }
        budget.charge(tensor.n_bytes())?;
        let mut elements = Vec::with_capacity(tensor.n_bytes());
        for at in 0..n {
            let index = unpack(indices, at, bits);
            if index >= stride {
                return refuse(format!("element {at} has index {index}, its table has {stride} values"));
            }
            let from = (channels.at(at) * stride + index) * element;
            elements.extend_from_slice(values.get(from..from + element).unwrap_or_default());
        }
        Ok(elements)
    }
}

/// Bytes of an element of the types that can be compressed.
fn size_of(dtype: DType) -> Option<usize> {
    matches!(dtype, DType::I8 | DType::I16 | DType::F32).then(|| dtype.n_bytes(1))
}

/// Which table an element's index is for.
#[derive(Debug, Clone, Copy)]
struct Channels {
    count: usize,
    /// Neighbouring elements of one channel.
    inner: usize,
}

impl Channels {
    /// One for each scale; `None` where they run along a dimension in the middle.
    fn of(tensor: &Tensor) -> Option<Self> {
        let quant = tensor.quant.as_ref().filter(|quant| quant.scales.len() > 1);
        let Some(quant) = quant else { return Some(Channels { count: 1, inner: 1 }) };
        let inner: usize = tensor.shape.get(quant.axis + 1..)?.iter().product();
        let is_end = quant.axis == 0 || quant.axis + 1 == tensor.shape.len();
        is_end.then_some(Channels { count: quant.scales.len(), inner })
    }

    fn at(self, element: usize) -> usize {
        if self.count == 1 { 0 } else { element / self.inner.max(1) % self.count }
    }
}

/// The `at`th index of `bits` bits.
fn unpack(indices: &[u8], at: usize, bits: usize) -> usize {
    let byte = |at: usize| usize::from(indices.get(at).copied().unwrap_or(0));
    let first = at * bits;
    let word = byte(first / 8) << 8 | byte(first / 8 + 1);
    (word >> (16 - bits - first % 8)) & ((1 << bits) - 1)
}

/// Indices one after the other, the most significant bit first.
fn pack(indices: &[usize], bits: usize) -> Vec<u8> {
    let mut packed = vec![0u8; (indices.len() * bits).div_ceil(8)];
    for (at, index) in indices.iter().enumerate() {
        for bit in (0..bits).filter(|bit| index >> (bits - 1 - bit) & 1 == 1) {
            let place = at * bits + bit;
            if let Some(byte) = packed.get_mut(place / 8) {
                *byte |= 0x80 >> (place % 8);
            }
        }
    }
    packed
}

/// A tensor in fewer bytes.
struct Compressed {
    bits: usize,
    indices: Vec<u8>,
    values: Vec<u8>,
}

impl Compressed {
    /// `None` where that takes no fewer bytes.
    fn of(tensor: &Tensor, data: &[u8]) -> Option<Self> {
        let (element, channels) = (size_of(tensor.dtype)?, Channels::of(tensor)?);
        let mut tables: Vec<Vec<&[u8]>> = vec![Vec::new(); channels.count];
        let elements = || data.chunks_exact(element).enumerate();
        for (at, value) in elements() {
            let table = tables.get_mut(channels.at(at))?;
            if !table.contains(&value) {
                table.push(value);
                if table.len() > 1 << MOST_BITS {
                    return None;
                }
            }
        }
        tables.iter_mut().for_each(|table| table.sort_unstable());
        let stride = tables.iter().map(Vec::len).max().filter(|&stride| stride > 0)?;
        let bits = (stride.next_power_of_two().trailing_zeros() as usize).max(1);
        let index = |(at, value): (usize, &[u8])| {
            tables.get(channels.at(at)).and_then(|table| table.binary_search(&value).ok())
        };
        let indices: Option<Vec<usize>> = elements().map(index).collect();
        let mut values = Vec::with_capacity(stride * element * channels.count);
        for table in &tables {
            values.extend(table.concat());
            values.resize(values.len() + (stride - table.len()) * element, 0);
        }
        let indices = pack(&indices?, bits);
        (indices.len() + values.len() < data.len()).then_some(Compressed { bits, indices, values })
    }
}

/// Compresses the filters of CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and TRANSPOSE_CONV, for which TensorFlow Lite Micro has kernels
/// that expand them, where they get smaller. Returns how many do.
pub(crate) fn compress(layout: &mut Layout, graph: &Graph, places: &dyn Fn(TensorIdx) -> i32) -> usize {
    let mut tables: Vec<(i32, u32, u8)> = Vec::new();
    for node in &graph.nodes {
        let (Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) | Op::TransposeConv(_)) = node.op
        else {
            continue;
        };
        let Some(idx) = node.inputs.get(1).copied().flatten().filter(|&idx| graph.tensor(idx).is_const())
        else {
            continue;
        };
        let number = places(idx);
        let Some(file) = usize::try_from(number).ok().and_then(|number| layout.tensors.get(number)) else {
            continue;
        };
        let is_own = |other: &&FileTensor| other.buffer == file.buffer;
        if file.buffer == 0 || layout.tensors.iter().filter(is_own).count() > 1 {
            continue;
        }
        let place = file.buffer as usize - 1;
        let compressed = layout.buffers.get(place).and_then(|data| Compressed::of(&file.tensor, data));
        if let Some(Compressed { bits, indices, values }) = compressed
            && let Some(data) = layout.buffers.get_mut(place)
        {
            *data = indices;
            layout.buffers.push(values);
            tables.push((number, layout.buffers.len() as u32, bits as u8));
        }
    }
    if !tables.is_empty() {
        layout.buffers.push(file(&tables, 1 + usize::from(!layout.initial.1.is_empty())));
        layout.metadata.push((COMPRESSION_METADATA.to_owned(), layout.buffers.len() as u32));
    }
    tables.len()
}

/// The metadata as a flatbuffer: tensor, buffer of values and bits of an index, for the first of so many subgraphs.
fn file(tables: &[(i32, u32, u8)], n_subgraphs: usize) -> Vec<u8> {
    const FIRST_SLOT: flatbuffers::VOffsetT = 4;
    let slot = |field: u16| FIRST_SLOT + 2 * field;
    let mut builder = FlatBufferBuilder::new();
    let mut luts = Vec::with_capacity(tables.len());
    for &(tensor, value_buffer, bits) in tables {
        let start = builder.start_table();
        builder.push_slot_always(slot(lut_tensor::TENSOR), tensor);
        builder.push_slot_always(slot(lut_tensor::VALUE_BUFFER), value_buffer);
        builder.push_slot_always(slot(lut_tensor::INDEX_BITWIDTH), bits);
        luts.push(builder.end_table(start));
    }
    let mut subgraphs = Vec::with_capacity(n_subgraphs);
    for at in 0..n_subgraphs {
        let luts = builder.create_vector(if at == 0 { &luts } else { &[] });
        let start = builder.start_table();
        builder.push_slot_always(slot(sub_graph_compression::LUT_TENSORS), luts);
        subgraphs.push(builder.end_table(start));
    }
    let subgraphs = builder.create_vector(&subgraphs);
    let start = builder.start_table();
    builder.push_slot_always(slot(compression::SCHEMA_VERSION), VERSION);
    builder.push_slot_always(slot(compression::SUBGRAPHS), subgraphs);
    let root = builder.end_table(start);
    builder.finish(root, None);
    builder.finished_data().to_vec()
}

#[cfg(test)]
mod tests;
