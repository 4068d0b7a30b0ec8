//! Tests of the loader: the files that ship, and files that break rules.

use super::*;

const GOOD: &str = r#"
name = "mine"
title = "My board"
core = "cortex-m4"
clock_hz = 64000000
[flash]
origin = 0x0800_0000
bytes = 1048576
[ram]
origin = 0x2000_0000
bytes = 65536
"#;

#[test]
fn files_that_ship_are_valid_and_named_after_their_stem() {
    let stems = |dir: &'static Dir<'_>| -> Vec<String> {
        sources(dir).into_iter().map(|(path, _)| path.trim_end_matches(".toml").to_owned()).collect()
    };
    let boards = boards().expect("boards are valid");
    assert_eq!(boards.iter().map(|board| board.name.clone()).collect::<Vec<_>>(), stems(&BOARDS));
    assert_eq!(boards.len(), BOARDS.files().count(), "a file in boards/ is not a board");
    let cores = cores().expect("cores are valid");
    assert_eq!(cores.iter().map(|core| core.name.clone()).collect::<Vec<_>>(), stems(&TARGETS));
}

#[test]
fn every_core_has_an_emulated_board() {
    let boards = boards().expect("boards are valid");
    for core in cores().expect("cores are valid") {
        let emulated = boards.iter().any(|board| board.core == core && board.qemu.is_some());
        assert!(emulated, "{} runs on no emulated board", core.name);
    }
}

#[test]
fn board_resolves_its_core() {
    let board = board("mps2-an386").expect("known");
    assert_eq!((board.core.triple.as_str(), board.core.fpu), ("thumbv7em-none-eabihf", true));
    assert_eq!(
        board.qemu.map(|qemu| (qemu.timer_base, qemu.nanoseconds_per_tick())),
        Some((0x4000_0000, 40))
    );
}

#[test]
fn unknown_board_names_its_neighbours_and_all_others() {
    let message = board("mps2-an387").expect_err("unknown").to_string();
    assert!(
        message.starts_with("unknown board \"mps2-an387\"; did you mean mps2-an385 or mps2-an386"),
        "{message}"
    );
    assert!(message.contains("known: arduino-nano-33-ble, mps2-an385"), "{message}");
    assert!(message.ends_with("stm32f746g-disco"), "{message}");
}

#[test]
fn users_board_loads() {
    let board = board_from_str(GOOD, "mine.toml").expect("valid");
    assert_eq!((board.name.as_str(), board.core.name.as_str(), board.qemu), ("mine", "cortex-m4", None));
}

#[test]
fn syntax_errors_name_file_line_and_field() {
    let cases = [
        (GOOD.replace("clock_hz", "clok_hz"), "unknown field `clok_hz`"),
        (GOOD.replace("title = \"My board\"", ""), "missing field `title`"),
        (GOOD.replace("65536", "\"64K\""), "expected u32"),
        (GOOD.replace("65536", "-1"), "expected u32"),
        ("][".to_owned(), "line 1"),
    ];
    for (text, part) in cases {
        let error = board_from_str(&text, "mine.toml").expect_err(part);
        let message = error.to_string();
        assert!(matches!(error, TargetError::Syntax { .. }), "{message}");
        assert!(message.starts_with("mine.toml: ") && message.contains(part), "{message}");
    }
}

#[test]
fn all_broken_rules_are_listed_at_once() {
    let text = GOOD
        .replace("\"mine\"", "\"My Board\"")
        .replace("cortex-m4", "cortex-m44")
        .replace("64000000", "0")
        .replace("0x2000_0000", "0x0800_0008")
        .replace("65536", "100");
    let text = format!("{text}[qemu]\nmachine = \"a,b\"\ntimer_base = 1\ntimer_hz = 3\n");
    let error = board_from_str(&text, "mine.toml").expect_err("six rules broken");
    let TargetError::Invalid { problems, .. } = &error else { panic!("{error}") };
    let rules: Vec<&str> = problems.iter().map(|problem| problem.rule).collect();
    let expected = [
        "board-name",
        "clock-range",
        "ram-size",
        "memory-aligned",
        "memory-overlap",
        "qemu-machine",
        "qemu-timer",
        "core-known",
    ];
    assert_eq!(rules, expected);
    assert!(error.to_string().contains("did you mean cortex-m4"), "{error}");
}

#[test]
fn core_rules() {
    let good = "name = \"c\"\ntitle = \"C\"\ntriple = \"thumbv7em-none-eabihf\"\nllvm_cpu = \"c\"\nllvm_features = []\nfpu = true\ndsp = true\n";
    let cases = [
        (good.replace("true", "false"), "core-fpu"),
        (good.replace("thumbv7em", "riscv32"), "core-triple"),
        (good.replace("[]", "[\"fp64\"]"), "core-features"),
        (good.replace("title = \"C\"", "title = \"\""), "core-title"),
        (good.replace("name = \"c\"", "name = \"-\""), "core-name"),
    ];
    assert!(core_from_str(good, "c.toml").is_ok());
    for (text, rule) in cases {
        match core_from_str(&text, "c.toml") {
            Err(TargetError::Invalid { problems, .. }) => assert_eq!(problems[0].rule, rule),
            other => panic!("{rule}: {other:?}"),
        }
    }
}

#[test]
fn emulated_timers_tick_often_enough_to_be_counted_between() {
    let with_rate = |hz: &str| {
        let text =
            format!("{GOOD}[qemu]\nmachine = \"mps2-an386\"\ntimer_base = 0x4000_0000\ntimer_hz = {hz}\n");
        board_from_str(&text, "mine.toml")
    };
    assert!(with_rate("1_000_000").is_ok());
    // The vernier of the generated harness is as many instructions long as a tick has nanoseconds.
    for hz in ["1", "500_000", "0"] {
        let message = with_rate(hz).expect_err(hz).to_string();
        assert!(message.contains("[qemu-timer]") && message.contains("at least 1000000"), "{message}");
    }
}
