use super::*;
use crate::build::{Builder, Conv};
use crate::{DType, Graph, Interpreter, Quant, Tensor, lower};

/// A depthwise layer, and layers with one stretch of input values and with several, padding, strides, a row of 2304 and one too long to be stored.
fn graph(few: impl Fn(usize) -> i8 + Copy) -> Graph {
    let mut net = Builder::new("net", |_| Vec::new());
    let quant = || Quant::per_tensor(0.05, -7);
    let conv = |net: &mut Builder<'_>, x, shape: [usize; 4], conv: Conv| {
        let n: usize = shape.iter().product();
        let filter: Vec<i8> = (0..n).map(few).collect();
        let scales = (0..shape[0]).map(|at| 0.002 + 0.0001 * at as f32).collect();
        let filter =
            net.constant(Tensor::const_i8("filter", shape.to_vec(), &filter, Quant::per_channel(scales, 0)));
        let op = crate::ops::conv_2d::Conv2d {
            stride: conv.stride,
            dilation: conv.dilation,
            padding: conv.padding,
            activation: conv.activation,
        };
        net.node(crate::Op::Conv2d(op), &[Some(x), Some(filter), None], Some(quant()))
    };
    let x = net.input_int8("x", &[1, 7, 9, 3], Quant::per_tensor(0.1, 5));
    let x = conv(&mut net, x, [70, 3, 3, 3], Conv::new(70, [3, 3]).stride([2, 1]).relu());
    let depthwise = |net: &mut Builder<'_>, x, k: usize, dilation| {
        let filter: Vec<i8> = (0..k * k * 70).map(few).collect();
        let scales = (0..70).map(|at| 0.004 + 0.0002 * f32::from(at as u8)).collect();
        let quant_of_filter = Quant::per_channel(scales, 3);
        let filter = net.constant(Tensor::const_i8("filter", vec![1, k, k, 70], &filter, quant_of_filter));
        let biases: Vec<i32> = (0..70).map(|at| at * 9 - 300).collect();
        let bias = net.constant(Tensor::const_i32("bias", vec![70], &biases, None));
        let op = crate::ops::depthwise_conv_2d::DepthwiseConv2d {
            depth_multiplier: 1,
            stride: [1, 1],
            dilation,
            padding: crate::Padding::Same,
            activation: crate::Activation::None,
        };
        net.node(crate::Op::DepthwiseConv2d(op), &[Some(x), Some(filter), Some(bias)], Some(quant()))
    };
    let x = depthwise(&mut net, x, 3, [2, 1]);
    let x = depthwise(&mut net, x, 6, [1, 1]);
    let x = conv(&mut net, x, [256, 1, 1, 70], Conv::new(256, [1, 1]));
    let x = conv(&mut net, x, [5, 3, 3, 256], Conv::new(5, [3, 3]).dilation([1, 2]));
    let x = net.reshape(x, &[1, -1]);
    net.finish(&[x]).unwrap()
}

fn run(graph: &Graph, storage: Storage) -> (Vec<u8>, usize) {
    let program = stored(lower(graph).unwrap(), storage);
    let n = program
        .calls
        .iter()
        .filter(|call| call.kernel.path().ends_with("::Stored") || call.kernel.path().ends_with("::Coded"))
        .count();
    let input: Vec<u8> = (0..graph.input_bytes()).map(|at| (at * 37 % 251) as u8).collect();
    (Interpreter::with_program(graph, program).unwrap().run(&input).unwrap(), n)
}

#[test]
fn every_form_computes_what_the_plain_filter_does() {
    let dense = |at: usize| ((at * 73 + at / 7) % 255) as u8 as i8;
    let clustered = |at: usize| [-127, -60, -31, -9, 4, 22, 58, 127][(at * 31 + at / 5) % 8];
    let sparse = move |at: usize| if (at * 13 + at / 11).is_multiple_of(5) { dense(at) } else { 0 };
    let both = move |at: usize| if (at * 13 + at / 11).is_multiple_of(4) { clustered(at) } else { 0 };
    let (plain, n) = run(&graph(dense), Storage::Auto);
    assert_eq!((n, plain), (0, run(&graph(dense), Storage::Plain).0));
    // A row of 2304 cannot leave its zeros out.
    let cases: [(&dyn Fn(usize) -> i8, usize); 5] =
        [(&clustered, 5), (&sparse, 2), (&both, 5), (&|_| 3, 5), (&|at| i8::from(at == 0), 5)];
    for (few, expected) in cases {
        let graph = graph(few);
        let (wanted, none) = run(&graph, Storage::Plain);
        let (found, n) = run(&graph, Storage::Auto);
        assert_eq!((none, n), (0, expected));
        assert!(found == wanted && run(&graph, Storage::Fastest).0 == wanted);
    }
}

