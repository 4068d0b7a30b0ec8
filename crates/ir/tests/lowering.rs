//! What each operator lowers to, computed by hand from scales that are powers of two.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure fails the test")]

use smidgen_ir::{ConstIdx, Elem, Graph, IrError, NodeIdx, Operand, Program, lower, ops, text};

/// A graph from its tensor and node lines, with the first tensor as input and the last result as output.
fn graph(lines: &str) -> Graph {
    let mut graph =
        text::parse(&format!("graph \"g\" dialect=TFLM\n{lines}\ninputs [0]\noutputs []")).unwrap();
    graph.outputs = graph.nodes.last().unwrap().outputs.clone();
    graph
}

fn lowered(lines: &str) -> Program {
    lower(&graph(lines)).unwrap()
}

fn constant(program: &Program, ConstIdx(idx): ConstIdx) -> String {
    let of = &program.consts[idx as usize];
    let words = || of.bytes.chunks_exact(4).map(|word| i32::from_le_bytes(word.try_into().unwrap()));
    let values: Vec<i32> = match of.elem {
        Elem::I8 | Elem::U8 => of.bytes.iter().map(|byte| i32::from(byte.cast_signed())).collect(),
        Elem::I32 => words().collect(),
        Elem::F32 => words().map(|bits| f32::from_bits(bits.cast_unsigned()) as i32).collect(),
        other => panic!("no constant here has the type {other:?}"),
    };
    format!("{}={values:?}", of.name)
}

/// The only call of a program: kernel and specification, then the operands.
fn check(lines: &str, spec: &str, operands: &[&str]) {
    let program = lowered(lines);
    let [call] = program.calls.as_slice() else { unreachable!("{} calls", program.calls.len()) };
    assert_eq!(format!("{} {}", call.kernel.path(), call.kernel.spec()), spec);
    let show = |&(operand, _): &(Operand, Elem)| match operand {
        Operand::Tensor(idx) => format!("tensor {}", idx.0),
        Operand::Const(idx) => constant(&program, idx),
        Operand::Absent => "absent".into(),
    };
    assert_eq!(call.operands.iter().map(show).collect::<Vec<_>>(), operands);
    let elems: Vec<Elem> = call.operands.iter().map(|&(_, elem)| elem).collect();
    assert_eq!(elems, call.kernel.operands().iter().map(|&(_, elem)| elem).collect::<Vec<_>>());
    assert_eq!(call.kernel.module(), call.kernel.path().split("::").next().unwrap());
}

#[test]
fn conv_2d_has_a_multiplier_for_each_channel() {
    // in * filter / out = 1/8, 1/4, 1/2, 1; RELU6 from the zero point to six steps above.
    let lines = "tensor 0 \"x\" int8 [1,5,4,2] axis=0 scales=[0.5] zero_points=[3]\n\
        tensor 1 \"w\" int8 [4,1,2,1] axis=0 scales=[0.25,0.5,1.0,2.0] zero_points=[0,0,0,0] data=[1,2,3,4,5,6,7,8]\n\
        tensor 2 \"y\" int8 [1,3,2,4] axis=0 scales=[1.0] zero_points=[-1]\n\
        node CONV_2D inputs=[0,1] outputs=[2] stride=[2,2] dilation=[1,2] padding=SAME activation=RELU6";
    check(
        lines,
        "conv_2d::Int8 Int8Spec { window: Window { batches: 1, in_h: 5, in_w: 4, in_c: 2, out_h: 3, out_w: 2, \
         out_c: 4, k_h: 1, k_w: 2, stride_h: 2, stride_w: 2, dilation_h: 1, dilation_w: 2, pad_top: 0, \
         pad_left: 0 }, groups: 2, input_zero_point: 3, output_zero_point: -1, act_min: -1, act_max: 5 }",
        &[
            "tensor 0",
            "conv_2d_0_filter=[1, 2, 3, 4, 5, 6, 7, 8]",
            "absent",
            "conv_2d_0_multiplier=[1073741824, 1073741824, 1073741824, 1073741824]",
            "conv_2d_0_shift=[-2, -1, 0, 1]",
        ],
    );
    assert_eq!(ops::macs(&graph(lines), NodeIdx(0)), 3 * 2 * 4 * 2);
}

