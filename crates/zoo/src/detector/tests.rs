use super::*;
use crate::find;
use smidgen_ir::{Interpreter, Quant};

/// A graph that gives back its input, to stand for a detector's body.
fn identity(shape: &[usize], quant: Option<Quant>) -> Graph {
    let mut net = Builder::new("identity", |_| Vec::new());
    let x = match quant {
        Some(quant) => net.input_int8("raw", shape, quant),
        None => net.input("raw", shape),
    };
    let shape: Vec<i32> = shape.iter().map(|&extent| extent as i32).collect();
    let x = net.reshape(x, &shape);
    net.finish(&[x]).unwrap()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn close(found: &[f32], expected: &[f32]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn boxes_are_those_of_the_definition_and_overlapping_ones_give_way() {
    let entry = find("yolo_fastest").unwrap();
    let config = Config { input: [32, 32, 3], outputs: 2, ..entry.default };
    let priors = priors(entry, &config).unwrap();
    assert_eq!(priors.len(), 4 * 4 * 2 + 2 * 2 * 2);
    let suppression = Suppression { max_detections: 3, ..Suppression::default() };
    let graph = with_boxes(identity(&[1, priors.len(), 7], None), &priors, &suppression).unwrap();
    let mut raw = vec![[0.0, 0.0, 0.0, 0.0, -20.0, 0.0, 0.0]; priors.len()];
    // The second anchor of cell (2, 1) of the fine grid, and a less certain box in the same place.
    let at = (2 * 4 + 1) * 2 + 1;
    assert_eq!(priors[at], Prior { cells: [4, 4], cell: [2, 1], anchor: FINE_ANCHORS[1] });
    raw[at] = [1.0, -1.0, 0.5, -0.5, 3.0, -1.0, 2.0];
    raw[at - 1] = [1.0, -1.0, 0.5 + 0.4, -0.5 + 0.4, 1.0, -1.0, 2.0];
    // Another class on the coarse grid.
    let other = 32 + 3;
    assert_eq!(priors[other], Prior { cells: [2, 2], cell: [0, 1], anchor: COARSE_ANCHORS[1] });
    raw[other] = [0.0, 0.0, 0.0, 0.0, 2.0, 2.0, -3.0];
    let found = Interpreter::new(&graph).unwrap().run(&bytes(&raw.concat())).unwrap();
    let found = floats(&found);
    let (boxes, rest) = found.split_at(12);
    let sigma = |x: f32| 1.0 / (1.0 + (-x).exp());
    let corners = |[y, x]: [f32; 2], [h, w]: [f32; 2]| [y - h / 2.0, x - w / 2.0, y + h / 2.0, x + w / 2.0];
    let first = corners(
        [(2.0 + sigma(1.0)) / 4.0, (1.0 + sigma(-1.0)) / 4.0],
        [0.2 * 0.5f32.exp(), 0.2 * (-0.5f32).exp()],
    );
    assert!(close(&boxes[..4], &first), "{boxes:?}, {first:?}");
    assert!(close(&boxes[4..8], &corners([0.25, 0.75], [0.5, 0.5])), "{boxes:?}");
    assert_eq!(&rest[..2], [1.0, 0.0], "classes");
    assert!(close(&rest[3..5], &[sigma(3.0) * sigma(2.0), sigma(2.0) * sigma(2.0)]), "{rest:?}");
    assert_eq!(rest[6], 2.0, "two boxes are left");
}

#[test]
fn only_peaks_are_left() {
    let mut scores = [[1.0, 0.0]; 16];
    (scores[5], scores[6], scores[15]) = ([0.1, 0.9], [0.4, 0.6], [0.7, 0.3]);
    let mut expected = vec![0.0; 16];
    (expected[5], expected[15]) = (0.9, 0.3);
    let graph = with_peaks(identity(&[1, 4, 4, 2], None)).unwrap();
    let found = Interpreter::new(&graph).unwrap().run(&bytes(&scores.concat())).unwrap();
    assert_eq!(floats(&found), expected);

    let quant = Quant::per_tensor(1.0 / 256.0, -128);
    let graph = with_peaks(identity(&[1, 4, 4, 2], Some(quant))).unwrap();
    let step = |score: &f32| ((score * 256.0).round() as i32 - 128).clamp(-128, 127) as u8;
    let steps: Vec<u8> = scores.concat().iter().map(step).collect();
    let found = Interpreter::new(&graph).unwrap().run(&steps).unwrap();
    assert_eq!(found, expected.iter().map(step).collect::<Vec<_>>());
}

#[test]
fn other_outputs_are_refused() {
    let entry = find("tiny_yolo").unwrap();
    let priors = priors(entry, &Config { input: [32, 32, 3], ..entry.default }).unwrap();
    let error = with_boxes(identity(&[1, 4, 5], None), &priors, &Suppression::default());
    assert!(error.unwrap_err().to_string().contains("expected [1, 12, 5 + classes], found [1, 4, 5]"));
    assert!(with_peaks(identity(&[1, 4, 4, 1], None)).is_err());
    assert!(super::priors(find("fomo").unwrap(), &entry.default).is_err());
}

#[test]
fn targets_are_what_the_decoding_makes_the_objects_of() {
    let entry = find("yolo_fastest").unwrap();
    let config = Config { input: [64, 64, 3], outputs: 2, ..entry.default };
    let priors = priors(entry, &config).unwrap();
    let objects = [
        Object { class: 1, centre: [0.3, 0.7], size: [0.2, 0.25] },
        Object { class: 0, centre: [0.8, 0.2], size: [0.5, 0.4] },
    ];
    let targets = box_targets(&priors, 2, &objects);
    let truth = |value: f32| targets.chunks_exact(7).filter(|row| row[4] == value).count();
    assert_eq!((truth(1.0), truth(0.0) + truth(-1.0)), (2, priors.len() - 2));
    assert!(truth(-1.0) > 0, "an anchor that is like an object's is left alone");
    // A network that answers exactly that.
    let logit = |p: f32| (p / (1.0 - p)).ln();
    let sure = |is: f32| if is > 0.5 { 12.0 } else { -12.0 };
    let answer = |row: &[f32]| {
        let place =
            [logit(row[0].clamp(1e-6, 1.0 - 1e-6)), logit(row[1].clamp(1e-6, 1.0 - 1e-6)), row[2], row[3]];
        place.into_iter().chain(row[4..].iter().map(|is| sure(*is))).collect::<Vec<_>>()
    };
    let raw: Vec<f32> = targets.chunks_exact(7).flat_map(answer).collect();
    let suppression = Suppression { max_detections: 2, ..Suppression::default() };
    let graph = with_boxes(identity(&[1, priors.len(), 7], None), &priors, &suppression).unwrap();
    let found = floats(&Interpreter::new(&graph).unwrap().run(&bytes(&raw)).unwrap());
    assert_eq!(found.last(), Some(&2.0));
    for object in objects {
        let [y, x] = object.centre;
        let [h, w] = object.size;
        let corners = [y - h / 2.0, x - w / 2.0, y + h / 2.0, x + w / 2.0];
        let hit = (0..2).find(|at| close(&found[at * 4..at * 4 + 4], &corners));
        assert_eq!(hit.map(|at| found[8 + at]), Some(object.class as f32), "{object:?} {found:?}");
    }
}

#[test]
fn cells_are_background_but_where_a_centre_lies() {
    let objects = [Object { class: 1, centre: [0.99, 0.1], size: [0.1, 0.1] }];
    let targets = cell_targets([2, 3], 2, &objects);
    let classes: Vec<_> =
        targets.chunks_exact(3).map(|cell| cell.iter().position(|one| *one == 1.0)).collect();
    assert_eq!(classes, [0, 0, 0, 2, 0, 0].map(Some));
}
