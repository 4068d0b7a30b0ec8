use smidgen_ir::ops::{
    assign_variable::AssignVariable, pad::Pad, read_variable::ReadVariable, relu::Relu, reshape::Reshape,
    signal_window::SignalWindow,
};
use smidgen_ir::{DType, Op, Tensor};

use super::*;
use crate::emit;
use crate::flexbuffer;
use crate::ops::{self, Options, Value};
use crate::sample;
use crate::schema::{conv_2d_options, fully_connected_options, options, reshape_options, tensor_type};
use crate::write::Layout;

/// What reading says of `graph` after `change` was made to its file.
fn changed(graph: &Graph, change: impl FnOnce(&mut Layout)) -> Result<(Graph, Vec<String>), String> {
    let mut layout = Layout::of(graph);
    change(&mut layout);
    read_with_warnings(&emit::file(&layout)).map_err(|error| error.to_string())
}

/// Sets field `id` of the only node's options.
fn set(layout: &mut Layout, id: u16, value: Value) {
    let fields = &mut layout.nodes[0].options.fields;
    fields.retain(|&(field, _)| field != id);
    fields.push((id, value));
}

/// Checks that the change is refused with a message.
fn refused(graph: &Graph, expected: &str, change: impl FnOnce(&mut Layout)) {
    let error = changed(graph, change).expect_err(expected);
    assert!(error.contains(expected), "expected {expected}\nfound {error}");
}

#[test]
fn every_operator_that_is_not_supported_is_named_with_its_version() {
    let error = changed(&sample::float_conv(), |layout| {
        layout.opcodes = [(103, 2), (203, 1), (500, 1)]
            .map(|(code, version)| (ops::Code::Builtin(code), version))
            .to_vec();
        let node = layout.nodes.remove(0);
        for opcode in 0..3 {
            let [inputs, outputs] = [node.inputs.clone(), node.outputs.clone()];
            layout.nodes.push(crate::write::FileNode {
                opcode,
                inputs,
                outputs,
                ..crate::write::FileNode::default()
            });
        }
    });
    let error = error.unwrap_err();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "node 0 UNIQUE \"y\": this operator is not supported",
            "node 1 DILATE \"y\": this operator is not supported",
            "node 2 builtin operator 500 \"y\": this operator is not supported",
        ]
    );
    assert!(lines[3].starts_with("model: supported operators are A"), "{error}");
    assert_eq!(lines.len(), 4, "{error}");
}

#[test]
fn a_long_chain_of_small_nodes_fits_the_budget() {
    let mut graph = sample::one_node(Op::Relu(Relu), DType::F32, &[1, 4], &[1, 4], vec![]);
    for node in 1..5000 {
        let x = graph.outputs[0];
        let y = graph.add_tensor(Tensor::activation(format!("layer_{node}/Relu"), DType::F32, vec![1, 4]));
        graph.nodes.push(Node { op: Op::Relu(Relu), inputs: vec![Some(x)], outputs: vec![y] });
        graph.outputs = vec![y];
    }
    assert_eq!(changed(&graph, |_| {}).map(|(read, _)| read == graph), Ok(true));
}

#[test]
fn a_newer_version_is_read_with_a_warning() {
    let (graph, warnings) = changed(&sample::float_conv(), |layout| layout.opcodes[0].1 = 99).unwrap();
    assert_eq!(graph, sample::float_conv());
    assert_eq!(warnings, ["node 0 CONV_2D \"y\": version 99 is newer than 8, the newest known"]);
}

