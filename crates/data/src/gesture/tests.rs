use super::*;
use std::collections::BTreeMap;

fn small() -> Config {
    Config { seed: 3, n_people: 4, n_repeats: 3, n_negatives: 6 }
}

/// FNV-1a over every bit of the values.
fn fingerprint(set: &Recordings) -> u64 {
    let values = set.recordings.iter().flat_map(|recording| &recording.values);
    let bytes = values.flat_map(|value| value.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_every_machine() {
    let set = generate(&small()).unwrap();
    assert_eq!(set, generate(&small()).unwrap());
    assert_ne!(fingerprint(&set), fingerprint(&generate(&Config { seed: 4, ..small() }).unwrap()));
    // Changes when the model of the world changes, and then on purpose.
    assert_eq!(format!("{:016x}", fingerprint(&set)), "7d19b92c88f188dc");
}

#[test]
fn more_people_or_repeats_keep_the_recordings_that_were_there() {
    let few = generate(&small()).unwrap();
    let many = generate(&Config { n_people: 5, n_repeats: 4, ..small() }).unwrap();
    assert!(few.recordings.iter().all(|recording| many.recordings.contains(recording)));
}

#[test]
fn every_person_makes_every_class() {
    let set = generate(&small()).unwrap();
    let mut counts = BTreeMap::new();
    for recording in &set.recordings {
        *counts.entry((recording.group.as_str(), recording.label.as_str())).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 16);
    assert_eq!((counts[&("person02", "ring")], counts[&("person04", "negative")]), (3, 6));
    assert_eq!(set.classes, CLASSES);
    assert_eq!(set.provenance.to_string(), "generated (seed 3)");
}

#[test]
fn readings_look_like_an_accelerometers() {
    let set = generate(&Config { seed: 1, ..Config::default() }).unwrap();
    let mut norms = Vec::new();
    for recording in &set.recordings {
        assert!(ROWS.contains(&set.rows(recording)));
        assert!(recording.values.iter().all(|value| value.fract() == 0.0 && value.abs() <= 2040.0));
        norms.extend(recording.values.chunks(3).map(|row| row.iter().map(|v| v * v).sum::<f32>().sqrt()));
    }
    norms.sort_by(f32::total_cmp);
    let median = norms[norms.len() / 2];
    assert!((950.0..1050.0).contains(&median), "about 1 g, found {median}");
    assert!(norms[norms.len() / 10] < 850.0 && norms[norms.len() * 9 / 10] > 1250.0, "it moves");
}

#[test]
fn gestures_of_a_class_resemble_each_other_across_people_but_not_trivially() {
    let set = generate(&Config { seed: 1, ..Config::default() }).unwrap();
    let index = std::sync::Arc::new(crate::Index::try_from(set).unwrap());
    let windows = crate::window::windows(&index, &crate::window::Config::default()).unwrap();
    let all: Vec<(usize, &str, Vec<f32>)> = (0..windows.len())
        .map(|at| (windows.label(at), windows.group(at), windows.values(at).unwrap()))
        .collect();
    let (known, strangers): (Vec<_>, Vec<_>) = all.iter().partition(|(_, group, _)| *group < "person13");
    let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    let nearest = |values: &[f32]| {
        let near = known.iter().min_by(|a, b| distance(&a.2, values).total_cmp(&distance(&b.2, values)));
        near.map(|(label, _, _)| *label)
    };
    let n_right = strangers.iter().filter(|(label, _, values)| nearest(values) == Some(*label)).count();
    let share = n_right as f64 / strangers.len() as f64;
    assert!((0.85..0.985).contains(&share), "nearest neighbour is right on {share} of strangers");
}

#[test]
fn numbers_out_of_range_are_refused() {
    for bad in [
        Config { n_people: 0, ..small() },
        Config { n_people: 1001, ..small() },
        Config { n_repeats: 0, ..small() },
        Config { n_negatives: 20_000, ..small() },
    ] {
        let text = generate(&bad).unwrap_err().to_string();
        assert!(text.contains("expected 1 to "), "{text}");
    }
}
