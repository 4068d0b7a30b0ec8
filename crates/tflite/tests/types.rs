//! Files of other element types and with more than a network in them: float16, dynamic range, uint8, signatures,
//! metadata, and buffers behind the flatbuffer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod raw;

use raw::{FLOAT16, RawBuffer, RawField, RawModel, RawNode, RawTensor, UINT8};
use smidgen_ir::{DType, Dialect, Graph, Interpreter, Signature};
use smidgen_tflite::{DynamicRange, ReadOptions, read, read_with, read_with_warnings, write};

const FLOAT: ReadOptions = ReadOptions { dynamic_range: DynamicRange::Float };

fn node(opcode: u32, inputs: &[i32], outputs: &[i32], kind: u8) -> RawNode {
    RawNode {
        opcode,
        inputs: inputs.to_vec(),
        outputs: outputs.to_vec(),
        options_kind: kind,
        ..RawNode::default()
    }
}

/// `x + c` with `c` in buffer 1 and, where `through` gives its code, another operator behind it.
fn add_constant(constant: RawTensor, data: &[u8], through: Option<(i32, u8)>) -> RawModel {
    let mut model = raw::hostile::add();
    let number = model.buffer(data);
    let main = &mut model.subgraphs[0];
    main.tensors.push(constant.constant(number));
    main.nodes[0].inputs = vec![0, 2];
    if let Some((code, kind)) = through {
        model.codes.push((code, 1, ""));
        main.tensors.push(RawTensor::float("wide", &[1, 4]));
        main.nodes[0].inputs = vec![0, 3];
        main.nodes.insert(0, node(1, &[2], &[3], kind));
    }
    model
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

fn run_floats(graph: &Graph, inputs: &[f32]) -> Vec<f32> {
    let bytes: Vec<u8> = inputs.iter().flat_map(|value| value.to_le_bytes()).collect();
    floats(&Interpreter::new(graph).unwrap().run(&bytes).unwrap())
}

#[test]
fn float16_constants_are_widened_and_said() {
    const DEQUANTIZE: i32 = 6;
    let halves: Vec<u8> =
        [0x3c00u16, 0xc000, 0x3800, 0x7bff].iter().flat_map(|half| half.to_le_bytes()).collect();
    let constant = RawTensor::float("c", &[1, 4]).of(FLOAT16);
    let model = add_constant(constant, &halves, Some((DEQUANTIZE, 38)));
    let (graph, warnings) = read_with_warnings(&model.bytes()).unwrap();
    assert_eq!(graph.nodes.len(), 1);
    assert!(graph.tensors.iter().all(|tensor| tensor.dtype == DType::F32));
    assert_eq!(run_floats(&graph, &[1.0, 2.0, 3.0, 4.0]), [2.0, 0.0, 3.5, 65508.0]);
    assert_eq!(warnings, ["1 float16 constants of 8 bytes are read as float32 and take twice as many"]);
    assert_eq!(read(&write(&graph).unwrap()).unwrap(), graph);
}

/// A float FULLY_CONNECTED with int8 weights, one scale or one for each output.
fn hybrid(scales: &[f32]) -> RawModel {
    const FULLY_CONNECTED: i32 = 9;
    let mut model = raw::hostile::add();
    model.codes = vec![(FULLY_CONNECTED, 9, "")];
    let number = model.buffer(&[2, 0xfd, 4, 5]);
    let mut weights = RawTensor::int8("weights", &[2, 2]).constant(number);
    weights.scales = scales.to_vec();
    weights.zero_points = vec![0; scales.len()];
    let main = model.main();
    main.tensors = vec![RawTensor::float("x", &[1, 2]), RawTensor::float("y", &[1, 2]), weights];
    main.nodes = vec![node(0, &[0, 2], &[1], 8)];
    model
}

#[test]
fn dynamic_range_is_refused_with_the_way_to_read_it() {
    let bytes = hybrid(&[0.5]).bytes();
    let error = read(&bytes).unwrap_err().to_string();
    assert!(
        error.starts_with("node 0 FULLY_CONNECTED \"y\": int8 weights with float32 activations"),
        "{error}"
    );
    assert!(error.contains("--dynamic-range float"), "{error}");
}

#[test]
fn dynamic_range_becomes_float_on_request() {
    for (scales, wanted) in
        [(&[0.5][..], [0.5 * -4.0, 0.5 * 14.0]), (&[0.5, 0.25], [0.5 * -4.0, 0.25 * 14.0])]
    {
        let (graph, warnings) = read_with(&hybrid(scales).bytes(), &FLOAT).unwrap();
        assert_eq!(run_floats(&graph, &[1.0, 2.0]), wanted);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("computed in float32 and take 16 bytes"), "{warnings:?}");
        let names: Vec<&str> = graph.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, ["x", "y", "weights"]);
        assert_eq!(read(&write(&graph).unwrap()).unwrap(), graph);
    }
}

/// A uint8 AVERAGE_POOL_2D, in the middle of what halves can do.
fn uint8_pool() -> RawModel {
    const AVERAGE_POOL_2D: i32 = 1;
    let mut model = raw::hostile::add();
    model.codes = vec![(AVERAGE_POOL_2D, 1, "")];
    let end = |name, shape: &[i32]| {
        let mut end = RawTensor::int8(name, shape).of(UINT8);
        end.zero_points = vec![120];
        end
    };
    let main = model.main();
    main.tensors = vec![end("x", &[1, 1, 2, 1]), end("y", &[1, 1, 1, 1])];
    let mut pool = node(0, &[0], &[1], 5);
    pool.options = vec![
        (0, RawField::Byte(1)),
        (1, RawField::Int(1)),
        (2, RawField::Int(1)),
        (3, RawField::Int(2)),
        (4, RawField::Int(1)),
    ];
    main.nodes = vec![pool];
    model
}

