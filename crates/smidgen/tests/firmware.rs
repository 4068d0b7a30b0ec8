//! Firmware in the emulator against TFLM's reference kernels, bit for bit, and what is reported against the linked ELF.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use smidgen::device;
use smidgen::events::Silent;
use smidgen::firmware::{Firmware, Parts, Storage, board};
use smidgen::model_file::ModelFile;
use smidgen_device::footprint::{Footprint, PREDICT, forbidden_symbols};
use smidgen_ir::{Graph, Interpreter, Op};
use smidgen_testkit::{AUDIO_CASE, FLOAT_CASES, GoldenCase, INT8_CASES, shared_or_skip};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One set of random inputs, one of smooth ones and one that carries state, where a model has them.
const DEVICE_SETS: &[&str] =
    &["in", "walk25", "sweep", "in5", "stateful", "walk25.stateful", "stateful25", "yes_1000ms"];

#[test]
fn int8_firmware_for_cortex_m4_equals_the_goldens_in_outputs_and_layers() {
    let Some(shared) = shared_or_skip("goldens of int8 firmware") else { return };
    for case in INT8_CASES {
        let dir = tempfile::tempdir().expect("a folder");
        let firmware = generate(case, &shared, "mps2-an386", dir.path());
        let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
        check_outputs(case, &shared, &firmware, &elf, DEVICE_SETS);
        check_layers(case, &shared, &firmware);
        check_elf(case, &firmware, &elf);
    }
}

#[test]
fn int8_firmware_for_other_cores_equals_the_goldens() {
    let Some(shared) = shared_or_skip("goldens of firmware for other cores") else { return };
    for board in ["mps2-an385-m0plus", "mps2-an385", "mps2-an500", "mps2-an505"] {
        for case in
            INT8_CASES.iter().filter(|case| ["kws_ref_model", "hello_world_int8"].contains(&case.stem))
        {
            let dir = tempfile::tempdir().expect("a folder");
            let firmware = generate(case, &shared, board, dir.path());
            let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
            check_outputs(case, &shared, &firmware, &elf, &["in"]);
            check_elf(case, &firmware, &elf);
        }
    }
}

#[test]
fn float_firmware_equals_the_host_bit_for_bit() {
    let Some(shared) = shared_or_skip("float firmware") else { return };
    for case in FLOAT_CASES {
        let dir = tempfile::tempdir().expect("a folder");
        let firmware = generate(case, &shared, "mps2-an386", dir.path());
        let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
        let set = case.sets(&shared, &output_bytes(&firmware)).pop().expect("a set");
        let run = device::run(&firmware, &elf, &set.inputs, set.stateful).expect("the firmware runs");
        let mut host = Interpreter::new(&firmware.graph).expect("a verified graph lowers");
        let mut on_host = Vec::new();
        for input in set.inputs.chunks_exact(firmware.graph.input_bytes()) {
            if !set.stateful {
                host.reset();
            }
            on_host.extend(host.run(input).expect("runs"));
        }
        assert!(!on_host.is_empty() && run.outputs == on_host, "{}: host and device differ", case.stem);
        check_elf(case, &firmware, &elf);
    }
}

#[test]
fn the_audio_front_end_equals_the_goldens_on_the_device() {
    let Some(shared) = shared_or_skip("goldens of the audio front end on the device") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let firmware = generate(&AUDIO_CASE, &shared, "mps2-an386", dir.path());
    let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
    check_outputs(&AUDIO_CASE, &shared, &firmware, &elf, DEVICE_SETS);
    check_elf(&AUDIO_CASE, &firmware, &elf);
}

#[test]
fn filters_in_a_code_equal_the_goldens_on_the_device() {
    let Some(shared) = shared_or_skip("goldens with coded filters on the device") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    for stem in ["ad01_int8", "pretrainedResnet_quant"] {
        let case = INT8_CASES.iter().find(|case| case.stem == stem).expect("a case");
        let graph = smidgen_tflite::read(&case.model_bytes(&shared)).expect("a supported model");
        let board = board("mps2-an386").expect("a known board");
        let made = |storage| {
            let parts = Parts { storage, ..Parts::default() };
            Firmware::with(&graph, case.model, &board, dir.path(), parts).expect("firmware")
        };
        let bytes = |firmware: &Firmware| smidgen_ir::filter_bytes(&firmware.program);
        let (plain, firmware) = (made(Storage::Plain), made(Storage::Smallest));
        assert!(firmware.program.calls.iter().any(|call| call.kernel.path().ends_with("::Coded")), "{stem}");
        assert!(bytes(&firmware) * 100 < bytes(&plain) * 95, "{stem}: {} bytes", bytes(&firmware));
        let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
        check_outputs(case, &shared, &firmware, &elf, &["in.bin"]);
        check_elf(case, &firmware, &elf);
    }
}

