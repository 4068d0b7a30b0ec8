//! Files that are made to do harm, by the class of the failure that they have caused in other readers. Each is one step
//! away from a sound file.

use super::{FLOAT32, INT8, INT32, RawBuffer, RawField, RawModel, RawNode, RawSubgraph, RawTensor};

const ADD: i32 = 0;
const CONV_2D: i32 = 3;
const MAX_POOL_2D: i32 = 17;
const RESHAPE: i32 = 22;
const PAD: i32 = 34;
const WHILE: i32 = 119;
const CALL_ONCE: i32 = 129;

/// One file.
#[derive(Debug)]
pub(crate) struct Hostile {
    /// The class, which is also the file's stem.
    pub(crate) class: &'static str,
    /// What the error must say of it.
    pub(crate) says: &'static str,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
}

fn one_subgraph(code: i32, tensors: Vec<RawTensor>, buffers: &[&[u8]], node: RawNode) -> RawModel {
    let mut model = RawModel {
        codes: vec![(code, 1, "")],
        buffers: vec![RawBuffer::default()],
        subgraphs: vec![RawSubgraph {
            name: "main",
            inputs: vec![0],
            outputs: vec![tensors.len() as i32 - 1],
            tensors,
            nodes: vec![node],
        }],
        ..RawModel::default()
    };
    for data in buffers {
        model.buffer(data);
    }
    model
}

fn node(inputs: &[i32], outputs: &[i32], options_kind: u8, options: Vec<(u16, RawField)>) -> RawNode {
    RawNode {
        inputs: inputs.to_vec(),
        outputs: outputs.to_vec(),
        options_kind,
        options,
        ..RawNode::default()
    }
}

/// `x + x` of float32 [1, 4].
pub(crate) fn add() -> RawModel {
    let ends = [RawTensor::float("x", &[1, 4]), RawTensor::float("y", &[1, 4])];
    one_subgraph(ADD, ends.to_vec(), &[], node(&[0, 0], &[1], 11, vec![]))
}

/// Fields of `Conv2DOptions` and, up to the strides, of `Pool2DOptions`: VALID, stride 1.
fn strides() -> Vec<(u16, RawField)> {
    vec![(0, RawField::Byte(1)), (1, RawField::Int(1)), (2, RawField::Int(1))]
}

/// An int8 convolution of [1, 4, 4, 2] with filter [3, 1, 1, 2] and bias.
pub(crate) fn conv() -> RawModel {
    let mut options = strides();
    options.extend([(4, RawField::Int(1)), (5, RawField::Int(1))]);
    let mut bias = RawTensor::int8("bias", &[3]).of(INT32).constant(2);
    bias.scales = vec![0.25];
    let tensors = vec![
        RawTensor::int8("x", &[1, 4, 4, 2]),
        RawTensor::int8("filter", &[3, 1, 1, 2]).constant(1),
        bias,
        RawTensor::int8("y", &[1, 4, 4, 3]),
    ];
    one_subgraph(CONV_2D, tensors, &[&[1; 6], &[0; 12]], node(&[0, 1, 2], &[3], 1, options))
}

fn pool() -> RawModel {
    let mut options = strides();
    options.extend([(3, RawField::Int(2)), (4, RawField::Int(2))]);
    let ends = [RawTensor::float("x", &[1, 4, 4, 1]), RawTensor::float("y", &[1, 3, 3, 1])];
    one_subgraph(MAX_POOL_2D, ends.to_vec(), &[], node(&[0], &[1], 5, options))
}

fn ints(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn pad(paddings: &[i32]) -> RawModel {
    let tensors = vec![
        RawTensor::float("x", &[1, 4]),
        RawTensor::float("paddings", &[2, 2]).of(INT32).constant(1),
        RawTensor::float("y", &[1, 6]),
    ];
    one_subgraph(PAD, tensors, &[&ints(paddings)], node(&[0, 1], &[2], 22, vec![]))
}

fn reshape(shape: &[i32]) -> RawModel {
    let tensors = vec![
        RawTensor::float("x", &[1, 4]),
        RawTensor::float("shape", &[shape.len() as i32]).of(INT32).constant(1),
        RawTensor::float("y", &[2, 2]),
    ];
    one_subgraph(RESHAPE, tensors, &[&ints(shape)], node(&[0, 1], &[2], 17, vec![]))
}

/// The sound files that the others are made from.
pub(crate) fn sound() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("add", add().bytes()),
        ("conv", conv().bytes()),
        ("pool", pool().bytes()),
        ("pad", pad(&[0, 0, 1, 1]).bytes()),
        ("reshape", reshape(&[2, 2]).bytes()),
    ]
}

