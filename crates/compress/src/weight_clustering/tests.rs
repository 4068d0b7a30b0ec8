use super::*;
use crate::post_training_quantization as ptq;
use crate::post_training_quantization::tests::{Noise, inputs};
use crate::weight_pruning;
use smidgen_ir::Tensor;
use smidgen_ir::build::{Builder, Conv};

fn network() -> Graph {
    let mut noise = Noise(3);
    let mut net = Builder::new("net", move |parameter| {
        let n = parameter.n_elements();
        // Bell-shaped, and channels of unlike size.
        let sizes = noise.values(8, 1.0);
        (0..n)
            .map(|at| (noise.next() + noise.next() + noise.next()) * (0.2 + sizes[at * 8 / n].abs()))
            .collect()
    });
    let x = net.input("x", &[1, 4, 4, 4]);
    let x = net.conv_2d(x, Conv::new(8, [3, 3]).relu());
    let x = net.depthwise_conv_2d(x, Conv::new(1, [5, 5]));
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 6);
    net.finish(&[x]).unwrap()
}

fn clustered(graph: &Graph, config: &Config) -> Graph {
    apply(graph, config, &mut Context::new(&[])).unwrap()
}

/// The int8 filters of the layers.
fn filters_of(graph: &Graph) -> Vec<Tensor> {
    let calibration = inputs(1, graph, 4);
    let int8 = ptq::apply(graph, &ptq::Config::default(), &mut Context::new(&calibration)).unwrap();
    let is_weighted = |op: &Op| matches!(op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_));
    let weighted = int8.nodes.iter().filter(|node| is_weighted(&node.op));
    weighted.map(|node| int8.tensor(node.inputs[1].unwrap()).clone()).collect()
}

/// The int8 values of each layer's weights.
fn codebooks(graph: &Graph) -> Vec<BTreeSet<i8>> {
    filters_of(graph).iter().map(|filter| filter.i8s().unwrap().into_iter().collect()).collect()
}

#[test]
fn all_channels_of_a_layer_share_one_int8_codebook() {
    for start in [Start::Linear, Start::Density, Start::KMeansPlusPlus] {
        for clusters in [4, 8, 16, 200] {
            let config = Config { clusters, start, seed: 2, ..Config::default() };
            let graph = settled(&clustered(&network(), &config));
            for codebook in codebooks(&graph) {
                assert!(codebook.len() <= clusters, "{start:?} {clusters}: {codebook:?}");
                assert!(codebook.len() * 2 > clusters.min(100), "{start:?} {clusters}: {codebook:?}");
            }
        }
    }
}

#[test]
fn more_clusters_are_nearer() {
    let before = network();
    let distance = |clusters| {
        let after = clustered(&before, &Config { clusters, ..Config::default() });
        let sum = |filter: &Filter| -> f64 {
            let values = |graph: &Graph| graph.tensor(filter.tensor).f32s().unwrap();
            values(&before).iter().zip(values(&after)).map(|(a, b)| f64::from(a - b).powi(2)).sum()
        };
        clusterable(&before).iter().map(sum).sum::<f64>()
    };
    let distances = [2, 4, 8, 16, 32, 64].map(distance);
    assert!(distances.is_sorted_by(|a, b| a > b), "{distances:?}");
    assert!(distances[3] < 0.02 * distances[0]);
}

#[test]
fn clusters_hold_while_weights_move_and_scales_follow() {
    for one_scale in [false, true] {
        let settled = moved(&Config { clusters: 8, one_scale, ..Config::default() });
        assert!(codebooks(&settled).iter().all(|codebook| codebook.len() <= 8));
        let n_scales = |filter: &Tensor| filter.quant.as_ref().unwrap().scales.len();
        let expected = if one_scale { [1, 1, 1] } else { [8, 8, 1] };
        assert_eq!(filters_of(&settled).iter().map(n_scales).collect::<Vec<_>>(), expected);
    }
}

