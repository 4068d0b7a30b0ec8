//! A network under construction whose weights and scales are drawn from the case's name.

use smidgen_ir::build::Builder;
use smidgen_ir::{DType, Dialect, Graph, IrError, Op, Quant, Tensor, TensorIdx};
use smidgen_testkit::Random;
use smidgen_tflite::{WriteError, write};

/// Inferences of each case.
const N_INFERENCES: usize = 8;

/// One model.
#[derive(Clone)]
pub(crate) struct Case {
    /// The folder: an operator's stem, or `networks`.
    pub(crate) operator: &'static str,
    /// The files' stem.
    pub(crate) name: &'static str,
    build: Build,
    uint8: bool,
}

#[derive(Clone, Copy)]
enum Build {
    One(fn(&mut Net) -> TensorIdx),
    Several(fn(&mut Net) -> Vec<TensorIdx>),
}

impl Case {
    pub(crate) const fn new(
        operator: &'static str,
        name: &'static str,
        build: fn(&mut Net) -> TensorIdx,
    ) -> Self {
        Case { operator, name, build: Build::One(build), uint8: false }
    }

    /// A model with several outputs.
    pub(crate) const fn several(
        operator: &'static str,
        name: &'static str,
        build: fn(&mut Net) -> Vec<TensorIdx>,
    ) -> Self {
        Case { operator, name, build: Build::Several(build), uint8: false }
    }

    /// An int8 network that is written as a model of uint8, with filters whose zero points are not 128.
    pub(crate) const fn uint8(
        operator: &'static str,
        name: &'static str,
        build: fn(&mut Net) -> TensorIdx,
    ) -> Self {
        Case { operator, name, build: Build::One(build), uint8: true }
    }

    /// The bytes of the model and of its inputs.
    pub(crate) fn files(&self) -> Result<(Vec<u8>, Vec<u8>), Box<dyn std::error::Error>> {
        let name = format!("{}/{}", self.operator, self.name);
        let mut net = Net::new(&name);
        let outputs = match self.build {
            Build::One(build) => vec![build(&mut net)],
            Build::Several(build) => build(&mut net),
        };
        let Net { builder, mut random } = net;
        let mut graph = builder.finish(&outputs).map_err(|error: IrError| format!("{name}: {error}"))?;
        if self.uint8 {
            graph.dialect = Dialect::Uint8;
            for tensor in
                graph.tensors.iter_mut().filter(|tensor| tensor.dtype == DType::I8 && tensor.is_const())
            {
                tensor.quant.iter_mut().for_each(|quant| quant.zero_points[0] = random.below(41) as i32 - 20);
            }
        }
        let model = write(&graph).map_err(|error: WriteError| format!("{name}: {error}"))?;
        let inputs = (0..N_INFERENCES).flat_map(|at| inference(&graph, at, &mut random)).collect();
        Ok((model, inputs))
    }
}

/// One inference's inputs: all lowest, all highest, then random. Floats are multiples of 1/8 from -8 to 8.
fn inference(graph: &Graph, at: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(graph.input_bytes());
    for tensor in graph.inputs.iter().map(|&idx| graph.tensor(idx)) {
        for _ in 0..tensor.n_elements() {
            let drawn = match at {
                0 => 0,
                1 => 255,
                _ => random.below(256) as u8,
            };
            match tensor.dtype {
                DType::F32 => bytes.extend(((f32::from(drawn) - 128.0) / 16.0).to_le_bytes()),
                DType::I8 => bytes.push(drawn ^ 0x80),
                DType::U8 => bytes.push(drawn),
                DType::Bool => bytes.push(drawn >> 7),
                // Values from -128 to 127 in 256ths.
                DType::I16 => {
                    let low = if at < 2 { drawn } else { random.below(256) as u8 };
                    bytes.extend([low, drawn ^ 0x80]);
                }
                DType::I32 => bytes.extend((i32::from(drawn) - 128).to_le_bytes()),
                // Values whose logarithms are spread.
                DType::U32 => bytes.extend((u32::from(drawn) << random.below(25)).to_le_bytes()),
                DType::U64 => bytes.extend((u64::from(drawn) << random.below(57)).to_le_bytes()),
                DType::I64 => bytes.extend((i64::from(drawn) - 128).to_le_bytes()),
                DType::F16 | DType::I4 => unreachable!("only constants have this type"),
            }
        }
    }
    bytes
}

