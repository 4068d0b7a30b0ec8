//! The report as tables for the terminal.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use crate::{Agreement, FlashBytes, Profile, Report, Stream, Strips, count, decimal, percent, signed_points};

/// Detections that are listed.
const MAX_DETECTIONS: usize = 40;

/// The whole report: data, accuracy, agreement, memory, instructions by layer. Plain text without colours.
pub fn terminal(report: &Report) -> String {
    let mut text = format!("{}\n", report.name);
    if let Some(data) = &report.data {
        let _ = writeln!(text, "Data: {}. {}", data.name, data.provenance.sentence());
        for note in &data.notes {
            let _ = writeln!(text, "      {note}");
        }
        let _ = writeln!(text, "{}", data_table(data));
    }
    if !report.accuracy.is_empty() {
        let _ = writeln!(text, "{}", accuracy_table(report));
    }
    if let Some(agreement) = &report.agreement {
        let _ = writeln!(text, "{}", sentence(agreement));
    }
    if let Some(profile) = &report.profile {
        let _ = writeln!(text, "{}", profile_table(profile));
        let _ = writeln!(text, "{}", layer_table(profile));
    }
    if let Some(stream) = &report.stream {
        let _ = writeln!(text, "{}", stream_text(stream));
    }
    text
}

/// A stream: what was heard, what it cost.
pub fn stream_text(stream: &Stream) -> String {
    let mut text = format!("Stream: {}, {:.1} s\n", stream.source, stream.seconds);
    for detection in stream.detections.iter().take(MAX_DETECTIONS) {
        let _ = writeln!(text, "  {:8.2} s  {} ({:.2})", detection.time_s, detection.class, detection.score);
    }
    if stream.detections.len() > MAX_DETECTIONS {
        let _ = writeln!(text, "  … and {} more", stream.detections.len() - MAX_DETECTIONS);
    }
    if let Some(events) = stream.events {
        let _ = writeln!(
            text,
            "{} of {events} recordings detected, {} detections beside them",
            stream.hits, stream.false_alarms
        );
    }
    let _ = writeln!(text, "{}", stream_table(stream));
    let _ = write!(text, "{}", sentence(&stream.agreement));
    text
}

/// Flash, RAM and instructions of a stream.
fn stream_table(stream: &Stream) -> Table {
    let (flash, ram) = (&stream.profile.flash_bytes, &stream.profile.ram_bytes);
    let mut table = table(&["front end, model and decision", "total", "of which"]);
    table.add_row(flash_row(flash));
    table.add_row([
        "RAM, bytes".into(),
        count(ram.total),
        format!(
            "pipeline {}, stack bound {}, other {}",
            count(ram.arena),
            count(ram.stack_bound),
            count(ram.other)
        ),
    ]);
    if let Some(instructions) = stream.frame_instructions {
        let rate = format!("{:.1} a second", stream.frames_per_second);
        table.add_row(["instructions of a frame".into(), count(instructions), rate]);
    }
    let rate = format!("{:.1} a second", stream.inferences_per_second);
    table.add_row(["… with an inference".into(), count(stream.inference_instructions), rate]);
    if let Some(each) = stream.instructions_per_second() {
        let share = 100.0 * each / stream.clock_hz.max(1) as f64;
        let clock = stream.clock_hz as f64 / 1e6;
        table.add_row([
            "instructions a second".into(),
            count(each.round() as u64),
            format!("{share:.0} % of {clock:.0} MHz at one a cycle"),
        ]);
    }
    numbers_right(&mut table, [1]);
    table
}

/// Whether host and device agree, in one sentence.
pub(crate) fn sentence(agreement: &Agreement) -> String {
    let (bytes, runs) = (count(agreement.n_bytes), count(agreement.n_inferences));
    match (agreement.n_differing, agreement.first_differing_inference) {
        (0, _) => format!("Host and device agree on all {bytes} output bytes of {runs} inferences."),
        (differing, Some(first)) => format!(
            "Host and device DIFFER in {} of {bytes} output bytes; the first inference that differs is {first}.",
            count(differing)
        ),
        (differing, None) => {
            format!("Host and device DIFFER in {} of {bytes} output bytes.", count(differing))
        }
    }
}

pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(header);
    table
}

