//! CPU time of one training step of DS-CNN, as JSON lines; `bench/trainer/run.sh` compares it with other frameworks.
//!
//! `cargo run --release -p smidgen-train --example ds_cnn_step -- BATCH THREADS`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops at what it does not expect")]

use std::ops::ControlFlow;
use std::time::Instant;

use smidgen_ir::Graph;
use smidgen_ir::build::{Builder, Conv};
use smidgen_train::{Config, Examples, Schedule, Trainer, init};

/// Rounds of which the median is taken, and examples in a round: those of `timing.py`.
const ROUNDS: usize = 15;
const ROUND_EXAMPLES: usize = 640;

/// MLPerf Tiny's keyword spotting network, ending in logits.
fn ds_cnn() -> Graph {
    let mut net = Builder::new("ds_cnn", |parameter| vec![0.0; parameter.n_elements()]);
    let mut x = net.input("mfcc", &[1, 49, 10, 1]);
    let normalised = |net: &mut Builder<'_>, x| {
        let x = net.batch_normalization(x, 1e-3);
        net.relu(x)
    };
    x = net.conv_2d(x, Conv::new(64, [10, 4]).stride([2, 2]));
    x = normalised(&mut net, x);
    for _ in 0..4 {
        x = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]));
        x = normalised(&mut net, x);
        x = net.conv_2d(x, Conv::new(64, [1, 1]));
        x = normalised(&mut net, x);
    }
    x = net.average_pool_2d(x, [25, 5], [25, 5]);
    x = net.reshape(x, &[1, -1]);
    x = net.fully_connected(x, 12);
    let mut graph = net.finish(&[x]).unwrap();
    init(&mut graph, 1).unwrap();
    graph
}

fn examples(n: usize) -> Examples {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    // Sums of four uniform numbers: mean 0, variance 1.
    let mut normal = || (0..4).map(|_| next() as f32 / (1 << 24) as f32 - 0.5).sum::<f32>() * 1.732;
    let x = (0..n * 490).map(|_| normal()).collect();
    let y = (0..n as u32).map(|label| label * 7 % 12).collect();
    Examples { shape: vec![49, 10, 1], x, y, ..Examples::default() }
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
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>().expect("a number"));
    let batch = arguments.next().unwrap_or(16);
    let threads = arguments.next().unwrap_or(1);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    let config = Config { batch, schedule: Schedule::Constant, ..Config::default() };
    let mut trainer = Trainer::new(ds_cnn(), config).unwrap();
    let data = examples(batch);
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
        "{{\"name\": \"smidgen\", \"version\": \"{}\", \"batch\": {batch}, \"threads\": {threads}, \"cpu_ms\": {}, \
         \"cpu_ms_min\": {}, \"wall_ms_min\": {}, \"rss_mb\": {}, \"loss\": {loss}}}",
        env!("CARGO_PKG_VERSION"),
        cpu[ROUNDS / 2],
        cpu[0],
        wall[0],
        peak_megabytes()
    );
}