#[test]
fn a_fault_in_a_kernel_is_found_at_its_layer_and_element() {
    let Some(shared) = shared_or_skip("a planted fault") else { return };
    let case = INT8_CASES.iter().find(|case| case.stem == "kws_ref_model").expect("kws is a case");
    let dir = tempfile::tempdir().expect("a folder");
    let firmware = generate(case, &shared, "mps2-an386", dir.path());
    let sets = case.sets(&shared, &output_bytes(&firmware));
    let inputs = &sets.first().expect("a set").inputs;
    // The mean of a pool is rounded the wrong way.
    let kernel = dir.path().join("kernels/src/ops/average_pool_2d.rs");
    let text = fs::read_to_string(&kernel).expect("the kernel's source");
    let faulty =
        text.replace("wrapping_add(count.get() / 2) / count) as i32", "wrapping_add(0) / count) as i32");
    assert_ne!(faulty, text);
    fs::write(&kernel, faulty).expect("the kernel's source");
    let layers = smidgen::verify::compare(&firmware, inputs, &mut Silent).expect("a comparison");
    let first = layers.iter().find(|layer| layer.n_differing > 0).expect("the fault is found");
    assert_eq!(first.op, "AVERAGE_POOL_2D", "{first:?}");
    let at = first.first.expect("an element");
    assert!(at.element < first.n_bytes && (at.host - at.device).abs() == 1.0, "{at:?}");
    let before = layers.iter().take_while(|layer| layer.op != "AVERAGE_POOL_2D");
    assert!(before.clone().count() > 5 && before.into_iter().all(|layer| layer.first.is_none()));
}

/// The case's model with other weights in the filters of some layers: `weight` makes one from its row, its place and what it was.
fn with_weights(
    case: &GoldenCase,
    shared: &Path,
    is_changed: impl Fn(&Op) -> bool,
    weight: impl Fn(usize, usize, i8) -> i8,
) -> Graph {
    let mut graph = smidgen_tflite::read(&case.model_bytes(shared)).expect("a supported model");
    for at in 0..graph.nodes.len() {
        if is_changed(&graph.nodes[at].op) {
            let filter = graph.nodes[at].inputs[1].expect("a filter");
            let values = graph.tensor(filter).i8s().expect("int8");
            let row = values.len() / graph.tensor(filter).shape[0];
            let changed = values.iter().enumerate();
            let changed = changed.map(|(at, &value)| weight(at / row, at, value).cast_unsigned());
            graph.tensor_mut(filter).data = Some(changed.collect());
        }
    }
    graph
}

/// The firmware with filters stored in some way gives what the interpreter gives with the filters as they are.
fn check_stored(
    case: &GoldenCase,
    shared: &Path,
    graph: &Graph,
    storage: Storage,
    board_name: &str,
) -> Firmware {
    let (dir, board) = (tempfile::tempdir().expect("a folder"), board(board_name).expect("a known board"));
    let parts = Parts { storage, ..Parts::default() };
    let firmware = Firmware::with(graph, case.model, &board, dir.path(), parts).expect("firmware");
    let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
    check_elf(case, &firmware, &elf);
    let sets = case.sets(shared, &output_bytes(&firmware));
    let inputs = &sets.first().expect("a set").inputs;
    let run = device::run(&firmware, &elf, inputs, false).expect("the firmware runs");
    let mut plain = Interpreter::new(graph).expect("lowers");
    let expected: Vec<u8> =
        inputs.chunks(graph.input_bytes()).flat_map(|input| plain.run(input).expect("runs")).collect();
    assert!(run.outputs == expected, "{}: the device differs", case.stem);
    firmware
}

#[test]
fn channels_with_values_of_their_own_compute_the_same_on_the_device() {
    let Some(shared) = shared_or_skip("filters with a table for each channel") else { return };
    let case = INT8_CASES.iter().find(|case| case.stem == "kws_ref_model").expect("kws is a case");
    // Four values in each channel of a convolution, others in the next.
    let few = |row: usize, _, value: i8| (value >> 6 << 6).wrapping_add((row % 60) as i8);
    let graph = with_weights(case, &shared, |op| matches!(op, Op::Conv2d(_)), few);
    let firmware = check_stored(case, &shared, &graph, Storage::Smallest, "mps2-an386");
    let tables = firmware.program.consts.iter().filter(|constant| constant.name.ends_with("_codebook"));
    assert!(tables.filter(|table| table.bytes.len() == 64 * 4).count() >= 4);
}

