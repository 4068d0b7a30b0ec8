//! The trainer as a whole: it learns, whatever the threads and interruptions, and its gradients join up.

use smidgen_ir::build::{Builder, Conv};
use smidgen_ir::{Interpreter, TensorIdx, passes};

use super::*;
use crate::Examples;
use crate::config::{Loss, Optimizer, Schedule};
use crate::init;
use crate::random::signed_unit;

/// A network with a branch, shared weights, both norms with and without rectifier, and pools, for `[6, 5, 2]` examples
/// of three classes.
fn branched() -> Graph {
    let mut net = Builder::new("branched", |parameter| vec![0.0; parameter.n_elements()]);
    let x = net.input("x", &[1, 6, 5, 2]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]));
    let x = net.batch_normalization(x, 1e-3);
    let trunk = net.relu(x);
    let x = net.depthwise_conv_2d(trunk, Conv::new(1, [3, 3]));
    let x = net.batch_normalization(x, 1e-3);
    let x = net.relu6(x);
    let x = net.conv_2d(x, Conv::new(8, [1, 1]).no_bias());
    let x = net.batch_normalization(x, 1e-3);
    let x = net.add(x, trunk);
    let x = net.relu(x);
    let x = net.add(x, x);
    let x = net.max_pool_2d(x, [2, 2], [2, 2]);
    let x = net.average_pool_2d(x, [3, 2], [3, 2]);
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 3);
    let x = net.softmax(x);
    let mut graph = net.finish(&[x]).unwrap();
    init(&mut graph, 5).unwrap();
    graph
}

/// Noise with a mark of its class.
fn examples(n: usize, seed: u64) -> Examples {
    let mut random = stream(seed, Purpose::Order, 99);
    let mut x: Vec<f32> = (0..n * 60).map(|_| signed_unit(&mut random)).collect();
    let y: Vec<u32> = (0..n as u32).map(|label| label % 3).collect();
    for (x, &label) in x.chunks_exact_mut(60).zip(&y) {
        let mark = if label < 2 { 0.7 } else { -0.7 };
        x.iter_mut().skip(label as usize % 2).step_by(2).for_each(|v| *v += mark);
    }
    Examples { shape: vec![6, 5, 2], x, y, ..Examples::default() }
}

fn config() -> Config {
    Config { epochs: 4, batch: 20, learning_rate: 5e-3, label_smoothing: 0.05, ..Config::default() }
}

/// Examples that an epoch sees a little higher or lower.
struct Shifted<'a>(&'a Examples);

impl Source for Shifted<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn class(&self, index: usize) -> u32 {
        self.0.class(index)
    }

    fn read(&self, index: usize, values: &mut [f32]) -> Result<(), String> {
        self.0.read(index, values)
    }

    fn vary(&self, epoch: u64, index: usize, values: &mut [f32]) -> Result<(), String> {
        self.read(index, values)?;
        let by = ((epoch as usize * 31 + index * 7) % 11) as f32 / 50.0 - 0.1;
        values.iter_mut().for_each(|v| *v += by);
        Ok(())
    }
}

fn run(trainer: &mut Trainer, epochs: u64, train: &Examples, validation: &Examples) {
    for _ in 0..epochs {
        trainer.epoch(&Shifted(train), &mut |_| ControlFlow::Continue(())).unwrap();
        let stats = trainer.evaluate(validation).unwrap();
        trainer.record_validation(stats);
    }
}

fn on_threads(n: usize, work: impl FnOnce() -> Vec<u8> + Send) -> Vec<u8> {
    rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(work)
}