/// All hostile files, sorted by class.
pub(crate) fn all() -> Vec<Hostile> {
    let mut all = Vec::new();
    counts(&mut all);
    indices(&mut all);
    offsets(&mut all);
    order(&mut all);
    attributes(&mut all);
    quantisation(&mut all);
    operands(&mut all);
    subgraphs(&mut all);
    all.sort_by_key(|hostile| hostile.class);
    all
}

fn push(
    all: &mut Vec<Hostile>,
    class: &'static str,
    says: &'static str,
    mut model: RawModel,
    change: impl FnOnce(&mut RawModel),
) {
    change(&mut model);
    all.push(Hostile { class, says, bytes: model.bytes() });
}

/// Shapes whose element counts are not what they seem.
fn counts(all: &mut Vec<Hostile>) {
    let mut filter = |class, says, shape: &[i32]| {
        push(all, class, says, conv(), |model| model.main().tensors[1].shape = shape.to_vec());
    };
    filter("element_count_wraps_to_6", "wraps around 32 bits", &[1 << 30, 4, 1, 6]);
    filter("element_count_wraps_to_zero", "wraps around 32 bits", &[1 << 16, 1 << 16, 1, 1]);

    filter("shape_past_2_63", "multiplies past 2^63", &[i32::MAX, i32::MAX, i32::MAX, 2]);
    filter("shape_past_2_63_hidden_by_zero", "multiplies past 2^63", &[i32::MAX, i32::MAX, i32::MAX, 0]);
    filter("shape_negative", "negative extent", &[3, -7, 1, 2]);
    filter("shape_free", "negative extent", &[-1, 1, 1, 2]);
    filter("shape_zero", "its shape [3, 0, 1, 2] takes 0 bytes", &[3, 0, 1, 2]);
    filter("shape_larger_than_buffer", "its buffer has 6", &[3, 1, 1, 3]);
    filter("shape_of_nine_dimensions", "9 dimensions", &[1, 1, 1, 1, 1, 1, 3, 1, 2]);
    push(all, "byte_count_past_2_gib", "2 GiB or more", add(), |model| {
        model.main().tensors[0].shape = vec![1 << 29];
    });
    push(all, "activations_past_1_gib", "at most 1 GiB", add(), |model| {
        for tensor in &mut model.main().tensors {
            tensor.shape = vec![1 << 28];
        }
    });
    push(all, "element_type_unknown", "type 99", add(), |model| model.main().tensors[0].kind = 99);
    push(all, "element_type_string", "type string", add(), |model| model.main().tensors[0].kind = 5);
}

/// Indices that lead nowhere.
fn indices(all: &mut Vec<Hostile>) {
    push(all, "operand_index_minus_1", "operand 0 (input) is missing", conv(), |model| {
        model.main().nodes[0].inputs[0] = -1;
    });
    push(all, "operand_index_minus_2", "there is no tensor -2", conv(), |model| {
        model.main().nodes[0].inputs[0] = -2;
    });
    push(all, "operand_index_past_end", "there is no tensor 4", conv(), |model| {
        model.main().nodes[0].inputs[0] = 4;
    });
    push(all, "result_index_minus_1", "an output is absent", conv(), |model| {
        model.main().nodes[0].outputs = vec![-1];
    });
    push(all, "result_index_largest", "there is no tensor 2147483647", conv(), |model| {
        model.main().nodes[0].outputs = vec![i32::MAX];
    });
    push(all, "input_index_minus_1", "input 0: it is absent", add(), |model| model.main().inputs = vec![-1]);
    push(all, "output_index_minus_1", "output 0: it is absent", add(), |model| {
        model.main().outputs = vec![-1]
    });
    push(all, "opcode_index_past_end", "there is no operator code 7", add(), |model| {
        model.main().nodes[0].opcode = 7;
    });
    push(all, "opcode_index_largest", "there is no operator code 4294967295", add(), |model| {
        model.main().nodes[0].opcode = u32::MAX;
    });
    push(all, "operator_number_negative", "builtin operator -5", add(), |model| {
        model.codes = vec![(-5, 1, "")];
    });
    push(all, "buffer_index_past_end", "there is no buffer 40", conv(), |model| {
        model.main().tensors[1].buffer = 40;
    });
    push(all, "metadata_buffer_past_end", "there is no buffer 9", add(), |model| {
        model.metadata = vec![("labels", 9)];
    });
    push(all, "signature_tensor_past_end", "is tensor 77", add(), |model| {
        model.signatures = vec![("serve", vec![("x", 77)], vec![("y", 1)], 0)];
    });
}

