//! Properties of the terminal text and of the page, on reports full and empty.

use smidgen_report::*;

fn matrix(counts: [[u64; 2]; 2]) -> ConfusionMatrix {
    ConfusionMatrix { classes: vec!["wing".into(), "<ring>".into()], counts: counts.map(Vec::from).into() }
}

fn layer(index: usize, op: &str, macs: u64, instructions: u64) -> LayerCost {
    let name = format!("net/{op}/{index}");
    LayerCost { index, op: op.into(), name, macs, instructions: Some(instructions), cycles: None }
}

fn buffer(name: &str, offset: usize, bytes: usize, first_call: usize, last_call: usize) -> Buffer {
    Buffer { name: name.into(), offset, bytes, first_call, last_call }
}

fn profile() -> Profile {
    Profile {
        model: "model.tflite".into(),
        board: "mps2-an386".into(),
        core: "cortex-m4".into(),
        flash_bytes: FlashBytes { total: 21_500, code: 9_000, weights: 12_000, other: 500 },
        ram_bytes: RamBytes { total: 7_000, arena: 6_144, stack_bound: 640, other: 216 },
        harness_bytes: 1_234,
        stack_seen_bytes: Some(512),
        macs: 1_234_567,
        instructions: Some(9_876_543),
        layers: vec![
            layer(0, "CONV_2D", 1_000_000, 7_000_000),
            layer(1, "MAX_POOL_2D", 0, 800_000),
            layer(2, "FULLY_CONNECTED", 234_567, 2_000_000),
            layer(3, "SOFTMAX", 0, 76_000),
        ],
        ..Profile::default()
    }
}

fn training() -> Training {
    let epoch = |n: u64| Epoch {
        epoch: n,
        loss: 1.4 / n as f64,
        accuracy: Some(1.0 - 0.7 / n as f64),
        validation_loss: Some(1.6 / n as f64),
        validation_accuracy: Some(1.0 - 0.8 / n as f64),
    };
    let epochs = (1..=20).map(epoch).collect();
    Training { n_parameters: 9_876, batch_size: 32, learning_rate: 0.002, seed: 7, epochs }
}

fn stream() -> Stream {
    Stream {
        source: "6 test recordings of <gestures>".into(),
        seconds: 60.0,
        rate_hz: 16_000.0,
        stride: 1600,
        detections: vec![Detection { time_s: 1.25, class: "wing".into(), score: 0.875 }],
        events: Some(4),
        hits: 3,
        false_alarms: 1,
        agreement: Agreement { n_inferences: 600, n_bytes: 7_200, ..Agreement::default() },
        profile: profile(),
        frame_instructions: Some(158_000),
        frames_per_second: 50.0,
        inference_instructions: 1_158_000,
        inferences_per_second: 10.0,
        clock_hz: 25_000_000,
    }
}

fn full() -> Report {
    let evaluation = |name: &str, confusion| Evaluation {
        name: name.into(),
        split: "test".into(),
        confusion,
        ..Evaluation::default()
    };
    let split = |name: &str| SplitSummary {
        name: name.into(),
        groups: vec!["anna".into(), "bo & co".into()],
        windows: vec![40, 60],
    };
    Report {
        name: "wand <script>alert('x')</script>".into(),
        data: Some(DataSummary {
            name: "gestures".into(),
            provenance: Provenance::Generated { seed: 42 },
            notes: vec!["A & B are \"synthetic\".".into()],
            classes: vec!["wing".into(), "<ring>".into()],
            shape: vec![128, 3, 1],
            splits: ["train", "validation", "test"].map(split).into(),
        }),
        training: Some(training()),
        accuracy: vec![
            evaluation("float", matrix([[38, 2], [1, 59]])),
            evaluation("int8 on the host", matrix([[37, 3], [1, 59]])),
            evaluation("int8 on the device", matrix([[37, 3], [1, 59]])),
        ],
        agreement: Some(Agreement { n_inferences: 100, n_bytes: 400, ..Agreement::default() }),
        profile: Some(profile()),
        ran_on: Some("mps2-an386 (emulated by QEMU)".into()),
        memory_map: Some(MemoryMap {
            arena_bytes: 6_144,
            lower_bound_bytes: 6_100,
            calls: ["CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED", "SOFTMAX"].map(String::from).into(),
            buffers: vec![
                buffer("input", 5_760, 384, 0, 0),
                buffer("net/conv", 0, 5_760, 0, 1),
                buffer("net/pool", 5_760, 240, 1, 2),
                buffer("logits", 0, 16, 2, 3),
            ],
        }),
        stream: Some(stream()),
        versions: vec![Version { name: "rustc".into(), version: "1.95.0".into() }],
    }
}

