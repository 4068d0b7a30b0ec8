//! The kernels that a lowered graph calls: one list gives their names, signatures and host calls.

mod calls;

use smidgen_kernels::{InvalidSpec, ops};

use crate::program::Elem;
use calls::{Element, kernels, next, next_mut};

kernels! {
    AbsFloat32: abs::Float32(Float32Spec), (input: f32) -> (output: f32);
    AbsInt16: abs::Int16(Int16Spec), (input: i16) -> (output: i16);
    AbsInt8: abs::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    AddFloat32: add::Float32(Float32Spec), (a: f32, b: f32) -> (output: f32);
    AddInt16: add::Int16(Int16Spec), (a: i16, b: i16) -> (output: i16);
    AddInt32: add::Int32(Int32Spec), (a: i32, b: i32) -> (output: i32);
    AddInt64: add::Int64(Int64Spec), (a: i64, b: i64) -> (output: i64);
    AddInt8: add::Int8(Int8Spec), (a: i8, b: i8) -> (output: i8);
    AddNFloat32: add_n::Float32(Float32Spec), (a: f32, b: f32, c: f32, d: f32, e: f32, f: f32, g: f32, h: f32) -> (output: f32);
    AddNInt8: add_n::Int8(Int8Spec), (a: i8, b: i8, c: i8, d: i8, e: i8, f: i8, g: i8, h: i8) -> (output: i8);
    ArgMaxFloat32: arg_max::Any(Spec), (input: f32) -> (output: i32);
    ArgMaxFloat32ToInt64: arg_max::Any(Spec), (input: f32) -> (output: i64);
    ArgMaxInt16: arg_max::Any(Spec), (input: i16) -> (output: i32);
    ArgMaxInt16ToInt64: arg_max::Any(Spec), (input: i16) -> (output: i64);
    ArgMaxInt32: arg_max::Any(Spec), (input: i32) -> (output: i32);
    ArgMaxInt32ToInt64: arg_max::Any(Spec), (input: i32) -> (output: i64);
    ArgMaxInt8: arg_max::Any(Spec), (input: i8) -> (output: i32);
    ArgMaxInt8ToInt64: arg_max::Any(Spec), (input: i8) -> (output: i64);
    ArgMaxUint8: arg_max::Any(Spec), (input: u8) -> (output: i32);
    ArgMaxUint8ToInt64: arg_max::Any(Spec), (input: u8) -> (output: i64);
    ArgMinFloat32: arg_min::Any(Spec), (input: f32) -> (output: i32);
    ArgMinFloat32ToInt64: arg_min::Any(Spec), (input: f32) -> (output: i64);
    ArgMinInt16: arg_min::Any(Spec), (input: i16) -> (output: i32);
    ArgMinInt16ToInt64: arg_min::Any(Spec), (input: i16) -> (output: i64);
    ArgMinInt32: arg_min::Any(Spec), (input: i32) -> (output: i32);
    ArgMinInt32ToInt64: arg_min::Any(Spec), (input: i32) -> (output: i64);
    ArgMinInt8: arg_min::Any(Spec), (input: i8) -> (output: i32);
    ArgMinInt8ToInt64: arg_min::Any(Spec), (input: i8) -> (output: i64);
    ArgMinUint8: arg_min::Any(Spec), (input: u8) -> (output: i32);
    ArgMinUint8ToInt64: arg_min::Any(Spec), (input: u8) -> (output: i64);
    AssignVariableU8: assign_variable::Any(Spec), (value: u8) -> (variable: u8);
    AveragePool2dFloat32: average_pool_2d::Float32(Float32Spec), (input: f32) -> (output: f32);
    AveragePool2dInt16: average_pool_2d::Int16(Int16Spec), (input: i16) -> (output: i16);
    AveragePool2dInt8: average_pool_2d::Int8(Int8Spec), (input: i8) -> (output: i8);
    AveragePool2dInt8HalvesUp: average_pool_2d::Int8HalvesUp(Int8Spec), (input: i8) -> (output: i8);
    BatchMatmulFloat32: batch_matmul::Float32(Float32Spec), (x: f32, y: f32) -> (output: f32);
    BatchMatmulInt16: batch_matmul::Int16(Int16Spec), (x: i16, y: i16) -> (output: i16);
    BatchMatmulInt8: batch_matmul::Int8(Int8Spec), (x: i8, y: i8) -> (output: i8);
    BatchToSpaceNd16: batch_to_space_nd::Any(Spec), (input: u16) -> (output: u16);
    BatchToSpaceNd32: batch_to_space_nd::Any(Spec), (input: u32) -> (output: u32);
    BatchToSpaceNd64: batch_to_space_nd::Any(Spec), (input: u64) -> (output: u64);
    BatchToSpaceNd8: batch_to_space_nd::Any(Spec), (input: u8) -> (output: u8);
    CastFloat32ToBool: cast::ToBool(Spec), (input: f32) -> (output: u8);
    CastFloat32ToFloat32: cast::Any(Spec), (input: f32) -> (output: f32);
    CastFloat32ToInt16: cast::Any(Spec), (input: f32) -> (output: i16);
    CastFloat32ToInt32: cast::Any(Spec), (input: f32) -> (output: i32);
    CastFloat32ToInt64: cast::Any(Spec), (input: f32) -> (output: i64);
    CastFloat32ToInt8: cast::Any(Spec), (input: f32) -> (output: i8);
    CastFloat32ToUint32: cast::Any(Spec), (input: f32) -> (output: u32);
    CastFloat32ToUint8: cast::Any(Spec), (input: f32) -> (output: u8);
    CastInt16ToBool: cast::ToBool(Spec), (input: i16) -> (output: u8);
    CastInt16ToFloat32: cast::Any(Spec), (input: i16) -> (output: f32);
    CastInt16ToInt16: cast::Any(Spec), (input: i16) -> (output: i16);
    CastInt16ToInt32: cast::Any(Spec), (input: i16) -> (output: i32);
    CastInt16ToInt64: cast::Any(Spec), (input: i16) -> (output: i64);
    CastInt16ToInt8: cast::Any(Spec), (input: i16) -> (output: i8);
    CastInt16ToUint32: cast::Any(Spec), (input: i16) -> (output: u32);
    CastInt16ToUint8: cast::Any(Spec), (input: i16) -> (output: u8);
    CastInt32ToBool: cast::ToBool(Spec), (input: i32) -> (output: u8);
    CastInt32ToFloat32: cast::Any(Spec), (input: i32) -> (output: f32);
    CastInt32ToInt16: cast::Any(Spec), (input: i32) -> (output: i16);
    CastInt32ToInt32: cast::Any(Spec), (input: i32) -> (output: i32);
    CastInt32ToInt64: cast::Any(Spec), (input: i32) -> (output: i64);
    CastInt32ToInt8: cast::Any(Spec), (input: i32) -> (output: i8);
    CastInt32ToUint32: cast::Any(Spec), (input: i32) -> (output: u32);
    CastInt32ToUint8: cast::Any(Spec), (input: i32) -> (output: u8);
    CastInt64ToBool: cast::ToBool(Spec), (input: i64) -> (output: u8);
    CastInt64ToFloat32: cast::Any(Spec), (input: i64) -> (output: f32);
    CastInt64ToInt16: cast::Any(Spec), (input: i64) -> (output: i16);
    CastInt64ToInt32: cast::Any(Spec), (input: i64) -> (output: i32);
    CastInt64ToInt64: cast::Any(Spec), (input: i64) -> (output: i64);
    CastInt64ToInt8: cast::Any(Spec), (input: i64) -> (output: i8);
    CastInt64ToUint32: cast::Any(Spec), (input: i64) -> (output: u32);
    CastInt64ToUint8: cast::Any(Spec), (input: i64) -> (output: u8);
    CastInt8ToBool: cast::ToBool(Spec), (input: i8) -> (output: u8);
    CastInt8ToFloat32: cast::Any(Spec), (input: i8) -> (output: f32);
    CastInt8ToInt16: cast::Any(Spec), (input: i8) -> (output: i16);
    CastInt8ToInt32: cast::Any(Spec), (input: i8) -> (output: i32);
    CastInt8ToInt64: cast::Any(Spec), (input: i8) -> (output: i64);
    CastInt8ToInt8: cast::Any(Spec), (input: i8) -> (output: i8);
    CastInt8ToUint32: cast::Any(Spec), (input: i8) -> (output: u32);
    CastInt8ToUint8: cast::Any(Spec), (input: i8) -> (output: u8);
    CastUint32ToBool: cast::ToBool(Spec), (input: u32) -> (output: u8);
    CastUint32ToFloat32: cast::Any(Spec), (input: u32) -> (output: f32);
    CastUint32ToInt16: cast::Any(Spec), (input: u32) -> (output: i16);
    CastUint32ToInt32: cast::Any(Spec), (input: u32) -> (output: i32);
    CastUint32ToInt64: cast::Any(Spec), (input: u32) -> (output: i64);
    CastUint32ToInt8: cast::Any(Spec), (input: u32) -> (output: i8);
    CastUint32ToUint32: cast::Any(Spec), (input: u32) -> (output: u32);
    CastUint32ToUint8: cast::Any(Spec), (input: u32) -> (output: u8);
    CastUint8ToBool: cast::ToBool(Spec), (input: u8) -> (output: u8);
    CastUint8ToFloat32: cast::Any(Spec), (input: u8) -> (output: f32);
    CastUint8ToInt16: cast::Any(Spec), (input: u8) -> (output: i16);
    CastUint8ToInt32: cast::Any(Spec), (input: u8) -> (output: i32);
    CastUint8ToInt64: cast::Any(Spec), (input: u8) -> (output: i64);
    CastUint8ToInt8: cast::Any(Spec), (input: u8) -> (output: i8);
    CastUint8ToUint32: cast::Any(Spec), (input: u8) -> (output: u32);
    CastUint8ToUint8: cast::Any(Spec), (input: u8) -> (output: u8);
    CeilFloat32: ceil::Float32(Float32Spec), (input: f32) -> (output: f32);
    CircularBufferInt8: circular_buffer::Int8(Int8Spec), (input: i8) -> (output: i8, buffer: i8);
    Conv2dCoded: conv_2d::Coded(Int8Spec),
        (input: i8, counts: u16, symbols: i8, codes: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    Conv2dFloat32: conv_2d::Float32(Float32Spec), (input: f32, filter: f32, bias: f32) -> (output: f32);
    Conv2dInt16: conv_2d::Int16(Int16Spec), (input: i16, filter: i8, bias: i64, multiplier: i32, shift: i8) -> (output: i16);
    Conv2dInt4: conv_2d::Int4(Int8Spec), (input: i8, filter: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    Conv2dInt8: conv_2d::Int8(Int8Spec), (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    Conv2dInt8Added: conv_2d::Int8Added(Int8AddedSpec),
        (residual: i8, input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    Conv2dInt8Asymmetric: conv_2d::Int8Asymmetric(Int8AsymmetricSpec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    Conv2dInt8Stepped: conv_2d::Int8Stepped(Int8SteppedSpec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    Conv2dStored: conv_2d::Stored(StoredSpec),
        (input: i8, mask: u8, starts: u16, codebook: i8, values: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    CosFloat32: cos::Float32(Float32Spec), (input: f32) -> (output: f32);
    CumsumFloat32: cumsum::Float32(Float32Spec), (input: f32) -> (output: f32);
    CumsumInt8: cumsum::Int8(Int8Spec), (input: i8) -> (output: i8);
    DepthwiseConv2dFloat32: depthwise_conv_2d::Float32(Float32Spec), (input: f32, filter: f32, bias: f32) -> (output: f32);
    DepthwiseConv2dInt16: depthwise_conv_2d::Int16(Int16Spec),
        (input: i16, filter: i8, bias: i64, multiplier: i32, shift: i8) -> (output: i16);
    DepthwiseConv2dInt4: depthwise_conv_2d::Int4(Int8Spec),
        (input: i8, filter: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    DepthwiseConv2dInt8: depthwise_conv_2d::Int8(Int8Spec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    DepthwiseConv2dStored: depthwise_conv_2d::Stored(StoredSpec),
        (input: i8, codebook: i8, values: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    DequantizeFloat16: dequantize::Float16(Float16Spec), (input: u16) -> (output: f32);
    DequantizeInt16: dequantize::Int16(Int16Spec), (input: i16) -> (output: f32);
    DepthwiseConv2dInt8Asymmetric: depthwise_conv_2d::Int8Asymmetric(Int8AsymmetricSpec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    DequantizeInt8: dequantize::Int8(Int8Spec), (input: i8) -> (output: f32);
    DequantizeUint8: dequantize::Uint8(Uint8Spec), (input: u8) -> (output: f32);
    DetectionPostprocessFloat32: detection_postprocess::Float32(Float32Spec), (encodings: f32, scores: f32, anchors: f32)
        -> (boxes: f32, classes: f32, best: f32, number: f32, scratch: f32);
    DetectionPostprocessInt8: detection_postprocess::Int8(Int8Spec), (encodings: i8, scores: i8, anchors: i8)
        -> (boxes: f32, classes: f32, best: f32, number: f32, scratch: f32);
    DivFloat32: div::Float32(Float32Spec), (a: f32, b: f32) -> (output: f32);
    DivInt32: div::Int32(Int32Spec), (a: i32, b: i32) -> (output: i32);
    DivInt8: div::Int8(Int8Spec), (a: i8, b: i8) -> (output: i8);
    DynamicUpdateSlice16: dynamic_update_slice::Any(Spec), (operand: u16, update: u16, start: i32) -> (output: u16);
    DynamicUpdateSlice32: dynamic_update_slice::Any(Spec), (operand: u32, update: u32, start: i32) -> (output: u32);
    DynamicUpdateSlice64: dynamic_update_slice::Any(Spec), (operand: u64, update: u64, start: i32) -> (output: u64);
    DynamicUpdateSlice8: dynamic_update_slice::Any(Spec), (operand: u8, update: u8, start: i32) -> (output: u8);
    EluFloat32: elu::Float32(Float32Spec), (input: f32) -> (output: f32);
    EluInt8: elu::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    EqualBool: equal::Any(Spec), (a: u8, b: u8) -> (output: u8);
    EqualFloat32: equal::Any(Spec), (a: f32, b: f32) -> (output: u8);
    EqualInt32: equal::Any(Spec), (a: i32, b: i32) -> (output: u8);
    EqualInt64: equal::Any(Spec), (a: i64, b: i64) -> (output: u8);
    EqualInt8: equal::Int8(QuantizedSpec), (a: i8, b: i8) -> (output: u8);
    ExpFloat32: exp::Float32(Float32Spec), (input: f32) -> (output: f32);
    ExpInt16: exp::Int16(Int16Spec), (input: i16, table: i16) -> (output: i16);
    ExpInt8: exp::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    Fill16: fill::Any(Spec), (value: u16) -> (output: u16);
    Fill32: fill::Any(Spec), (value: u32) -> (output: u32);
    Fill64: fill::Any(Spec), (value: u64) -> (output: u64);
    Fill8: fill::Any(Spec), (value: u8) -> (output: u8);
    FloorDivFloat32: floor_div::Float32(Spec), (a: f32, b: f32) -> (output: f32);
    FloorDivInt32: floor_div::Int32(Spec), (a: i32, b: i32) -> (output: i32);
    FloorFloat32: floor::Float32(Float32Spec), (input: f32) -> (output: f32);
    FloorModFloat32: floor_mod::Float32(Spec), (a: f32, b: f32) -> (output: f32);
    FloorModInt32: floor_mod::Int32(Spec), (a: i32, b: i32) -> (output: i32);
    FloorModInt64: floor_mod::Int64(Spec), (a: i64, b: i64) -> (output: i64);
    FullyConnectedCoded: fully_connected::Coded(Int8Spec),
        (input: i8, counts: u16, symbols: i8, codes: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    FullyConnectedFloat32: fully_connected::Float32(Float32Spec), (input: f32, filter: f32, bias: f32) -> (output: f32);
    FullyConnectedInt16: fully_connected::Int16(Int16Spec),
        (input: i16, filter: i8, bias: i64, multiplier: i32, shift: i8) -> (output: i16);
    FullyConnectedInt4: fully_connected::Int4(Int8Spec),
        (input: i8, filter: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    FullyConnectedInt8: fully_connected::Int8(Int8Spec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    FullyConnectedStored: fully_connected::Stored(StoredSpec),
        (input: i8, mask: u8, starts: u16, codebook: i8, values: u8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    FullyConnectedUnrolled: fully_connected::Unrolled(Int8Spec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    Gather16: gather::Any(Spec), (input: u16, positions: i32) -> (output: u16);
    Gather32: gather::Any(Spec), (input: u32, positions: i32) -> (output: u32);
    Gather64: gather::Any(Spec), (input: u64, positions: i32) -> (output: u64);
    Gather8: gather::Any(Spec), (input: u8, positions: i32) -> (output: u8);
    GatherNd16: gather_nd::Any(Spec), (input: u16, positions: i32) -> (output: u16);
    GatherNd32: gather_nd::Any(Spec), (input: u32, positions: i32) -> (output: u32);
    GatherNd64: gather_nd::Any(Spec), (input: u64, positions: i32) -> (output: u64);
    GatherNd8: gather_nd::Any(Spec), (input: u8, positions: i32) -> (output: u8);
    GeluFloat32: gelu::Float32(Float32Spec), (input: f32) -> (output: f32);
    GeluInt8: gelu::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    GreaterEqualFloat32: greater_equal::Any(Spec), (a: f32, b: f32) -> (output: u8);
    GreaterEqualInt32: greater_equal::Any(Spec), (a: i32, b: i32) -> (output: u8);
    GreaterEqualInt64: greater_equal::Any(Spec), (a: i64, b: i64) -> (output: u8);
    GreaterEqualInt8: greater_equal::Int8(QuantizedSpec), (a: i8, b: i8) -> (output: u8);
    GreaterFloat32: greater::Any(Spec), (a: f32, b: f32) -> (output: u8);
    GreaterInt16: greater::Int16(QuantizedSpec), (a: i16, b: i16) -> (output: u8);
    GreaterInt32: greater::Any(Spec), (a: i32, b: i32) -> (output: u8);
    GreaterInt64: greater::Any(Spec), (a: i64, b: i64) -> (output: u8);
    GreaterInt8: greater::Int8(QuantizedSpec), (a: i8, b: i8) -> (output: u8);
    GruFloat32: gru::Float32(Float32Spec), (input: f32, weights: f32, recurrent: f32, bias: f32, initial: f32)
        -> (output: f32, scratch: f32);
    HardSwishFloat32: hard_swish::Float32(Float32Spec), (input: f32) -> (output: f32);
    HardSwishInt8: hard_swish::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    L2NormalizationFloat32: l2_normalization::Float32(Float32Spec), (input: f32) -> (output: f32);
    L2NormalizationInt8: l2_normalization::Int8(Int8Spec), (input: i8) -> (output: i8);
    L2Pool2dFloat32: l2_pool_2d::Float32(Float32Spec), (input: f32) -> (output: f32);
    LeakyReluFloat32: leaky_relu::Float32(Float32Spec), (input: f32) -> (output: f32);
    LeakyReluInt16: leaky_relu::Int16(Int16Spec), (input: i16) -> (output: i16);
    LeakyReluInt8: leaky_relu::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    LessEqualFloat32: less_equal::Any(Spec), (a: f32, b: f32) -> (output: u8);
    LessEqualInt32: less_equal::Any(Spec), (a: i32, b: i32) -> (output: u8);
    LessEqualInt64: less_equal::Any(Spec), (a: i64, b: i64) -> (output: u8);
    LessEqualInt8: less_equal::Int8(QuantizedSpec), (a: i8, b: i8) -> (output: u8);
    LessFloat32: less::Any(Spec), (a: f32, b: f32) -> (output: u8);
    LessInt32: less::Any(Spec), (a: i32, b: i32) -> (output: u8);
    LessInt64: less::Any(Spec), (a: i64, b: i64) -> (output: u8);
    LessInt8: less::Int8(QuantizedSpec), (a: i8, b: i8) -> (output: u8);
    LogFloat32: log::Float32(Float32Spec), (input: f32) -> (output: f32);
    LogInt16: log::Int16(Int16Spec), (input: i16, table: i16) -> (output: i16);
    LogInt8: log::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    LogSoftmaxFloat32: log_softmax::Float32(Float32Spec), (input: f32) -> (output: f32);
    LogSoftmaxInt8: log_softmax::Int8(Int8Spec), (input: i8) -> (output: i8);
    LogicalAndBool: logical_and::Bool(Spec), (a: u8, b: u8) -> (output: u8);
    LogicalNotBool: logical_not::Bool(Spec), (input: u8) -> (output: u8);
    LogicalOrBool: logical_or::Bool(Spec), (a: u8, b: u8) -> (output: u8);
    LogisticFloat32: logistic::Float32(Float32Spec), (input: f32) -> (output: f32);
    LogisticInt16: logistic::Int16(Int16Spec), (input: i16) -> (output: i16);
    LogisticInt8: logistic::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    MaxPool2dFloat32: max_pool_2d::Float32(Float32Spec), (input: f32) -> (output: f32);
    MaxPool2dInt16: max_pool_2d::Int16(Int16Spec), (input: i16) -> (output: i16);
    MaxPool2dInt8: max_pool_2d::Int8(Int8Spec), (input: i8) -> (output: i8);
    MaximumFloat32: maximum::Any(Spec), (a: f32, b: f32) -> (output: f32);
    MaximumInt16: maximum::Any(Spec), (a: i16, b: i16) -> (output: i16);
    MaximumInt32: maximum::Any(Spec), (a: i32, b: i32) -> (output: i32);
    MaximumInt64: maximum::Any(Spec), (a: i64, b: i64) -> (output: i64);
    MaximumInt8: maximum::Any(Spec), (a: i8, b: i8) -> (output: i8);
    MeanFloat32: mean::Float32(Float32Spec), (input: f32) -> (output: f32);
    MeanInt16: mean::Int16(Int16Spec), (input: i16) -> (output: i16);
    MeanInt8: mean::Int8(Int8Spec), (input: i8) -> (output: i8);
    MinimumFloat32: minimum::Any(Spec), (a: f32, b: f32) -> (output: f32);
    MinimumInt16: minimum::Any(Spec), (a: i16, b: i16) -> (output: i16);
    MinimumInt32: minimum::Any(Spec), (a: i32, b: i32) -> (output: i32);
    MinimumInt64: minimum::Any(Spec), (a: i64, b: i64) -> (output: i64);
    MinimumInt8: minimum::Any(Spec), (a: i8, b: i8) -> (output: i8);
    MirrorPad16: mirror_pad::Any(Spec), (input: u16) -> (output: u16);
    MirrorPad32: mirror_pad::Any(Spec), (input: u32) -> (output: u32);
    MirrorPad64: mirror_pad::Any(Spec), (input: u64) -> (output: u64);
    MirrorPad8: mirror_pad::Any(Spec), (input: u8) -> (output: u8);
    MulFloat32: mul::Float32(Float32Spec), (a: f32, b: f32) -> (output: f32);
    MulInt16: mul::Int16(Int16Spec), (a: i16, b: i16) -> (output: i16);
    MulInt32: mul::Int32(Int32Spec), (a: i32, b: i32) -> (output: i32);
    MulInt64: mul::Int64(Int64Spec), (a: i64, b: i64) -> (output: i64);
    MulInt8: mul::Int8(Int8Spec), (a: i8, b: i8) -> (output: i8);
    NegFloat32: neg::Float32(Float32Spec), (input: f32) -> (output: f32);
    NotEqualBool: not_equal::Any(Spec), (a: u8, b: u8) -> (output: u8);
    NotEqualFloat32: not_equal::Any(Spec), (a: f32, b: f32) -> (output: u8);
    NotEqualInt32: not_equal::Any(Spec), (a: i32, b: i32) -> (output: u8);
    NotEqualInt64: not_equal::Any(Spec), (a: i64, b: i64) -> (output: u8);
    NotEqualInt8: not_equal::Int8(QuantizedSpec), (a: i8, b: i8) -> (output: u8);
    Pad16: pad::Any(Spec), (input: u16, value: u16) -> (output: u16);
    Pad32: pad::Any(Spec), (input: u32, value: u32) -> (output: u32);
    Pad64: pad::Any(Spec), (input: u64, value: u64) -> (output: u64);
    Pad8: pad::Any(Spec), (input: u8, value: u8) -> (output: u8);
    PowFloat32: pow::Float32(Spec), (a: f32, b: f32) -> (output: f32);
    PowInt32: pow::Int32(Spec), (a: i32, b: i32) -> (output: i32);
    PreluFloat32: prelu::Float32(Float32Spec), (input: f32, alpha: f32) -> (output: f32);
    PreluInt16: prelu::Int16(Int8Spec), (input: i16, alpha: i8) -> (output: i16);
    PreluInt8: prelu::Int8(Int8Spec), (input: i8, alpha: i8) -> (output: i8);
    QuantizeFloat32ToInt16: quantize::Float32ToInt16(Float32ToInt16Spec), (input: f32) -> (output: i16);
    QuantizeFloat32ToInt8: quantize::Float32ToInt8(Float32ToInt8Spec), (input: f32) -> (output: i8);
    QuantizeFloat32ToUint8: quantize::Float32ToUint8(Float32ToUint8Spec), (input: f32) -> (output: u8);
    QuantizeInt16: quantize::Int16(Int16Spec), (input: i16) -> (output: i16);
    QuantizeInt16ToInt32: quantize::Int16ToInt32(Int16ToInt32Spec), (input: i16) -> (output: i32);
    QuantizeInt16ToInt8: quantize::Int16ToInt8(Int16ToInt8Spec), (input: i16) -> (output: i8);
    QuantizeInt32ToInt16: quantize::Int32ToInt16(Int32ToInt16Spec), (input: i32) -> (output: i16);
    QuantizeInt32ToInt8: quantize::Int32ToInt8(Int32ToInt8Spec), (input: i32) -> (output: i8);
    QuantizeInt8: quantize::Int8(Int8Spec), (input: i8) -> (output: i8);
    QuantizeInt8ToInt16: quantize::Int8ToInt16(Int8ToInt16Spec), (input: i8) -> (output: i16);
    QuantizeInt8ToInt32: quantize::Int8ToInt32(Int8ToInt32Spec), (input: i8) -> (output: i32);
    QuantizeInt8ToUint8: quantize::Int8ToUint8(Int8ToUint8Spec), (input: i8) -> (output: u8);
    QuantizeUint8ToInt8: quantize::Uint8ToInt8(Uint8ToInt8Spec), (input: u8) -> (output: i8);
    ReadVariableU8: read_variable::Any(Spec), (variable: u8) -> (output: u8);
    ReduceMaxFloat32: reduce_max::Any(Spec), (input: f32) -> (output: f32);
    ReduceMaxInt16: reduce_max::Any(Spec), (input: i16) -> (output: i16);
    ReduceMaxInt32: reduce_max::Any(Spec), (input: i32) -> (output: i32);
    ReduceMaxInt8: reduce_max::Any(Spec), (input: i8) -> (output: i8);
    ReduceMinFloat32: reduce_min::Any(Spec), (input: f32) -> (output: f32);
    ReduceMinInt16: reduce_min::Any(Spec), (input: i16) -> (output: i16);
    ReduceMinInt32: reduce_min::Any(Spec), (input: i32) -> (output: i32);
    ReduceMinInt8: reduce_min::Any(Spec), (input: i8) -> (output: i8);
    Relu6Float32: relu6::Float32(Float32Spec), (input: f32) -> (output: f32);
    Relu6Int16: relu6::Int16(Int16Spec), (input: i16) -> (output: i16);
    Relu6Int8: relu6::Int8(Int8Spec), (input: i8) -> (output: i8);
    ReluFloat32: relu::Float32(Float32Spec), (input: f32) -> (output: f32);
    ReluInt16: relu::Int16(Int16Spec), (input: i16) -> (output: i16);
    ReluInt8: relu::Int8(Int8Spec), (input: i8) -> (output: i8);
    ReluN1To1Float32: relu_n1_to_1::Float32(Float32Spec), (input: f32) -> (output: f32);
    ReluN1To1Int8: relu_n1_to_1::Int8(Int8Spec), (input: i8) -> (output: i8);
    Reshape16: reshape::Any(Spec), (input: u16) -> (output: u16);
    Reshape32: reshape::Any(Spec), (input: u32) -> (output: u32);
    Reshape64: reshape::Any(Spec), (input: u64) -> (output: u64);
    Reshape8: reshape::Any(Spec), (input: u8) -> (output: u8);
    ResizeBilinearFloat32: resize_bilinear::Float32(Spec), (input: f32) -> (output: f32);
    ResizeBilinearInt16: resize_bilinear::Int16(Spec), (input: i16) -> (output: i16);
    ResizeBilinearInt8: resize_bilinear::Int8(Spec), (input: i8) -> (output: i8);
    ResizeNearestNeighbor16: resize_nearest_neighbor::Any(Spec), (input: u16, rows: i16, columns: i16) -> (output: u16);
    ResizeNearestNeighbor32: resize_nearest_neighbor::Any(Spec), (input: u32, rows: i16, columns: i16) -> (output: u32);
    ResizeNearestNeighbor64: resize_nearest_neighbor::Any(Spec), (input: u64, rows: i16, columns: i16) -> (output: u64);
    ResizeNearestNeighbor8: resize_nearest_neighbor::Any(Spec), (input: u8, rows: i16, columns: i16) -> (output: u8);
    RoundFloat32: round::Float32(Float32Spec), (input: f32) -> (output: f32);
    RsqrtFloat32: rsqrt::Float32(Float32Spec), (input: f32) -> (output: f32);
    RsqrtInt16: rsqrt::Int16(Int16Spec), (input: i16) -> (output: i16);
    RsqrtInt8: rsqrt::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    SelectV2U16: select_v2::Any(Spec), (condition: u8, a: u16, b: u16) -> (output: u16);
    SelectV2U32: select_v2::Any(Spec), (condition: u8, a: u32, b: u32) -> (output: u32);
    SelectV2U64: select_v2::Any(Spec), (condition: u8, a: u64, b: u64) -> (output: u64);
    SelectV2U8: select_v2::Any(Spec), (condition: u8, a: u8, b: u8) -> (output: u8);
    SignalDelayInt16: signal_delay::Int16(Int16Spec), (input: i16) -> (output: i16, samples: i16);
    SignalEnergyInt16: signal_energy::Int16(Int16Spec), (input: i16) -> (output: u32);
    SignalFftAutoScaleInt16: signal_fft_auto_scale::Int16(Int16Spec), (input: i16) -> (output: i16, scale_bits: i32);
    SignalFilterBankLogUint32: signal_filter_bank_log::Uint32(Uint32Spec), (input: u32) -> (output: i16);
    SignalFilterBankSpectralSubtractionUint32: signal_filter_bank_spectral_subtraction::Uint32(Uint32Spec),
        (input: u32) -> (output: u32, noise: u32, state: u32);
    SignalFilterBankSquareRootUint64: signal_filter_bank_square_root::Uint64(Uint64Spec),
        (input: u64, scale_bits: i32) -> (output: u32);
    SignalFilterBankUint32: signal_filter_bank::Uint32(Uint32Spec),
        (input: u32, weights: i16, unweights: i16, frequency_starts: i16, weight_starts: i16, widths: i16) -> (output: u64);
    SignalFramerInt16: signal_framer::Int16(Int16Spec), (input: i16) -> (output: i16, valid: u8, samples: i16, steps: i32);
    SignalIrfftFloat32: signal_irfft::Float32(Float32Spec),
        (input: f32, twiddles: f32, split: f32) -> (output: f32, scratch: f32);
    SignalIrfftInt16: signal_irfft::Int16(Int16Spec), (input: i16, twiddles: i16, split: i16) -> (output: i16, scratch: i16);
    SignalIrfftInt32: signal_irfft::Int32(Int32Spec), (input: i32, twiddles: i32, split: i32) -> (output: i32, scratch: i32);
    SignalOverlapAddFloat32: signal_overlap_add::Float32(Float32Spec), (input: f32) -> (output: f32, sums: f32);
    SignalOverlapAddInt16: signal_overlap_add::Int16(Int16Spec), (input: i16) -> (output: i16, sums: i16);
    SignalPcanUint32: signal_pcan::Uint32(Uint32Spec), (input: u32, noise: u32, gain: i16) -> (output: u32);
    SignalRfftFloat32: signal_rfft::Float32(Float32Spec),
        (input: f32, twiddles: f32, split: f32) -> (output: f32, scratch: f32);
    SignalRfftInt16: signal_rfft::Int16(Int16Spec), (input: i16, twiddles: i16, split: i16) -> (output: i16, scratch: i16);
    SignalRfftInt32: signal_rfft::Int32(Int32Spec), (input: i32, twiddles: i32, split: i32) -> (output: i32, scratch: i32);
    SignalStackerInt16: signal_stacker::Int16(Int16Spec), (input: i16) -> (output: i16, valid: u8, stack: i16, filled: i32);
    SignalWindowInt16: signal_window::Int16(Int16Spec), (input: i16, weights: i16) -> (output: i16);
    SinFloat32: sin::Float32(Float32Spec), (input: f32) -> (output: f32);
    SoftmaxFloat32: softmax::Float32(Float32Spec), (input: f32) -> (output: f32);
    SoftmaxInt16: softmax::Int16(Int16Spec), (input: i16, exponential: i16, reciprocal: i16) -> (output: i16);
    SoftmaxInt8: softmax::Int8(Int8Spec), (input: i8) -> (output: i8);
    SoftmaxInt8ToInt16: softmax::Int8ToInt16(Int8Spec), (input: i8) -> (output: i16);
    SpaceToBatchNd16: space_to_batch_nd::Any(Spec), (input: u16, value: u16) -> (output: u16);
    SpaceToBatchNd32: space_to_batch_nd::Any(Spec), (input: u32, value: u32) -> (output: u32);
    SpaceToBatchNd64: space_to_batch_nd::Any(Spec), (input: u64, value: u64) -> (output: u64);
    SpaceToBatchNd8: space_to_batch_nd::Any(Spec), (input: u8, value: u8) -> (output: u8);
    SqrtFloat32: sqrt::Float32(Float32Spec), (input: f32) -> (output: f32);
    SqrtInt8: sqrt::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    SquareFloat32: square::Float32(Float32Spec), (input: f32) -> (output: f32);
    SquaredDifferenceFloat32: squared_difference::Float32(Spec), (a: f32, b: f32) -> (output: f32);
    SquaredDifferenceInt16: squared_difference::Int16(Int16Spec), (a: i16, b: i16) -> (output: i16);
    SquaredDifferenceInt32: squared_difference::Int32(Spec), (a: i32, b: i32) -> (output: i32);
    SquaredDifferenceInt8: squared_difference::Int8(Int8Spec), (a: i8, b: i8) -> (output: i8);
    StridedCopy16: strided_copy::Any(Spec), (input: u16) -> (output: u16);
    StridedCopy32: strided_copy::Any(Spec), (input: u32) -> (output: u32);
    StridedCopy64: strided_copy::Any(Spec), (input: u64) -> (output: u64);
    StridedCopy8: strided_copy::Any(Spec), (input: u8) -> (output: u8);
    SubFloat32: sub::Float32(Float32Spec), (a: f32, b: f32) -> (output: f32);
    SubInt16: sub::Int16(Int16Spec), (a: i16, b: i16) -> (output: i16);
    SubInt32: sub::Int32(Int32Spec), (a: i32, b: i32) -> (output: i32);
    SubInt64: sub::Int64(Int64Spec), (a: i64, b: i64) -> (output: i64);
    SubInt8: sub::Int8(Int8Spec), (a: i8, b: i8) -> (output: i8);
    SumFloat32: sum::Float32(Float32Spec), (input: f32) -> (output: f32);
    SumInt16: sum::Int16(Int16Spec), (input: i16) -> (output: i16);
    SumInt8: sum::Int8(Int8Spec), (input: i8) -> (output: i8);
    SvdfFloat32: svdf::Float32(Float32Spec), (input: f32, feature: f32, time: f32, bias: f32) -> (output: f32, state: f32);
    SvdfInt8: svdf::Int8(Int8Spec), (input: i8, feature: i8, time: i16, bias: i32) -> (output: i8, state: i16);
    SvdfInt8StateInt8: svdf::Int8(Int8Spec), (input: i8, feature: i8, time: i8, bias: i32) -> (output: i8, state: i8);
    TanhFloat32: tanh::Float32(Float32Spec), (input: f32) -> (output: f32);
    TanhInt16: tanh::Int16(Int16Spec), (input: i16) -> (output: i16);
    TanhInt8: tanh::Int8(Int8Spec), (input: i8, table: i8) -> (output: i8);
    TransposeConvFloat32: transpose_conv::Float32(Float32Spec), (input: f32, filter: f32, bias: f32) -> (output: f32);
    TransposeConvInt16: transpose_conv::Int16(Int16Spec),
        (input: i16, filter: i8, bias: i64, multiplier: i32, shift: i8) -> (output: i16);
    TransposeConvInt8: transpose_conv::Int8(Int8Spec),
        (input: i8, filter: i8, bias: i32, multiplier: i32, shift: i8) -> (output: i8);
    UnidirectionalSequenceLstmFloat32: unidirectional_sequence_lstm::Float32(Float32Spec),
        (input: f32, input_to_input: f32, input_to_forget: f32, input_to_cell: f32, input_to_output: f32,
         recurrent_to_input: f32, recurrent_to_forget: f32, recurrent_to_cell: f32, recurrent_to_output: f32,
         input_bias: f32, forget_bias: f32, cell_bias: f32, output_bias: f32)
        -> (output: f32, hidden: f32, cell: f32);
    UnidirectionalSequenceLstmInt16: unidirectional_sequence_lstm::Int16(Int16Spec),
        (input: i16, input_to_input: i8, input_to_forget: i8, input_to_cell: i8, input_to_output: i8,
         recurrent_to_input: i8, recurrent_to_forget: i8, recurrent_to_cell: i8, recurrent_to_output: i8,
         input_bias: i64, forget_bias: i64, cell_bias: i64, output_bias: i64)
        -> (output: i16, hidden: i16, cell: i16);
    UnidirectionalSequenceLstmInt8: unidirectional_sequence_lstm::Int8(Int8Spec),
        (input: i8, input_to_input: i8, input_to_forget: i8, input_to_cell: i8, input_to_output: i8,
         recurrent_to_input: i8, recurrent_to_forget: i8, recurrent_to_cell: i8, recurrent_to_output: i8,
         input_bias: i32, forget_bias: i32, cell_bias: i32, output_bias: i32)
        -> (output: i8, hidden: i8, cell: i16);
}