#[test]
fn options_without_meaning_here_are_refused() {
    let conv = sample::float_conv();
    refused(&conv, "fused activation TANH is not supported", |layout| {
        set(layout, conv_2d_options::ACTIVATION, Value::Byte(4));
    });
    refused(&conv, "fused activation SIGN_BIT", |layout| {
        set(layout, conv_2d_options::ACTIVATION, Value::Byte(5))
    });
    refused(&conv, "fused activation 77 is unknown", |layout| {
        set(layout, conv_2d_options::ACTIVATION, Value::Byte(77));
    });
    refused(&conv, "padding 2 is unknown", |layout| set(layout, conv_2d_options::PADDING, Value::Byte(2)));
    refused(&conv, "stride [0, 1] must be at least 1", |layout| {
        set(layout, conv_2d_options::STRIDE_H, Value::Int(0))
    });
    refused(&conv, "dilation [1, -3] must", |layout| {
        set(layout, conv_2d_options::DILATION_W, Value::Int(-3))
    });
    refused(&conv, "quantized_bias_type is int16", |layout| {
        set(layout, conv_2d_options::QUANTIZED_BIAS_TYPE, Value::Byte(tensor_type::INT16));
    });
    refused(&conv, "it has no options", |layout| layout.nodes[0].options = Options::default());
    refused(&conv, "member 5 of the union", |layout| layout.nodes[0].options.kind = options::POOL_2D);
    refused(&sample::float_fully_connected(), "weights_format must be DEFAULT", |layout| {
        set(layout, fully_connected_options::WEIGHTS_FORMAT, Value::Byte(1));
    });
}

#[test]
fn absent_fields_take_the_defaults_of_the_schema() {
    let (graph, _) = changed(&sample::float_conv(), |layout| {
        let keep = [conv_2d_options::STRIDE_W, conv_2d_options::STRIDE_H];
        layout.nodes[0].options.fields.retain(|(id, _)| keep.contains(id));
    })
    .unwrap();
    let mut expected = sample::float_conv();
    let Op::Conv2d(conv) = &mut expected.nodes[0].op else { panic!("a convolution") };
    conv.activation = Default::default();
    assert_eq!(graph, expected);

    let dense = sample::float_fully_connected();
    let (graph, _) = changed(&dense, |layout| layout.nodes[0].options = Options::default()).unwrap();
    assert_eq!(graph, dense);
}

#[test]
fn the_shape_of_a_reshape_comes_from_operand_or_options() {
    let graph = sample::reshape(DType::F32);
    let new_shape = |shape: &[i32]| Value::Ints(shape.to_vec());
    // The operand goes before the options.
    let (read, _) =
        changed(&graph, |layout| set(layout, reshape_options::NEW_SHAPE, new_shape(&[12]))).unwrap();
    assert_eq!(read.nodes[0].op, Op::Reshape(Reshape { shape: vec![3, -1] }));
    let (read, _) = changed(&graph, |layout| {
        layout.nodes[0].inputs.truncate(1);
        set(layout, reshape_options::NEW_SHAPE, new_shape(&[3, 4]));
    })
    .unwrap();
    assert_eq!(read.nodes[0].op, Op::Reshape(Reshape { shape: vec![3, 4] }));
    // A shape that the model computes is that of the result.
    let (read, _) = changed(&graph, |layout| layout.nodes[0].inputs = vec![0, 0]).unwrap();
    assert_eq!(read.nodes[0].op, Op::Reshape(Reshape { shape: vec![3, 4] }));
    refused(&graph, "neither a shape operand nor options", |layout| {
        layout.nodes[0].inputs.truncate(1);
        layout.nodes[0].options = Options::default();
    });
    refused(&graph, "new_shape has 9 extents", |layout| {
        layout.nodes[0].inputs.truncate(1);
        set(layout, reshape_options::NEW_SHAPE, new_shape(&[1; 9]));
    });
}

#[test]
fn a_scalar_shape_has_no_elements() {
    let scalar = sample::one_node(Op::Reshape(Reshape { shape: vec![] }), DType::F32, &[1, 1], &[], vec![]);
    assert_eq!(changed(&scalar, |_| {}).unwrap().0, scalar);
    let old = changed(&scalar, |layout| {
        layout.nodes[0].inputs.truncate(1);
        set(layout, reshape_options::NEW_SHAPE, Value::Ints(vec![0]));
    });
    assert_eq!(old.unwrap().0, scalar);
}