/// Places in the file that are outside of it.
fn offsets(all: &mut Vec<Hostile>) {
    let mut filter = |class, place| {
        push(all, class, "a buffer's offset plus size", conv(), |model| {
            model.buffers[1] = RawBuffer { data: Vec::new(), place: Some(place) };
        });
    };
    filter("buffer_offset_plus_size_wraps", (u64::MAX - 15, 22));
    filter("buffer_offset_past_end", (1 << 40, 6));
    filter("buffer_size_past_end", (64, 1 << 20));
    filter("buffer_size_largest", (64, u64::MAX));
    push(all, "buffer_in_another_file", "another file", conv(), |model| {
        model.main().tensors[1].external_buffer = 3;
    });
    push(all, "tensor_sparse", "sparse", conv(), |model| model.main().tensors[1].sparse = true);
    push(all, "custom_options_past_end", "custom operator", add(), |model| {
        model.codes = vec![(32, 1, "Nothing")];
        model.main().nodes[0].large_custom_options = Some((u64::MAX, u64::MAX));
    });

    let patched = |class, says, find: &[u8], to: &[u8]| {
        let mut bytes = conv().bytes();
        let at = bytes.windows(find.len()).position(|window| window == find).expect("the bytes to patch");
        bytes[at..at + to.len()].copy_from_slice(to);
        Hostile { class, says, bytes }
    };
    // Four bytes of length stand before the six of the filter's data and before the four extents of its shape.
    let data = [&6u32.to_le_bytes()[..], &[1; 6]].concat();
    let shape = ints(&[4, 3, 1, 1, 2]);
    all.push(patched("vector_length_wraps", "a vector's length", &shape, &0x4000_0004u32.to_le_bytes()));
    all.push(patched("vector_length_past_end", "a vector's length", &data, &u32::MAX.to_le_bytes()));
    let mut root = conv().bytes();
    root[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    all.push(Hostile { class: "root_offset_past_end", says: "outside the file", bytes: root });
    let whole = conv().bytes();
    all.push(Hostile {
        class: "file_truncated",
        says: "outside the file",
        bytes: whole[..whole.len() / 2].to_vec(),
    });
}

/// Nodes that read what is not there yet, or write what they must not.
fn order(all: &mut Vec<Hostile>) {
    let two = || {
        let mut model = add();
        model.main().tensors.push(RawTensor::float("z", &[1, 4]));
        model.main().nodes.push(node(&[1, 1], &[2], 11, vec![]));
        model.main().outputs = vec![2];
        model
    };
    push(all, "cycle_of_two_nodes", "cycle", two(), |model| {
        model.main().nodes[0].inputs = vec![0, 2];
    });
    push(all, "cycle_of_one_node", "cycle", add(), |model| {
        model.main().nodes[0].inputs = vec![0, 1];
    });
    push(all, "nodes_out_of_order", "cycle", two(), |model| model.main().nodes.reverse());
    push(all, "operand_dangling", "dangling", two(), |model| {
        model.main().tensors.push(RawTensor::float("nobody", &[1, 4]));
        model.main().nodes[0].inputs = vec![0, 3];
    });
    push(all, "output_dangling", "no node writes output 0", add(), |model| {
        model.main().tensors.push(RawTensor::float("nobody", &[1, 4]));
        model.main().outputs = vec![2];
    });
    push(all, "result_is_a_constant", "has a value already", conv(), |model| {
        model.main().nodes[0].outputs = vec![1];
        model.main().outputs = vec![1];
    });
    push(all, "result_is_an_input", "has a value already", add(), |model| {
        model.main().nodes[0].outputs = vec![0];
    });
    push(all, "result_written_twice", "has a value already", two(), |model| {
        model.main().nodes[1].outputs = vec![1];
        model.main().outputs = vec![1];
    });
    push(all, "input_listed_twice", "listed twice", add(), |model| model.main().inputs = vec![0, 0]);
    push(all, "input_is_a_constant", "is a constant", conv(), |model| model.main().inputs = vec![0, 1]);
    push(all, "no_inputs", "it has no inputs", add(), |model| model.main().inputs.clear());
    push(all, "no_outputs", "it has no outputs", add(), |model| model.main().outputs.clear());
}

/// Attributes of operators that make no sense.
fn attributes(all: &mut Vec<Hostile>) {
    let mut set = |class, says, model: RawModel, id: u16, value: i32| {
        push(all, class, says, model, |model| {
            let options = &mut model.main().nodes[0].options;
            options.retain(|&(field, _)| field != id);
            options.push((id, RawField::Int(value)));
        });
    };
    set("stride_zero", "stride [1, 0] must be at least 1", conv(), 1, 0);
    set("stride_negative", "stride [-1, 1] must be at least 1", conv(), 2, -1);
    set("stride_smallest", "must be at least 1", conv(), 1, i32::MIN);
    set("dilation_zero", "dilation [1, 0] must be at least 1", conv(), 4, 0);
    set("dilation_largest", "must", conv(), 4, i32::MAX);
    set("pool_stride_zero", "stride [1, 0] must be at least 1", pool(), 1, 0);
    set("pool_window_zero", "must be at least 1", pool(), 3, 0);
    set("pool_window_largest", "its window spans 2147483647", pool(), 3, i32::MAX);
    push(all, "padding_unknown", "padding 9 is unknown", conv(), |model| {
        model.main().nodes[0].options[0].1 = RawField::Byte(9);
    });
    push(all, "activation_unknown", "fused activation 77 is unknown", add(), |model| {
        model.main().nodes[0].options = vec![(0, RawField::Byte(77))];
    });
    push(all, "options_of_another_operator", "member 5 of the union BuiltinOptions", conv(), |model| {
        model.main().nodes[0].options_kind = 5;
    });
    push(all, "options_missing", "it has no options", conv(), |model| {
        model.main().nodes[0].options_kind = 0;
    });
    let mut pads = |class, says, paddings: &[i32]| push(all, class, says, pad(paddings), |_| ());
    pads("padding_largest", "paddings", &[i32::MAX, i32::MAX, i32::MAX, i32::MAX]);
    pads("padding_past_2_31", "paddings", &[0, 0, i32::MAX, 1]);
    pads("padding_negative", "must not be negative", &[0, 0, -1, 3]);
    pads("paddings_too_few", "paddings", &[0, 0]);
    let mut reshapes = |class, says, shape: &[i32]| push(all, class, says, reshape(shape), |_| ());
    reshapes("reshape_past_2_63", "too many elements", &[i32::MAX, i32::MAX, i32::MAX, 4]);
    reshapes("reshape_to_zero", "its shape [0, 4]", &[0, 4]);
    reshapes("reshape_negative", "its shape [-2, -2]", &[-2, -2]);
    reshapes("reshape_two_free", "at most one -1", &[-1, -1]);
}

/// Scales and zero points that are no numbers to compute with.
fn quantisation(all: &mut Vec<Hostile>) {
    let mut scale = |class, says, value: f32| {
        push(all, class, says, conv(), |model| model.main().tensors[1].scales = vec![value]);
    };
    scale("scale_zero", "scales must be finite and positive, found 0.0", 0.0);
    scale("scale_negative", "scales must be finite and positive, found -0.5", -0.5);
    scale("scale_nan", "scales must be finite and positive, found NaN", f32::NAN);
    scale("scale_infinite", "scales must be finite and positive, found inf", f32::INFINITY);
    push(all, "scale_ratio_too_large", "multiplier", conv(), |model| {
        model.main().tensors[0].scales = vec![f32::MAX];
        model.main().tensors[1].scales = vec![1e30];
        model.main().nodes[0].inputs.truncate(2);
        model.main().tensors[3].scales = vec![f32::MIN_POSITIVE];
    });
    push(all, "zero_point_outside_int8", "zero point", conv(), |model| {
        model.main().tensors[0].zero_points = vec![300];
    });
    push(all, "zero_point_outside_int32", "zero point", conv(), |model| {
        model.main().tensors[0].zero_points = vec![i64::MAX];
    });
    push(all, "zero_points_too_many", "1 scales and 3 zero points", conv(), |model| {
        model.main().tensors[1].zero_points = vec![0; 3];
    });
    push(all, "scales_too_few_for_channels", "2 scales", conv(), |model| {
        model.main().tensors[1].scales = vec![0.5; 2];
        model.main().tensors[1].zero_points = vec![0; 2];
    });
    push(all, "quantized_dimension_past_end", "quantized_dimension 9", conv(), |model| {
        model.main().tensors[1].scales = vec![0.5; 3];
        model.main().tensors[1].zero_points = vec![0; 3];
        model.main().tensors[1].axis = 9;
    });
    push(all, "quantized_dimension_negative", "quantized_dimension -1", conv(), |model| {
        model.main().tensors[1].scales = vec![0.5; 3];
        model.main().tensors[1].zero_points = vec![0; 3];
        model.main().tensors[1].axis = -1;
    });
    push(all, "scale_missing", "scale", conv(), |model| model.main().tensors[0].scales.clear());
}

/// Operands that are too few, too many or of the wrong kind.
fn operands(all: &mut Vec<Hostile>) {
    push(all, "operands_missing", "operands, found 1", conv(), |model| {
        model.main().nodes[0].inputs = vec![0];
    });
    push(all, "operands_none", "operands, found 0", add(), |model| model.main().nodes[0].inputs.clear());
    push(all, "operands_too_many", "operands, found 9", add(), |model| {
        model.main().nodes[0].inputs = vec![0; 9];
    });
    push(all, "results_none", "result", add(), |model| model.main().nodes[0].outputs.clear());
    push(all, "results_too_many", "result", add(), |model| model.main().nodes[0].outputs = vec![1, 1]);
    push(all, "result_shape_wrong", "its result must be", conv(), |model| {
        model.main().tensors[3].shape = vec![1, 4, 4, 300];
    });
    push(all, "result_type_wrong", "its result must be", add(), |model| {
        model.main().tensors[1].kind = INT32;
    });
    push(all, "bias_too_short", "bias", conv(), |model| {
        model.main().tensors[2].shape = vec![2];
        model.buffers[2].data.truncate(8);
    });
    push(all, "filter_of_other_depth", "filter", conv(), |model| {
        model.main().tensors[1].shape = vec![2, 1, 1, 3];
    });
    push(all, "attribute_operand_is_an_activation", "must be a constant", pad(&[0, 0, 1, 1]), |model| {
        model.main().tensors[1].buffer = 0;
    });
    push(all, "attribute_operand_of_wrong_type", "must be int32 or int64", pad(&[0, 0, 1, 1]), |model| {
        model.main().tensors[1].kind = FLOAT32;
    });
    push(all, "activation_type_mixed", "int8", add(), |model| {
        model.main().tensors.push(RawTensor::int8("z", &[1, 4]).of(INT8));
        model.main().inputs = vec![0, 2];
        model.main().nodes[0].inputs = vec![0, 2];
    });
}

/// Subgraphs that are not there or call themselves.
fn subgraphs(all: &mut Vec<Hostile>) {
    push(all, "no_subgraph", "no subgraph", add(), |model| model.subgraphs.clear());
    push(all, "while_calls_itself", "WHILE", add(), |model| {
        model.codes = vec![(WHILE, 1, "")];
        let main = &mut model.subgraphs[0];
        main.nodes[0] = node(&[0], &[1], 93, vec![(0, RawField::Int(0)), (1, RawField::Int(0))]);
    });
    push(all, "while_calls_no_subgraph", "WHILE", add(), |model| {
        model.codes = vec![(WHILE, 1, "")];
        let main = &mut model.subgraphs[0];
        main.nodes[0] = node(&[0], &[1], 93, vec![(0, RawField::Int(40)), (1, RawField::Int(-3))]);
    });
    push(all, "call_once_calls_itself", "CALL_ONCE", add(), |model| {
        model.codes.push((CALL_ONCE, 1, ""));
        let call = RawNode { opcode: 1, ..node(&[], &[], 103, vec![(0, RawField::Int(0))]) };
        model.main().nodes.insert(0, call);
    });
    push(all, "call_once_calls_no_subgraph", "CALL_ONCE", add(), |model| {
        model.codes.push((CALL_ONCE, 1, ""));
        let call = RawNode { opcode: 1, ..node(&[], &[], 103, vec![(0, RawField::Int(9))]) };
        model.main().nodes.insert(0, call);
    });
}
