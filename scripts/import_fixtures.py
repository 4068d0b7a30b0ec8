"""Makes testdata/import: small models as PyTorch and onnxruntime export them, single operators of ONNX, and what
onnxruntime computes with them. Called by scripts/make-import-fixtures.

Beside NAME.onnx stand NAME.in.bin and NAME.out.bin: some inferences as `smidgen run` takes and gives them, images with
the channels last, uint8 less 128, int64 as int32.
"""

import os
import sys
import zlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

N_INFERENCES = 3
folder = sys.argv[1]


def rng_of(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def as_smidgen(value, moved):
    if moved:
        value = np.moveaxis(value, 1, -1)
    if value.dtype == np.uint8:
        value = (value.astype(np.int16) - 128).astype(np.int8)
    if value.dtype == np.int64:
        value = value.astype(np.int32)
    return np.ascontiguousarray(value).tobytes()


def save(name, model, moved_in=True, moved_out=False, low=-2.0, high=2.0, names=None):
    """Writes the model with inputs from `low` to `high` in steps of 1/16, and onnxruntime's outputs."""
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if isinstance(model, str):
        model = onnx.load(model)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in list(model.graph.value_info):
        model.graph.value_info.remove(value)
    del model.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, path + ".onnx")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(path + ".onnx", options, providers=["CPUExecutionProvider"])
    rng = rng_of(name)
    inputs, outputs = b"", b""
    for _ in range(N_INFERENCES):
        feed = {}
        for port in session.get_inputs():
            shape = [extent if isinstance(extent, int) else 1 for extent in port.shape]
            if "float" in port.type:
                value = (rng.integers(int(low * 16), int(high * 16) + 1, shape) / 16).astype(np.float32)
            elif "uint8" in port.type:
                value = rng.integers(0, 256, shape).astype(np.uint8)
            elif "int8" in port.type:
                value = rng.integers(-128, 128, shape).astype(np.int8)
            elif "bool" in port.type:
                value = rng.integers(0, 2, shape).astype(np.bool_)
            else:
                value = rng.integers(0, 3, shape).astype(np.int32 if "int32" in port.type else np.int64)
            feed[port.name] = value
            inputs += as_smidgen(value, moved_in and value.ndim in (3, 4))
        for value in session.run(None, feed):
            outputs += as_smidgen(value, moved_out and value.ndim in (3, 4))
    with open(path + ".in.bin", "wb") as file:
        file.write(inputs)
    with open(path + ".out.bin", "wb") as file:
        file.write(outputs)


# Single operators.


def f32(name, values):
    return numpy_helper.from_array(np.asarray(values, dtype=np.float32), name)


def i64(name, values):
    return numpy_helper.from_array(np.asarray(values, dtype=np.int64), name)


def graph(nodes, inputs, outputs, constants=(), opset=17, elem=TensorProto.FLOAT, domains=()):
    """A model whose inputs have these shapes; types of outputs are given with their rank's names."""
    ports = [helper.make_tensor_value_info(name, elem, shape) for name, shape in inputs]
    results = [helper.make_tensor_value_info(*output) for output in outputs]
    made = helper.make_graph(nodes, "case", ports, results, list(constants))
    sets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(made, opset_imports=sets, ir_version=8, producer_name="smidgen-fixtures")


def operator(case, op, shape, constants=(), moved=True, moved_out=None, rank=None, outputs=1, opset=17, after=(), out_type=TensorProto.FLOAT, result=None, **attributes):
    """One operator on one input, between two Relu-free ends, with constant operands."""
    low, high = attributes.pop("low", -2.0), attributes.pop("high", 2.0)
    names = ["x"] + [constant.name if constant is not None else "" for constant in constants]
    results = [f"y{at}" for at in range(outputs)]
    nodes = [helper.make_node(op, names, results, **attributes)] + list(after)
    ends = [(after[-1].output[0], out_type, None)] if after else [(name, out_type, result) for name in results]
    model = graph(nodes, [("x", shape)], ends, [c for c in constants if c is not None], opset)
    model = onnx.shape_inference.infer_shapes(model)
    for output in model.graph.output:
        dims = output.type.tensor_type.shape.dim
        assert len(dims) or rank == 0, case
    save(f"operators/{case}", model, moved, moved if moved_out is None else moved_out, low, high)