#[test]
fn paddings_are_constant_pairs() {
    let graph = sample::pad(DType::F32);
    let replace = |layout: &mut Layout, values: &[i32]| {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let buffer = layout.tensors[2].buffer as usize;
        layout.buffers[buffer - 1] = data;
    };
    let (read, _) = changed(&graph, |layout| replace(layout, &[0, 2, 1, 2])).unwrap();
    assert_eq!(read.nodes[0].op, Op::Pad(Pad { paddings: vec![[0, 2], [1, 2]] }));
    refused(&graph, "paddings [1, 1, 3] must be pairs", |layout| replace(layout, &[1, 1, 3]));
    refused(&graph, "must not be negative", |layout| replace(layout, &[1, 1, -3, 0]));
    refused(&graph, "has 258 elements, at most 256", |layout| replace(layout, &[0; 258]));
    refused(&graph, "the paddings, is absent", |layout| layout.nodes[0].inputs.truncate(1));
    refused(&graph, "must be int32 or int64, found float32", |layout| {
        layout.tensors[2].tensor.dtype = DType::F32;
    });
}

#[test]
fn tensors_that_make_no_sense_are_refused() {
    let conv = sample::int8_conv();
    refused(
        &conv,
        "tensor 1 \"filter\": its shape [3, 1, 1, 2] takes 6 bytes of int8, its buffer has 5",
        |layout| {
            layout.buffers[0].truncate(5);
        },
    );
    refused(&conv, "there is no buffer 40, only 4", |layout| layout.tensors[1].buffer = 40);
    refused(&conv, "it has 3 scales and 2 zero points", |layout| {
        layout.tensors[1].tensor.quant.as_mut().unwrap().zero_points.truncate(2);
    });
    refused(&conv, "quantized_dimension 4 is outside the shape", |layout| {
        layout.tensors[1].tensor.quant.as_mut().unwrap().axis = 4;
    });
    refused(&conv, "wraps around 32 bits", |layout| layout.tensors[0].tensor.shape = vec![1 << 16, 1 << 16]);
    refused(&conv, "it has 9 dimensions, at most 8", |layout| layout.tensors[0].tensor.shape = vec![1; 9]);
    refused(&conv, "there is no tensor 9, only 4", |layout| layout.nodes[0].inputs[0] = 9);
    refused(&conv, "output 0: it is absent", |layout| layout.outputs = vec![-1]);
    refused(&conv, "there is no operator code 3, only 1", |layout| layout.nodes[0].opcode = 3);
}

#[test]
fn absent_trailing_operands_are_dropped() {
    let (graph, _) =
        changed(&sample::float_fully_connected(), |layout| layout.nodes[0].inputs.push(-1)).unwrap();
    assert_eq!(graph, sample::float_fully_connected());
}

#[test]
fn a_float_activation_with_int8_weights_is_called_hybrid() {
    let mut graph = sample::int8_conv();
    for end in [graph.inputs[0], graph.outputs[0]] {
        graph.tensor_mut(end).dtype = DType::F32;
    }
    refused(&graph, "node 0 CONV_2D \"y\": int8 weights with float32 activations", |_| {});
}

#[test]
fn a_description_of_others_is_not_a_name() {
    let bytes = emit::file(&Layout::of(&sample::float_conv()));
    assert_eq!(read(&bytes).unwrap().name, "sample");
    let at = bytes.windows(8).position(|window| window == b"Smidgen:").unwrap();
    let mut other = bytes.clone();
    other[at..at + 8].copy_from_slice(b"MLIR Con");
    assert_eq!(read(&other).unwrap().name, "");
}

