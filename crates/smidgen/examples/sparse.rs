//! Sets the smallest weights of each int8 filter of CONV_2D and FULLY_CONNECTED to 0: `sparse MODEL SHARE OUTPUT`. For
//! measurements of how sparse filters are stored; nothing is trained.

use std::error::Error;
use std::fs;

use smidgen_ir::Op;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, share, output] = arguments.as_slice() else {
        return Err("usage: sparse MODEL SHARE OUTPUT; SHARE is 0 to 1".into());
    };
    let share: f64 = share.parse()?;
    let mut graph = smidgen_tflite::read(&fs::read(model)?)?;
    for at in 0..graph.nodes.len() {
        let node = &graph.nodes[at];
        let (Op::Conv2d(_) | Op::FullyConnected(_), Some(&Some(filter))) = (&node.op, node.inputs.get(1))
        else {
            continue;
        };
        let Some(mut values) = graph.tensor(filter).i8s() else { continue };
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by_key(|&at| values[at].unsigned_abs());
        order.iter().take((share * values.len() as f64) as usize).for_each(|&at| values[at] = 0);
        graph.tensor_mut(filter).data = Some(values.iter().map(|value| value.cast_unsigned()).collect());
    }
    fs::write(output, smidgen_tflite::write(&graph)?)?;
    Ok(())
}