#[test]
fn depthwise_conv_2d_has_one_multiplier_where_all_channels_have_one_scale() {
    let lines = "tensor 0 \"x\" int8 [1,3,3,1] axis=0 scales=[0.5] zero_points=[0]\n\
        tensor 1 \"w\" int8 [1,2,2,2] axis=3 scales=[0.375] zero_points=[0] data=[1,2,3,4,5,6,7,8]\n\
        tensor 2 \"b\" int32 [2] axis=0 scales=[0.1875] zero_points=[0] data=[9,-9]\n\
        tensor 3 \"y\" int8 [1,2,2,2] axis=0 scales=[0.25] zero_points=[0]\n\
        node DEPTHWISE_CONV_2D inputs=[0,1,2] outputs=[3] depth_multiplier=2 stride=[1,1] dilation=[1,1] \
        padding=VALID activation=RELU_N1_TO_1";
    check(
        lines,
        "depthwise_conv_2d::Int8 Int8Spec { window: Window { batches: 1, in_h: 3, in_w: 3, in_c: 1, out_h: 2, \
         out_w: 2, out_c: 2, k_h: 2, k_w: 2, stride_h: 1, stride_w: 1, dilation_h: 1, dilation_w: 1, pad_top: 0, \
         pad_left: 0 }, depth_multiplier: 2, input_zero_point: 0, output_zero_point: 0, act_min: -4, act_max: 4 }",
        &[
            "tensor 0",
            "depthwise_conv_2d_0_filter=[1, 2, 3, 4, 5, 6, 7, 8]",
            "depthwise_conv_2d_0_bias=[9, -9]",
            "depthwise_conv_2d_0_multiplier=[1610612736]",
            "depthwise_conv_2d_0_shift=[0]",
        ],
    );
    assert_eq!(ops::macs(&graph(lines), NodeIdx(0)), 2 * 2 * 2 * 4);
}

#[test]
fn fully_connected_flattens_and_takes_a_zero_point() {
    let lines = "tensor 0 \"x\" int8 [2,2,2] axis=0 scales=[0.5] zero_points=[7]\n\
        tensor 1 \"w\" int8 [1,4] axis=0 scales=[0.5] zero_points=[5] data=[1,2,3,4]\n\
        tensor 2 \"y\" int8 [2,1] axis=0 scales=[0.125] zero_points=[-128]\n\
        node FULLY_CONNECTED inputs=[0,1,-] outputs=[2] activation=RELU keep_num_dims=false";
    check(
        lines,
        "fully_connected::Int8 Int8Spec { batches: 2, in_c: 4, out_c: 1, input_zero_point: 7, filter_zero_point: 5, \
         output_zero_point: -128, act_min: -128, act_max: 127 }",
        &[
            "tensor 0",
            "fully_connected_0_weights=[1, 2, 3, 4]",
            "absent",
            "fully_connected_0_multiplier=[1073741824]",
            "fully_connected_0_shift=[2]",
        ],
    );
    assert_eq!(ops::macs(&graph(lines), NodeIdx(0)), 2 * 4);
}

#[test]
fn fully_connected_may_have_a_scale_for_each_output() {
    check(
        "tensor 0 \"x\" int8 [3,2] axis=0 scales=[1.0] zero_points=[0]\n\
         tensor 1 \"w\" int8 [2,2] axis=0 scales=[0.5,0.25] zero_points=[0,0] data=[1,2,3,4]\n\
         tensor 2 \"y\" int8 [3,2] axis=0 scales=[1.0] zero_points=[0]\n\
         node FULLY_CONNECTED inputs=[0,1] outputs=[2] activation=NONE keep_num_dims=true",
        "fully_connected::Int8 Int8Spec { batches: 3, in_c: 2, out_c: 2, input_zero_point: 0, filter_zero_point: 0, \
         output_zero_point: 0, act_min: -128, act_max: 127 }",
        &[
            "tensor 0",
            "fully_connected_0_weights=[1, 2, 3, 4]",
            "absent",
            "fully_connected_0_multiplier=[1073741824, 1073741824]",
            "fully_connected_0_shift=[0, -1]",
        ],
    );
}

#[test]
fn add_scales_both_operands_to_twice_the_larger() {
    // Twice the larger scale is 1: the operands scale by 1/2 and 1/4, the sum by 2^-20.
    check(
        "tensor 0 \"a\" int8 [1,2,3] axis=0 scales=[0.5] zero_points=[1]\n\
         tensor 1 \"b\" int8 [3] axis=0 scales=[0.25] zero_points=[2] data=[4,5,6]\n\
         tensor 2 \"y\" int8 [1,2,3] axis=0 scales=[1.0] zero_points=[3]\n\
         node ADD inputs=[0,1] outputs=[2] activation=NONE",
        "add::Int8 Int8Spec { a_shape: [1, 1, 1, 1, 2, 3], b_shape: [1, 1, 1, 1, 1, 3], a_zero_point: 1, \
         b_zero_point: 2, output_zero_point: 3, left_shift: 20, a_multiplier: 1073741824, a_shift: 0, \
         b_multiplier: 1073741824, b_shift: -1, output_multiplier: 1073741824, output_shift: -19, act_min: -128, \
         act_max: 127 }",
        &["tensor 0", "add_0_second_operand=[4, 5, 6]"],
    );
}