#[test]
fn uint8_is_computed_as_int8_and_looks_like_uint8_from_outside() {
    let graph = read(&uint8_pool().bytes()).unwrap();
    assert_eq!(graph.dialect, Dialect::Uint8);
    let operators: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(operators, ["QUANTIZE", "AVERAGE_POOL_2D", "QUANTIZE"]);
    for idx in graph.inputs.iter().chain(&graph.outputs) {
        let end = graph.tensor(*idx);
        assert_eq!((end.dtype, end.quant.as_ref().unwrap().zero_points[0]), (DType::U8, 120));
    }
    let inner = graph.tensor(graph.nodes[1].inputs[0].unwrap());
    assert_eq!((inner.dtype, inner.quant.as_ref().unwrap().zero_points[0]), (DType::I8, -8));
    let mut interpreter = Interpreter::new(&graph).unwrap();
    // Halves go up on both sides of 128, where int8 kernels go away from zero.
    for (inputs, mean) in
        [([100, 101], 101), ([200, 201], 201), ([0, 255], 128), ([255, 255], 255), ([0, 0], 0)]
    {
        assert_eq!(interpreter.run(&inputs).unwrap(), [mean], "{inputs:?}");
    }
    let text = smidgen_ir::text::print(&graph);
    assert_eq!(smidgen_ir::text::parse(&text).unwrap(), graph);
}

#[test]
fn uint8_is_written_as_uint8_again() {
    let graph = read(&uint8_pool().bytes()).unwrap();
    let written = write(&graph).unwrap();
    assert!(!written.windows(8).any(|window| window == b"QUANTIZE"));
    let again = read(&written).unwrap();
    assert_eq!(again, graph);
    assert_eq!(write(&again).unwrap(), written);
}

#[test]
fn signatures_description_and_metadata_are_kept() {
    let mut model = raw::hostile::add();
    model.description = "Somebody's converter";
    model.subgraphs[0].name = "adder";
    let labels = model.buffer(b"yes\nno\n");
    let plan = model.buffer(&[0; 16]);
    model.metadata = vec![("labels.txt", labels), ("OfflineMemoryAllocation", plan), ("empty", 0)];
    model.signatures =
        vec![("serve", vec![("samples", 0)], vec![("sum", 1)], 0), ("other", vec![], vec![], 3)];
    let (graph, warnings) = read_with_warnings(&model.bytes()).unwrap();
    assert_eq!(graph.name, "adder");
    assert_eq!(graph.meta.description.as_deref(), Some("Somebody's converter"));
    let signature = Signature {
        key: "serve".into(),
        inputs: vec![("samples".into(), 0)],
        outputs: vec![("sum".into(), 0)],
    };
    assert_eq!(graph.meta.signatures, [signature]);
    assert_eq!(
        graph.meta.metadata,
        [("labels.txt".into(), b"yes\nno\n"[..].into()), ("empty".into(), [].into())]
    );
    assert_eq!(
        warnings,
        [
            "signature \"other\" calls another subgraph than the first and is left out",
            "the metadata OfflineMemoryAllocation are left out: memory is planned anew"
        ]
    );
    let (again, warnings) = read_with_warnings(&write(&graph).unwrap()).unwrap();
    assert_eq!((again, warnings), (graph, vec![]));
}

#[test]
fn data_behind_the_flatbuffer_are_read() {
    let mut model = raw::hostile::conv();
    let inside = read(&model.bytes()).unwrap();
    let data = std::mem::take(&mut model.buffers[1].data);
    let size = data.len() as u64;
    // The place has the same length in the file whatever it says.
    model.buffers[1] = RawBuffer { data: vec![], place: Some((2, size)) };
    let start = model.bytes().len();
    model.buffers[1].place = Some((start as u64, size));
    model.tail = data;
    assert_eq!(model.bytes().len(), start + size as usize);
    assert_eq!(read(&model.bytes()).unwrap(), inside);
}

#[test]
fn several_inputs_and_outputs_keep_their_order_and_names() {
    let mut model = raw::hostile::add();
    let main = model.main();
    main.tensors = ["a", "b", "sum", "double"].map(|name| RawTensor::float(name, &[1, 4])).to_vec();
    main.nodes = vec![node(0, &[0, 1], &[2], 11), node(0, &[1, 1], &[3], 11)];
    (main.inputs, main.outputs) = (vec![1, 0], vec![3, 2]);
    model.signatures = vec![("serve", vec![("first", 0), ("second", 1)], vec![("s", 2), ("d", 3)], 0)];
    let graph = read(&model.bytes()).unwrap();
    let names = |ends: &[smidgen_ir::TensorIdx]| -> Vec<String> {
        ends.iter().map(|&idx| graph.tensor(idx).name.clone()).collect()
    };
    assert_eq!(
        (names(&graph.inputs), names(&graph.outputs)),
        (vec!["b".into(), "a".into()], vec!["double".into(), "sum".into()])
    );
    let [signature] = graph.meta.signatures.as_slice() else { panic!("one signature") };
    assert_eq!(signature.inputs, [("first".to_owned(), 1), ("second".to_owned(), 0)]);
    assert_eq!(signature.outputs, [("s".to_owned(), 1), ("d".to_owned(), 0)]);
    assert_eq!(read(&write(&graph).unwrap()).unwrap(), graph);
}