#[test]
fn learns_and_tells_its_progress() {
    let (train, validation) = (examples(240, 1), examples(90, 2));
    let mut trainer = Trainer::new(branched(), config()).unwrap();
    let before = trainer.evaluate(&validation).unwrap();
    let mut progress = Vec::new();
    let stats = trainer.epoch(&train, &mut |batch| {
        progress.push(batch);
        ControlFlow::Continue(())
    });
    assert_eq!(progress.len(), 12);
    assert_eq!((progress[11].epoch, progress[11].batch, progress[11].n_batches), (1, 12, 12));
    assert_eq!(stats.unwrap().train, progress[11].train);
    run(&mut trainer, 3, &train, &validation);
    let after = trainer.evaluate(&validation).unwrap();
    assert!(after.accuracy > 0.9 && after.loss < before.loss, "{before:?} {after:?}");
    assert_eq!((trainer.epochs_done(), trainer.history().len()), (4, 4));
    let (epoch, best, graph) = trainer.best().unwrap();
    let kept = Trainer::new(graph, config()).unwrap().evaluate(&validation).unwrap();
    assert_eq!(kept, best);
    assert_eq!(trainer.history()[epoch as usize - 1].validation, Some(best));
}

#[test]
fn threads_do_not_matter() {
    let (train, validation) = (examples(50, 1), examples(33, 2));
    let bytes = [1, 2, 5].map(|n| {
        on_threads(n, || {
            let mut trainer = Trainer::new(branched(), config()).unwrap();
            run(&mut trainer, 2, &train, &validation);
            trainer.checkpoint()
        })
    });
    assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2]);
}

/// Runs with everything that a checkpoint must keep.
fn configs() -> Vec<Config> {
    let optimizers = [
        Optimizer::AdamW,
        Optimizer::Adam,
        Optimizer::Sgd { momentum: 0.9, nesterov: true },
        Optimizer::RmsProp { decay: 0.9, momentum: 0.5 },
    ];
    let with = |optimizer| Config {
        optimizer,
        weight_decay: 1e-3,
        clip_norm: Some(1.0),
        ema_decay: Some(0.95),
        schedule: Schedule::Plateau { patience: 1, factor: 0.5 },
        ..config()
    };
    [config()].into_iter().chain(optimizers.map(with)).collect()
}

#[test]
fn a_resumed_run_equals_an_undisturbed_one() {
    let (train, validation) = (examples(70, 1), examples(20, 2));
    for config in configs() {
        let mut whole = Trainer::new(branched(), config.clone()).unwrap();
        run(&mut whole, 4, &train, &validation);
        for stop in 1..4 {
            let mut first = Trainer::new(branched(), config.clone()).unwrap();
            run(&mut first, stop, &train, &validation);
            let mut second = Trainer::resume(branched(), config.clone(), &first.checkpoint()).unwrap();
            assert_eq!(second.history(), first.history());
            run(&mut second, 4 - stop, &train, &validation);
            assert!(second.checkpoint() == whole.checkpoint(), "{config:?} stopped after epoch {stop}");
        }
    }
}

#[test]
fn every_optimiser_learns() {
    let (train, validation) = (examples(240, 1), examples(90, 2));
    for config in configs() {
        let mut trainer = Trainer::new(branched(), Config { learning_rate: 0.01, ..config }).unwrap();
        run(&mut trainer, 6, &train, &validation);
        let stats = trainer.evaluate(&validation).unwrap();
        assert!(stats.accuracy > 0.8, "{:?}: {stats:?}", trainer.config().optimizer);
    }
}

#[test]
fn patience_ends_and_averages_are_judged() {
    let (train, validation) = (examples(60, 1), examples(30, 2));
    let config = Config { patience: Some(2), epochs: 100, ema_decay: Some(0.9), ..config() };
    let mut trainer = Trainer::new(branched(), config).unwrap();
    assert!(!trainer.is_done());
    while !trainer.is_done() {
        run(&mut trainer, 1, &train, &validation);
    }
    let (best, _, _) = trainer.best().unwrap();
    assert_eq!(trainer.epochs_done(), best + 2);
    assert!(trainer.epochs_done() < 100);
    let (averaged, last) =
        (trainer.graph(), trainer.with_weights(&trainer.state.params, &trainer.state.moving));
    assert_ne!(averaged, last);
}