/// y = the last x
fn last() -> Graph {
    let mut graph = sample::reshape(DType::F32);
    let of = graph.tensor(graph.inputs[0]).clone();
    let variable = graph.add_tensor(Tensor::variable("last", of.dtype, of.shape.clone(), None));
    let result = graph.add_tensor(Tensor::activation("read", of.dtype, of.shape));
    let [x, variable] = [Some(graph.inputs[0]), Some(variable)];
    let read = Op::ReadVariable(ReadVariable {});
    let assign = Op::AssignVariable(AssignVariable {});
    graph.nodes = vec![
        Node { op: read, inputs: vec![variable], outputs: vec![result] },
        Node { op: assign, inputs: vec![variable, x], outputs: Vec::new() },
    ];
    graph.outputs = vec![result];
    graph
}

#[test]
fn variables_are_read_with_their_first_values() {
    let (graph, warnings) = changed(&last(), |layout| {
        let first = layout.buffers.iter_mut().find(|buffer| buffer.iter().all(|&byte| byte == 0)).unwrap();
        first[3] = 0x3f;
    })
    .unwrap();
    let variables: Vec<&Tensor> = graph.tensors.iter().filter(|tensor| tensor.is_variable).collect();
    let [variable] = variables[..] else { panic!("one variable, found {variables:?}") };
    assert_eq!((variable.name.as_str(), warnings.len()), ("last", 0));
    assert_eq!(variable.data.as_ref().unwrap()[..4], [0, 0, 0, 0x3f]);
    // Zeros are what a variable starts with anyway.
    let (graph, _) = changed(&last(), |_| ()).unwrap();
    assert!(graph.tensors.iter().all(|tensor| tensor.data.is_none()));
}

#[test]
fn variables_without_a_handle_or_a_constant_are_refused() {
    refused(&last(), "not the result of a VAR_HANDLE", |layout| {
        layout.nodes.remove(1);
    });
    refused(&last(), "runs subgraph 7 of 2", |layout| {
        layout.nodes[0].options.fields = vec![(0, Value::Int(7))];
    });
    refused(&last(), "it has no CallOnceOptions", |layout| layout.nodes[0].options = Options::default());
    refused(&last(), "it has no VarHandleOptions", |layout| layout.nodes[1].options = Options::default());
    refused(&last(), "something else than a constant", |layout| layout.initial.0[1].buffer = 0);
    refused(&last(), "only VAR_HANDLE and ASSIGN_VARIABLE", |layout| {
        layout.initial.1[1].opcode = layout.nodes[0].opcode;
    });
    refused(&last(), "its first value has 3", |layout| {
        let first = layout.buffers.iter_mut().find(|buffer| buffer.iter().all(|&byte| byte == 0)).unwrap();
        first.truncate(3);
    });
}

#[test]
fn options_of_custom_operators_are_checked() {
    let graph = {
        let mut graph = sample::reshape(DType::I16);
        let (x, y) = (graph.inputs[0], graph.outputs[0]);
        let frame = *graph.tensor(x).shape.last().unwrap();
        let weights = Tensor::activation("weights", DType::I16, vec![frame]);
        let data = Some(vec![1; 2 * frame].into());
        let weights = graph.add_tensor(Tensor { data, ..weights });
        let shape = graph.tensor(x).shape.clone();
        graph.tensors[y.idx()].shape = shape;
        let op = Op::SignalWindow(SignalWindow { shift: 12 });
        graph.nodes = vec![Node { op, inputs: vec![Some(x), Some(weights)], outputs: vec![y] }];
        for tensor in &mut graph.tensors {
            tensor.quant = None;
        }
        graph
    };
    assert!(changed(&graph, |_| ()).is_ok());
    let give = |bytes: Vec<u8>, expected| {
        refused(&graph, expected, |layout| layout.nodes[0].options = Options::custom(bytes));
    };
    give(Vec::new(), "no map in the FlexBuffers format");
    give(flexbuffer::encode(&[("shifts", 12_i32.into())]), "have no \"shift\"");
    give(flexbuffer::encode(&[("shift", (-1_i32).into())]), "\"shift\" of its custom options is -1");
    give(flexbuffer::encode(&[("shift", 32_i32.into())]), "shift of a window");
}