#[test]
fn what_is_half_zeros_is_code_or_without_them_where_speed_counts() {
    let sparse = |at: usize| if at.is_multiple_of(2) { (at % 255) as u8 as i8 } else { 0 };
    let graph = graph(sparse);
    let program = stored(lower(&graph).unwrap(), Storage::Fastest);
    let paths: Vec<&str> = program.calls.iter().map(|call| call.kernel.path()).collect();
    let (depthwise, conv) = ("depthwise_conv_2d::Int8", "conv_2d::Int8");
    let expected = ["conv_2d::Stored", depthwise, depthwise, "fully_connected::Unrolled", conv];
    assert_eq!(paths, expected, "a row of 2304 cannot leave its zeros out");
    let call = &program.calls[3];
    let in_flash: Vec<&str> = program.in_flash().map(|(_, constant)| constant.name.as_str()).collect();
    assert!(!in_flash.iter().any(|name| name.ends_with("conv_2d_3_filter")), "{in_flash:?}");
    // What the code adds up, for every row.
    let code = program.code(call).unwrap();
    let filter = graph.tensor(graph.nodes[call.node.idx()].inputs[1].unwrap()).i8s().unwrap();
    assert_eq!((code.in_c, code.rows.len()), (70, 256));
    for (row, weights) in code.rows.iter().zip(filter.chunks(70)) {
        let mut found = vec![0; 70];
        for Product { magnitude, plus, minus } in &row.products {
            plus.iter().for_each(|&at| found[at] += magnitude);
            minus.iter().for_each(|&at| found[at] -= magnitude);
        }
        assert!(found.iter().zip(weights).all(|(a, b)| *a == i32::from(*b)));
        assert_eq!(row.bias, 7 * found.iter().sum::<i32>());
        assert!(row.products.is_sorted_by_key(|product| product.magnitude));
    }
}

#[test]
fn rows_may_have_tables_of_their_own() {
    // The layer of 5 rows of 2304 weights and that of 256 rows of 70: four values in each row, many in all. The others are alike.
    let of_row =
        |at: usize| ((at / 2304 * 37 + 11) as u8 as i8).wrapping_add([0, 40, 80, 120][(at * 7 + at / 3) % 4]);
    let graph = graph(of_row);
    let program = stored(lower(&graph).unwrap(), Storage::Smallest);
    let tables: Vec<usize> = program
        .consts
        .iter()
        .filter(|constant| constant.name.ends_with("_codebook"))
        .map(|constant| constant.bytes.len())
        .collect();
    assert!(tables.contains(&(5 * 4)), "a table of 4 for each of 5 rows: {tables:?}");
    assert_eq!(run(&graph, Storage::Smallest).0, run(&graph, Storage::Plain).0);
    // The same with most weights left out.
    let sparse = move |at: usize| if at.is_multiple_of(6) { of_row(at) } else { 0 };
    let graph = self::graph(sparse);
    assert_eq!(run(&graph, Storage::Smallest).0, run(&graph, Storage::Plain).0);
}

#[test]
fn what_has_many_values_is_coded_where_every_byte_counts() {
    // Bell-shaped, as weights are.
    let bell = |at: usize| ((at * 73 % 101 + at * 31 % 97 + at * 57 % 89) as i32 - 142) as i8;
    let graph = graph(bell);
    let program = |storage| stored(lower(&graph).unwrap(), storage);
    let coded = program(Storage::Smallest);
    let n = coded.calls.iter().filter(|call| call.kernel.path().ends_with("conv_2d::Coded")).count();
    assert_eq!(n, 2, "not the depthwise ones, nor one with hardly more weights than values");
    let bytes = [Storage::Plain, Storage::Smallest].map(|storage| filter_bytes(&program(storage)));
    assert!(bytes[1] < bytes[0] - 800, "{bytes:?}");
    assert_eq!(run(&graph, Storage::Smallest).0, run(&graph, Storage::Plain).0);
}

#[test]
fn bytes_are_those_of_the_indices_and_the_mask() {
    let bytes = |few: &dyn Fn(usize) -> i8| -> usize {
        let program = stored(lower(&graph(few)).unwrap(), Storage::Auto);
        filter_bytes(&program)
    };
    let n = 70 * 27 + 70 * 9 + 70 * 36 + 256 * 70 + 5 * 2304;
    assert_eq!(bytes(&|at| (at % 16) as i8 - 8), n / 2 + 5 * 16, "4 bits each");
    let zeros = bytes(&|at| if at.is_multiple_of(4) { (at % 251) as u8 as i8 } else { 0 });
    let (n, plain) = (70 * 27 + 256 * 70, 70 * 9 + 70 * 36 + 5 * 2304);
    assert!(zeros < n / 8 + n / 4 + n / 15 + plain, "a bit each, and a quarter of the bytes: {zeros} of {n}");
    assert_eq!(graph(|_| 1).tensors[0].dtype, DType::I8);
}

#[test]
fn a_small_network_is_not_worth_the_code() {
    let mut net = Builder::new("net", |_| Vec::new());
    let x = net.input_int8("x", &[1, 64], Quant::per_tensor(0.1, 5));
    let few: Vec<i8> = (0..1024).map(|at| if at % 7 == 0 { 3 } else { 0 }).collect();
    let filter =
        net.constant(Tensor::const_i8("filter", vec![16, 64], &few, Quant::per_channel(vec![0.01; 16], 0)));
    let op = crate::ops::fully_connected::FullyConnected {
        activation: crate::Activation::None,
        keep_num_dims: false,
    };
    let quant = Some(Quant::per_tensor(0.05, 0));
    let x = net.node(crate::Op::FullyConnected(op), &[Some(x), Some(filter), None], quant);
    let graph = net.finish(&[x]).unwrap();
    assert_eq!(run(&graph, Storage::Auto).1, 0);
    assert_eq!(run(&graph, Storage::Smallest).1, 1);
    assert_eq!(run(&graph, Storage::Auto).0, run(&graph, Storage::Smallest).0);
}