#[test]
fn averaged_weights_have_averaged_statistics() {
    // At a learning rate that moves the weights far in an epoch, statistics of the last weights do not fit the average.
    let (train, validation) = (examples(240, 1), examples(120, 2));
    let config = Config { ema_decay: Some(0.98), learning_rate: 0.05, epochs: 12, ..config() };
    let mut trainer = Trainer::new(branched(), Config { schedule: Schedule::Constant, ..config }).unwrap();
    run(&mut trainer, 12, &train, &validation);
    let (params, moving) = trainer.judged();
    assert!(moving != trainer.state.moving && params != trainer.state.params);
    let loss = |moving: &[f32]| {
        let graph = trainer.with_weights(params, moving);
        Trainer::new(graph, Config::default()).unwrap().evaluate(&validation).unwrap().loss
    };
    assert!(loss(moving) <= loss(&trainer.state.moving), "{} {}", loss(moving), loss(&trainer.state.moving));
}

#[test]
fn a_broken_epoch_is_discarded() {
    let train = examples(60, 1);
    let mut trainer = Trainer::new(branched(), config()).unwrap();
    run(&mut trainer, 1, &train, &train);
    let before = trainer.checkpoint();
    let stop = |progress: BatchProgress| {
        if progress.batch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = trainer.epoch(&train, &mut { stop }).unwrap_err();
    assert_eq!(error, TrainError::Interrupted { epoch: 2 });
    assert!(trainer.checkpoint() == before);
}

#[test]
fn divergence_is_told_and_undone() {
    let train = examples(60, 1);
    let config = Config { learning_rate: 1e38, batch: 10, schedule: Schedule::Constant, ..config() };
    let mut trainer = Trainer::new(branched(), config).unwrap();
    let before = trainer.checkpoint();
    let error = trainer.epoch(&train, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { epoch: 1, .. }), "{error}");
    assert!(error.to_string().contains("lower the learning rate"), "{error}");
    assert!(trainer.checkpoint() == before);
}

#[test]
fn evaluation_is_what_the_interpreter_computes_on_the_folded_graph() {
    let (train, validation) = (examples(90, 1), examples(10, 2));
    let mut trainer = Trainer::new(branched(), config()).unwrap();
    run(&mut trainer, 2, &train, &validation);
    let found = trainer.predict(&validation).unwrap();
    let folded = passes::fold_batch_norm(&trainer.graph()).unwrap();
    let mut interpreter = Interpreter::new(&folded).unwrap();
    for (example, found) in found.chunks_exact(3).enumerate() {
        let input: Vec<u8> =
            validation.x[example * 60..(example + 1) * 60].iter().flat_map(|v| v.to_le_bytes()).collect();
        let expected = interpreter.run(&input).unwrap();
        let expected = expected.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap()));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "example {example}: {found} {expected}");
        }
    }
}

/// The loss of a batch and the gradient of all parameters.
fn loss_and_gradient(trainer: &mut Trainer, batch: &Examples) -> (f64, Vec<f32>) {
    let n = batch.len();
    let fill = |at: usize, input: &mut [f32], target: &mut [f32]| fill(batch, at, None, input, target);
    let params = trainer.state.params.clone();
    let model = Model {
        network: &trainer.network,
        criterion: &trainer.criterion,
        params: &params,
        arithmetic: &Arithmetic::FLOAT,
    };
    let mut moving = trainer.state.moving.clone();
    let tally = trainer.workspace.train(model, &trainer.segments, (n, n as f32), &fill, (&mut moving, 0.9));
    let mut gradient = vec![0.0; params.len()];
    for lane in trainer.workspace.gradients() {
        gradient.iter_mut().zip(lane).for_each(|(sum, part)| *sum += part);
    }
    (tally.unwrap().mean_loss(), gradient)
}

