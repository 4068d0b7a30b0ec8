use super::*;
use smidgen_ir::Op;

#[test]
fn every_model_builds_at_its_default_size_and_at_others() {
    for entry in MODELS {
        let graph = entry.build(&entry.default).unwrap();
        assert_eq!(graph.verify(), Ok(()), "{}", entry.name);
        let [height, width, channels] = entry.default.input;
        let input = [height.next_multiple_of(2) * 2, width, channels];
        let other = Config { input, outputs: 5, width: entry.default.width * 2.0, depth: 2.0 };
        let larger = entry.build(&other).unwrap();
        assert!(parameters(&larger) > parameters(&graph), "{}", entry.name);
    }
}

fn parameters(graph: &Graph) -> usize {
    graph.tensors.iter().filter(|tensor| tensor.is_const()).map(|tensor| tensor.n_elements()).sum()
}

#[test]
fn outputs_mean_what_the_task_says() {
    for entry in MODELS {
        let config = Config { outputs: 7, ..entry.default };
        let graph = entry.build(&config).unwrap();
        let shape = graph.tensor(graph.outputs[0]).shape.as_slice();
        let values = config.input.iter().product();
        match entry.task {
            Task::Classification => assert_eq!(shape, [1, 7], "{}", entry.name),
            Task::Reconstruction => assert_eq!(shape, [1, values]),
            Task::Detection => {
                let boxes = detector::priors(entry, &config).unwrap().len();
                assert_eq!(shape, [1, boxes, 12], "{}", entry.name);
            }
            Task::Centroids => assert_eq!(shape, [1, 12, 12, 8]),
            Task::Anomaly => assert_eq!(shape, [1]),
        }
    }
}

/// Parameters and MACs as their authors give them.
#[test]
fn sizes_are_those_of_the_papers() {
    let of = |name: &str, config: Config| find(name).unwrap().build(&config).unwrap();
    // Howard et al. 2017, table 7: MobileNet 0.25 at 224 x 224 has 0.5 million parameters and 41 million MACs.
    let size = Config { input: [224, 224, 3], outputs: 1000, width: 0.25, depth: 1.0 };
    let v1 = of("mobilenet_v1", size);
    assert!((450_000..520_000).contains(&parameters(&v1)), "{}", parameters(&v1));
    assert!((40_000_000..42_500_000).contains(&v1.macs()), "{}", v1.macs());
    // Sandler et al. 2018, table 4: MobileNetV2 has 3.4 million parameters and 300 million MACs.
    let v2 = of("mobilenet_v2", Config { width: 1.0, ..size });
    assert!((3_400_000..3_600_000).contains(&parameters(&v2)), "{}", parameters(&v2));
    assert!((295_000_000..310_000_000).contains(&v2.macs()), "{}", v2.macs());
    // Iandola et al. 2016: SqueezeNet 1.1 has 1.24 million parameters.
    let squeezed = of("squeezenet", Config { width: 1.0, ..size });
    assert!((1_200_000..1_280_000).contains(&parameters(&squeezed)), "{}", parameters(&squeezed));
}

#[test]
fn what_cannot_be_built_is_said() {
    let entry = find("ds_cnn_s").unwrap();
    let error = |config: Config| entry.build(&config).unwrap_err().to_string();
    assert!(error(Config { width: 0.0, ..entry.default }).contains("width is 0"));
    assert!(error(Config { depth: f32::NAN, ..entry.default }).contains("depth is NaN"));
    assert!(error(Config { outputs: 0, ..entry.default }).contains("outputs is 0"));
    assert!(error(Config { input: [4096, 4096, 3], ..entry.default }).contains("more than"));
    assert!(find("vgg").unwrap_err().to_string().contains("ds_cnn_s"));
}

#[test]
fn a_recurrent_layer_has_its_state() {
    let graph = find("lstm").unwrap().build(&find("lstm").unwrap().default).unwrap();
    assert!(graph.nodes.iter().any(|node| matches!(node.op, Op::UnidirectionalSequenceLstm(_))));
    assert_eq!(graph.tensors.iter().filter(|tensor| tensor.is_variable).count(), 2);
}