/// The filter of an int8 layer.
pub(crate) struct Weights {
    pub(crate) shape: Vec<usize>,
    /// The dimension of the output channels.
    pub(crate) channel_axis: usize,
    /// Whether each output channel has a scale of its own.
    pub(crate) per_channel: bool,
    pub(crate) bias: bool,
}

/// A network under construction.
pub(crate) struct Net {
    builder: Builder<'static>,
    random: Random,
}

impl Net {
    fn new(name: &str) -> Self {
        // FNV-1a of the name.
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut weights = Random(seed);
        let builder = Builder::new(name, move |parameter| {
            (0..parameter.n_elements()).map(|_| real(&mut weights, -1.0, 1.0)).collect()
        });
        Net { builder, random: Random(!seed) }
    }

    /// The builder, for what has no method here.
    pub(crate) fn float(&mut self) -> &mut Builder<'static> {
        &mut self.builder
    }

    pub(crate) fn input(&mut self, shape: &[usize]) -> TensorIdx {
        self.builder.input("input", shape)
    }

    pub(crate) fn input_int8(&mut self, shape: &[usize]) -> TensorIdx {
        let quant = self.quant();
        self.builder.input_int8("input", shape, quant)
    }

    /// A scale from 0.03 to 0.06 and a zero point from -40 to 40.
    pub(crate) fn quant(&mut self) -> Quant {
        let zero_point = self.random.below(81) as i32 - 40;
        Quant::per_tensor(real(&mut self.random, 0.03, 0.06), zero_point)
    }

    /// A node with a calibrated result that covers twice the range of its operands.
    pub(crate) fn int8(&mut self, op: Op, operands: &[TensorIdx]) -> TensorIdx {
        let mut quant = self.quant();
        quant.scales[0] *= 2.0;
        self.node(op, operands, Some(quant))
    }

    /// A node with this quantisation, or with the one that the operator keeps or fixes.
    pub(crate) fn node(&mut self, op: Op, operands: &[TensorIdx], quant: Option<Quant>) -> TensorIdx {
        let operands: Vec<Option<TensorIdx>> = operands.iter().copied().map(Some).collect();
        self.builder.node(op, &operands, quant)
    }

    /// A node with several results, none of them quantised.
    pub(crate) fn nodes(&mut self, op: Op, operands: &[TensorIdx], n_results: usize) -> Vec<TensorIdx> {
        let operands: Vec<Option<TensorIdx>> = operands.iter().copied().map(Some).collect();
        self.builder.nodes(op, &operands, &vec![None; n_results])
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.random.below(end)
    }

    /// An int8 constant with a scale of its own.
    pub(crate) fn constant_int8(&mut self, shape: &[usize]) -> TensorIdx {
        let (values, quant) = (self.int8s(shape.iter().product()), self.quant());
        self.builder.constant(Tensor::const_i8("constant", shape.to_vec(), &values, quant))
    }

    /// A float32 constant of values in [-reach, reach).
    pub(crate) fn constant(&mut self, shape: &[usize], reach: f32) -> TensorIdx {
        let values: Vec<f32> =
            (0..shape.iter().product()).map(|_| real(&mut self.random, -reach, reach)).collect();
        self.builder.constant(Tensor::const_f32("constant", shape.to_vec(), &values))
    }

    /// Symmetric int8 weights with a scale of up to `scale`.
    pub(crate) fn weights_int8(&mut self, shape: &[usize], scale: f32) -> TensorIdx {
        let values: Vec<i8> =
            self.int8s(shape.iter().product()).iter().map(|&value| value.max(-127)).collect();
        let quant = Quant::per_tensor(real(&mut self.random, scale / 2.0, scale), 0);
        self.builder.constant(Tensor::const_i8("weights", shape.to_vec(), &values, quant))
    }

    /// Symmetric int16 weights with a scale of up to `scale`.
    pub(crate) fn weights_int16(&mut self, shape: &[usize], scale: f32) -> TensorIdx {
        let values = (0..shape.iter().product()).map(|_| self.random.below(65_535) as i32 - 32_767);
        let data = values.flat_map(|value| (value as i16).to_le_bytes()).collect();
        let quant = Some(Quant::per_tensor(real(&mut self.random, scale / 2.0, scale), 0));
        let tensor = Tensor::activation("weights", DType::I16, shape.to_vec());
        self.builder.constant(Tensor { quant, data: Some(data), ..tensor })
    }

    /// A bias of int32 values up to `reach`; without `quant` its scale follows from the weights.
    pub(crate) fn bias_int32(&mut self, n: usize, reach: i32, quant: Option<Quant>) -> TensorIdx {
        let values: Vec<i32> =
            (0..n).map(|_| self.random.below(2 * reach as usize + 1) as i32 - reach).collect();
        self.builder.constant(Tensor::const_i32("bias", vec![n], &values, quant))
    }

    /// A bias of int64 values up to `reach`, whose scale follows from the weights.
    pub(crate) fn bias_int64(&mut self, n: usize, reach: i64) -> TensorIdx {
        let values = (0..n).map(|_| self.random.below(2 * reach as usize + 1) as i64 - reach);
        let data = values.flat_map(i64::to_le_bytes).collect();
        let tensor = Tensor::activation("bias", DType::I64, vec![n]);
        self.builder.constant(Tensor { data: Some(data), ..tensor })
    }

    /// An int8 layer with its own filter and bias; the result's scale is such that few results saturate.
    pub(crate) fn layer_int8(&mut self, op: Op, x: TensorIdx, weights: Weights) -> TensorIdx {
        let Weights { shape, channel_axis, per_channel, bias } = weights;
        let input = self.builder.graph().tensor(x).quant.clone().expect("an int8 input");
        let out_c = shape[channel_axis];
        let fan_in = shape.iter().product::<usize>() / out_c;
        let values: Vec<i8> = self.int8s(fan_in * out_c).iter().map(|&value| value.max(-127)).collect();
        let scales: Vec<f32> =
            (0..if per_channel { out_c } else { 1 }).map(|_| real(&mut self.random, 0.002, 0.01)).collect();
        let quant = |scales: Vec<f32>, axis| Quant { zero_points: vec![0; scales.len()], scales, axis };
        let bias_scales = scales.iter().map(|scale| scale * input.scales[0]).collect();
        let filter = Tensor::const_i8("filter", shape, &values, quant(scales, channel_axis));
        let mut operands = vec![x, self.builder.constant(filter)];
        if bias {
            let values: Vec<i32> = (0..out_c).map(|_| self.random.below(8001) as i32 - 4000).collect();
            let bias = Tensor::const_i32("bias", vec![out_c], &values, Some(quant(bias_scales, 0)));
            operands.push(self.builder.constant(bias));
        }
        let scale = real(&mut self.random, 0.02, 0.03) * (fan_in as f32).sqrt();
        let zero_point = self.random.below(101) as i32 - 50;
        self.node(op, &operands, Some(Quant::per_tensor(scale, zero_point)))
    }

    fn int8s(&mut self, n: usize) -> Vec<i8> {
        (0..n).map(|_| (self.random.below(256) as i32 - 128) as i8).collect()
    }
}

/// A number in [low, high) with sixteen random bits.
fn real(random: &mut Random, low: f32, high: f32) -> f32 {
    low + (high - low) * (random.below(1 << 16) as f32 / 65536.0)
}