#[test]
fn gradients_of_the_whole_network_agree_with_differences() {
    let batch = examples(12, 3);
    let mut trainer = Trainer::new(branched(), config()).unwrap();
    let (_, gradient) = loss_and_gradient(&mut trainer, &batch);
    assert!(gradient.iter().filter(|g| **g != 0.0).count() > gradient.len() / 2);
    // Along the gradient, the loss changes by its squared length; in a random direction, by the projection.
    let mut random = stream(1, Purpose::Order, 5);
    for trial in 0..12 {
        let mut direction: Vec<f32> = gradient.iter().map(|_| signed_unit(&mut random)).collect();
        if trial == 0 {
            direction.clone_from(&gradient);
        }
        let length = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
        let start = trainer.state.params.clone();
        let mut moved = |by: f32| {
            for ((param, start), d) in trainer.state.params.iter_mut().zip(&start).zip(&direction) {
                *param = start + by * d / length;
            }
            loss_and_gradient(&mut trainer, &batch).0
        };
        let found = (moved(4e-3) - moved(-4e-3)) / 8e-3;
        trainer.state.params = start;
        let expected: f32 = gradient.iter().zip(&direction).map(|(g, d)| g * d / length).sum();
        let expected = f64::from(expected);
        assert!(
            (found - expected).abs() < 3e-3 + 0.05 * expected.abs(),
            "{trial}: {expected}, differences give {found}"
        );
    }
}

#[test]
fn weights_used_twice_get_both_gradients() {
    let build = |is_shared: bool| {
        let mut net = Builder::new("twice", |parameter| vec![0.25; parameter.n_elements()]);
        let x = net.input("x", &[1, 60]);
        let x = net.reshape(x, &[1, 6, 5, 2]);
        let a = net.conv_2d(x, Conv::new(2, [1, 1]).no_bias());
        let b = net.conv_2d(a, Conv::new(2, [1, 1]).no_bias());
        let y = net.reshape(b, &[1, -1]);
        let y = net.fully_connected(y, 3);
        let mut graph = net.finish(&[y]).unwrap();
        if is_shared {
            graph.nodes[2].inputs[1] = graph.nodes[1].inputs[1];
        }
        Trainer::new(graph, Config::default()).unwrap()
    };
    let batch = examples(5, 1);
    let (_, apart) = loss_and_gradient(&mut build(false), &batch);
    let (_, shared) = loss_and_gradient(&mut build(true), &batch);
    assert_eq!(apart.len(), shared.len() + 4);
    for at in 0..4 {
        let expected = apart[at] + apart[at + 4];
        assert!((shared[at] - expected).abs() <= 1e-4 * (1.0 + expected.abs()), "{shared:?} {apart:?}");
    }
}

#[test]
fn an_autoencoder_learns_its_input() {
    let mut net = Builder::new("autoencoder", |parameter| vec![0.0; parameter.n_elements()]);
    let x = net.input("x", &[1, 6]);
    let x = net.fully_connected(x, 4);
    let y = net.fully_connected(x, 6);
    let mut graph = net.finish(&[y]).unwrap();
    init(&mut graph, 1).unwrap();
    let mut random = stream(1, Purpose::Order, 1);
    let line = |random: &mut _| {
        let t = signed_unit(random);
        [t, -t, 0.5 * t, t, 0.0, 0.1]
    };
    let x: Vec<f32> = (0..64).flat_map(|_| line(&mut random)).collect();
    let data = Examples { shape: vec![6], x, y: vec![7; 64], ..Examples::default() };
    let config = Config { epochs: 60, learning_rate: 0.02, loss: Loss::Reconstruction, ..Config::default() };
    let mut trainer = Trainer::new(graph, config).unwrap();
    let before = trainer.evaluate(&data).unwrap().loss;
    for _ in 0..60 {
        trainer.epoch(&data, &mut |_| ControlFlow::Continue(())).unwrap();
    }
    let after = trainer.evaluate(&data).unwrap().loss;
    assert!(after < 0.01 * before, "{before} {after}");
}