#[test]
fn filters_as_code_and_without_zeros_compute_the_same_on_the_device() {
    let Some(shared) = shared_or_skip("filters as code on the device") else { return };
    for (stem, board, unrolled) in [("ad01_int8", "mps2-an386", 10), ("kws_ref_model", "mps2-an385", 5)] {
        let case = INT8_CASES.iter().find(|case| case.stem == stem).expect("a case");
        let sparse = |_, at: usize, value: i8| if (at * 13 + at / 11).is_multiple_of(5) { value } else { 0 };
        let is_changed = |op: &Op| matches!(op, Op::Conv2d(_) | Op::FullyConnected(_));
        let graph = with_weights(case, &shared, is_changed, sparse);
        let fast = check_stored(case, &shared, &graph, Storage::Fastest, board);
        let n = fast.program.calls.iter().filter(|call| call.kernel.path().ends_with("::Unrolled")).count();
        assert_eq!(n, unrolled, "{stem}");
        let small = check_stored(case, &shared, &graph, Storage::Auto, board);
        let stored = small.program.calls.iter().filter(|call| call.kernel.path().ends_with("::Stored"));
        assert!(stored.count() >= n, "{stem}");
    }
}

#[test]
fn strips_make_the_arena_smaller_and_equal_the_goldens_on_the_device() {
    let Some(shared) = shared_or_skip("goldens in strips on the device") else { return };
    for (stem, most) in
        [("person_detect", 24 << 10), ("pretrainedResnet_quant", 33_311), ("kws_ref_model", 8_000)]
    {
        let case = INT8_CASES.iter().find(|case| case.stem == stem).expect("a case");
        let graph = smidgen_tflite::read(&case.model_bytes(&shared)).expect("a supported model");
        let board = board("mps2-an386").expect("a known board");
        let dir = tempfile::tempdir().expect("a folder");
        let with = |most| {
            let parts = Parts { max_arena: Some(most), ..Parts::default() };
            Firmware::with(&graph, case.model, &board, dir.path(), parts)
        };
        // As it is where that is small enough.
        assert!(with(1 << 20).expect("firmware").strips.is_none());
        let firmware = match with(most) {
            Ok(firmware) => firmware,
            // Sums of branches come too early: the message says what is reached.
            Err(error) => {
                assert_eq!(error.kind, smidgen::Kind::Check);
                assert!(error.to_string().contains("the smallest is") && stem != "person_detect", "{error}");
                continue;
            }
        };
        let strips = firmware.strips.expect("strips");
        assert!(firmware.plan.arena_bytes <= most && strips.macs[1] >= strips.macs[0], "{strips:?}");
        assert_eq!(smidgen_plan::check(&firmware.graph, &firmware.program, &firmware.plan), Ok(()));
        let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
        check_outputs(case, &shared, &firmware, &elf, &["in.bin"]);
        check_elf(case, &firmware, &elf);
    }
}

#[test]
fn constants_may_have_a_section_of_their_own() {
    let Some(shared) = shared_or_skip("constants in a section") else { return };
    let case = INT8_CASES.iter().find(|case| case.stem == "hello_world_int8").expect("a case");
    let graph = smidgen_tflite::read(&case.model_bytes(&shared)).expect("a supported model");
    let (dir, board) = (tempfile::tempdir().expect("a folder"), board("mps2-an386").expect("a known board"));
    let parts = Parts { weights_section: Some(".ext_flash".into()), ..Parts::default() };
    let firmware = Firmware::with(&graph, case.model, &board, dir.path(), parts).expect("firmware");
    let elf = firmware.elf(&[], &mut Silent).expect("firmware that links");
    check_outputs(case, &shared, &firmware, &elf, DEVICE_SETS);
    check_elf(case, &firmware, &elf);
    let bytes = fs::read(&elf).expect("the ELF");
    let file = object::File::parse(&*bytes).expect("an ELF");
    let section = file.section_by_name(".ext_flash").expect("the section");
    let weights: usize = firmware.program.consts.iter().map(|constant| constant.bytes.len()).sum();
    assert!(section.size() as usize >= weights && weights > 0, "{} of {weights}", section.size());
}

#[test]
fn kws_keeps_within_its_budget() {
    let Some(shared) = shared_or_skip("the budget of kws") else { return };
    let case = INT8_CASES.iter().find(|case| case.stem == "kws_ref_model").expect("kws is a case");
    let model = ModelFile::new(case.model_path(&shared));
    let profile =
        smidgen::profile::profile(&model, "mps2-an386", Parts::default(), &mut Silent).expect("a profile");
    let instructions = profile.instructions.expect("an emulated board counts");
    assert!(instructions <= 14_500_000, "{instructions} instructions");
    let flash = profile.flash_bytes.total + profile.harness_bytes;
    assert!(flash <= 40_000, "{flash} bytes of flash, test harness included");
    assert!(profile.ram_bytes.total <= 11_000, "{} bytes of RAM", profile.ram_bytes.total);
    let by_layer: u64 = profile.layers.iter().filter_map(|layer| layer.instructions).sum();
    assert!(by_layer.abs_diff(instructions) * 100 <= instructions, "layers {by_layer}, total {instructions}");
}

