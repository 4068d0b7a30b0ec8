use super::*;
use crate::{Config, Loss, Source, Teacher, Trainer, init};
use smidgen_ir::build::{Builder, Conv};

fn values(n: usize, seed: f32) -> Vec<f32> {
    (0..n).map(|at| ((at as f32 + seed) * 1.7).sin()).collect()
}

#[test]
fn gradients_are_central_differences() {
    for (kind, n_told) in [(FeatureKind::Hint, 24), (FeatureKind::Attention, 6)] {
        let (mut a, told) = (values(24, 0.3), values(n_told, 5.1));
        let mut gradient = vec![0.0; 24];
        kind.loss(&a, &told, 1.5, &mut gradient);
        for at in 0..24 {
            let mut loss = |change: f32| {
                let old = a[at];
                a[at] += change;
                let loss = kind.loss(&a, &told, 1.5, &mut []);
                a[at] = old;
                loss
            };
            let slope = 1.5 * (loss(1e-2) - loss(-1e-2)) / 2e-2;
            assert!(
                (slope - f64::from(gradient[at])).abs() < 2e-3,
                "{kind:?} {at}: {slope} {}",
                gradient[at]
            );
        }
        // What is told of an activation is what it is held to.
        let mut own = vec![0.0; n_told];
        kind.of(&a, &mut own);
        assert!(kind.loss(&a, &own, 1.0, &mut []) < 1e-10);
    }
}

fn network(channels: usize, seed: u64) -> Graph {
    let mut net = Builder::new("net", |parameter| vec![0.0; parameter.n_elements()]);
    let x = net.input("x", &[1, 8, 8, 2]);
    let x = net.conv_2d(x, Conv::new(channels, [3, 3]).relu());
    let x = net.conv_2d(x, Conv::new(channels, [3, 3]).stride([2, 2]).relu());
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 3);
    let x = net.softmax(x);
    let mut graph = net.finish(&[x]).unwrap();
    init(&mut graph, seed).unwrap();
    graph
}

/// Examples that a teacher tells of.
struct Taught<'a>(&'a Teacher);

impl Source for Taught<'_> {
    fn len(&self) -> usize {
        24
    }
    fn shape(&self) -> &[usize] {
        &[8, 8, 2]
    }
    fn class(&self, index: usize) -> u32 {
        index as u32 % 3
    }
    fn read(&self, index: usize, to: &mut [f32]) -> Result<(), String> {
        to.copy_from_slice(&values(to.len(), index as f32));
        Ok(())
    }
    fn target(&self, _: usize, input: &[f32], to: &mut [f32]) -> Result<(), String> {
        self.0.tell(input, to)
    }
}

fn distances(student: &Graph, pairs: &[(TensorIdx, TensorIdx)], teacher: &Graph, kind: FeatureKind) -> f64 {
    let tell = |graph: &Graph, tensors: Vec<TensorIdx>, input: &[f32]| {
        let taps: Vec<(TensorIdx, FeatureKind)> = tensors.into_iter().map(|tensor| (tensor, kind)).collect();
        let teacher = Teacher::with_features(std::slice::from_ref(graph), &taps).unwrap();
        let mut told = vec![0.0; teacher.n_outputs()];
        teacher.tell(input, &mut told).unwrap();
        told.split_off(3)
    };
    let mut sum = 0.0;
    for example in 0..24 {
        let input = values(128, example as f32);
        let own = tell(student, pairs.iter().map(|pair| pair.0).collect(), &input);
        let other = tell(teacher, pairs.iter().map(|pair| pair.1).collect(), &input);
        sum += own.iter().zip(&other).map(|(a, b)| f64::from((a - b) * (a - b))).sum::<f64>();
    }
    sum
}

#[test]
fn students_come_nearer_to_their_teachers_activations_and_resume_to_the_same() {
    for (kind, channels) in [(FeatureKind::Attention, 5), (FeatureKind::Hint, 6)] {
        let (teacher_graph, graph) = (network(6, 1), network(channels, 2));
        let pairs = pairs(&graph, &teacher_graph, kind);
        assert_eq!(pairs.len(), 2);
        let taps: Vec<(TensorIdx, FeatureKind)> = pairs.iter().map(|pair| (pair.1, kind)).collect();
        let teacher = Teacher::with_features(std::slice::from_ref(&teacher_graph), &taps).unwrap();
        let features = |weight: f32| -> Vec<Feature> {
            pairs.iter().map(|&(tensor, _)| Feature { tensor, kind, weight }).collect()
        };
        let config = |weight: f32| Config {
            epochs: 12,
            batch: 8,
            learning_rate: 0.01,
            loss: Loss::Distillation { temperature: 2.0, share: 0.5 },
            features: features(weight),
            ..Config::default()
        };
        let trained = |weight: f32| {
            let mut trainer = Trainer::new(graph.clone(), config(weight)).unwrap();
            while !trainer.is_done() {
                trainer.epoch(&Taught(&teacher), &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
            }
            trainer.graph()
        };
        let (with, without) = (trained(20.0), trained(0.0));
        let near = |graph: &Graph| distances(graph, &pairs, &teacher_graph, kind);
        assert!(near(&with) < 0.6 * near(&without), "{kind:?}: {} {}", near(&with), near(&without));

        let mut trainer = Trainer::new(graph.clone(), config(20.0)).unwrap();
        for _ in 0..5 {
            trainer.epoch(&Taught(&teacher), &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        }
        let mut trainer = Trainer::resume(graph.clone(), config(20.0), &trainer.checkpoint()).unwrap();
        while !trainer.is_done() {
            trainer.epoch(&Taught(&teacher), &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        }
        assert_eq!(trainer.graph(), with);
    }
}

#[test]
fn features_that_make_no_sense_are_refused() {
    let graph = network(4, 1);
    let feature = |tensor| Feature { tensor, kind: FeatureKind::Attention, weight: 1.0 };
    let message = |loss: Loss, tensor: TensorIdx| {
        let config = Config { loss, features: vec![feature(tensor)], ..Config::default() };
        Trainer::new(graph.clone(), config).unwrap_err().to_string()
    };
    let taught = Loss::Distillation { temperature: 2.0, share: 0.5 };
    assert!(
        message(Loss::CrossEntropy, graph.nodes[0].outputs[0])
            .contains("features need the loss distillation")
    );
    let flat = message(taught, graph.nodes[3].outputs[0]);
    assert!(flat.contains("features are images"), "{flat}");
    assert!(message(taught, graph.inputs[0]).contains("is not computed"));
    let pair = pairs(&graph, &network(5, 1), FeatureKind::Hint);
    assert!(pair.is_empty(), "shapes differ");
}
