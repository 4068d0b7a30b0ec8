//! Inputs on which two graphs are compared: random ones, extreme ones, and those that a first layer answers to most.

use smidgen_ir::{DType, Graph, Op, Tensor};

/// Inputs by their number. The same number gives the same bytes.
#[derive(Debug)]
pub(crate) struct Trials<'a> {
    graph: &'a Graph,
    seed: u64,
    /// Inputs of the first layer at their ends by the signs of the weights of some channels, and their opposites.
    driven: Vec<Vec<u8>>,
}

/// Channels of a first layer that inputs are made for.
const DRIVEN: usize = 32;

/// Inputs that are the same everywhere, or alternate.
const UNIFORM: usize = 6;

impl<'a> Trials<'a> {
    pub(crate) fn new(graph: &'a Graph, seed: u64) -> Self {
        Trials { graph, seed, driven: driven(graph) }
    }

    /// The inputs of one inference.
    pub(crate) fn inputs(&self, number: usize) -> Vec<u8> {
        if let Some(driven) = number.checked_sub(UNIFORM).and_then(|at| self.driven.get(at)) {
            return driven.clone();
        }
        let mut random = Random(self.seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let kind = if number < UNIFORM { number } else { UNIFORM + number % 4 };
        let amplitude = random.below(9);
        let mut bytes = Vec::with_capacity(self.graph.input_bytes());
        for &input in &self.graph.inputs {
            let tensor = self.graph.tensor(input);
            let zero =
                tensor.quant.as_ref().and_then(|quant| quant.zero_points.first()).copied().unwrap_or(0);
            for at in 0..tensor.n_elements() {
                // -128 to 127.
                let step = match kind {
                    0 => -128,
                    1 => 127,
                    2 => zero,
                    3 => [-128, 127][at % 2],
                    4 => [-128, 127][at / 3 % 2],
                    5 => (at % 256) as i32 - 128,
                    6 => [-128, 127][random.below(2) as usize],
                    7 => (zero + random.below(1 << amplitude) as i32 - (1 << amplitude) / 2).clamp(-128, 127),
                    _ => random.below(256) as i32 - 128,
                };
                push(&mut bytes, tensor.dtype, step, amplitude, &mut random);
            }
        }
        bytes
    }
}

/// A value of `step` parts in 128 of what the type holds, floats with an amplitude of 2^(amplitude - 4).
fn push(bytes: &mut Vec<u8>, dtype: DType, step: i32, amplitude: u64, random: &mut Random) {
    match dtype {
        DType::F32 => {
            let fine = step as f32 + random.below(256) as f32 / 256.0;
            bytes.extend((fine / 128.0 * 2f32.powi(amplitude as i32 - 4)).to_le_bytes());
        }
        DType::I16 => bytes.extend(((step * 256 + random.below(256) as i32) as i16).to_le_bytes()),
        // Integers may be places in a tensor: small ones are more often some that exist.
        DType::I32 => bytes.extend(step.to_le_bytes()),
        DType::I64 => bytes.extend(i64::from(step).to_le_bytes()),
        DType::Bool => bytes.push(u8::from(step > 0)),
        other => bytes.extend((0..other.n_bytes(1)).map(|_| step as u8)),
    }
}

/// For channels of the int8 convolution or FULLY_CONNECTED that reads the only input: 127 where a weight is positive, else -128.
fn driven(graph: &Graph) -> Vec<Vec<u8>> {
    let &[input] = graph.inputs.as_slice() else { return Vec::new() };
    let tensor = graph.tensor(input);
    let reads = |node: &&smidgen_ir::Node| {
        matches!(node.op, Op::Conv2d(_) | Op::FullyConnected(_)) && node.inputs.first() == Some(&Some(input))
    };
    let filter = graph.nodes.iter().find(reads).and_then(|node| node.inputs.get(1).copied().flatten());
    let Some(filter) = filter.map(|filter| graph.tensor(filter)).filter(|_| tensor.dtype == DType::I8) else {
        return Vec::new();
    };
    let (Some(weights), Some(&n)) = (filter.i8s(), filter.shape.first()) else { return Vec::new() };
    let row = weights.len() / n.max(1);
    let of_row = |weights: &[i8]| {
        [1i8, -1].map(|sign| -> Vec<u8> {
            let at = |at: usize| weights[place(tensor, filter, at)].saturating_mul(sign) > 0;
            (0..tensor.n_elements()).map(|element| if at(element) { 0x7f } else { 0x80 }).collect()
        })
    };
    weights.chunks(row.max(1)).take(DRIVEN).flat_map(of_row).collect()
}

/// The weight of a row that an element of the input meets where windows lie side by side.
fn place(input: &Tensor, filter: &Tensor, element: usize) -> usize {
    match (input.shape.as_slice(), filter.shape.as_slice()) {
        (&[_, _, width, channels], &[_, k_h, k_w, in_c]) => {
            let (pixel, channel) = (element / channels.max(1), element % channels.max(1));
            let (y, x) = (pixel / width.max(1) % k_h.max(1), pixel % width.max(1) % k_w.max(1));
            (y * k_w + x) * in_c + channel % in_c.max(1)
        }
        _ => element % filter.shape.iter().skip(1).product::<usize>().max(1),
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }
}
