//! The losses against figures worked out by hand, and their gradients against differences.

use smidgen_ir::build::Builder;

use super::*;

fn criterion(loss: Loss, smoothing: f32, class_weights: &[f32]) -> Criterion {
    Criterion {
        loss,
        smoothing,
        class_weights: class_weights.to_vec(),
        beta: 1.0,
        n_outputs: 3,
        n_features: 0,
        depth: 3,
    }
}

fn labels(classes: &[u32]) -> Truth<'static> {
    let label = |&class: &u32| Label { class, second: None };
    Truth { inputs: &[], labels: classes.iter().map(label).collect::<Vec<_>>().leak(), targets: &[] }
}

#[test]
fn a_mixed_example_is_held_to_both_its_classes() {
    let logits = [0.3, -1.0, 0.7];
    let mixed = [Label { class: 2, second: Some((0, 0.3)) }];
    let truth = Truth { inputs: &[], labels: &mixed, targets: &[] };
    let criterion = criterion(Loss::CrossEntropy, 0.0, &[]);
    check_gradient("mixed", &criterion, &logits, truth);
    let loss = |truth| criterion.tally(&logits, truth, 1.0, &mut []).mean_loss();
    assert!((loss(truth) - 0.7 * loss(labels(&[2])) - 0.3 * loss(labels(&[0]))).abs() < 1e-6);
}

/// Checks the gradient of a loss in every output against differences.
fn check_gradient(name: &str, criterion: &Criterion, outputs: &[f32], truth: Truth<'_>) {
    let n = truth.labels.len() as f32;
    let mut gradient = vec![f32::NAN; outputs.len()];
    criterion.tally(outputs, truth, n, &mut gradient);
    for at in 0..outputs.len() {
        let moved = |by: f32| {
            let mut outputs = outputs.to_vec();
            outputs[at] += by;
            criterion.tally(&outputs, truth, n, &mut []).mean_loss()
        };
        let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
        let found = f64::from(gradient[at]);
        assert!((found - expected).abs() < 2e-3 + 1e-2 * expected.abs(), "{name}[{at}]: {found} {expected}");
    }
}

#[test]
fn the_focal_loss_cares_for_what_is_told_badly() {
    let logits = [0.3, -1.0, 0.7, 2.0, 0.1, -0.4];
    for gamma in [0.5, 2.0] {
        check_gradient("focal", &criterion(Loss::Focal { gamma }, 0.0, &[]), &logits, labels(&[2, 1]));
    }
    let loss = |gamma, label| {
        criterion(Loss::Focal { gamma }, 0.0, &[]).tally(&logits[3..], labels(&[label]), 1.0, &mut []).loss
    };
    let plain = criterion(Loss::CrossEntropy, 0.0, &[]).tally(&logits[3..], labels(&[0]), 1.0, &mut []).loss;
    // The probability of class 0 is exp(-plain).
    let p = (-plain).exp();
    assert!((loss(2.0, 0) - (1.0 - p).powi(2) * plain).abs() < 1e-6);
    assert!(loss(2.0, 0) / loss(1e-6, 0) < loss(2.0, 1) / loss(1e-6, 1));
}

#[test]
fn losses_against_values_by_hand() {
    let outputs = [0.5, -2.0, 3.0];
    let targets = [0.0, 1.0, 0.25];
    let of = |loss| criterion(loss, 0.0, &[]);
    let truth = Truth { inputs: &[], labels: labels(&[0]).labels, targets: &targets };
    let value = |loss| of(loss).tally(&outputs, truth, 1.0, &mut []).mean_loss();
    assert!((value(Loss::MeanSquaredError) - (0.25 + 9.0 + 7.5625) / 3.0).abs() < 1e-6);
    assert!((value(Loss::MeanAbsoluteError) - (0.5 + 3.0 + 2.75) / 3.0).abs() < 1e-6);
    assert!((value(Loss::Huber { delta: 1.0 }) - (0.125 + 2.5 + 2.25) / 3.0).abs() < 1e-6);
    let log = |p: f64| -p.ln();
    let sigma = |x: f64| 1.0 / (1.0 + (-x).exp());
    let binary =
        log(1.0 - sigma(0.5)) + log(sigma(-2.0)) + 0.25 * log(sigma(3.0)) + 0.75 * log(1.0 - sigma(3.0));
    assert!((value(Loss::BinaryCrossEntropy) - binary / 3.0).abs() < 1e-6);
    for loss in [
        Loss::MeanSquaredError,
        Loss::MeanAbsoluteError,
        Loss::Huber { delta: 1.0 },
        Loss::BinaryCrossEntropy,
    ] {
        check_gradient("values", &of(loss), &outputs, truth);
    }
}