#[test]
fn initial_weights_have_the_spread_that_keeps_signals_alive() {
    let graph = branched();
    let of = |node: usize, operand: usize| {
        let idx: TensorIdx = graph.nodes[node].inputs[operand].unwrap();
        graph.tensor(idx).f32s().unwrap()
    };
    let spread = |values: &[f32]| values.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    // He for the rectified 3x3x2 convolution, Glorot for the classifier of 8 to 3.
    let he = (6.0f32 / 18.0).sqrt();
    assert!((0.9 * he..=he).contains(&spread(&of(0, 1))), "{}", spread(&of(0, 1)));
    let classifier = graph.nodes.len() - 2;
    let glorot = (6.0f32 / 11.0).sqrt();
    assert!((0.7 * glorot..=glorot).contains(&spread(&of(classifier, 1))));
    assert!(of(0, 2).iter().all(|v| *v == 0.0) && of(1, 1).iter().all(|v| *v == 1.0));
    assert!(of(1, 3).iter().all(|v| *v == 0.0) && of(1, 4).iter().all(|v| *v == 1.0));
    let mut other = graph.clone();
    init(&mut other, 5).unwrap();
    assert_eq!(other, graph);
    init(&mut other, 6).unwrap();
    assert_ne!(other, graph);
}

#[test]
fn senseless_configurations_are_refused_by_field() {
    fn refuse(change: impl Fn(&mut Config)) -> String {
        let mut config = config();
        change(&mut config);
        Trainer::new(branched(), config).unwrap_err().to_string()
    }
    assert!(refuse(|config| config.batch = 0).contains("batch is 0"));
    assert!(refuse(|config| config.epochs = 0).contains("epochs is 0"));
    assert!(refuse(|config| config.learning_rate = f32::NAN).contains("learning_rate is NaN"));
    assert!(refuse(|config| config.label_smoothing = 1.0).contains("label_smoothing is 1"));
    assert!(refuse(|config| config.warm_up_epochs = -1.0).contains("warm_up_epochs is -1"));
    assert!(refuse(|config| config.weight_decay = -1.0).contains("weight_decay is -1"));
    assert!(refuse(|config| config.beta2 = 1.0).contains("beta2 is 1"));
    assert!(refuse(|config| config.epsilon = 0.0).contains("epsilon is 0"));
    assert!(refuse(|config| config.batch_norm_momentum = 2.0).contains("batch_norm_momentum is 2"));
    assert!(
        refuse(|config| config.schedule = Schedule::Step { every: 0, factor: 0.5 }).contains("every is 0")
    );
    let plateau = Schedule::Plateau { patience: 0, factor: 0.5 };
    assert!(refuse(move |config| config.schedule = plateau).contains("patience is 0"));
    let sgd = Optimizer::Sgd { momentum: 1.0, nesterov: false };
    assert!(refuse(move |config| config.optimizer = sgd).contains("optimizer.sgd.momentum is 1"));
    assert!(refuse(|config| config.clip_norm = Some(0.0)).contains("clip_norm is 0"));
    assert!(refuse(|config| config.ema_decay = Some(1.5)).contains("ema_decay is 1.5"));
    assert!(refuse(|config| config.patience = Some(0)).contains("patience is 0"));
    assert!(refuse(|config| config.class_weights = vec![1.0]).contains("[1.0] for 3 outputs"));
}

#[test]
fn graphs_that_cannot_be_trained_are_refused() {
    let mut net = Builder::new("bare", |parameter| vec![0.0; parameter.n_elements()]);
    let x = net.input("x", &[1, 6]);
    let y = net.relu(x);
    let graph = net.finish(&[y]).unwrap();
    let error = Trainer::new(graph, Config::default()).unwrap_err().to_string();
    assert!(error.contains("no float32 weights to train"), "{error}");
    let mut graph = branched();
    graph.outputs.push(graph.outputs[0]);
    assert!(Trainer::new(graph, Config::default()).is_err());
    let mut graph = branched();
    graph.tensors[3].shape = vec![7];
    assert!(Trainer::new(graph, Config::default()).is_err());
}