/// A clustered network whose weights have moved.
fn moved(config: &Config) -> Graph {
    let graph = clustered(&network(), config);
    let mut moved = graph.clone();
    let mut noise = Noise(8);
    for (tensor, constraint) in held(&graph) {
        let values: Vec<f32> = graph
            .tensor(tensor)
            .f32s()
            .unwrap()
            .iter()
            .map(|value| value * (1.0 + 0.02 * noise.next()))
            .collect();
        let mut projected = values.clone();
        constraint.project(&mut projected);
        let mut again = projected.clone();
        constraint.project(&mut again);
        assert!(
            projected.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-5),
            "a projection stays where it is"
        );
        set(&mut moved, tensor, &projected);
    }
    assert_ne!(moved, graph);
    settled(&moved)
}

#[test]
fn zeros_of_pruning_stay() {
    let config = weight_pruning::Config { sparsity: 0.6, ..Default::default() };
    let pruned = weight_pruning::apply(&network(), &config, &mut Context::new(&[])).unwrap();
    let graph = clustered(&pruned, &Config { clusters: 8, ..Config::default() });
    let zeros = |graph: &Graph| -> Vec<bool> {
        let values =
            filters(graph).into_iter().flat_map(|filter| graph.tensor(filter.tensor).f32s().unwrap());
        values.map(|value| value == 0.0).collect()
    };
    let (before, after) = (zeros(&pruned), zeros(&graph));
    assert!(before.iter().zip(&after).all(|(before, after)| !before || *after));
    assert!((weight_pruning::sparsity(&graph) - 0.6).abs() < 0.05);
}

#[test]
fn numbers_of_clusters_that_make_no_sense_are_refused() {
    for clusters in [0, 1, 257] {
        let config = Config { clusters, ..Config::default() };
        let error = apply(&network(), &config, &mut Context::new(&[])).unwrap_err().to_string();
        assert!(error.contains(&format!("{clusters} clusters, expected 2 to 256")), "{error}");
    }
}

#[test]
fn each_channel_may_have_values_of_its_own() {
    let graph = network();
    let config = Config { clusters: 4, per_channel: true, ..Config::default() };
    let clustered = clustered(&graph, &config);
    let calibration = inputs(1, &clustered, 4);
    let int8 =
        |graph: &Graph| ptq::apply(graph, &ptq::Config::default(), &mut Context::new(&calibration)).unwrap();
    let values =
        |graph: &Graph, node: usize| graph.tensor(graph.nodes[node].inputs[1].unwrap()).i8s().unwrap();
    let check = |graph: &Graph| {
        let int8 = int8(graph);
        let filter = values(&int8, 0);
        let rows: Vec<BTreeSet<i8>> = filter.chunks(36).map(|row| row.iter().copied().collect()).collect();
        assert!(rows.iter().all(|row| row.len() <= 4), "{rows:?}");
        assert!(filter.iter().collect::<BTreeSet<_>>().len() > 8, "channels differ");
        // Others have a layer's.
        assert!(values(&int8, 1).into_iter().collect::<BTreeSet<i8>>().len() <= 4);
    };
    check(&clustered);
    // They stay together while they move.
    let mut moved = clustered.clone();
    let mut noise = Noise(5);
    for (tensor, constraint) in held(&clustered) {
        let mut values = moved.tensor(tensor).f32s().unwrap();
        let changes = noise.values(values.len(), 0.02);
        values.iter_mut().zip(changes).for_each(|(value, change)| *value += change);
        constraint.project(&mut values);
        set(&mut moved, tensor, &values);
    }
    assert_ne!(moved, clustered);
    check(&settled(&moved));
    // Four values for each channel are nearer than four for all.
    let distance = |config: &Config| -> f64 {
        let filter = graph.nodes[0].inputs[1].unwrap();
        let (old, new) = (
            graph.tensor(filter).f32s().unwrap(),
            self::clustered(&graph, config).tensor(filter).f32s().unwrap(),
        );
        old.iter().zip(new).map(|(a, b)| f64::from(a - b).powi(2)).sum()
    };
    assert!(distance(&config) < distance(&Config { per_channel: false, ..config.clone() }));
}