#[test]
fn the_page_needs_nothing_from_outside() {
    let page = html(&full()).unwrap();
    for forbidden in ["<script", "src=", "href=", "@import", "url(", "<link", "<iframe"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let without_namespace = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!without_namespace.contains("http"), "a reference to the network");
    assert!(page.contains("prefers-color-scheme: dark"));
}

#[test]
fn texts_are_escaped() {
    let page = html(&full()).unwrap();
    assert!(page.contains("wand &lt;script&gt;") && page.contains("&lt;ring&gt;"));
    assert!(page.contains("bo &amp; co") && page.contains("A &amp; B are &quot;synthetic&quot;."));
    assert!(
        !page.contains("&lt;svg") && !page.contains("&amp;lt;"),
        "pictures are not escaped, nothing is twice"
    );
}

#[test]
fn the_page_holds_the_numbers_that_engineers_ask_for() {
    let page = html(&full()).unwrap();
    for expected in [
        "learning rate 0.002, seed 7",
        "97.00 %",
        "96.00 %",
        "-1.00 points",
        "21,500",
        "12,000",
        "6,144",
        "640",
        "1,234,567",
        "9,876,543",
        "7,000,000",
        "1,234 bytes of flash",
        "was 512 bytes",
        "generated data",
        "seed 42",
        "agree on all 400 output bytes of 100 inferences",
        "arena 6,144 B",
        "bound 6,100 B",
        "128 × 3 × 1",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    for wrong in ["NaN", "inf%", "undefined"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

#[test]
fn the_stream_tells_what_was_heard_and_what_a_second_takes() {
    // 40 frames without and 10 with an inference: 40 × 158,000 + 10 × 1,158,000.
    for text in [terminal(&full()), html(&full()).unwrap()] {
        for expected in
            ["1.25 s", "3 of 4 recordings detected, 1 detections beside them", "17,900,000", "72 % of 25 MHz"]
        {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
    let silent = Stream { rate_hz: 0.0, ..stream() };
    assert_eq!(silent.instructions_per_second(), None);
}

#[test]
fn tags_are_balanced() {
    for page in [html(&full()).unwrap(), html(&Report::default()).unwrap()] {
        for tag in ["section", "div", "table", "tr", "td", "th", "svg", "g", "p", "span", "i", "h3", "main"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}

#[test]
fn a_difference_is_shown_as_one() {
    let mut report = full();
    let agreement =
        Agreement { n_inferences: 9, n_bytes: 36, n_differing: 2, first_differing_inference: Some(4) };
    report.agreement = Some(agreement);
    let expected = "DIFFER in 2 of 36 output bytes; the first inference that differs is 4";
    assert!(html(&report).unwrap().contains(expected));
    assert!(html(&report).unwrap().contains("verdict differs"));
    assert!(terminal(&report).contains(expected));
}

#[test]
fn the_terminal_text_holds_the_same_numbers() {
    let text = terminal(&full());
    for expected in
        ["97.00 %", "-1.00", "96 / 100", "21,500", "arena 6,144", "9,876,543", "70.9 %", "seed 42"]
    {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colours belong to the command line");
}

#[test]
fn same_report_same_bytes_and_json_keeps_everything() {
    let report = full();
    assert_eq!(html(&report).unwrap(), html(&report).unwrap());
    let json = serde_json::to_string_pretty(&report).unwrap();
    let again: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(again, report);
    assert_eq!(html(&again).unwrap(), html(&report).unwrap());
}

#[test]
fn an_empty_report_and_an_unmeasured_profile_still_make_pages() {
    assert!(html(&Report::default()).unwrap().contains("Not built for a board yet"));
    assert_eq!(terminal(&Report::default()), "\n");
    let mut report = full();
    let mut unmeasured = profile();
    unmeasured.instructions = None;
    unmeasured.stack_seen_bytes = None;
    unmeasured.layers.iter_mut().for_each(|layer| layer.instructions = None);
    report.profile = Some(unmeasured);
    let page = html(&report).unwrap();
    assert!(!page.contains("NaN") && !page.contains("deepest stack"), "nothing is made up");
    assert!(terminal(&report).contains("MACs"));
}

/// Writes the page for a look at it: `SMIDGEN_REPORT_PAGE=page.html cargo test -p smidgen-report --test page`.
#[test]
fn the_page_can_be_looked_at() {
    let page = html(&full()).unwrap();
    if let Some(path) = std::env::var_os("SMIDGEN_REPORT_PAGE") {
        std::fs::write(path, &page).unwrap();
    }
    assert!(page.len() < 60_000, "{} bytes", page.len());
}