#[test]
fn weight_decay_and_class_weights_reach_the_weights() {
    let train = examples(30, 1);
    let weights_after = |config: Config| {
        let mut trainer = Trainer::new(branched(), config).unwrap();
        run(&mut trainer, 1, &train, &train);
        trainer.state.params[..trainer.network.parameters.n_decayed]
            .iter()
            .map(|w| f64::from(w * w))
            .sum::<f64>()
    };
    let plain = weights_after(config());
    assert!(weights_after(Config { weight_decay: 5.0, ..config() }) < 0.99 * plain);
    let one_class = Config { class_weights: vec![1.0, 0.0, 0.0], ..config() };
    let mut trainer = Trainer::new(branched(), Config { epochs: 10, ..one_class }).unwrap();
    run(&mut trainer, 10, &train, &train);
    let predicted = trainer.predict(&train).unwrap();
    let zeros = predicted.chunks_exact(3).filter(|row| row[0] > row[1].max(row[2])).count();
    assert!(zeros > 25, "{zeros} of 30 are taken for the only class that counts");
}

/// Examples that cannot all be read.
struct Torn(Examples);

impl Source for Torn {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn class(&self, index: usize) -> u32 {
        self.0.class(index)
    }

    fn read(&self, index: usize, values: &mut [f32]) -> Result<(), String> {
        if index == 17 { Err("disk/17.wav: it ends too early".into()) } else { self.0.read(index, values) }
    }
}

#[test]
fn an_example_that_cannot_be_read_stops_the_epoch_and_is_named() {
    let torn = Torn(examples(40, 1));
    let mut trainer = Trainer::new(branched(), config()).unwrap();
    let before = trainer.checkpoint();
    let error = trainer.epoch(&torn, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(error.contains("disk/17.wav: it ends too early"), "{error}");
    assert!(trainer.checkpoint() == before);
    assert!(trainer.evaluate(&torn).is_err() && trainer.predict(&torn).is_err());
    let config = Config { loss: Loss::MeanSquaredError, ..config() };
    let mut trainer = Trainer::new(branched(), config).unwrap();
    let error = trainer.evaluate(&examples(40, 1)).unwrap_err().to_string();
    assert!(error.contains("target values"), "{error}");
    let targets = Examples { targets: vec![0.5; 120], ..examples(40, 1) };
    assert!(trainer.epoch(&targets, &mut |_| ControlFlow::Continue(())).is_ok());
}

#[test]
fn frozen_nodes_keep_their_weights_and_the_rest_learns() {
    let (train, graph) = (examples(120, 1), branched());
    let frozen_nodes = 2;
    let config = Config { frozen_nodes, weight_decay: 0.1, clip_norm: Some(1.0), ..config() };
    let mut graph = graph;
    // The batch normalisation of a frozen node would follow the data.
    let is_norm = |node: &smidgen_ir::Node| matches!(node.op, smidgen_ir::ops::Op::BatchNormalization(_));
    let frozen_norm = graph.nodes.iter().take(frozen_nodes).any(is_norm);
    if frozen_norm {
        let error = Trainer::new(graph.clone(), config.clone()).unwrap_err().to_string();
        assert!(error.contains("fold it first"), "{error}");
        graph = smidgen_ir::passes::fold_batch_norm(&graph).unwrap();
    }
    let mut trainer = Trainer::new(graph.clone(), config).unwrap();
    let before = trainer.evaluate(&train).unwrap().loss;
    for _ in 0..4 {
        trainer.epoch(&train, &mut |_| ControlFlow::Continue(())).unwrap();
    }
    assert!(trainer.evaluate(&train).unwrap().loss < before);
    let after = trainer.graph();
    let constants = |graph: &Graph, at: usize| -> Vec<Vec<u8>> {
        let inputs = graph.nodes[at].inputs.iter().flatten();
        inputs.filter_map(|&input| graph.tensor(input).data.as_ref()).map(|data| data.to_vec()).collect()
    };
    let same = |at: usize| constants(&graph, at) == constants(&after, at);
    assert!((0..frozen_nodes).all(same));
    assert!((frozen_nodes..graph.nodes.len()).any(|at| !same(at)));
}
