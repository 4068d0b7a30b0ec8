//! The projects of examples/ are read, and find their data in the shared sets.

use smidgen::project::Project;
use smidgen_testkit::shared_or_skip;
use std::path::PathBuf;

/// Where the data of an example lies in the shared folder, and what it holds: classes, then test windows.
const SETS: [(&str, &str, usize); 5] = [
    ("keyword_spotting", "data/kws/speech_commands_v2_testslice", 4),
    ("transport", "data/gesture/nicla_transport", 4),
    ("transport_anomaly", "data/gesture/nicla_transport", 4),
    ("air_quality", "data/air/beijing_pm25", 1),
    ("sign_language_digits", "data/image/sign_language_digits_64", 10),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

#[test]
fn every_example_is_a_project() {
    let mut n = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let dir = entry.unwrap().path();
        if dir.is_dir() {
            let project = Project::load(&dir).unwrap();
            assert_eq!(Some(project.project.name.as_str()), dir.file_name().and_then(|name| name.to_str()));
            n += 1;
        }
    }
    assert!(n >= SETS.len(), "{n}");
}

#[test]
fn examples_find_their_data_and_a_network_for_it() {
    let Some(shared) = shared_or_skip("examples_find_their_data_and_a_network_for_it") else { return };
    for (name, data, classes) in SETS {
        let mut project = Project::load(&folder().join(name)).unwrap();
        project.data.path = Some(shared.join(data));
        let windows = smidgen::dataset::windows(&project, &folder()).unwrap();
        assert_eq!(windows.summary.classes.len(), classes, "{name}");
        assert!(windows.split.parts().iter().all(|(_, part)| part.len() >= 20), "{name}");
        let graph = smidgen::model::initial_graph(&project, &windows.summary.shape, classes).unwrap();
        assert_eq!(graph.verify(), Ok(()), "{name}");
    }
}
