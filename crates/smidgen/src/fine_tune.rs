//! Fine-tuning: a trained float model whose last layer is exchanged for one of the project's classes.

use smidgen_ir::build::Builder;
use smidgen_ir::ops::Op;
use smidgen_ir::{DType, Graph, NodeIdx, TensorIdx, passes};

use crate::{Error, Result};

/// A graph to train, and how many of its first nodes came from the base.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// The base up to its last layer, then a new last layer and SOFTMAX.
    pub graph: Graph,
    /// Nodes of the base.
    pub base_nodes: usize,
}

/// Exchanges the last layer of `base`, a float classifier of images, for one of `n_classes` classes with weights from
/// `seed`. Batch normalisation of the base is folded.
///
/// # Errors
/// A base that is not float32, has several inputs or outputs, another input than `input`, or no last layer with weights.
pub fn with_head(base: &Graph, input: [usize; 3], n_classes: usize, seed: u64) -> Result<Tuned> {
    let wrong = |message: String| {
        Error::input(format!("model.base: {message}"))
            .help("take a float32 classifier, such as a MobileNet; smidgen inspect shows what a file holds")
    };
    let base = passes::fold_batch_norm(base).map_err(Error::input)?;
    let (&[own], &[output]) = (base.inputs.as_slice(), base.outputs.as_slice()) else {
        return Err(wrong(format!("it has {} inputs and {} outputs", base.inputs.len(), base.outputs.len())));
    };
    let own = base.tensor(own);
    let [height, width, channels] = input;
    if own.dtype != DType::F32 || own.shape != [1, height, width, channels] {
        return Err(wrong(format!(
            "its input is {} {:?}, the project's windows are float32 {:?}",
            own.dtype.name(),
            own.shape,
            [1, height, width, channels]
        ))
        .help("[data.images] size brings images to the model's size"));
    }
    let features = before_head(&base, output).ok_or_else(|| {
        wrong("it does not end in FULLY_CONNECTED or a CONV_2D over one pixel, and SOFTMAX".into())
    })?;
    let shape = base.tensor(features).shape.clone();
    // Only what makes the features stays.
    let kept = passes::dead_code(&Graph { outputs: vec![features], ..base }).map_err(Error::input)?;
    let (base_nodes, features) = (kept.nodes.len(), kept.outputs.first().copied().unwrap_or(TensorIdx(0)));
    let mut net = Builder::on(kept, |parameter| vec![0.0; parameter.n_elements()]);
    let mut last = features;
    if let [1, height, width, _] = *shape.as_slice()
        && height * width > 1
    {
        last = net.average_pool_2d(last, [height, width], [height, width]);
    }
    let n_features = shape.last().copied().unwrap_or(1) as i32;
    last = net.reshape(last, &[1, n_features]);
    last = net.fully_connected(last, n_classes);
    last = net.softmax(last);
    let mut graph = net.finish(&[last]).map_err(Error::input)?;
    let mut fresh = graph.clone();
    smidgen_train::init(&mut fresh, seed).map_err(Error::input)?;
    let head: Vec<TensorIdx> =
        graph.nodes.iter().skip(base_nodes).flat_map(|node| node.inputs.iter().flatten().copied()).collect();
    for tensor in head.into_iter().filter(|&tensor| fresh.tensor(tensor).is_const()) {
        graph.tensor_mut(tensor).data.clone_from(&fresh.tensor(tensor).data);
    }
    Ok(Tuned { graph, base_nodes })
}

/// What the last layer with weights reads, looking back from the output through what only changes its form.
fn before_head(graph: &Graph, output: TensorIdx) -> Option<TensorIdx> {
    let mut at = output;
    loop {
        let NodeIdx(node) = graph.producer(at)?;
        let node = graph.nodes.get(node as usize)?;
        let input = node.inputs.first().copied().flatten()?;
        match &node.op {
            Op::Softmax(_) | Op::Reshape(_) => at = input,
            Op::FullyConnected(_) => return Some(input),
            Op::Conv2d(_) => {
                let of_one_pixel = matches!(graph.tensor(at).shape.as_slice(), [1, 1, 1, _]);
                return of_one_pixel.then_some(input);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smidgen_zoo::find;

    fn base() -> Graph {
        let entry = find("mobilenet_v1").unwrap();
        let config = smidgen_zoo::Config { input: [32, 32, 3], outputs: 7, width: 0.25, ..entry.default };
        crate::zoo::initial(entry, &config, 3).unwrap()
    }

    #[test]
    fn the_base_stays_and_the_head_is_new() {
        let base = base();
        let tuned = with_head(&base, [32, 32, 3], 4, 1).unwrap();
        assert_eq!(tuned.graph.verify(), Ok(()));
        assert_eq!(tuned.graph.tensor(tuned.graph.outputs[0]).shape, [1, 4]);
        let ops: Vec<&str> =
            tuned.graph.nodes[tuned.base_nodes..].iter().map(|node| node.op.name()).collect();
        assert_eq!(ops, ["RESHAPE", "FULLY_CONNECTED", "SOFTMAX"], "{ops:?}");
        let first = |graph: &Graph| {
            let filter = graph.nodes[0].inputs[1].unwrap();
            graph.tensor(filter).data.clone()
        };
        assert_eq!(first(&tuned.graph), first(&passes::fold_batch_norm(&base).unwrap()));
        assert_ne!(with_head(&base, [32, 32, 3], 4, 2).unwrap(), tuned);
    }

    #[test]
    fn other_inputs_and_models_without_a_head_are_refused() {
        let text = |graph: &Graph, input| with_head(graph, input, 4, 1).unwrap_err().to_string();
        assert!(text(&base(), [64, 64, 3]).contains("its input is float32 [1, 32, 32, 3]"));
        let entry = find("fomo").unwrap();
        let detector = crate::zoo::initial(entry, &entry.default, 1).unwrap();
        assert!(text(&detector, entry.default.input).contains("does not end in FULLY_CONNECTED"));
    }
}
