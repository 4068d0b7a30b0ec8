use smidgen_ir::build::Builder;

use super::*;
use crate::Kind;
use crate::firmware::board;

fn dense(inputs: usize, outputs: usize) -> Graph {
    let mut net = Builder::new("dense", |parameter| vec![0.0; parameter.shape.iter().product()]);
    let input = net.input("input", &[1, inputs]);
    let output = net.fully_connected(input, outputs);
    net.finish(&[output]).unwrap()
}

fn generate(graph: &Graph) -> Result<Firmware> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("firmware");
    let made = Firmware::generate(graph, "dense.tflite", &board("arduino-nano-33-ble").unwrap(), &path);
    assert_eq!(made.is_ok(), path.exists(), "nothing is written for a board that is too small");
    made
}

#[test]
fn weights_and_arena_that_are_too_large_are_named() {
    let error = generate(&dense(64, 4096)).unwrap_err();
    assert_eq!(error.kind, Kind::Check);
    let text = error.to_string();
    for part in
        ["dense.tflite is too large", "arduino-nano-33-ble", "flash: weights take", "983,040", "1,048,576"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("RAM:"), "{text}");

    let text = generate(&dense(70_000, 1)).unwrap_err().to_string();
    for part in ["RAM: the arena takes 280,", "262,144", "\"input\" 280,000", "node 0 FULLY_CONNECTED"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_stack_without_room_is_told() {
    let firmware = generate(&dense(65_000, 1)).unwrap();
    let mut footprint = Footprint {
        flash_bytes: Default::default(),
        ram_bytes: Default::default(),
        harness_bytes: Default::default(),
        sections: Vec::new(),
        symbols: Vec::new(),
    };
    footprint.ram_bytes.arena = 260_016;
    footprint.ram_bytes.stack_bound = 2_000;
    footprint.ram_bytes.total = 262_016;
    assert_eq!(linked(&firmware, &footprint), Ok(()));
    footprint.harness_bytes.ram = 129;
    let text = linked(&firmware, &footprint).unwrap_err().to_string();
    for part in ["262,145 bytes, the board has 262,144", "stack up to 2,000"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn what_linkers_say_becomes_a_sentence() {
    let firmware = generate(&dense(4, 4)).unwrap();
    for messages in [
        "ld: harness section `.bss' will not fit in region `FLASH'\nld: region `FLASH' overflowed by 1234 bytes\n",
        "rust-lld: error: section '.text' will not fit in region 'FLASH': overflowed by 34 bytes\n\
         rust-lld: error: section '.rodata' will not fit in region 'FLASH': overflowed by 1234 bytes\n",
    ] {
        let text = overflow(&firmware, messages).unwrap().to_string();
        assert!(text.contains("flash is too small by 1,234 bytes") && !text.contains("RAM is"), "{text}");
    }
    assert_eq!(overflow(&firmware, "error: cannot find -lc"), None);
}