pub(crate) fn numbers_right(table: &mut Table, columns: impl IntoIterator<Item = usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn data_table(data: &crate::DataSummary) -> Table {
    let classes = data.classes.iter().map(String::as_str);
    let header: Vec<&str> = ["part", "people"].into_iter().chain(classes).chain(["windows"]).collect();
    let mut table = table(&header);
    for split in &data.splits {
        let total: usize = split.windows.iter().sum();
        let windows = split.windows.iter().chain([&total]).map(|&n| count(n as u64));
        table.add_row([split.name.clone(), split.groups.len().to_string()].into_iter().chain(windows));
    }
    numbers_right(&mut table, 1..header.len());
    table
}

/// Average precision of each form of the model.
fn finds_table(report: &Report) -> Table {
    let finds: Vec<_> = report.accuracy.iter().filter_map(|e| Some((&e.name, e.finds.as_ref()?))).collect();
    let classes = finds.first().map(|(_, finds)| finds.classes.as_slice()).unwrap_or_default();
    let fixed = ["model", "mAP", "Δ", "images", "objects"].into_iter();
    let header: Vec<&str> = fixed.chain(classes.iter().map(String::as_str)).collect();
    let mut table = table(&header);
    let reference = finds.first().map_or(0.0, |(_, finds)| finds.mean());
    for (name, finds) in finds {
        let mean = finds.mean();
        let fixed = [(*name).clone(), decimal(mean, 4), format!("{:+.4}", mean - reference)];
        let numbers = [finds.n_images, finds.n_objects].map(count);
        let of_class = |ap: &Option<f64>| ap.map_or_else(|| String::from("–"), |ap| decimal(ap, 4));
        let classes = finds.average_precision.iter().map(of_class);
        table.add_row(fixed.into_iter().chain(numbers).chain(classes));
    }
    numbers_right(&mut table, 1..header.len());
    table
}

/// Errors of each value that the model tells, for each form of the model.
fn errors_table(report: &Report) -> Table {
    let header = ["model", "value", "MAE", "RMSE", "R²", "MAE if nothing changes", "windows"];
    let mut table = table(&header);
    for evaluation in &report.accuracy {
        for errors in &evaluation.errors {
            let numbers = [errors.mae, errors.rmse, errors.r2, errors.unchanged_mae];
            let numbers = numbers.map(|number| decimal(number, 4)).into_iter();
            let names = [evaluation.name.clone(), errors.name.clone()].into_iter();
            table.add_row(names.chain(numbers).chain([count(errors.n)]));
        }
    }
    numbers_right(&mut table, 2..header.len());
    table
}

/// Accuracy of each form of the model, with its distance from the first one, F1, AUC and the recall of each class; or the
/// errors of what it tells, or how precisely it finds.
pub fn accuracy_table(report: &Report) -> Table {
    if report.accuracy.iter().any(|evaluation| !evaluation.errors.is_empty()) {
        return errors_table(report);
    }
    if report.accuracy.iter().any(|evaluation| evaluation.finds.is_some()) {
        return finds_table(report);
    }
    let classes = report.accuracy.first().map(|first| first.confusion.classes.clone()).unwrap_or_default();
    let has_threshold = report.accuracy.iter().any(|evaluation| evaluation.threshold.is_some());
    let fixed = ["model", "accuracy", "Δ points", "right", "F1", "AUC"].into_iter();
    let fixed = fixed.chain(has_threshold.then_some("unusual from"));
    let header: Vec<&str> = fixed.chain(classes.iter().map(String::as_str)).collect();
    let mut table = table(&header);
    let reference = report.accuracy.first().map_or(0.0, |first| first.confusion.accuracy());
    for evaluation in &report.accuracy {
        let confusion = &evaluation.confusion;
        let mut row = vec![
            evaluation.name.clone(),
            percent(confusion.accuracy()),
            signed_points(confusion.accuracy() - reference),
            format!("{} / {}", count(confusion.correct()), count(confusion.total())),
            decimal(confusion.macro_f1(), 4),
            evaluation.auc.map_or_else(|| String::from("–"), |auc| decimal(auc, 4)),
        ];
        if has_threshold {
            row.push(evaluation.threshold.map_or_else(|| String::from("–"), |score| score.to_string()));
        }
        let recall = |class| confusion.recall(class).map_or_else(|| String::from("–"), percent);
        row.extend((0..classes.len()).map(recall));
        table.add_row(row);
    }
    numbers_right(&mut table, 1..header.len());
    table
}

fn flash_row(flash: &FlashBytes) -> [String; 3] {
    let parts =
        format!("code {}, weights {}, other {}", count(flash.code), count(flash.weights), count(flash.other));
    ["flash, bytes".into(), count(flash.total), parts]
}

/// Flash, RAM, MACs and instructions.
pub fn profile_table(profile: &Profile) -> Table {
    let (flash, ram) = (&profile.flash_bytes, &profile.ram_bytes);
    let mut table = table(&[&format!("{} ({})", profile.board, profile.core), "total", "of which"]);
    table.add_row(flash_row(flash));
    table.add_row([
        "RAM, bytes".into(),
        count(ram.total),
        format!(
            "arena {}, stack bound {}, other {}",
            count(ram.arena),
            count(ram.stack_bound),
            count(ram.other)
        ),
    ]);
    if let Some(stack) = profile.stack_seen_bytes {
        table.add_row([String::from("stack seen, bytes"), count(stack), String::new()]);
    }
    table.add_row([
        String::from("harness, bytes"),
        count(profile.harness_bytes),
        String::from("start-up and test harness, not counted above"),
    ]);
    let strips = profile.strips.map_or_else(
        String::new,
        |Strips { first, operators, strips, macs: [before, now] }| {
            let more = 100.0 * now.saturating_sub(before) as f64 / before.max(1) as f64;
            format!("and {more:.1} % again: {operators} operators from {first} on run in {strips} strips")
        },
    );
    table.add_row([String::from("MACs"), count(profile.macs), strips]);
    if let Some(instructions) = profile.instructions {
        let each = match profile.macs {
            0 => String::new(),
            macs => format!("{:.2} for each MAC", instructions as f64 / macs as f64),
        };
        table.add_row(["instructions".into(), count(instructions), each]);
    }
    numbers_right(&mut table, [1]);
    table
}

/// MACs and instructions of each operator.
pub fn layer_table(profile: &Profile) -> Table {
    let mut table = table(&["#", "operator", "output", "MACs", "instructions", "share"]);
    let total = profile.instructions.unwrap_or(0).max(1) as f64;
    for layer in &profile.layers {
        let share = layer.instructions.map(|n| format!("{:.1} %", 100.0 * n as f64 / total));
        table.add_row([
            layer.index.to_string(),
            layer.op.clone(),
            crate::text::shorten(&layer.name, 40),
            count(layer.macs),
            layer.instructions.map_or_else(|| String::from("–"), count),
            share.unwrap_or_else(|| String::from("–")),
        ]);
    }
    numbers_right(&mut table, [0, 3, 4, 5]);
    table
}
