use super::*;
use crate::post_training_quantization::tests::Noise;
use smidgen_ir::build::{Builder, Conv};

fn network() -> Graph {
    let mut noise = Noise(3);
    let mut net = Builder::new("net", move |parameter| {
        // Layers of unlike size.
        let scale = if parameter.shape.len() == 4 { 1.0 } else { 0.1 };
        noise.values(parameter.n_elements(), scale)
    });
    let x = net.input("x", &[1, 4, 4, 4]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
    let x = net.depthwise_conv_2d(x, Conv::new(1, [3, 3]));
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 6);
    net.finish(&[x]).unwrap()
}

fn filter_values(graph: &Graph) -> Vec<Vec<f32>> {
    filters(graph).iter().map(|filter| graph.tensor(filter.tensor).f32s().unwrap()).collect()
}

fn share(values: &[f32]) -> f64 {
    values.iter().filter(|value| **value == 0.0).count() as f64 / values.len() as f64
}

fn with(pattern: Pattern, sparsity: f64, global: bool) -> Graph {
    let config = Config { sparsity, pattern, global, ..Config::default() };
    apply(&network(), &config, &mut Context::new(&[])).unwrap()
}

#[test]
fn the_smallest_weights_go_in_every_layer() {
    let (before, pruned) = (network(), with(Pattern::Single, 0.75, false));
    for (old, new) in filter_values(&before).iter().zip(filter_values(&pruned)) {
        assert!((share(&new) - 0.75).abs() < 0.01);
        let gone = old.iter().zip(&new).filter(|(_, new)| **new == 0.0).map(|(old, _)| old.abs());
        let kept = old.iter().zip(&new).filter(|(_, new)| **new != 0.0).map(|(old, _)| old.abs());
        assert!(gone.fold(0.0, f32::max) <= kept.fold(f32::INFINITY, f32::min));
    }
    let depthwise = |graph: &Graph| graph.tensor(graph.nodes[1].inputs[1].unwrap()).f32s().unwrap();
    assert_eq!(depthwise(&pruned), depthwise(&before));
}

#[test]
fn layers_compete_by_their_own_measure() {
    let shares: Vec<f64> =
        filter_values(&with(Pattern::Single, 0.6, true)).iter().map(|values| share(values)).collect();
    // Both are uniform, so about the same share goes although one's weights are ten times as large.
    assert!(shares.iter().all(|share| (share - 0.6).abs() < 0.06), "{shares:?}");
    assert!((sparsity(&with(Pattern::Single, 0.6, true)) - 0.6).abs() < 0.01);
}

#[test]
fn patterns_hold_everywhere() {
    for values in filter_values(&with(Pattern::NOfM { of: 4 }, 0.5, false)) {
        for group in values.chunks_exact(4) {
            assert_eq!(group.iter().filter(|value| **value == 0.0).count(), 2);
        }
    }
    let pruned = with(Pattern::Block { columns: 4, rows: 2 }, 0.5, false);
    for (filter, values) in filters(&pruned).iter().zip(filter_values(&pruned)) {
        for (row, column) in
            (0..filter.n_channels).step_by(2).flat_map(|r| (0..filter.row).step_by(4).map(move |c| (r, c)))
        {
            let block: Vec<bool> = (0..2)
                .flat_map(|r| (0..4).map(move |c| (row + r) * filter.row + column + c))
                .map(|at| values[at] == 0.0)
                .collect();
            assert!(block.iter().all(|zero| *zero == block[0]));
        }
        assert!((share(&values) - 0.5).abs() < 0.02);
    }
}

#[test]
fn schedules_grow_to_the_whole() {
    let at = |schedule, epoch| Config { sparsity: 0.8, schedule, ..Config::default() }.sparsity_at(epoch, 8);
    assert_eq!([0, 7].map(|epoch| at(Schedule::OneShot, epoch)), [0.8, 0.8]);
    for schedule in [Schedule::Polynomial { power: 3.0 }, Schedule::Constant] {
        let grown: Vec<f64> = (0..8).map(|epoch| at(schedule, epoch)).collect();
        assert!(grown[0] > 0.0 && grown.is_sorted(), "{grown:?}");
        assert!(grown[5..].iter().all(|sparsity| (sparsity - 0.8).abs() < 1e-12), "{grown:?}");
        assert!(grown[4] < 0.8);
    }
    assert_eq!(Config::default().sparsity_at(0, 1), 0.75, "one epoch is enough");
}

