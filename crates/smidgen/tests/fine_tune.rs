//! A project with a base: its last layer is exchanged, the rest stays when it is frozen.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use smidgen::events::Silent;
use smidgen::project::Project;
use smidgen::{train, zoo};
use smidgen_ir::Graph;
use std::path::Path;

const SIDE: usize = 32;

/// Images that are bright on the left or on the right, as IDX files.
fn write_images(dir: &Path, n: usize) {
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, n as u8, 0, 0, 0, SIDE as u8, 0, 0, 0, SIDE as u8];
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, n as u8];
    for number in 0..n {
        let class = number % 2;
        labels.push(class as u8);
        let pixel = |at: usize| {
            let is_bright = (at % SIDE < SIDE / 2) == (class == 0);
            (if is_bright { 180 } else { 60 }) + (at * 31 + number * 17) % 40
        };
        images.extend((0..SIDE * SIDE).map(|at| pixel(at) as u8));
    }
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("train-images-idx3-ubyte"), images).unwrap();
    std::fs::write(dir.join("train-labels-idx1-ubyte"), labels).unwrap();
}

fn first_filter(graph: &Graph) -> Vec<u8> {
    graph.tensor(graph.nodes[0].inputs[1].unwrap()).data.as_ref().unwrap().to_vec()
}

#[test]
fn a_frozen_base_keeps_its_weights_and_a_free_one_learns() {
    let dir = tempfile::tempdir().unwrap();
    write_images(&dir.path().join("data"), 60);
    let entry = zoo::find("mobilenet_v1").unwrap();
    let config = zoo::Config { input: [SIDE, SIDE, 1], outputs: 5, width: 0.25, ..entry.default };
    let base = dir.path().join("base.tflite");
    zoo::write(entry, &config, 3, &base).unwrap();
    let filter = first_filter(&smidgen::model_file::read(&base).unwrap());
    for frozen in [true, false] {
        let text = format!(
            "[project]\nname = \"sides\"\n[data]\nsource = \"idx\"\npath = \"data\"\n[data.split]\nby = \"recordings\"\ntest = 0.2\n\
             validation = 0.2\nseed = 1\n[features]\nscale = 0.00784313725490196\noffset = -1.0\n[model]\nbase = \"base.tflite\"\n\
             frozen = {frozen}\n[training]\nepochs = 6\nbatch_size = 12\nlearning_rate = 0.01\n[board]\nname = \"mps2-an386\"\n"
        );
        std::fs::write(dir.path().join("smidgen.toml"), text).unwrap();
        let project = Project::load(dir.path()).unwrap();
        let trained = train::train(&project, dir.path(), train::Options::default(), &mut Silent).unwrap();
        assert_eq!(first_filter(&trained.graph) == filter, frozen);
        let epochs = trained.training.epochs;
        assert!(epochs[5].loss < epochs[0].loss, "{epochs:?}");
        let shape = &trained.graph.tensor(trained.graph.outputs[0]).shape;
        assert_eq!(shape.last(), Some(&2), "{shape:?}");
    }
}