#[test]
fn pools_clamp_in_output_steps() {
    for (op, module) in [("MAX_POOL_2D", "max_pool_2d"), ("AVERAGE_POOL_2D", "average_pool_2d")] {
        check(
            &format!(
                "tensor 0 \"x\" int8 [1,5,5,2] axis=0 scales=[0.5] zero_points=[1]\n\
                 tensor 1 \"y\" int8 [1,3,2,2] axis=0 scales=[0.5] zero_points=[1]\n\
                 node {op} inputs=[0] outputs=[1] window=[3,2] stride=[2,3] padding=SAME activation=RELU6"
            ),
            &format!(
                "{module}::Int8 Int8Spec {{ window: Window {{ batches: 1, in_h: 5, in_w: 5, in_c: 2, out_h: 3, \
                 out_w: 2, out_c: 2, k_h: 3, k_w: 2, stride_h: 2, stride_w: 3, dilation_h: 1, dilation_w: 1, \
                 pad_top: 1, pad_left: 0 }}, act_min: 1, act_max: 13 }}"
            ),
            &["tensor 0"],
        );
    }
}

#[test]
fn relu_rescales_and_relu6_clamps() {
    check(
        "tensor 0 \"x\" int8 [2,3] axis=0 scales=[0.5] zero_points=[1]\n\
         tensor 1 \"y\" int8 [2,3] axis=0 scales=[0.25] zero_points=[-2]\n\
         node RELU inputs=[0] outputs=[1]",
        "relu::Int8 Int8Spec { len: 6, input_zero_point: 1, output_zero_point: -2, multiplier: 1073741824, shift: 2, \
         act_min: -2, act_max: 127 }",
        &["tensor 0"],
    );
    check(
        "tensor 0 \"x\" int8 [2,3] axis=0 scales=[0.25] zero_points=[-2]\n\
         tensor 1 \"y\" int8 [2,3] axis=0 scales=[0.25] zero_points=[-2]\n\
         node RELU6 inputs=[0] outputs=[1]",
        "relu6::Int8 Int8Spec { len: 6, act_min: -2, act_max: 22 }",
        &["tensor 0"],
    );
}

#[test]
fn pad_fills_with_the_zero_point() {
    check(
        "tensor 0 \"x\" int8 [2,3] axis=0 scales=[0.5] zero_points=[-7]\n\
         tensor 1 \"y\" int8 [5,4] axis=0 scales=[0.5] zero_points=[-7]\n\
         node PAD inputs=[0] outputs=[1] before=[1,0] after=[2,1]",
        "pad::Any Spec { in_shape: [1, 1, 1, 1, 2, 3], before: [0, 0, 0, 0, 1, 0], after: [0, 0, 0, 0, 2, 1] }",
        &["tensor 0", "pad_0_value=[-7]"],
    );
}

#[test]
fn quantize_and_dequantize_take_their_own_scales() {
    let (float, int8) =
        ("tensor 0 \"x\" float32 [4]", "tensor 0 \"x\" int8 [4] axis=0 scales=[0.5] zero_points=[3]");
    let output = "tensor 1 \"y\" int8 [4] axis=0 scales=[0.25] zero_points=[-1]\nnode QUANTIZE inputs=[0] outputs=[1] to=int8";
    check(
        &format!("{float}\n{output}"),
        "quantize::Float32ToInt8 Float32ToInt8Spec { len: 4, scale: 0.25, zero_point: -1 }",
        &["tensor 0"],
    );
    check(
        &format!("{int8}\n{output}"),
        "quantize::Int8 Int8Spec { len: 4, input_zero_point: 3, output_zero_point: -1, multiplier: 1073741824, \
         shift: 2 }",
        &["tensor 0"],
    );
    check(
        &format!("{int8}\ntensor 1 \"y\" float32 [4]\nnode DEQUANTIZE inputs=[0] outputs=[1]"),
        "dequantize::Int8 Int8Spec { len: 4, scale: 0.5, zero_point: 3 }",
        &["tensor 0"],
    );
}

#[test]
fn softmax_works_on_rows() {
    check(
        "tensor 0 \"x\" int8 [2,3,4] axis=0 scales=[0.125] zero_points=[9]\n\
         tensor 1 \"y\" int8 [2,3,4] axis=0 scales=[0.00390625] zero_points=[-128]\n\
         node SOFTMAX inputs=[0] outputs=[1] beta=1.0",
        "softmax::Int8 Int8Spec { rows: 6, depth: 4, input_multiplier: 1073741824, input_shift: 24, diff_min: -124 }",
        &["tensor 0"],
    );
    check(
        "tensor 0 \"x\" float32 [2,3]\ntensor 1 \"y\" float32 [2,3]\nnode SOFTMAX inputs=[0] outputs=[1] beta=0.5",
        "softmax::Float32 Float32Spec { rows: 2, depth: 3, beta: 0.5 }",
        &["tensor 0"],
    );
}

