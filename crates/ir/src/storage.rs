//! How the filters of a program lie in flash: as they are, in fewer bytes where few values or many zeros allow it, or as code. What
//! is computed stays the same in every bit.

mod code;
mod exchange;
mod huffman;

use std::collections::BTreeSet;

use smidgen_kernels::ops::{conv_2d, depthwise_conv_2d};

use crate::kernel::Kernel;
use crate::program::{ConstIdx, Operand, Program};
pub use code::{Code, Product, Row};
use exchange::exchange;
use huffman::Coded;

/// Which filters are stored in another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Storage {
    /// None.
    Plain,
    /// Those of which a quarter or more is saved, if they save more than the code that reads them takes.
    #[default]
    Auto,
    /// All that get smaller, in the form that takes fewest bytes; a Huffman code is one, which takes time to read.
    Smallest,
    /// Those of which half the weights or more are 0: as code where a weight meets a row of inputs (FULLY_CONNECTED and CONV_2D of
    /// 1x1, int8), else without their zeros. Code takes about six bytes for each weight that is not 0.
    Fastest,
}

/// The program with filters of CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED stored as `storage` says.
#[must_use]
pub fn stored(mut program: Program, storage: Storage) -> Program {
    let of = |at: usize| {
        let layer = Layer::of(&program, at)?;
        let form = match storage {
            Storage::Plain => None,
            Storage::Auto => layer.smallest(layer.n_bytes / 4, false),
            Storage::Smallest => layer.smallest(1, true),
            Storage::Fastest => layer.fastest(),
        };
        Some((at, layer, form?))
    };
    let chosen: Vec<(usize, Layer, Form)> = (0..program.calls.len()).filter_map(of).collect();
    // 4-bit filters are stored for speed, whatever they save.
    let is_packed = chosen.iter().any(|(_, layer, _)| layer.n_bytes < layer.weights.len());
    let saved: usize =
        chosen.iter().map(|(_, layer, form)| layer.n_bytes.saturating_sub(form.n_bytes())).sum();
    if storage == Storage::Auto && saved < CODE_BYTES && !is_packed {
        return program;
    }
    for (at, layer, form) in &chosen {
        exchange(&mut program, *at, layer, form);
    }
    without_unused(program)
}

/// Bytes of the filters of a program as they are stored, with the masks and codebooks that belong to them; without biases,
/// multipliers and what is code.
pub fn filter_bytes(program: &Program) -> usize {
    let parts = ["filter", "mask", "starts", "codebook", "values", "counts", "symbols", "codes"];
    let in_flash: BTreeSet<ConstIdx> = program.in_flash().map(|(idx, _)| idx).collect();
    let operands = program.calls.iter().flat_map(|call| call.kernel.operands().iter().zip(&call.operands));
    let consts: BTreeSet<ConstIdx> = operands
        .filter(|((name, _), _)| parts.contains(name))
        .filter_map(|(_, (operand, _))| operand.constant())
        .filter(|idx| in_flash.contains(idx))
        .collect();
    let bytes = |idx: ConstIdx| program.consts.get(idx.0 as usize).map_or(0, |constant| constant.bytes.len());
    consts.into_iter().map(bytes).sum()
}

/// What the kernels that read stored filters take beside the others, about.
const CODE_BYTES: usize = 2048;

/// Bytes that a codebook of 4-bit weights may cost.
const MOST_FOR_SPEED: usize = 16;

/// A layer whose filter may be stored in another form.
struct Layer {
    weights: Vec<i8>,
    /// Bytes that they take now.
    n_bytes: usize,
    row: usize,
    /// Whether the kernel can read rows of this length with zeros, and without.
    holds: [bool; 2],
    /// Whether there is a kernel that reads it in a Huffman code.
    is_coded: bool,
    /// Whether it may be code.
    is_unrolled: bool,
    input_zero_point: i32,
    bias: Vec<i32>,
    name: String,
}

