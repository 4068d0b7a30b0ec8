use super::*;
use crate::post_training_quantization::tests::Noise;
use crate::quantize::floats;
use smidgen_ir::Interpreter;
use smidgen_ir::build::{Builder, Conv};

/// Strided and dilated windows, 1×1 and FULLY_CONNECTED, with weights of rank 3.
fn network(seed: u64) -> Graph {
    let mut noise = Noise(seed);
    let mut net = Builder::new("net", move |parameter| match *parameter.shape {
        [rows, .., columns] if parameter.n_elements() > rows => {
            let taps = parameter.n_elements() / rows / columns;
            let (a, b) = (noise.values(rows * 3, 0.5), noise.values(columns * 3, 0.5));
            let along = noise.values(taps, 1.0);
            let product = |at: usize| -> f32 {
                let (row, tap, column) = (at / columns / taps, at / columns % taps, at % columns);
                (0..3).map(|r| a[row * 3 + r] * b[column * 3 + r]).sum::<f32>() * along[tap]
            };
            (0..parameter.n_elements()).map(product).collect()
        }
        _ => noise.values(parameter.n_elements(), 0.3),
    });
    let x = net.input("x", &[1, 9, 8, 12]);
    let x = net.conv_2d(x, Conv::new(16, [3, 5]).stride([2, 1]).relu());
    let x = net.conv_2d(x, Conv::new(20, [3, 3]).dilation([1, 2]));
    let x = net.conv_2d(x, Conv::new(24, [1, 1]).stride([2, 2]).relu());
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 16);
    net.finish(&[x]).unwrap()
}

fn run(graph: &Graph) -> Vec<f32> {
    let mut noise = Noise(0xda7a);
    let input = noise.values(graph.input_bytes() / 4, 1.0);
    let bytes: Vec<u8> = input.iter().flat_map(|value| value.to_le_bytes()).collect();
    floats(&Interpreter::new(graph).unwrap().run(&bytes).unwrap()).collect()
}

fn made(graph: &Graph, config: &Config) -> Result<Graph, CompressError> {
    apply(graph, config, &mut Context::new(&[]))
}

#[test]
fn weights_of_low_rank_lose_nothing() {
    for seed in 0..5 {
        let graph = network(seed);
        for windows in [Windows::Tucker, Windows::Spatial, Windows::Keep] {
            let small =
                made(&graph, &Config { rank: Rank::Energy(1.0 - 1e-9), windows, sparse: None }).unwrap();
            assert!(parameters(&small) < parameters(&graph) * 3 / 4);
            let n_nodes = match windows {
                Windows::Tucker => 11,
                Windows::Spatial => 9,
                Windows::Keep => 7,
            };
            assert_eq!(small.nodes.len(), n_nodes, "{windows:?}");
            for (a, b) in run(&graph).iter().zip(run(&small)) {
                assert!((a - b).abs() < 1e-3 * a.abs().max(1.0), "{windows:?}: {a} {b}");
            }
        }
    }
}

#[test]
fn variational_bayes_finds_the_rank() {
    let small =
        made(&network(1), &Config { rank: Rank::VariationalBayes, windows: Windows::Keep, sparse: None })
            .unwrap();
    let dense = small.nodes.iter().filter(|node| matches!(node.op, Op::FullyConnected(_))).nth(1).unwrap();
    assert_eq!(small.tensor(dense.inputs[1].unwrap()).shape, [16, 3]);
}

#[test]
fn a_share_of_the_parameters_goes() {
    let mut graph = network(2);
    let mut noise = Noise(4);
    for tensor in graph.tensors.iter_mut().filter(|tensor| tensor.is_const()) {
        let values = noise.values(tensor.n_elements(), 0.5);
        *tensor = Tensor::const_f32(tensor.name.clone(), tensor.shape.clone(), &values);
    }
    for share in [0.3, 0.6, 0.8] {
        for windows in [Windows::Tucker, Windows::Spatial] {
            let small =
                made(&graph, &Config { rank: Rank::Parameters(share), windows, sparse: None }).unwrap();
            let rest = parameters(&small) as f64 / parameters(&graph) as f64;
            assert!(rest <= 1.0 - share && rest > 0.6 * (1.0 - share), "{share} {windows:?}: {rest}");
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let message = |rank| {
        made(&network(1), &Config { rank, windows: Windows::Tucker, sparse: None }).unwrap_err().to_string()
    };
    assert!(message(Rank::Energy(1.0)).contains("expected above 0 and below 1"));
    assert!(message(Rank::Parameters(0.999)).contains("cannot go"));
    let mut noise = Noise(1);
    let mut net = Builder::new("net", move |parameter| noise.values(parameter.n_elements(), 1.0));
    let x = net.input("x", &[1, 4]);
    let x = net.fully_connected(x, 3);
    let graph = net.finish(&[x]).unwrap();
    let error = made(&graph, &Config { rank: Rank::Energy(0.99), ..Config::default() }).unwrap_err();
    assert!(error.to_string().contains("no layer gets smaller"), "{error}");
}

#[test]
fn weights_that_stand_out_stay_beside_the_product() {
    let clean = network(1);
    let mut graph = clean.clone();
    // One weight in fifty is an outlier.
    for node in &clean.nodes {
        let Some(&Some(filter)) = node.inputs.get(1) else { continue };
        let Some(mut values) = clean.tensor(filter).f32s() else { continue };
        values.iter_mut().step_by(50).for_each(|value| *value += 3.0);
        graph.tensor_mut(filter).data = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }
    let rank = Rank::Parameters(0.5);
    let error = |sparse: Option<f64>| -> f32 {
        let made = made(&graph, &Config { rank, windows: Windows::Spatial, sparse }).unwrap();
        made.verify().unwrap();
        let count = made.nodes.iter().filter(|node| matches!(node.op, Op::Add(_))).count();
        assert_eq!(count > 0, sparse.is_some());
        assert!(2 * parameters(&made) <= parameters(&graph));
        run(&graph).iter().zip(run(&made)).map(|(a, b)| (a - b).powi(2)).sum()
    };
    let (without, with) = (error(None), error(Some(0.03)));
    assert!(with < 0.2 * without, "{with} {without}");
    let config = Config { sparse: Some(0.7), ..Config::default() };
    assert!(config.check().unwrap_err().to_string().contains("sparse 0.7, expected above 0"));
}