#[test]
fn zeros_are_held_and_stay_where_more_is_pruned() {
    let pruned = with(Pattern::Single, 0.5, false);
    for (tensor, constraint) in zeros(&pruned) {
        let values = pruned.tensor(tensor).f32s().unwrap();
        let mut moved: Vec<f32> = values.iter().map(|value| value + 1.0).collect();
        constraint.project(&mut moved);
        assert!(moved.iter().zip(&values).all(|(moved, value)| (*moved == 0.0) == (*value == 0.0)));
    }
    for (tensor, constraint) in held(&pruned, None, &Config::default(), 0.75).unwrap() {
        let less = pruned.tensor(tensor).f32s().unwrap();
        let mut more = less.clone();
        constraint.project(&mut more);
        assert!(less.iter().zip(&more).all(|(less, more)| *less != 0.0 || *more == 0.0));
        assert!((share(&more) - 0.75).abs() < 0.01);
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let message = |config: Config| config.check().unwrap_err().to_string();
    for sparsity in [0.0, 1.0, f64::NAN] {
        assert!(message(Config { sparsity, ..Config::default() }).contains("expected above 0 and below 1"));
    }
    assert!(message(Config { pattern: Pattern::NOfM { of: 1 }, ..Config::default() }).contains("of 1"));
    let pattern = Pattern::Block { columns: 0, rows: 1 };
    assert!(message(Config { pattern, ..Config::default() }).contains("1 by 0"));
    let schedule = Schedule::Polynomial { power: 0.0 };
    assert!(message(Config { schedule, ..Config::default() }).contains("power 0"));
}

#[test]
fn movement_prunes_what_shrinks_and_not_what_is_small() {
    let start = network();
    let mut now = start.clone();
    for filter in filters(&start) {
        // Every other weight shrinks, the others grow, by a share of what they are.
        let values = start.tensor(filter.tensor).f32s().unwrap();
        let factor = |at: usize| if at.is_multiple_of(2) { 0.9 } else { 1.1 };
        let moved: Vec<f32> = values.iter().enumerate().map(|(at, value)| value * factor(at)).collect();
        set(&mut now, filter.tensor, &moved);
    }
    let config = Config { sparsity: 0.5, importance: Importance::Movement, ..Config::default() };
    let of_half = pruned(&now, Some(&start), &config, 0.5).unwrap();
    for filter in filters(&of_half) {
        let values = of_half.tensor(filter.tensor).f32s().unwrap();
        assert!(values.iter().enumerate().all(|(at, value)| (*value == 0.0) == at.is_multiple_of(2)));
    }
    // What is gone stays gone, whatever the rest does.
    let more = pruned(&of_half, Some(&start), &config, 0.6).unwrap();
    assert!((sparsity(&more) - 0.6).abs() < 0.02);
    for filter in filters(&more) {
        let values = |graph: &Graph| graph.tensor(filter.tensor).f32s().unwrap();
        assert!(
            values(&of_half).iter().zip(values(&more)).all(|(before, after)| *before != 0.0 || after == 0.0)
        );
    }
    assert_eq!((config.sparsity_at(0, 8), config.sparsity_at(7, 8)), (0.0, 0.5));
}

#[test]
fn rewinding_keeps_early_weights_where_the_trained_ones_matter() {
    let early = network();
    let mut trained = early.clone();
    for filter in filters(&early) {
        // The order of magnitudes is turned round.
        let values = early.tensor(filter.tensor).f32s().unwrap();
        let turned: Vec<f32> = values.iter().map(|value| 1.0 / (value + 2.0f32.copysign(*value))).collect();
        set(&mut trained, filter.tensor, &turned);
    }
    let rewind = Rewind { rounds: 2, to: None };
    let config = Config { sparsity: 0.75, rewind: Some(rewind.clone()), ..Config::default() };
    config.check().unwrap();
    assert_eq!([1, 2].map(|round| rewind.sparsity(0.75, round)), [0.5, 0.75]);
    let graph = rewound(&trained, &early, &config, 0.5).unwrap();
    for ((new, old), trained) in
        filter_values(&graph).iter().zip(filter_values(&early)).zip(filter_values(&trained))
    {
        assert!((share(new) - 0.5).abs() < 0.01);
        let gone = |at: &usize| new[*at] == 0.0;
        let (gone, kept): (Vec<usize>, Vec<usize>) = (0..new.len()).partition(gone);
        let most = gone.iter().map(|&at| trained[at].abs()).fold(0.0, f32::max);
        assert!(kept.iter().all(|&at| trained[at].abs() >= most && new[at] == old[at]));
    }
    // The second round prunes what is left, and never brings a weight back.
    let more = rewound(&graph, &early, &config, 0.75).unwrap();
    for (more, less) in filter_values(&more).iter().zip(filter_values(&graph)) {
        assert!((share(more) - 0.75).abs() < 0.01);
        assert!(more.iter().zip(less).all(|(more, less)| less != 0.0 || *more == 0.0));
    }
}

#[test]
fn rewinding_that_makes_no_sense_is_refused() {
    let message = |config: Config| config.check().unwrap_err().to_string();
    let rewind = Some(Rewind { rounds: 0, to: None });
    assert!(message(Config { rewind, ..Config::default() }).contains("rewind.rounds 0, expected 1 to 100"));
    let rewind = Some(Rewind { rounds: 3, to: None });
    let importance = Importance::Movement;
    assert!(message(Config { rewind, importance, ..Config::default() }).contains("not by movement"));
    let mut other = Builder::new("other", |parameter| vec![0.5; parameter.n_elements()]);
    let x = other.input("x", &[1, 4]);
    let x = other.fully_connected(x, 2);
    let other = other.finish(&[x]).unwrap();
    let error = rewound(&network(), &other, &Config::default(), 0.5).unwrap_err().to_string();
    assert!(error.contains("has other layers"), "{error}");
}
