//! The losses against figures worked out by hand, and their gradients against differences.

use smidgen_ir::build::Builder;

use super::*;

fn criterion(loss: Loss, smoothing: f32, class_weights: &[f32]) -> Criterion {
    Criterion { loss, smoothing, class_weights: class_weights.to_vec(), beta: 1.0, n_outputs: 3 }
}

#[test]
fn cross_entropy_by_hand() {
    let plain = criterion(Loss::CrossEntropy, 0.0, &[]);
    let logits = [0.0, (2.0f32).ln(), 0.0, 0.0, 0.0, 0.0];
    let mut gradient = [0.0; 6];
    let tally = plain.tally(&logits, &[], &[1, 2], 2.0, &mut gradient);
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
    let labels = [2, 1];
    let logits = [0.3, -1.0, 0.7, 2.0, 0.1, -0.4];
    let mean = |logits: &[f32]| criterion.tally(logits, &[], &labels, 3.5, &mut []).mean_loss();
    let mut gradient = [0.0; 6];
    criterion.tally(&logits, &[], &labels, 3.5, &mut gradient);
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
    let tally = criterion.tally(&[1.0, 2.0, 3.0], &[1.0, 0.0, 0.0], &[9], 1.0, &mut gradient);
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
            let loss = criterion.tally(&logits, &[], &[1], 1.0, &mut []).loss;
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
    let network = Network::compile(&graph, Loss::CrossEntropy).unwrap();
    assert_eq!((network.steps.len(), network.logits, network.head.is_some()), (1, logits.idx(), true));
    let error = Network::compile(&graph, Loss::Reconstruction).unwrap_err().to_string();
    assert!(error.contains("makes 3 values of 4"), "{error}");
}