#[test]
fn a_detector_is_held_to_boxes_where_there_are_objects() {
    let detector = Criterion { n_outputs: 21, depth: 7, ..criterion(Loss::Detection, 0.0, &[]) };
    let outputs: Vec<f32> = (0..21).map(|at| (at as f32 * 1.3).sin()).collect();
    let mut targets = [0.0; 21];
    targets[..7].copy_from_slice(&[0.25, 0.75, -0.3, 0.6, 1.0, 0.0, 1.0]);
    targets[7 + 4] = -1.0;
    let truth = Truth { inputs: &[], labels: labels(&[0]).labels, targets: &targets };
    check_gradient("boxes", &detector, &outputs, truth);
    let mut gradient = [f32::NAN; 21];
    detector.tally(&outputs, truth, 1.0, &mut gradient);
    assert!(gradient[7..14].iter().all(|g| *g == 0.0), "the second box is left alone");
    assert!(gradient[14..18].iter().chain(&gradient[19..]).all(|g| *g == 0.0) && gradient[18] != 0.0);
    // What is exactly right costs next to nothing.
    let right = [-1.098_612_3, 1.098_612_3, -0.3, 0.6, 20.0, -20.0, 20.0];
    let mut outputs = [0.0; 21];
    outputs[..7].copy_from_slice(&right);
    (outputs[7 + 4], outputs[14 + 4]) = (3.0, -20.0);
    assert!(detector.tally(&outputs, truth, 1.0, &mut []).loss < 1e-6);
}

#[test]
fn cells_with_objects_count_more() {
    let cells = Criterion { n_outputs: 6, ..criterion(Loss::Centroids { object_weight: 10.0 }, 0.0, &[]) };
    let outputs = [0.3, -1.0, 0.7, 2.0, 0.1, -0.4];
    let truth = Truth { inputs: &[], labels: labels(&[0]).labels, targets: &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0] };
    check_gradient("cells", &cells, &outputs, truth);
    let entropy = |row: &[f32], label| {
        criterion(Loss::CrossEntropy, 0.0, &[]).tally(row, labels(&[label]), 1.0, &mut []).loss
    };
    let expected = (entropy(&outputs[..3], 0) + 10.0 * entropy(&outputs[3..], 2)) / 2.0;
    assert!((cells.tally(&outputs, truth, 1.0, &mut []).loss - expected).abs() < 1e-5);
}

#[test]
fn cross_entropy_by_hand() {
    let plain = criterion(Loss::CrossEntropy, 0.0, &[]);
    let logits = [0.0, (2.0f32).ln(), 0.0, 0.0, 0.0, 0.0];
    let mut gradient = [0.0; 6];
    let tally = plain.tally(&logits, labels(&[1, 2]), 2.0, &mut gradient);
    // Probabilities 1/4, 1/2, 1/4 and three thirds.
    assert!((tally.loss - (2.0f64.ln() + 3.0f64.ln())).abs() < 1e-6);
    assert_eq!((tally.n_right, tally.n, tally.weight), (1, 2, 2.0));
    for (found, expected) in gradient.iter().zip([0.125, -0.25, 0.125, 1.0 / 6.0, 1.0 / 6.0, -1.0 / 3.0]) {
        assert!((found - expected).abs() < 1e-6, "{gradient:?}");
    }
}

