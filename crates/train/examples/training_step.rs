//! CPU time of one training step of a network, as JSON lines; `bench/trainer/run.sh` compares it with other frameworks.
//!
//! `cargo run --release -p smidgen-train --example training_step -- NETWORK BATCH THREADS`, with `ds_cnn`, `mobilenet_v1` or
//! `resnet_8`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark stops at what it does not expect"
)]

use std::ops::ControlFlow;
use std::time::Instant;

use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::{Graph, TensorIdx};
use smidgen_train::{Config, Examples, Schedule, Trainer, init};

/// Rounds of which the median is taken, and examples in a round: those of `timing.py`.
const ROUNDS: usize = 15;
const ROUND_EXAMPLES: usize = 640;

/// A network of MLPerf Tiny, ending in logits: its input, classes and graph.
fn network(name: &str) -> ([usize; 3], u32, Graph) {
    let mut net = Net(Builder::new(name, |parameter| vec![0.0; parameter.n_elements()]));
    let (input, classes) = match name {
        "ds_cnn" => ([49, 10, 1], 12),
        "mobilenet_v1" => ([96, 96, 3], 2),
        "resnet_8" => ([32, 32, 3], 10),
        _ => panic!("{name}: expected ds_cnn, mobilenet_v1 or resnet_8"),
    };
    let [height, width, channels] = input;
    let x = net.0.input("input", &[1, height, width, channels]);
    let x = match name {
        "ds_cnn" => net.ds_cnn(x),
        "mobilenet_v1" => net.mobilenet_v1(x),
        _ => net.resnet_8(x),
    };
    let extents = [net.0.shape(x)[1], net.0.shape(x)[2]];
    let x = net.0.average_pool_2d(x, extents, extents);
    let x = net.0.reshape(x, &[1, -1]);
    let x = net.0.fully_connected(x, classes);
    let mut graph = net.0.finish(&[x]).unwrap();
    init(&mut graph, 1).unwrap();
    (input, classes as u32, graph)
}

struct Net<'i>(Builder<'i>);

impl Net<'_> {
    fn normalised(&mut self, x: TensorIdx) -> TensorIdx {
        self.0.batch_normalization(x, 1e-3)
    }

    fn rectified(&mut self, x: TensorIdx) -> TensorIdx {
        let x = self.normalised(x);
        self.0.relu(x)
    }

    /// A depthwise and a pointwise convolution.
    fn separable(&mut self, x: TensorIdx, channels: usize, stride: usize) -> TensorIdx {
        let x = self.0.depthwise_conv_2d(x, Conv::new(1, [3, 3]).stride([stride, stride]));
        let x = self.rectified(x);
        let x = self.0.conv_2d(x, Conv::new(channels, [1, 1]));
        self.rectified(x)
    }

    fn ds_cnn(&mut self, x: TensorIdx) -> TensorIdx {
        let x = self.0.conv_2d(x, Conv::new(64, [10, 4]).stride([2, 2]));
        let x = self.rectified(x);
        (0..4).fold(x, |x, _| self.separable(x, 64, 1))
    }

    fn mobilenet_v1(&mut self, x: TensorIdx) -> TensorIdx {
        let x = self.0.conv_2d(x, Conv::new(8, [3, 3]).stride([2, 2]));
        let x = self.rectified(x);
        let early = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)];
        let blocks = early.into_iter().chain([(128, 1); 5]).chain([(256, 2), (256, 1)]);
        blocks.fold(x, |x, (channels, stride)| self.separable(x, channels, stride))
    }

    fn resnet_8(&mut self, x: TensorIdx) -> TensorIdx {
        let x = self.0.conv_2d(x, Conv::new(16, [3, 3]));
        let x = self.rectified(x);
        [(16, 1), (32, 2), (64, 2)].into_iter().fold(x, |x, (channels, stride)| {
            let y = self.0.conv_2d(x, Conv::new(channels, [3, 3]).stride([stride, stride]));
            let y = self.rectified(y);
            let y = self.0.conv_2d(y, Conv::new(channels, [3, 3]));
            let y = self.normalised(y);
            let short = match stride {
                1 => x,
                _ => self.0.conv_2d(x, Conv::new(channels, [1, 1]).stride([stride, stride])),
            };
            let sum = self.0.add(short, y);
            self.0.relu(sum)
        })
    }
}

fn examples(n: usize, input: [usize; 3], classes: u32) -> Examples {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    // Sums of four uniform numbers: mean 0, variance 1.
    let mut normal = || (0..4).map(|_| next() as f32 / (1 << 24) as f32 - 0.5).sum::<f32>() * 1.732;
    let x = (0..n * input.iter().product::<usize>()).map(|_| normal()).collect();
    let y = (0..n as u32).map(|label| label * 7 % classes).collect();
    Examples { shape: input.to_vec(), x, y, ..Examples::default() }
}

/// User and system time of all threads of this process in seconds, from the kernel's scheduler statistics.
fn cpu_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("this benchmark needs Linux");
    let nanoseconds = tasks.map(|task| {
        let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
        text.split_whitespace().next().unwrap().parse::<f64>().unwrap()
    });
    nanoseconds.sum::<f64>() / 1e9
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "ds_cnn".into());
    let mut arguments = arguments.map(|argument| argument.parse::<usize>().expect("a number"));
    let batch = arguments.next().unwrap_or(16);
    let threads = arguments.next().unwrap_or(1);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    let config = Config { batch, schedule: Schedule::Constant, ..Config::default() };
    let (input, classes, graph) = network(&name);
    let mut trainer = Trainer::new(graph, config).unwrap();
    let data = examples(batch, input, classes);
    let n_steps = (ROUND_EXAMPLES / batch).max(5);
    let mut go_on = |_| ControlFlow::Continue(());
    // One batch holds all the examples, so an epoch is a step.
    let mut step = || trainer.epoch(&data, &mut go_on).unwrap().train.loss;
    (0..2 * n_steps).for_each(|_| _ = step());
    let (mut cpu, mut wall, mut loss) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..ROUNDS {
        let (cpu_start, wall_start) = (cpu_seconds(), Instant::now());
        (0..n_steps).for_each(|_| loss = step());
        cpu.push((cpu_seconds() - cpu_start) / n_steps as f64 * 1e3);
        wall.push(wall_start.elapsed().as_secs_f64() / n_steps as f64 * 1e3);
    }
    cpu.sort_by(f64::total_cmp);
    wall.sort_by(f64::total_cmp);
    println!(
        "{{\"name\": \"smidgen\", \"network\": \"{name}\", \"version\": \"{}\", \"batch\": {batch}, \"threads\": {threads}, \"cpu_ms\": {}, \
         \"cpu_ms_min\": {}, \"wall_ms_min\": {}, \"rss_mb\": {}, \"loss\": {loss}}}",
        env!("CARGO_PKG_VERSION"),
        cpu[ROUNDS / 2],
        cpu[0],
        wall[0],
        peak_megabytes()
    );
}