impl Layer {
    fn of(program: &Program, at: usize) -> Option<Self> {
        let call = program.calls.get(at)?;
        let (n_channels, input_zero_point) = match call.kernel {
            Kernel::Conv2dInt8(spec) | Kernel::Conv2dInt4(spec) if spec.groups == 1 => {
                (spec.window.out_c, spec.input_zero_point)
            }
            Kernel::FullyConnectedInt8(spec) | Kernel::FullyConnectedInt4(spec)
                if spec.filter_zero_point == 0 =>
            {
                (spec.out_c, spec.input_zero_point)
            }
            // Its weights are unpacked before the input's zero point meets them: it stays out of the bias. All are one row.
            Kernel::DepthwiseConv2dInt8(spec) if spec.depth_multiplier == 1 => (1, 0),
            _ => return None,
        };
        let constant =
            |operand: usize| program.consts.get(call.operands.get(operand)?.0.constant()?.0 as usize);
        let filter = constant(1)?;
        let mut weights = weights(call.kernel, &filter.bytes);
        // The last byte of packed weights may hold one.
        let row = weights.len().checked_div(n_channels)?;
        weights.truncate(row * n_channels);
        let holds = [false, true].map(|skips| holds(call.kernel, row, skips));
        let words = |bytes: &[u8]| -> Vec<i32> {
            bytes.as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word)).collect()
        };
        let bias = match call.operands.get(2)?.0 {
            Operand::Absent => vec![0; n_channels],
            Operand::Const(_) => words(&constant(2)?.bytes),
            Operand::Tensor(_) => return None,
        };
        let name = filter.name.strip_suffix("_filter").unwrap_or(&filter.name).to_owned();
        let n_bytes = filter.bytes.len();
        let is_coded = !matches!(call.kernel, Kernel::DepthwiseConv2dInt8(_));
        let is_unrolled = code::kernel(call.kernel).is_some() && row > 0;
        Some(Layer { weights, n_bytes, row, holds, is_coded, is_unrolled, input_zero_point, bias, name })
    }

    /// The form that takes fewest instructions, unless that is the plain one.
    fn fastest(&self) -> Option<Form> {
        let n_zeros = self.weights.iter().filter(|weight| **weight == 0).count();
        if self.weights.is_empty() || 2 * n_zeros < self.weights.len() {
            // Of 4-bit weights still the one that is read faster.
            return self.smallest(self.n_bytes, false);
        }
        if self.is_unrolled {
            return Some(Form::Unrolled);
        }
        self.holds[1].then(|| Indexed::of(self, true, Tables::None).map(Form::Indexed)).flatten()
    }

    /// The form with the fewest bytes, if it saves at least so many; a code only where that may be.
    fn smallest(&self, least: usize, may_be_coded: bool) -> Option<Form> {
        use Tables::{None, OfAll, OfRows};
        let forms = [(false, OfAll), (false, OfRows), (true, None), (true, OfAll), (true, OfRows)];
        let forms = forms.into_iter().filter(|(skips, _)| self.holds[usize::from(*skips)]);
        let forms = forms.filter_map(|(skips, tables)| Indexed::of(self, skips, tables).map(Form::Indexed));
        let coded = may_be_coded && self.is_coded && self.holds[0];
        let coded = coded.then(|| Coded::of(&self.weights).map(Form::Coded)).flatten();
        let best = forms.chain(coded).min_by_key(Form::n_bytes)?;
        // Two weights in a byte are unpacked for every pixel; by a codebook they are for many at once.
        let is_faster = self.n_bytes < self.weights.len() && best.n_bytes() <= self.n_bytes + MOST_FOR_SPEED;
        (is_faster || best.n_bytes() + least.max(1) <= self.n_bytes).then_some(best)
    }

    /// Biases with what the input's zero point adds to every sum.
    fn biases(&self) -> Vec<i32> {
        let of = |(row, &bias): (&[i8], &i32)| {
            let sum = row.iter().fold(0_i32, |sum, &weight| sum.wrapping_add(i32::from(weight)));
            bias.wrapping_sub(sum.wrapping_mul(self.input_zero_point))
        };
        self.weights.chunks(self.row).zip(&self.bias).map(of).collect()
    }
}

/// Weights of a filter; those of 4 bits stand two in a byte, the low half first.
fn weights(kernel: Kernel, bytes: &[u8]) -> Vec<i8> {
    match kernel {
        Kernel::Conv2dInt4(_) | Kernel::FullyConnectedInt4(_) => {
            bytes.iter().flat_map(|&byte| [(byte << 4).cast_signed() >> 4, byte.cast_signed() >> 4]).collect()
        }
        _ => bytes.iter().map(|byte| byte.cast_signed()).collect(),
    }
}

/// Whether there is a kernel that reads rows of this length, without their zeros or with them.
fn holds(kernel: Kernel, row: usize, skips: bool) -> bool {
    // Places in a row are 16 bits.
    let is_short = row > 0 && row <= usize::from(u16::MAX);
    match kernel {
        Kernel::Conv2dInt8(_) | Kernel::Conv2dInt4(_) => is_short && conv_2d::Stored::holds(row, skips),
        Kernel::DepthwiseConv2dInt8(spec) => {
            !skips && depthwise_conv_2d::Stored::holds(spec.window.k_h * spec.window.k_w)
        }
        _ => is_short,
    }
}

