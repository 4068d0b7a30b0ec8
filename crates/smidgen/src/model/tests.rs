use super::*;
use crate::template;

fn with_layers(layers: &str) -> Project {
    let text = template::text("gesture", "wand").unwrap();
    let start = text.find("[[model.layers]]").unwrap();
    let end = text.find("[training]").unwrap();
    let text = format!("{}{layers}\n{}", &text[..start], &text[end..]);
    Project::parse(&text, "smidgen.toml").unwrap()
}

fn layers(ops: &[&str]) -> String {
    ops.iter().map(|op| format!("[[model.layers]]\n{op}\n")).collect()
}

#[test]
fn every_layer_becomes_its_operator() {
    let project = with_layers(&layers(&[
        "op = \"reshape\"\nshape = [128, 3, 1]",
        "op = \"conv_2d\"\nfilters = 4\nkernel = [4, 3]\nactivation = \"relu6\"",
        "op = \"max_pool_2d\"\nwindow = [3, 3]\npadding = \"valid\"",
        "op = \"depthwise_conv_2d\"\nkernel = [3, 1]\ndepth_multiplier = 2\nbatch_norm = true\nactivation = \"relu\"",
        "op = \"average_pool_2d\"",
        "op = \"flatten\"",
        "op = \"fully_connected\"\nunits = 4",
        "op = \"softmax\"",
    ]));
    let graph = initial_graph(&project, &[128, 3], 4).unwrap();
    assert_eq!(graph.verify(), Ok(()));
    let ops: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(
        ops,
        [
            "RESHAPE",
            "CONV_2D",
            "MAX_POOL_2D",
            "DEPTHWISE_CONV_2D",
            "BATCH_NORMALIZATION",
            "RELU",
            "AVERAGE_POOL_2D",
            "RESHAPE",
            "FULLY_CONNECTED",
            "SOFTMAX"
        ]
    );
    assert_eq!(graph.tensor(graph.outputs[0]).shape, [1, 4]);
}

fn of_the_zoo(model: &str) -> crate::Result<Project> {
    let text = template::text("gesture", "wand").unwrap();
    let start = text.find("[[model.layers]]").unwrap();
    let end = text.find("[training]").unwrap();
    Project::parse(&format!("{}{model}\n{}", &text[..start], &text[end..]), "smidgen.toml")
}

#[test]
fn a_model_of_the_zoo_takes_the_place_of_layers() {
    let graph = initial_graph(&of_the_zoo("zoo = \"tenet\"\nwidth = 0.5").unwrap(), &[128, 3], 4).unwrap();
    assert_eq!((graph.name.as_str(), graph.tensor(graph.outputs[0]).shape.as_slice()), ("wand", &[1, 4][..]));
    let wide = initial_graph(&of_the_zoo("zoo = \"tenet\"").unwrap(), &[128, 3], 4).unwrap();
    assert!(wide.nodes.len() == graph.nodes.len() && wide != graph);
    for (model, expected) in [
        ("zoo = \"tenet\"\n[[model.layers]]\nop = \"softmax\"", "several of zoo, base and layers"),
        ("", "neither zoo nor base nor layers"),
        ("width = 2.0\n[[model.layers]]\nop = \"softmax\"", "width and depth"),
    ] {
        let error = of_the_zoo(model).unwrap_err().to_string();
        assert!(error.contains(expected), "{model}: {error}");
    }
    for (model, expected) in [
        ("zoo = \"vgg\"", "ds_cnn_s"),
        ("zoo = \"fomo\"", "classes"),
        ("zoo = \"tenet\"\nwidth = 9.0", "width is 9"),
    ] {
        let error = initial_graph(&of_the_zoo(model).unwrap(), &[128, 3], 4).unwrap_err().to_string();
        assert!(error.contains(expected), "{model}: {error}");
    }
}

#[test]
fn weights_are_a_function_of_the_seed() {
    let mut project = template::project("gesture", "wand").unwrap();
    let first = initial_graph(&project, &[128, 3], 4).unwrap();
    assert_eq!(initial_graph(&project, &[128, 3], 4).unwrap(), first);
    project.project.seed += 1;
    assert_ne!(initial_graph(&project, &[128, 3], 4).unwrap(), first);
}

#[test]
fn layers_that_do_not_fit_are_named() {
    for (ops, expected) in [
        (vec!["op = \"fully_connected\"\nunits = 4"], "flatten"),
        (
            vec!["op = \"flatten\"", "op = \"conv_2d\"\nfilters = 4\nkernel = [3, 1]"],
            "model.layers[1], conv_2d",
        ),
        (vec!["op = \"max_pool_2d\"\nwindow = [200, 1]\npadding = \"valid\""], "does not fit"),
        (vec!["op = \"conv_2d\"\nfilters = 4611686018427387904\nkernel = [3, 1]"], "weights of shape"),
        (vec!["op = \"conv_2d\"\nfilters = 1000000\nkernel = [1, 1]"], "outputs of shape"),
        (vec!["op = \"conv_2d\"\nfilters = 0\nkernel = [3, 1]"], "filters"),
        (vec!["op = \"conv_2d\"\nfilters = 2\nkernel = [3, 1]\nstride = [0, 1]"], "stride"),
        (vec!["op = \"reshape\"\nshape = [7]"], "does not hold 384"),
        (vec!["op = \"flatten\"", "op = \"fully_connected\"\nunits = 3"], "units = 4"),
    ] {
        let error = initial_graph(&with_layers(&layers(&ops)), &[128, 3], 4).unwrap_err().to_string();
        assert!(error.contains(expected), "{ops:?}: {error}");
    }
    let mut project = template::project("gesture", "wand").unwrap();
    project.model.input = Some([128, 2, 1]);
    assert!(initial_graph(&project, &[128, 3], 4).unwrap_err().to_string().contains("model.input"));
}
