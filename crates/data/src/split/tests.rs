use super::*;
use crate::dataset::Values;
use crate::{Provenance, Sample};

/// `groups` with the labels of their samples.
fn set(groups: &[(&str, &[usize])]) -> Dataset {
    let mut samples = Vec::new();
    for (group, labels) in groups {
        for &label in *labels {
            let values = vec![samples.len() as f32];
            samples.push(Values { values, label, group: (*group).into() });
        }
    }
    let classes = vec!["a".into(), "b".into()];
    Dataset::in_memory(classes, vec![1], &samples, Provenance::Generated { seed: 1 }).unwrap()
}

fn people() -> Dataset {
    let names: Vec<String> = (0..10).map(|number| format!("p{number}")).collect();
    let labels = [0, 0, 0, 1, 1];
    set(&names.iter().map(|name| (name.as_str(), &labels[..])).collect::<Vec<_>>())
}

fn sizes(split: &Split) -> [usize; 3] {
    split.parts().map(|(_, part)| part.samples.len())
}

fn samples(split: &Split) -> [Vec<Sample>; 3] {
    split.parts().map(|(_, part)| part.samples.clone())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.into()).collect()
}

#[test]
fn named_groups_go_where_they_are_named() {
    let config = Config::Groups { test: names(&["p3", "p1"]), validation: names(&["p9"]) };
    let (split, warnings) = split(&people(), &config).unwrap();
    assert_eq!(sizes(&split), [35, 5, 10]);
    assert_eq!(split.test.group_counts().keys().copied().collect::<Vec<_>>(), ["p1", "p3"]);
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn groups_that_do_not_exist_or_stand_twice_are_refused() {
    let config = Config::Groups { test: names(&["p3", "eve"]), validation: names(&["p9"]) };
    let text = split(&people(), &config).unwrap_err().to_string();
    assert!(text.contains("no group eve in the data; the groups are p0, p1"), "{text}");
    let config = Config::Groups { test: names(&["p3"]), validation: names(&["p3"]) };
    assert!(split(&people(), &config).unwrap_err().to_string().contains("both test and validation"));
}

#[test]
fn a_part_without_a_class_is_refused() {
    let set = set(&[("p", &[0, 1]), ("q", &[0]), ("r", &[0, 1])]);
    let config = Config::Groups { test: names(&["q"]), validation: names(&["r"]) };
    let text = split(&set, &config).unwrap_err().to_string();
    assert!(text.contains("class \"b\" has no sample in test"), "{text}");
}

#[test]
fn fractions_keep_groups_together_and_follow_the_seed() {
    let config = |seed| Config::Fractions { test: 0.2, validation: 0.1, seed };
    let (split_1, warnings) = split(&people(), &config(1)).unwrap();
    assert_eq!(sizes(&split_1), [35, 5, 10]);
    assert!(warnings.is_empty());
    assert_eq!(samples(&split(&people(), &config(1)).unwrap().0), samples(&split_1));
    let others = (2..6).map(|seed| split(&people(), &config(seed)).unwrap().0);
    assert!(others.into_iter().any(|other| samples(&other) != samples(&split_1)));
}

#[test]
fn fractions_look_for_parts_with_every_class() {
    // Only one choice of two works for each part: p, q and r have both classes, the rest one.
    let set = set(&[("p", &[0, 1]), ("q", &[0, 1]), ("r", &[0, 1]), ("s", &[0, 0]), ("t", &[0, 0])]);
    let (split, _) = split(&set, &Config::Fractions { test: 0.2, validation: 0.2, seed: 5 }).unwrap();
    assert!(split.parts().iter().all(|(_, part)| part.class_counts().iter().all(|&n| n > 0)));
}

#[test]
fn too_few_groups_and_impossible_shares_are_refused() {
    let few = set(&[("p", &[0, 1]), ("q", &[0, 1])]);
    let config = |test, validation| Config::Fractions { test, validation, seed: 1 };
    assert!(
        split(&few, &config(0.2, 0.2))
            .unwrap_err()
            .to_string()
            .contains("2 group(s) cannot fill three parts")
    );
    for (test, validation) in [(0.0, 0.2), (0.5, 0.5), (f64::NAN, 0.1), (1.2, 0.1)] {
        assert!(
            split(&people(), &config(test, validation)).unwrap_err().to_string().contains("expected shares")
        );
    }
}

#[test]
fn samples_divide_each_class_and_warn_of_leaking_groups() {
    let config = Config::Samples { test: 0.2, validation: 0.2, seed: 1 };
    let (split, warnings) = split(&people(), &config).unwrap();
    assert_eq!(sizes(&split), [30, 10, 10]);
    assert_eq!(split.test.class_counts(), [6, 4]);
    assert!(
        warnings.iter().any(|w| w.contains("stands in") && w.contains("not on strangers")),
        "{warnings:?}"
    );
}

#[test]
fn names_that_differ_in_case_and_equal_samples_leak() {
    let groups = ["Anna", "Anna", "anna ", "anna ", "bo", "bo"];
    let sample = |(at, group): (usize, &&str)| Values {
        values: vec![(at % 4) as f32 + if at == 5 { 9.0 } else { 0.0 }],
        label: at % 2,
        group: (*group).into(),
    };
    let samples: Vec<Values> = groups.iter().enumerate().map(sample).collect();
    let provenance = Provenance::Generated { seed: 1 };
    let set = Dataset::in_memory(vec!["a".into(), "b".into()], vec![1], &samples, provenance).unwrap();
    let config = Config::Groups { test: names(&["Anna"]), validation: names(&["bo"]) };
    let (_, warnings) = split(&set, &config).unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("group \"anna\" stands in test and train"), "{warnings:?}");
    assert!(warnings[1].contains("1 sample(s) stand with the same values"), "{warnings:?}");
}

#[test]
fn the_configuration_reads_as_the_project_file_writes_it() {
    let text = r#"{"by": "groups", "test": ["p3"], "validation": ["p9"]}"#;
    let config: Config = serde_json::from_str(text).unwrap();
    assert_eq!(config, Config::Groups { test: names(&["p3"]), validation: names(&["p9"]) });
    let text = r#"{"by": "fractions", "test": 0.2, "validation": 0.1, "seed": 1, "sed": 2}"#;
    assert!(serde_json::from_str::<Config>(text).unwrap_err().to_string().contains("sed"));
}