/// A filter as its kernel reads it.
enum Form {
    Indexed(Indexed),
    Coded(Coded),
    Unrolled,
}

impl Form {
    fn n_bytes(&self) -> usize {
        match self {
            Form::Indexed(form) => form.n_bytes(),
            Form::Coded(form) => form.n_bytes(),
            Form::Unrolled => 0,
        }
    }
}

/// What weights are looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tables {
    /// Nothing: they stand as they are.
    None,
    /// One table.
    OfAll,
    /// One for each row.
    OfRows,
}

/// Without zeros, as indices, or both.
struct Indexed {
    mask: Vec<u8>,
    starts: Vec<u16>,
    codebook: Vec<i8>,
    values: Vec<u8>,
    bits: u32,
}

impl Indexed {
    /// Without zeros, by tables, or both; `None` where that cannot be.
    fn of(layer: &Layer, skips: bool, tables: Tables) -> Option<Self> {
        let rows = || layer.weights.chunks(layer.row);
        let is_kept = |weight: &i8| !skips || *weight != 0;
        let (mut mask, mut starts) = (Vec::new(), Vec::new());
        if skips {
            let mut start = 0usize;
            for row in rows() {
                starts.push(u16::try_from(start).ok()?);
                start += row.iter().filter(|weight| **weight != 0).count();
                let byte = |weights: &[i8]| {
                    let bits = weights.iter().enumerate().filter(|(_, weight)| **weight != 0);
                    bits.fold(0u8, |byte, (at, _)| byte | 1 << at)
                };
                mask.extend(row.chunks(8).map(byte));
            }
        }
        let kept = || layer.weights.iter().copied().filter(is_kept);
        if tables == Tables::None {
            let values = kept().map(i8::cast_unsigned).collect();
            return Some(Indexed { mask, starts, codebook: Vec::new(), values, bits: 8 });
        }
        let table = |weights: &[i8]| -> Vec<i8> {
            let distinct: BTreeSet<i8> = weights.iter().copied().filter(is_kept).collect();
            distinct.into_iter().collect()
        };
        let tables: Vec<Vec<i8>> = match tables {
            // One row has the table of all.
            Tables::OfRows if layer.row < layer.weights.len() => rows().map(table).collect(),
            Tables::OfRows => return None,
            _ => vec![table(&layer.weights)],
        };
        let most = tables.iter().map(Vec::len).max().filter(|&most| most > 0)?;
        let bits = most.next_power_of_two().trailing_zeros().max(1);
        if bits == 8 {
            return None;
        }
        let index = |(row, weights): (usize, &[i8])| -> Vec<usize> {
            let table = &tables[row.min(tables.len() - 1)];
            // Tables are in order.
            weights
                .iter()
                .filter(|weight| is_kept(weight))
                .map(|w| table.partition_point(|value| value < w))
                .collect()
        };
        let indices: Vec<usize> = rows().enumerate().flat_map(index).collect();
        let mut values = vec![0u8; (indices.len() * bits as usize).div_ceil(8)];
        for (at, index) in indices.into_iter().enumerate() {
            let (byte, shift) = (at * bits as usize / 8, at * bits as usize % 8);
            let word = index << shift;
            values[byte] |= word as u8;
            if let Some(next) = values.get_mut(byte + 1) {
                *next |= (word >> 8) as u8;
            }
        }
        let is_one = tables.len() == 1;
        let filled = tables.into_iter().flat_map(|mut table| {
            table.resize(if is_one { table.len() } else { 1 << bits }, 0);
            table
        });
        Some(Indexed { mask, starts, codebook: filled.collect(), values, bits })
    }

    fn n_bytes(&self) -> usize {
        self.mask.len() + 2 * self.starts.len() + self.codebook.len() + self.values.len()
    }
}

/// The program with only the constants that its calls read.
fn without_unused(mut program: Program) -> Program {
    let is_used: BTreeSet<ConstIdx> = program
        .calls
        .iter()
        .flat_map(|call| &call.operands)
        .filter_map(|(operand, _)| operand.constant())
        .collect();
    let place = |idx: ConstIdx| ConstIdx(is_used.range(..idx).count() as u32);
    for (operand, _) in program.calls.iter_mut().flat_map(|call| &mut call.operands) {
        if let Operand::Const(idx) = operand {
            *idx = place(*idx);
        }
    }
    let consts = std::mem::take(&mut program.consts).into_iter().zip(0u32..);
    program.consts =
        consts.filter(|(_, at)| is_used.contains(&ConstIdx(*at))).map(|(constant, _)| constant).collect();
    program
}

#[cfg(test)]
mod tests;
