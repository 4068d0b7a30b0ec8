use super::*;

/// A step with a learning rate of 0.1.
fn step(
    config: &Config,
    at: u64,
    n_decayed: usize,
    params: &mut [f32],
    moments: &mut Moments,
    lanes: &[&[f32]],
) {
    update(config, (0.1, at), n_decayed, params, moments, lanes);
}

/// Parameters after two steps from 1 and -2 with gradients (0.5, -1) and (-0.5, 2).
fn two_steps(config: &Config, n_decayed: usize) -> [f32; 2] {
    let mut params = [1.0, -2.0];
    let mut moments = Moments::zeros(2);
    step(config, 1, n_decayed, &mut params, &mut moments, &[&[0.5, -1.0]]);
    step(config, 2, n_decayed, &mut params, &mut moments, &[&[-0.5, 2.0]]);
    params
}

fn near(found: [f32; 2], expected: [f64; 2]) -> bool {
    found.iter().zip(expected).all(|(found, expected)| (f64::from(*found) - expected).abs() < 1e-6)
}

#[test]
fn gradient_descent_by_hand() {
    let config =
        |momentum, nesterov| Config { optimizer: Optimizer::Sgd { momentum, nesterov }, ..Config::default() };
    assert!(near(two_steps(&config(0.0, false), 0), [1.0, -2.1]));
    // Velocities: 0.5, then 0.9 * 0.5 - 0.5 = -0.05; -1, then 0.9 * -1 + 2 = 1.1.
    assert!(near(two_steps(&config(0.9, false), 0), [0.955, -2.01]));
    // With Nesterov the steps are 0.5 + 0.45 and -0.5 - 0.045; -1.9 and 2 + 0.99.
    assert!(near(two_steps(&config(0.9, true), 0), [1.0 - 0.1 * (0.95 - 0.545), -2.0 - 0.1 * (-1.9 + 2.99)]));
    let decayed = Config { weight_decay: 0.5, ..config(0.0, false) };
    // The first parameter: 1 - 0.1 * (0.5 + 0.5) = 0.9, then 0.9 - 0.1 * (-0.5 + 0.45) = 0.905.
    assert!(near(two_steps(&decayed, 1), [0.905, -2.1]));
}

#[test]
fn rms_prop_by_hand() {
    let optimizer = Optimizer::RmsProp { decay: 0.9, momentum: 0.0 };
    let config = Config { optimizer, epsilon: 1e-12, ..Config::default() };
    // Mean squares: 0.025, then 0.0475; 0.1, then 0.49.
    let expected = [
        1.0 - 0.1 * (0.5 / 0.025f64.sqrt() - 0.5 / 0.0475f64.sqrt()),
        -2.0 - 0.1 * (-1.0 / 0.1f64.sqrt() + 2.0 / 0.49f64.sqrt()),
    ];
    assert!(near(two_steps(&config, 0), expected));
}

#[test]
fn the_decay_of_adam_is_part_of_its_gradient() {
    let with = |optimizer| {
        let mut params = [1.0, -2.0];
        let config = Config { optimizer, weight_decay: 0.5, ..Config::default() };
        step(&config, 1, 2, &mut params, &mut Moments::zeros(2), &[&[-0.5, 1.0]]);
        params
    };
    // The first step is as long as the rate; here decay makes both gradients nought.
    assert!(near(with(Optimizer::Adam), [1.0, -2.0]));
    assert!(near(with(Optimizer::AdamW), [0.95 + 0.1, -1.9 - 0.1]));
}

#[test]
fn long_gradients_are_shortened() {
    let optimizer = Optimizer::Sgd { momentum: 0.0, nesterov: false };
    let clipped = |norm| {
        let config = Config { optimizer, clip_norm: Some(norm), ..Config::default() };
        let mut params = [0.0, 0.0];
        step(&config, 1, 0, &mut params, &mut Moments::zeros(2), &[&[1.0, 4.0], &[2.0, 0.0]]);
        params
    };
    assert!(near(clipped(5.0), [-0.3, -0.4]), "a norm of 5 stays");
    assert!(near(clipped(1.0), [-0.06, -0.08]));
}

#[test]
fn the_first_steps_are_those_of_the_paper() {
    let config = Config { weight_decay: 0.5, ..Config::default() };
    let mut params = vec![1.0, 1.0, -2.0];
    let mut moments = Moments { first: vec![0.0; 3], second: vec![0.0; 3] };
    let lanes: [&[f32]; 2] = [&[0.25, 0.0, -1.0], &[0.25, 0.0, -3.0]];
    step(&config, 1, 1, &mut params, &mut moments, &lanes);
    // The first step is the learning rate against the gradient's sign; the first element also decays by 5 %.
    for (found, expected) in params.iter().zip([0.95 - 0.1, 1.0, -2.0 + 0.1]) {
        assert!((found - expected).abs() < 1e-6, "{params:?}");
    }
    step(&config, 2, 0, &mut params, &mut moments, &[&[0.5, 0.0, 4.0]]);
    // Third element, in real numbers: m = 0.9 * -0.4 + 0.1 * 4 = 0.04, v = 0.999 * 0.016 + 0.001 * 16 = 0.031984.
    let expected = -1.9 - 0.1 * (0.04 / 0.19) / (0.031984f64 / 0.001999).sqrt();
    assert!((f64::from(params[2]) - expected).abs() < 1e-6, "{params:?}, {expected}");
    assert_eq!(params[1], 1.0);
}
