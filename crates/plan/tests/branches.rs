//! Sums and channels that convolutions take over, in random int8 networks of branches.

#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

use smidgen_ir::adds::without_adds;
use smidgen_ir::build::Builder;
use smidgen_ir::copies::without_copies;
use smidgen_ir::ops::{add::Add, concatenation::Concatenation, conv_2d::Conv2d, split::Split};
use smidgen_ir::{Activation, Graph, Interpreter, Op, Padding, Program, Quant, Tensor, TensorIdx, lower};
use smidgen_plan::{check, plan};
use smidgen_testkit::{Random, random_inputs};

struct Network<'a> {
    net: Builder<'a>,
    random: Random,
}

impl Network<'_> {
    fn quant(&mut self) -> Quant {
        Quant::per_tensor(0.03 + 0.01 * self.random.below(6) as f32, self.random.below(256) as i32 - 128)
    }

    /// CONV_2D that keeps rows and columns.
    fn conv(&mut self, x: TensorIdx, [in_c, out_c]: [usize; 2], quant: Quant) -> TensorIdx {
        let size = self.random.pick(&[1, 3]);
        let weights: Vec<i8> =
            (0..out_c * size * size * in_c).map(|_| self.random.below(256) as u8 as i8).collect();
        let scales = (0..out_c).map(|at| 0.002 + 0.0005 * at as f32).collect();
        let shape = vec![out_c, size, size, in_c];
        let filter = Tensor::const_i8("filter", shape, &weights, Quant::per_channel(scales, 0));
        let filter = self.net.constant(filter);
        let activation = self.random.pick(&[Activation::None, Activation::Relu]);
        let op = Conv2d { stride: [1, 1], dilation: [1, 1], padding: Padding::Same, activation };
        self.net.node(Op::Conv2d(op), &[Some(x), Some(filter), None], Some(quant))
    }

    fn own(&mut self, x: TensorIdx, channels: [usize; 2]) -> TensorIdx {
        let quant = self.quant();
        self.conv(x, channels, quant)
    }

    /// The sum of two branches, of which one may be nothing.
    fn sum(&mut self, x: TensorIdx, c: usize) -> TensorIdx {
        let quant = self.quant();
        let mut sides = [self.own(x, [c, c]), x];
        if self.random.below(2) == 0 {
            sides[1] = self.own(x, [c, c]);
        }
        if self.random.below(2) == 0 {
            sides.reverse();
        }
        self.net.node(Op::Add(Add { activation: Activation::None }), &sides.map(Some), Some(quant))
    }

    /// Branches side by side.
    fn side_by_side(&mut self, x: TensorIdx, c: usize) -> (TensorIdx, usize) {
        let (quant, mut wide) = (self.quant(), 0);
        let branches: Vec<Option<TensorIdx>> = (0..2 + self.random.below(2))
            .map(|_| {
                let out_c = 1 + self.random.below(5);
                wide += out_c;
                Some(self.conv(x, [c, out_c], quant.clone()))
            })
            .collect();
        (self.net.node(Op::Concatenation(Concatenation { axis: 3 }), &branches, None), wide)
    }

    /// Halves, convolved each on its own and put together the other way round, or added.
    fn halves(&mut self, x: TensorIdx, c: usize) -> (TensorIdx, usize) {
        let halves = self.net.nodes(Op::Split(Split { axis: 3, parts: 2 }), &[Some(x)], &[None, None]);
        let quant = self.quant();
        let [a, b] = [halves[1], halves[0]].map(|half| self.conv(half, [c / 2, c], quant.clone()));
        match self.random.below(2) {
            0 => (
                self.net.node(Op::Concatenation(Concatenation { axis: 3 }), &[Some(a), Some(b)], None),
                2 * c,
            ),
            _ => (
                self.net.node(
                    Op::Add(Add { activation: Activation::Relu }),
                    &[Some(a), Some(b)],
                    Some(quant),
                ),
                c,
            ),
        }
    }
}

fn network(seed: u64) -> Graph {
    let mut random = Random(seed);
    let mut net = Builder::new("branches", |_| Vec::new());
    let shape = [1 + random.below(2), 2 + random.below(4), 2 + random.below(4), 2];
    let x = net.input_int8("x", &shape, Quant::per_tensor(0.05, -7));
    let mut network = Network { net, random };
    let (mut x, mut c) = (network.own(x, [2, 4]), 4);
    for _ in 0..1 + network.random.below(4) {
        (x, c) = match network.random.below(3) {
            0 => (network.sum(x, c), c),
            1 => network.side_by_side(x, c),
            _ if c.is_multiple_of(2) && c < 16 => network.halves(x, c),
            _ => (network.own(x, [c, 4]), 4),
        };
    }
    let y = network.own(x, [c, 3]);
    network.net.finish(&[y]).unwrap()
}

#[test]
fn convolutions_that_take_over_sums_and_channels_compute_the_same() {
    let (mut n_added, mut n_stepped, mut n_copies) = (0, 0, 0);
    for seed in 0..300 {
        let graph = network(seed);
        let whole = lower(&graph).unwrap();
        let inputs = random_inputs(&graph, seed);
        let run =
            |program: Program| Interpreter::with_program(&graph, program).unwrap().run(&inputs).unwrap();
        let wanted = run(whole.clone());
        let joined = without_copies(&graph, whole.clone());
        for program in [without_adds(&graph, whole.clone()), without_adds(&graph, joined)] {
            let plan = plan(&graph, &program).unwrap();
            assert_eq!(check(&graph, &program, &plan), Ok(()), "{seed}");
            let count = |path: &str| program.calls.iter().filter(|call| call.kernel.path() == path).count();
            n_added += count("conv_2d::Int8Added");
            n_stepped += count("conv_2d::Int8Stepped");
            n_copies += count("strided_copy::Any");
            assert!(run(program) == wanted, "{seed}");
        }
    }
    assert!(
        n_added > 200 && n_stepped > 500,
        "{n_added} sums, {n_stepped} convolutions, {n_copies} copies left"
    );
}