fn generate(case: &GoldenCase, shared: &Path, board_name: &str, dir: &Path) -> Firmware {
    let graph = smidgen_tflite::read(&case.model_bytes(shared)).expect("a supported model");
    let board = board(board_name).expect("a known board");
    Firmware::generate(&graph, case.model, &board, dir).expect("firmware for a supported model")
}

fn output_bytes(firmware: &Firmware) -> Vec<usize> {
    firmware.graph.outputs.iter().map(|&output| firmware.graph.tensor(output).n_bytes()).collect()
}

fn check_outputs(case: &GoldenCase, shared: &Path, firmware: &Firmware, elf: &Path, sets: &[&str]) {
    for set in case.sets(shared, &output_bytes(firmware)).iter().filter(|set| sets.contains(&set.name)) {
        let run = device::run(firmware, elf, &set.inputs, set.stateful).expect("the firmware runs");
        let differing = run.outputs.iter().zip(&set.outputs).filter(|(ours, golden)| ours != golden).count();
        let place = format!("{} {} on {}", case.stem, set.name, firmware.board.name);
        assert_eq!((run.outputs.len(), differing), (set.outputs.len(), 0), "{place}");
    }
}

fn check_layers(case: &GoldenCase, shared: &Path, firmware: &Firmware) {
    let sets = case.sets(shared, &output_bytes(firmware));
    let ours = device::layers(firmware, &sets.first().expect("a set").inputs, &mut Silent).expect("layers");
    let ours: Vec<Vec<u8>> = ours.into_iter().flatten().collect();
    let golden = case.layers(shared);
    assert_eq!(ours.len(), golden.len(), "{}: number of layers", case.stem);
    for (at, (ours, layer)) in ours.iter().zip(&golden).enumerate() {
        assert!(layer.output.is(ours), "{}: layer {at} {} differs on the device", case.stem, layer.operator);
    }
}

/// The reported sizes are those of the ELF's own sections and symbols, and nothing in it can panic or allocate.
fn check_elf(case: &GoldenCase, firmware: &Firmware, elf: &Path) {
    let bytes = fs::read(elf).expect("the ELF");
    let footprint = Footprint::of(&bytes, PREDICT).expect("a measured ELF");
    let file = object::File::parse(&*bytes).expect("an ELF");

    let loaded =
        [SectionKind::Text, SectionKind::ReadOnlyData, SectionKind::ReadOnlyString, SectionKind::Data];
    let in_flash: u64 = file.sections().filter(|s| loaded.contains(&s.kind())).map(|s| s.size()).sum();
    let reported = footprint.flash_bytes.total + footprint.harness_bytes.flash;
    assert_eq!(reported, in_flash, "{}: flash against the sections", case.stem);

    let named = |part: &str| -> Vec<_> {
        file.symbols()
            .filter(|s| s.is_definition() && s.name().is_ok_and(|name| name.contains(part)))
            .collect()
    };
    let arena: Vec<u64> = named("5ARENA").iter().map(ObjectSymbol::size).collect();
    // A model with state has a flag behind its arena, padded to the arena's alignment.
    let has_state = firmware.graph.tensors.iter().any(|tensor| tensor.is_variable);
    let model_bytes = firmware.plan.arena_bytes as u64 + if has_state { 16 } else { 0 };
    assert_eq!(arena, [model_bytes], "{}: the arena's symbol against the plan", case.stem);
    assert_eq!(footprint.ram_bytes.arena, model_bytes, "{}: reported arena", case.stem);
    // Equal constants may be one in the ELF, under several names.
    let weights: BTreeMap<u64, u64> =
        named("WEIGHTS_").iter().map(|symbol| (symbol.address(), symbol.size())).collect();
    let weights: u64 = weights.values().sum();
    assert_eq!(footprint.flash_bytes.weights, weights, "{}: reported weights", case.stem);

    for part in ["panicking", "rust_alloc", "alloc5alloc", "malloc"] {
        assert!(named(part).is_empty(), "{}: {part} in the firmware", case.stem);
    }
    assert_eq!(forbidden_symbols(&bytes).expect("symbols"), Vec::<String>::new(), "{}", case.stem);
}
