//! The examples of the format's document, round trips, and files that do harm.

use super::*;
use crate::{read, write_compressed};
use smidgen_ir::Quant;
use smidgen_ir::build::{Builder, Conv};

fn bits(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text.bytes().map(|bit| bit - b'0').collect();
    bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(at, bit)| bit << (7 - at)).sum()).collect()
}

#[test]
fn indices_lie_as_the_document_shows() {
    let packed = bits("1110000110100000");
    assert_eq!(pack(&[7, 0, 3, 2], 3), packed);
    assert_eq!([0, 1, 2, 3].map(|at| unpack(&packed, at, 3)), [7, 0, 3, 2]);
    let indices = [1, 3, 3, 2, 4, 5, 0, 2, 1, 3];
    let packed = bits("00101101101010010100001000101100");
    assert_eq!(pack(&indices, 3), packed);
    for width in 1..=7 {
        let indices: Vec<usize> = (0..100).map(|at| at * 31 % (1 << width)).collect();
        let packed = pack(&indices, width);
        assert!((0..100).all(|at| unpack(&packed, at, width) == indices[at]), "{width}");
    }
}

#[test]
fn channels_have_tables_of_their_own_filled_with_zeros() {
    // The document's example: ten int16 values in two channels. Ours are sorted, so the indices differ, not the values.
    let values: [i16; 10] = [2, 4, 4, 10, 1, 7, 99, 10, 2, 4];
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let quant = Quant { scales: vec![1.0, 2.0], zero_points: vec![0, 0], axis: 0 };
    let tensor = Tensor { quant: Some(quant), ..Tensor::activation("w", DType::I16, vec![2, 5]) };
    assert!(Compressed::of(&tensor, &data).is_none(), "a table of 20 bytes and 4 of indices are no fewer");
    // Longer ones are.
    let longer = Tensor { shape: vec![2, 50], ..tensor };
    let data: Vec<u8> = data.chunks(10).flat_map(|channel| channel.repeat(10)).collect();
    let Compressed { bits, values, indices } = Compressed::of(&longer, &data).unwrap();
    assert_eq!((bits, values.len(), indices.len()), (3, 2 * 5 * 2, 38));
    let table: Vec<i16> = values.as_chunks::<2>().0.iter().map(|word| i16::from_le_bytes(*word)).collect();
    assert_eq!(table.iter().filter(|value| **value == 0).count(), 1, "{table:?}");
    assert_eq!(table[4], 0, "the first channel has four values: {table:?}");
}

/// Filters of few values: one table, tables by the first dimension and by the last.
fn network() -> Graph {
    let mut net = Builder::new("net", |parameter| {
        (0..parameter.n_elements()).map(|at| ((at * 7 + at / 5) % 11) as f32 * 0.25 - 1.0).collect()
    });
    let x = net.input("x", &[1, 8, 8, 4]);
    let x = net.conv_2d(x, Conv::new(24, [3, 3]).relu());
    let x = net.depthwise_conv_2d(x, Conv::new(1, [5, 5]));
    let x = net.reshape(x, &[1, -1]);
    let x = net.fully_connected(x, 6);
    let mut graph = net.finish(&[x]).unwrap();
    // As int8 constants with a scale for each channel.
    for at in 0..graph.nodes.len() {
        let (axis, idx) = match (&graph.nodes[at].op, graph.nodes[at].inputs.get(1)) {
            (Op::Conv2d(_), Some(&Some(idx))) => (0, idx),
            (Op::DepthwiseConv2d(_), Some(&Some(idx))) => (3, idx),
            _ => continue,
        };
        let tensor = graph.tensor_mut(idx);
        let n = tensor.shape[axis];
        let values: Vec<i8> = tensor.f32s().unwrap().iter().map(|value| (value * 4.0) as i8).collect();
        let quant = Quant { scales: vec![0.25; n], zero_points: vec![0; n], axis };
        *tensor = Tensor::const_i8(tensor.name.clone(), tensor.shape.clone(), &values, quant);
    }
    graph
}

/// The network with its int8 filters as constants of a graph that verifies: only what concerns tensors is compared.
fn layout(graph: &Graph) -> (Layout, usize) {
    Layout::compressed(graph)
}

#[test]
fn filters_of_few_values_are_compressed_and_read_again() {
    let graph = network();
    let (compressed, n) = layout(&graph);
    assert_eq!(n, 3);
    let size = |layout: &Layout| layout.buffers.iter().map(Vec::len).sum::<usize>();
    assert!(size(&compressed) * 5 < size(&Layout::of(&graph)) * 4);
    // A float network goes all the way.
    let mut net = Builder::new("net", |parameter| {
        (0..parameter.n_elements()).map(|at| ((at * 7 + at / 5) % 11) as f32 * 0.25 - 1.0).collect()
    });
    let x = net.input("x", &[1, 90]);
    let x = net.fully_connected(x, 40);
    let graph = net.finish(&[x]).unwrap();
    let (bytes, n) = write_compressed(&graph).unwrap();
    assert_eq!(n, 1);
    assert!(bytes.len() * 4 < crate::write(&graph).unwrap().len());
    let again = read(&bytes).unwrap();
    assert_eq!(again, read(&crate::write(&graph).unwrap()).unwrap());
    assert!(again.meta.metadata.iter().all(|(name, _)| name != COMPRESSION_METADATA));
}

#[test]
fn what_cannot_be_expanded_is_named() {
    let mut net = Builder::new("net", |parameter| {
        (0..parameter.n_elements()).map(|at| (at % 5) as f32 * 0.25).collect()
    });
    let x = net.input("x", &[1, 64]);
    let x = net.fully_connected(x, 16);
    let graph = net.finish(&[x]).unwrap();
    let (whole, n) = Layout::compressed(&graph);
    assert_eq!(n, 1);
    let message = |change: &dyn Fn(&mut Layout)| {
        let mut layout = Layout::compressed(&graph).0;
        change(&mut layout);
        read(&crate::emit::file(&layout)).unwrap_err().to_string()
    };
    let last = whole.buffers.len() - 1;
    let (tensor, values) =
        (whole.tensors.iter().position(|file| file.buffer != 0).unwrap() as i32, last as u32);
    let with = |tables: &[(i32, u32, u8)]| {
        let bytes = file(tables, 1);
        message(&|layout| layout.buffers[last].clone_from(&bytes))
    };
    assert!(with(&[(99, values, 3)]).contains("there is no tensor 99"), "{}", with(&[(99, values, 3)]));
    assert!(with(&[(tensor, values, 0)]).contains("indices of 0 bits, expected 1 to 7"));
    assert!(with(&[(tensor, values, 8)]).contains("indices of 8 bits, expected 1 to 7"));
    assert!(with(&[(tensor, values, 2)]).contains("take 256 bytes, its buffer has 384"));
    assert!(with(&[(tensor, 99, 3)]).contains("no buffer 99"));
    assert!(message(&|layout| layout.buffers[last].truncate(6)).contains("damaged"));
    let short = message(&|layout| layout.buffers[last - 1].truncate(8));
    assert!(short.contains("its table has 2 values"), "{short}");
    let odd = message(&|layout| layout.buffers[last - 1].truncate(7));
    assert!(odd.contains("no whole number of values"), "{odd}");
}