#[test]
fn smoothing_weights_and_beta_agree_with_differences() {
    let mut criterion = criterion(Loss::CrossEntropy, 0.2, &[1.0, 0.5, 3.0]);
    criterion.beta = 1.5;
    let truth = labels(&[2, 1]);
    let logits = [0.3, -1.0, 0.7, 2.0, 0.1, -0.4];
    let mean = |logits: &[f32]| criterion.tally(logits, truth, 3.5, &mut []).mean_loss();
    let mut gradient = [0.0; 6];
    criterion.tally(&logits, truth, 3.5, &mut gradient);
    for at in 0..6 {
        let moved = |by: f32| {
            let mut logits = logits;
            logits[at] += by;
            mean(&logits)
        };
        let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
        assert!((f64::from(gradient[at]) - expected).abs() < 1e-3, "{at}: {} {expected}", gradient[at]);
    }
}

#[test]
fn reconstruction_by_hand() {
    let criterion = criterion(Loss::Reconstruction, 0.0, &[]);
    let mut gradient = [0.0; 3];
    let truth = Truth { inputs: &[1.0, 0.0, 0.0], labels: labels(&[9]).labels, targets: &[] };
    let tally = criterion.tally(&[1.0, 2.0, 3.0], truth, 1.0, &mut gradient);
    assert!((tally.mean_loss() - 13.0 / 3.0).abs() < 1e-6);
    assert_eq!(gradient, [0.0, 4.0 / 3.0, 2.0]);
    assert_eq!(criterion.n_classes(), None);
}

#[test]
fn what_is_not_a_number_shows_in_the_loss() {
    let criterion = criterion(Loss::CrossEntropy, 0.0, &[]);
    for bad in [f32::NAN, f32::INFINITY] {
        for at in 0..3 {
            let mut logits = [0.0; 3];
            logits[at] = bad;
            let loss = criterion.tally(&logits, labels(&[1]), 1.0, &mut []).loss;
            assert!(!loss.is_finite(), "{bad} at {at}: {loss}");
        }
    }
}

#[test]
fn a_softmax_at_the_end_is_left_to_the_loss() {
    let mut net = Builder::new("head", |parameter| vec![0.1; parameter.n_elements()]);
    let x = net.input("x", &[1, 4]);
    let logits = net.fully_connected(x, 3);
    let y = net.softmax(logits);
    let graph = net.finish(&[y]).unwrap();
    let network = Network::compile(&graph, &Config::default()).unwrap();
    assert_eq!((network.steps.len(), network.logits, network.head.is_some()), (1, logits.idx(), true));
    let error = Network::compile(&graph, &Config { loss: Loss::Reconstruction, ..Config::default() })
        .unwrap_err()
        .to_string();
    assert!(error.contains("makes 3 values of 4"), "{error}");
}

#[test]
fn a_student_follows_its_teacher() {
    let logits = [0.3, -1.0, 0.7];
    let label = [Label { class: 1, second: None }];
    let taught = [1.5, 0.2, -0.4];
    let truth = Truth { inputs: &[], labels: &label, targets: &taught };
    for (temperature, share) in [(1.0, 0.5), (4.0, 0.9), (2.0, 0.0), (3.0, 1.0)] {
        let criterion = criterion(Loss::Distillation { temperature, share }, 0.0, &[]);
        check_gradient("distillation", &criterion, &logits, truth);
    }
    let loss = |share, logits: &[f32]| {
        criterion(Loss::Distillation { temperature: 2.0, share }, 0.0, &[])
            .tally(logits, truth, 1.0, &mut [])
            .loss
    };
    let plain = criterion(Loss::CrossEntropy, 0.0, &[]).tally(&logits, truth, 1.0, &mut []).loss;
    assert!((loss(0.0, &logits) - plain).abs() < 1e-6, "without a share only the label counts");
    // The same distribution is no divergence, whatever is added to all logits.
    assert!(loss(1.0, &taught.map(|v| v + 3.0)).abs() < 1e-6);
    // By hand: temperature 2, softmax of (0.15, -0.5, 0.35) and of (0.75, 0.1, -0.2).
    let softmax = |v: [f64; 3]| v.map(|x| x.exp() / v.iter().map(|x| x.exp()).sum::<f64>());
    let (p, q) = (softmax([0.15, -0.5, 0.35]), softmax([0.75, 0.1, -0.2]));
    let expected: f64 = q.iter().zip(p).map(|(q, p)| q * (q / p).ln()).sum::<f64>() * 4.0;
    assert!((loss(1.0, &logits) - expected).abs() < 1e-5);
}