#[test]
fn float_activations_are_finite_rust_literals() {
    for (activation, range) in [
        ("NONE", "act_min: -3.4028235e38, act_max: 3.4028235e38"),
        ("RELU", "act_min: 0.0, act_max: 3.4028235e38"),
        ("RELU6", "act_min: 0.0, act_max: 6.0"),
        ("RELU_N1_TO_1", "act_min: -1.0, act_max: 1.0"),
    ] {
        check(
            &format!(
                "tensor 0 \"x\" float32 [1,2]\n\
                 tensor 1 \"w\" float32 [3,2] data=[1.0,2.0,3.0,4.0,5.0,6.0]\n\
                 tensor 2 \"b\" float32 [3] data=[7.0,8.0,9.0]\n\
                 tensor 3 \"y\" float32 [1,3]\n\
                 node FULLY_CONNECTED inputs=[0,1,2] outputs=[3] activation={activation} keep_num_dims=false"
            ),
            &format!("fully_connected::Float32 Float32Spec {{ batches: 1, in_c: 2, out_c: 3, {range} }}"),
            &["tensor 0", "fully_connected_0_weights=[1, 2, 3, 4, 5, 6]", "fully_connected_0_bias=[7, 8, 9]"],
        );
    }
}

#[test]
fn reshape_is_a_view_unless_model_input_and_output_would_share_memory() {
    let reshape = |from: u32, to: u32, shape: &str| {
        format!("node RESHAPE inputs=[{from}] outputs=[{to}] shape={shape}")
    };
    let tensors = "tensor 0 \"x\" float32 [2,3]\ntensor 1 \"y\" float32 [6]\ntensor 2 \"z\" float32 [3,2]";
    let relu = "tensor 3 \"r\" float32 [3,2]\nnode RELU inputs=[2] outputs=[3]";
    let both = format!("{tensors}\n{}\n{}", reshape(0, 1, "[-1]"), reshape(1, 2, "[3,2]"));
    // A chain of views: both name the origin, and so does the reader.
    let program = lowered(&format!("{both}\n{relu}"));
    let views: Vec<_> = program.views.iter().map(|(view, origin)| (view.0, origin.0)).collect();
    assert_eq!(views, [(1, 0), (2, 0)]);
    assert_eq!(program.calls.len(), 1);
    assert!(matches!(program.calls[0].operands[0].0, Operand::Tensor(origin) if origin.0 == 0));
    // Straight to the output, the last one copies.
    let program = lowered(&both);
    assert_eq!(program.views.len(), 1);
    assert_eq!(program.calls[0].kernel.path(), "reshape::Any");
    // A constant cannot be a view either.
    check(
        "tensor 0 \"x\" float32 [1]\ntensor 1 \"c\" float32 [2,1] data=[5.0,6.0]\ntensor 2 \"y\" float32 [1,2]\n\
         node RESHAPE inputs=[1] outputs=[2] shape=[1,2]",
        "reshape::Any Spec { len: 2 }",
        &["reshape_0_input=[5, 6]"],
    );
}

#[test]
fn shared_constants_are_packed_once() {
    let program = lowered(
        "tensor 0 \"x\" float32 [1,2]\ntensor 1 \"w\" float32 [2,2] data=[1.0,2.0,3.0,4.0]\n\
         tensor 2 \"y\" float32 [1,2]\ntensor 3 \"z\" float32 [1,2]\n\
         node FULLY_CONNECTED inputs=[0,1] outputs=[2] activation=NONE keep_num_dims=false\n\
         node FULLY_CONNECTED inputs=[2,1] outputs=[3] activation=NONE keep_num_dims=false",
    );
    assert_eq!((program.calls.len(), program.consts.len()), (2, 1));
}

#[test]
fn scales_that_no_kernel_can_apply_are_named() {
    let graph = graph(
        "tensor 0 \"x\" int8 [4] axis=0 scales=[1e20] zero_points=[3]\n\
         tensor 1 \"y\" int8 [4] axis=0 scales=[1e-10] zero_points=[-1]\nnode QUANTIZE inputs=[0] outputs=[1] to=int8",
    );
    match lower(&graph) {
        Err(IrError::Invalid(problems)) => {
            let text = problems.iter().map(|problem| problem.to_string()).collect::<String>();
            assert!(text.contains("node 0 QUANTIZE \"y\"") && text.contains("too large"), "{text}");
        }
        other => unreachable!("{other:?}"),
    }
}
