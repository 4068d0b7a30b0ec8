use super::*;
use crate::random::{Purpose, signed_unit, stream};

/// Rows around (0, 0), (10, 0) and (0, 10), the last ones spread four times as wide.
fn groups() -> Vec<f32> {
    let mut random = stream(7, Purpose::Weights, 0);
    let places = [([0.0, 0.0], 0.5), ([10.0, 0.0], 0.5), ([0.0, 10.0], 2.0)];
    let row = |at: usize| {
        let (place, width) = places[at % 3];
        // Three uniform numbers have the variance of a normal one.
        place.map(|centre| centre + width * (0..3).map(|_| signed_unit(&mut random)).sum::<f32>())
    };
    (0..600).flat_map(row).collect()
}

fn sorted(centres: &[f32]) -> Vec<[i32; 2]> {
    let mut centres: Vec<[i32; 2]> =
        centres.chunks(2).map(|at| [at[0].round() as i32, at[1].round() as i32]).collect();
    centres.sort_unstable();
    centres
}

#[test]
fn k_means_finds_the_groups() {
    let values = groups();
    let rows = Rows::new(&values, 2).unwrap();
    let fitted = k_means(rows, 3, 1).unwrap();
    assert_eq!(sorted(&fitted.centres), [[0, 0], [0, 10], [10, 0]]);
    assert!(fitted.distortion.windows(2).all(|pair| pair[1] <= pair[0]), "{:?}", fitted.distortion);
    assert_eq!(fitted, k_means(rows, 3, 1).unwrap());
    // As many centres as rows leave no distance.
    let few = Rows::new(&values[..10], 2).unwrap();
    assert_eq!(k_means(few, 5, 1).unwrap().distortion.last(), Some(&0.0));
    assert!(k_means(few, 6, 1).is_err() && k_means(few, 0, 1).is_err());
    assert!(Rows::new(&values[..3], 2).is_err() && Rows::new(&[f32::NAN], 1).is_err());
}

#[test]
fn a_mixture_knows_weights_means_and_widths() {
    let values = groups();
    let fitted = gaussian_mixture(Rows::new(&values, 2).unwrap(), 3, 1).unwrap();
    assert_eq!(sorted(&fitted.means), [[0, 0], [0, 10], [10, 0]]);
    assert!(fitted.log_likelihood.windows(2).all(|pair| pair[1] >= pair[0] - 1e-9));
    for ((mean, factors), constant) in
        fitted.means.chunks(2).zip(fitted.factors.chunks(2)).zip(&fitted.constants)
    {
        let width: f32 = if mean[1] > 5.0 { 2.0 } else { 0.5 };
        let variance = -0.5 / factors[0];
        assert!((variance / (width * width) - 1.0).abs() < 0.25, "{variance} {width}");
        let expected = (1.0f32 / 3.0).ln() - (std::f32::consts::TAU * width * width).ln();
        assert!((constant - expected).abs() < 0.3, "{constant} {expected}");
    }
    // Rows that are all the same do not collapse it.
    let same = gaussian_mixture(Rows::new(&[3.0; 12], 2).unwrap(), 2, 1).unwrap();
    assert!(same.means.iter().chain(&same.factors).chain(&same.constants).all(|value| value.is_finite()));
}