def random(name, shape, scale=0.5):
    return f32(name, np.round(rng_of(name + str(shape)).standard_normal(shape) * scale, 4))


def windows():
    image = [1, 3, 8, 9]
    w = random("w", [4, 3, 3, 3])
    b = random("b", [4])
    operator("conv_same_upper", "Conv", image, [w, b], auto_pad="SAME_UPPER", strides=[2, 2])
    operator("conv_same_lower", "Conv", image, [w, b], auto_pad="SAME_LOWER", strides=[2, 2])
    operator("conv_pads", "Conv", image, [w, b], pads=[1, 1, 1, 1])
    operator("conv_pads_stride", "Conv", image, [w], pads=[1, 1, 1, 1], strides=[2, 2])
    operator("conv_pads_uneven", "Conv", image, [w], pads=[0, 2, 1, 0])
    operator("conv_dilation", "Conv", image, [w, b], dilations=[2, 2], pads=[2, 2, 2, 2])
    operator("conv_groups", "Conv", [1, 4, 6, 6], [random("w", [6, 2, 3, 3]), random("b", [6])], group=2)
    operator("conv_depthwise", "Conv", image, [random("w", [6, 1, 3, 3]), random("b", [6])], group=3, pads=[1, 1, 1, 1])
    operator("conv_depthwise_one", "Conv", image, [random("w", [3, 1, 3, 3])], group=3, strides=[2, 2])
    operator("conv_1d", "Conv", [1, 3, 12], [random("w", [5, 3, 3]), random("b", [5])], pads=[1, 1])
    operator("conv_1d_depthwise", "Conv", [1, 3, 12], [random("w", [3, 1, 4])], group=3, strides=[2])
    operator("conv_transpose", "ConvTranspose", [1, 3, 4, 5], [random("w", [3, 4, 3, 3]), random("b", [4])], strides=[2, 2])
    operator("conv_transpose_pads", "ConvTranspose", [1, 3, 4, 5], [random("w", [3, 2, 3, 3])], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    operator("conv_transpose_same", "ConvTranspose", [1, 3, 4, 5], [random("w", [3, 2, 2, 2])], strides=[2, 2])
    operator("max_pool", "MaxPool", image, kernel_shape=[2, 2], strides=[2, 2])
    operator("max_pool_pads", "MaxPool", image, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], low=-2.0, high=-0.5)
    operator("max_pool_ceil", "MaxPool", image, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, low=-2.0, high=-0.5)
    operator("max_pool_1d", "MaxPool", [1, 3, 12], kernel_shape=[3], strides=[2])
    operator("average_pool", "AveragePool", image, kernel_shape=[2, 3], strides=[2, 2])
    operator("average_pool_same", "AveragePool", image, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    operator("average_pool_pads", "AveragePool", image, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    operator("average_pool_counted", "AveragePool", image, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    operator("average_pool_ceil", "AveragePool", image, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, opset=19)
    operator("global_average_pool", "GlobalAveragePool", image)
    operator("global_max_pool", "GlobalMaxPool", image)
    normal = [random("g", [3]), random("b", [3]), random("m", [3]), f32("v", [0.5, 1.5, 2.0])]
    operator("batch_normalization", "BatchNormalization", image, normal, epsilon=1e-3)
    operator("instance_normalization", "InstanceNormalization", image, normal[:2])
    groups = [random("g", [6]), random("b", [6])]
    operator("group_normalization", "GroupNormalization", [1, 6, 4, 5], groups, opset=21, num_groups=2, result=[1, 6, 4, 5])
    operator("conv_transpose_output_shape", "ConvTranspose", [1, 2, 3, 3], [random("w", [2, 2, 3, 3])], strides=[3, 2], output_shape=[10, 8])


def resizes():
    image = [1, 3, 4, 5]
    for case, mode, way, rounding, sizes in [
        ("linear_half_pixel", "linear", "half_pixel", None, [8, 10]),
        ("linear_asymmetric", "linear", "asymmetric", None, [7, 9]),
        ("linear_align_corners", "linear", "align_corners", None, [7, 9]),
        ("nearest_half_pixel", "nearest", "half_pixel", "round_prefer_floor", [8, 10]),
        ("nearest_half_pixel_down", "nearest", "half_pixel", "round_prefer_floor", [2, 2]),
        ("nearest_asymmetric", "nearest", "asymmetric", "floor", [7, 9]),
        ("nearest_align_corners", "nearest", "align_corners", "round_prefer_ceil", [7, 9]),
        ("nearest_ceil", "nearest", "asymmetric", "ceil", [7, 9]),
    ]:
        more = {"nearest_mode": rounding} if rounding else {}
        constants = [None, None, i64("sizes", [1, 3] + sizes)]
        operator(f"resize_{case}", "Resize", image, constants, mode=mode, coordinate_transformation_mode=way, **more)
    operator("resize_scales", "Resize", image, [None, f32("s", [1, 1, 2, 2])], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    operator("resize_axes", "Resize", image, [None, None, i64("sizes", [8, 7])], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor", axes=[3, 2], opset=18)
    operator("upsample", "Upsample", image, [f32("s", [1, 1, 2, 3])], mode="nearest", opset=9)


def elements():
    image = [1, 3, 4, 5]
    for op in ["Abs", "Ceil", "Cos", "Exp", "Floor", "HardSigmoid", "HardSwish", "Neg", "Relu", "Sigmoid", "Sin", "Tanh", "Round", "LeakyRelu", "Elu"]:
        operator(f"unary_{op.lower()}", op, image, moved=False, opset=17)
    for op in ["Log", "Sqrt", "Reciprocal"]:
        operator(f"unary_{op.lower()}", op, image, moved=False, low=0.125, high=4.0)
    for op in ["Celu", "Mish", "Selu", "Sign", "Softplus", "Softsign", "Tan", "ThresholdedRelu"]:
        operator(f"unary_{op.lower()}", op, image, moved=False, opset=18)
    operator("softplus_far", "Softplus", image, moved=False, low=-200.0, high=200.0)
    operator("elu_alpha", "Elu", image, moved=False, alpha=2.0)
    operator("celu_alpha", "Celu", image, moved=False, alpha=2.0)
    operator("gelu", "Gelu", [2, 7], moved=False, opset=20)
    operator("gelu_tanh", "Gelu", [2, 7], moved=False, opset=20, approximate="tanh")
    for case, low, high in [("relu6", 0.0, 6.0), ("relu_n1_to_1", -1.0, 1.0), ("other", -0.75, 1.25)]:
        operator(f"clip_{case}", "Clip", [2, 7], [f32("lo", low), f32("hi", high)], moved=False, low=-8.0, high=8.0)
    operator("clip_attributes", "Clip", [2, 7], moved=False, opset=9, min=0.0, max=3.0, low=-8.0, high=8.0)
    operator("prelu", "PRelu", image, [random("s", [3, 1, 1])], moved=False)
    for op in ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"]:
        operator(f"binary_{op.lower()}", op, [2, 3, 4], [f32("c", [[[1.5], [2.0], [0.25]]])], moved=False, low=0.125, high=3.0)
    operator("pow_square", "Pow", [2, 7], [f32("c", 2.0)], moved=False)
    for op in ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]:
        after = [helper.make_node("Cast", ["y0"], ["z"], to=TensorProto.FLOAT)]
        operator(f"compare_{op.lower()}", op, [2, 9], [f32("c", 0.5)], moved=False, after=after)
    operator("softmax", "Softmax", [2, 7], moved=False, axis=-1)
    operator("softmax_channels", "Softmax", image, moved=False, axis=1)
    operator("softmax_old", "Softmax", [2, 3, 4], moved=False, opset=11, axis=1)
    operator("log_softmax", "LogSoftmax", [2, 7], moved=False, axis=-1)
    operator("lp_normalization", "LpNormalization", [2, 7], moved=False, axis=-1, p=2)
    operator("rms_normalization", "RMSNormalization", [2, 3, 8], [random("g", [8])], moved=False, opset=23, axis=-1, result=[2, 3, 8])
    operator("layer_normalization", "LayerNormalization", [2, 3, 8], [random("g", [8]), random("b", [8])], moved=False, axis=-1)
    nodes = [
        helper.make_node("CastLike", ["two", "x"], ["t"]),
        helper.make_node("Add", ["x", "t"], ["sum"]),
        helper.make_node("CastLike", ["sum", "two"], ["whole"]),
        helper.make_node("CastLike", ["whole", "x"], ["y"]),
    ]
    ends = [("y", TensorProto.FLOAT, [2, 3, 4])]
    save("operators/cast_like", graph(nodes, [("x", [2, 3, 4])], ends, [i64("two", 2)]), False)
    nodes = [
        helper.make_node("Xor", ["x", "b"], ["c"]),
        helper.make_node("And", ["c", "x"], ["d"]),
        helper.make_node("Cast", ["d"], ["y"], to=TensorProto.FLOAT),
    ]
    b = numpy_helper.from_array(np.array([[True], [False]]), "b")
    save("operators/xor", graph(nodes, [("x", [2, 9])], [("y", TensorProto.FLOAT, [2, 9])], [b], elem=TensorProto.BOOL), False)
    nodes = [
        helper.make_node("Greater", ["x", "zero"], ["c"]),
        helper.make_node("Not", ["c"], ["n"]),
        helper.make_node("Greater", ["x", "one"], ["d"]),
        helper.make_node("Or", ["n", "d"], ["e"]),
        helper.make_node("Where", ["e", "x", "one"], ["y"]),
    ]
    model = graph(nodes, [("x", [2, 3, 4])], [("y", TensorProto.FLOAT, [2, 3, 4])], [f32("zero", 0.0), f32("one", 1.0)])
    save("operators/where", model, False)


def movers():
    image = [1, 4, 4, 6]
    flat = [2, 3, 4]
    operator("transpose", "Transpose", flat, moved=False, perm=[2, 0, 1])
    operator("reshape", "Reshape", flat, [i64("s", [0, -1])], moved=False)
    operator("flatten", "Flatten", flat, moved=False, axis=2)
    operator("squeeze", "Squeeze", [1, 3, 1, 4], [i64("a", [0, 2])], moved=False)
    operator("unsqueeze", "Unsqueeze", [3, 4], [i64("a", [0, 3])], moved=False)
    operator("slice", "Slice", flat, [i64("s", [0, 1]), i64("e", [2, 3]), i64("a", [1, 2])], moved=False)
    operator("slice_steps", "Slice", [2, 9], [i64("s", [1]), i64("e", [9]), i64("a", [1]), i64("k", [3])], moved=False)
    operator("slice_backwards", "Slice", [2, 9], [i64("s", [-1]), i64("e", [-100]), i64("a", [1]), i64("k", [-2])], moved=False)
    operator("slice_attributes", "Slice", [2, 9], moved=False, opset=9, starts=[2], ends=[-1], axes=[1])
    operator("split", "Split", [2, 9], [i64("p", [2, 3, 4])], moved=False, outputs=3, axis=1)
    operator("split_even", "Split", [2, 9], moved=False, outputs=3, axis=1, opset=11)
    operator("pad", "Pad", [2, 3], [i64("p", [0, 1, 2, 0])], moved=False)
    operator("pad_value", "Pad", [2, 3], [i64("p", [0, 1, 2, 0]), f32("v", 1.5)], moved=False)
    operator("pad_reflect", "Pad", [1, 2, 5, 5], [i64("p", [0, 0, 1, 2, 0, 0, 2, 1])], moved=False, mode="reflect")
    operator("pad_edge", "Pad", [1, 2, 5, 5], [i64("p", [0, 0, 1, 2, 0, 0, 2, 1])], moved=False, mode="edge")
    operator("pad_wrap", "Pad", [2, 5], [i64("p", [0, 2, 1, 7])], moved=False, mode="wrap", opset=19)
    operator("pad_attributes", "Pad", [2, 3], moved=False, opset=10, pads=[0, 1, 2, 0], value=0.5)
    operator("tile", "Tile", [2, 3], [i64("r", [2, 3])], moved=False)
    operator("expand", "Expand", [2, 1], [i64("s", [2, 2, 3])], moved=False)
    operator("gather", "Gather", flat, [i64("i", [2, 0])], moved=False, axis=1)
    operator("gather_scalar", "Gather", flat, [i64("i", -1)], moved=False, axis=1)
    operator("gather_matrix", "Gather", flat, [i64("i", [[2, 0], [1, 1]])], moved=False, axis=2)
    operator("gather_nd", "GatherND", flat, [i64("i", [[0, 2], [-1, -3]])], moved=False)
    nodes = [
        helper.make_node("ReduceMin", ["x"], ["least"], axes=[1], keepdims=0),
        helper.make_node("Cast", ["least"], ["i"], to=TensorProto.INT64),
        helper.make_node("Gather", ["t", "i"], ["y"]),
    ]
    ends = [("y", TensorProto.FLOAT, [2, 3])]
    save("operators/gather_computed", graph(nodes, [("x", [2, 4])], ends, [random("t", [5, 3])]), False)
    operator("depth_to_space", "DepthToSpace", image, blocksize=2)
    operator("depth_to_space_crd", "DepthToSpace", [1, 8, 3, 4], blocksize=2, mode="CRD")
    operator("space_to_depth", "SpaceToDepth", image, blocksize=2)
    for op in ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"]:
        operator(f"{op.lower()}", op, flat, moved=False, axes=[1], keepdims=1)
    operator("reducesum", "ReduceSum", flat, [i64("a", [0, 2])], moved=False, keepdims=0)
    operator("reducelogsum", "ReduceLogSum", flat, moved=False, axes=[1], low=0.125, high=3.0)
    operator("reducemean_all", "ReduceMean", flat, moved=False, keepdims=1)
    operator("argmax", "ArgMax", flat, moved=False, axis=1, keepdims=1, out_type=TensorProto.INT64)
    operator("argmin", "ArgMin", flat, moved=False, axis=2, keepdims=0, out_type=TensorProto.INT64)
    operator("cumsum", "CumSum", flat, [i64("a", 1)], moved=False, reverse=1, exclusive=1)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Concat", ["x", "a"], ["b"], axis=1),
        helper.make_node("Slice", ["b", "s", "e", "axis"], ["y"]),
    ]
    constants = [random("w", [2, 3, 3, 3]), i64("s", [1]), i64("e", [4]), i64("axis", [1])]
    save("operators/concat", graph(nodes, [("x", [1, 3, 5, 5])], [("y", TensorProto.FLOAT, [1, 3, 5, 5])], constants), True, True)


def products():
    operator("gemm", "Gemm", [3, 4], [random("w", [4, 5]), random("c", [5])], moved=False, alpha=0.5, beta=2.0)
    operator("gemm_transposed", "Gemm", [4, 3], [random("w", [5, 4])], moved=False, transA=1, transB=1)
    nodes = [
        helper.make_node("Gemm", ["x", "x", "c"], ["g"], transB=1, alpha=0.5, beta=2.0),
        helper.make_node("Gemm", ["x", "w", "g"], ["y"]),
    ]
    ends = [("y", TensorProto.FLOAT, [3, 3])]
    save("operators/gemm_computed", graph(nodes, [("x", [3, 4])], ends, [random("w", [4, 3]), random("c", [3, 3])]), False)
    operator("mat_mul", "MatMul", [2, 3, 4], [random("w", [4, 5])], moved=False)
    operator("mat_mul_batches", "MatMul", [2, 3, 4], [random("w", [2, 4, 5])], moved=False)
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["x", "t"], ["y"]),
    ]
    save("operators/mat_mul_itself", graph(nodes, [("x", [2, 3, 4])], [("y", TensorProto.FLOAT, [2, 3, 3])]), False)
    for direction, n in [("forward", 1), ("reverse", 1), ("bidirectional", 2)]:
        for op, gates in [("LSTM", 4), ("GRU", 3)]:
            hidden, inputs = 5, 3
            w, r = random("w", [n, gates * hidden, inputs]), random("r", [n, gates * hidden, hidden])
            b = random("b", [n, 2 * gates * hidden])
            nodes = [helper.make_node(op, ["x", "w", "r", "b"], ["y", "h"], hidden_size=hidden, direction=direction, **({"linear_before_reset": 1} if op == "GRU" and n == 1 else {}))]
            ends = [("y", TensorProto.FLOAT, [6, n, 2, hidden]), ("h", TensorProto.FLOAT, [n, 2, hidden])]
            save(f"operators/{op.lower()}_{direction}", graph(nodes, [("x", [6, 2, inputs])], ends, [w, r, b]), False)


def folding():
    """Shape arithmetic as exporters write it for view(x.shape[0], -1) and the like."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Constant", [], ["zero"], value=i64("", 0)),
        helper.make_node("Gather", ["shape", "zero"], ["batch"], axis=0),
        helper.make_node("Constant", [], ["axes"], value=i64("", [0])),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["batch_1"]),
        helper.make_node("Constant", [], ["rest"], value=i64("", [-1])),
        helper.make_node("Concat", ["batch_1", "rest"], ["wanted"], axis=0),
        helper.make_node("Reshape", ["x", "wanted"], ["flat"]),
        helper.make_node("Slice", ["shape", "one", "three"], ["middle"]),
        helper.make_node("ReduceProd", ["middle"], ["n"], keepdims=0),
        helper.make_node("Cast", ["n"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["flat", "real"], ["y"]),
    ]
    constants = [i64("one", [1]), i64("three", [3])]
    save("operators/shape_arithmetic", graph(nodes, [("x", [1, 3, 4])], [("y", TensorProto.FLOAT, [1, 12])], constants), False)


# PyTorch.


def torch_models():
    import torch
    from torch import nn

    torch.manual_seed(7)

    def export(name, module, shape, moved_in=True, moved_out=False, dynamo=True, **more):
        module.eval()
        with torch.no_grad():
            for part in module.modules():
                if isinstance(part, (nn.BatchNorm2d, nn.BatchNorm1d)):
                    part.running_mean.normal_(0, 0.3)
                    part.running_var.uniform_(0.5, 1.5)
                    part.weight.uniform_(0.5, 1.5)
                    part.bias.normal_(0, 0.2)
        path = os.path.join(folder, "exported.onnx")
        x = torch.zeros(shape)
        if dynamo:
            torch.onnx.export(module, (x,), path, dynamo=True, external_data=False, verbose=False, **more)
        else:
            torch.onnx.export(module, (x,), path, dynamo=False, **more)
        save(f"pytorch/{name}", path, moved_in, moved_out)
        os.remove(path)

    class Block(nn.Module):
        def __init__(self, c):
            super().__init__()
            self.depthwise = nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False)
            self.n1 = nn.BatchNorm2d(c)
            self.pointwise = nn.Conv2d(c, c, 1, bias=False)
            self.n2 = nn.BatchNorm2d(c)

        def forward(self, x):
            y = torch.nn.functional.relu6(self.n1(self.depthwise(x)))
            return torch.relu(x + self.n2(self.pointwise(y)))

    def cnn():
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
            Block(8), nn.MaxPool2d(2), Block(8),
            nn.Flatten(), nn.Linear(8 * 4 * 4, 10), nn.Softmax(dim=1),
        )

    class Shuffle(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 8, 3, padding=1)
            self.b = nn.Conv2d(8, 8, 1, groups=2)

        def forward(self, x):
            x = torch.nn.functional.hardswish(self.a(x))
            n, c, h, w = x.shape
            x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
            left, right = self.b(x).chunk(2, dim=1)
            x = torch.cat([torch.sigmoid(left), right], dim=1)
            return x.mean(dim=(2, 3))

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Conv2d(1, 4, 3, padding=1)
            self.deep = nn.Conv2d(4, 8, 3, stride=2, padding=1)
            self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
            self.end = nn.Conv2d(8, 2, 3, padding=1, padding_mode="reflect")

        def forward(self, x):
            a = torch.relu(self.down(x))
            b = torch.nn.functional.leaky_relu(self.deep(a), 0.1)
            c = torch.cat([a, self.up(b)], dim=1)
            c = torch.nn.functional.interpolate(c, scale_factor=2, mode="bilinear")
            return self.end(torch.nn.functional.avg_pool2d(c, 2))

    class Recurrent(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.conv = nn.Conv1d(6, 8, 5, padding=2)
            self.cell = kind(8, 6, batch_first=True, bidirectional=kind is nn.LSTM)
            self.end = nn.Linear(12 if kind is nn.LSTM else 6, 4)

        def forward(self, x):
            x = torch.relu(self.conv(x)).transpose(1, 2)
            y, _ = self.cell(x)
            return self.end(y[:, -1])

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v = (nn.Linear(8, 8) for _ in range(3))
            self.norm = nn.LayerNorm(8)
            self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))

        def forward(self, x):
            n, t, d = x.shape
            heads = lambda y: y.view(n, t, 2, d // 2).transpose(1, 2)
            q, k, v = heads(self.q(x)), heads(self.k(x)), heads(self.v(x))
            a = torch.softmax(q @ k.transpose(-2, -1) / 2.0, dim=-1) @ v
            x = self.norm(x + a.transpose(1, 2).reshape(n, t, d))
            return x + self.mlp(x)

    export("cnn", cnn(), (1, 3, 16, 16))
    export("shuffle", Shuffle(), (1, 3, 8, 8))
    export("unet", UNet(), (1, 1, 8, 8), moved_out=True)
    export("gru", Recurrent(nn.GRU), (1, 6, 20))
    export("lstm", Recurrent(nn.LSTM), (1, 6, 20))
    export("attention", Attention(), (1, 6, 8), moved_in=False)
    for opset in (13, 17):
        try:
            export(f"cnn_opset_{opset}", cnn(), (1, 3, 16, 16), dynamo=False, opset_version=opset)
            export(f"attention_opset_{opset}", Attention(), (1, 6, 8), moved_in=False, dynamo=False, opset_version=opset)
            export(f"lstm_opset_{opset}", Recurrent(nn.LSTM), (1, 6, 20), dynamo=False, opset_version=opset)
        except Exception as error:
            print(f"the exporter of TorchScript has no operator set {opset} here: {error}", file=sys.stderr)


# Quantised by onnxruntime.


def quantized():
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self, name, shape):
            rng = np.random.default_rng(3)
            self.data = iter([{name: (rng.integers(-32, 33, shape) / 16).astype(np.float32)} for _ in range(8)])

        def get_next(self):
            return next(self.data, None)

    source = os.path.join(folder, "pytorch/cnn.onnx")
    model = onnx.load(source)
    port = model.graph.input[0]
    shape = [dim.dim_value for dim in port.type.tensor_type.shape.dim]
    prepared = os.path.join(folder, "prepared.onnx")
    quant_pre_process(source, prepared)
    path = os.path.join(folder, "quantized.onnx")
    for name, form, activations, weights, channels in [
        ("qdq_int8", QuantFormat.QDQ, QuantType.QInt8, QuantType.QInt8, True),
        ("qdq_uint8", QuantFormat.QDQ, QuantType.QUInt8, QuantType.QInt8, False),
        ("qdq_uint8_weights", QuantFormat.QDQ, QuantType.QUInt8, QuantType.QUInt8, False),
        ("qlinear_int8", QuantFormat.QOperator, QuantType.QInt8, QuantType.QInt8, True),
        ("qlinear_uint8", QuantFormat.QOperator, QuantType.QUInt8, QuantType.QInt8, False),
        ("qlinear_uint8_weights", QuantFormat.QOperator, QuantType.QUInt8, QuantType.QUInt8, False),
    ]:
        quantize_static(
            prepared, path, Reader(port.name, shape), quant_format=form, per_channel=channels,
            activation_type=activations, weight_type=weights,
            extra_options={"WeightSymmetric": weights == QuantType.QInt8},
        )
        save(f"onnxruntime/{name}", path)
    for leftover in (prepared, path):
        os.remove(leftover)


parts = {"windows": windows, "resizes": resizes, "elements": elements, "movers": movers, "products": products,
         "folding": folding, "torch": torch_models, "quantized": quantized}
for part in sys.argv[2:] or parts:
    parts[part]()
