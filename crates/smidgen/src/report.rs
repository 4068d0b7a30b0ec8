//! `smidgen report`: every test window on the host and on the emulated board, and all numbers on one page.

use std::path::Path;

use smidgen_device::{Doctor, Host};
use smidgen_ir::Graph;
use smidgen_report::{Report, Training, Version, html};
use smidgen_target::Board;

use crate::artifacts::Artifacts;
use crate::dataset::{self, Windows};
use crate::evaluate;
use crate::events::{Event, Observer};
use crate::firmware::{Firmware, board};
use crate::profile;
use crate::project::Project;
use crate::quantize::not_trained;
use crate::{Error, Result, device, feed, files, model_file, stream};

/// Measures the models of the project in `dir` and writes `report.json` and `report.html`.
///
/// # Errors
/// A project that was not trained and quantised, or what building and running brings. That host and device differ is
/// not an error here: see [`check`].
pub fn report(project: &Project, dir: &Path, observer: &mut dyn Observer) -> Result<Report> {
    let artifacts = Artifacts::of(dir);
    let _lock = artifacts.lock()?;
    let windows = dataset::windows(project, dir)?;
    report_on(project, &windows, &artifacts, observer)
}

/// [`report`] on windows that are there already.
///
/// # Errors
/// As [`report`].
pub fn report_on(
    project: &Project,
    windows: &Windows,
    artifacts: &Artifacts,
    observer: &mut dyn Observer,
) -> Result<Report> {
    let paths = [artifacts.float_model(), artifacts.model()];
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(not_trained(missing).help("smidgen train, then smidgen quantize"));
    }
    let board = board(&project.board.name)?;
    device::check_emulator(&Host::from_env(), &board)?;
    let float = model_file::read(&artifacts.float_model())?;
    // The firmware is built from the file, as anybody else would build it, not from memory.
    let int8 = model_file::read(&artifacts.model())?;
    observer.event(Event::Begin("Test windows on the host"));
    let (float_result, _) = evaluate::on_host("float on the host", &float, windows, observer)?;
    let name = format!("{} on the host", evaluate::form(&int8));
    let (host_result, host_outputs) = evaluate::on_host(&name, &int8, windows, observer)?;
    let threshold = host_result.threshold;
    let mut report = Report {
        name: project.project.name.clone(),
        data: Some(windows.summary.clone()),
        training: training(artifacts)?,
        accuracy: vec![float_result, host_result],
        ..Report::default()
    };
    let target = Target { board: &board, artifacts, graph: &int8, windows, threshold };
    on_device(&mut report, &target, &host_outputs, observer)?;
    if project.stream.is_some() {
        report.stream = Some(stream::of_test(project, windows, artifacts, observer)?);
    }
    write(&report, artifacts, observer)?;
    Ok(report)
}

/// What is built and run.
struct Target<'a> {
    board: &'a Board,
    artifacts: &'a Artifacts,
    graph: &'a Graph,
    windows: &'a Windows,
    /// Score from which a window is unusual.
    threshold: Option<f32>,
}

/// Builds the firmware and adds what the emulated board says.
fn on_device(
    report: &mut Report,
    target: &Target<'_>,
    host_outputs: &[u8],
    observer: &mut dyn Observer,
) -> Result<()> {
    let Target { board, artifacts, graph, windows, threshold } = *target;
    let firmware = Firmware::generate(graph, "model.tflite", board, &artifacts.firmware())?;
    observer.event(Event::Begin("Building the firmware"));
    let built = firmware.build(observer)?;
    let inputs = feed::inputs(graph, &windows.split.test)?;
    observer.event(Event::Begin("Test windows on the emulated board"));
    let ran = device::run(&firmware, &built.elf, &inputs, false)?;
    files::write(&artifacts.test_inputs(), &inputs)?;
    files::write(&artifacts.test_outputs(), &ran.outputs)?;
    let name = format!("{} on the device", evaluate::form(graph));
    report.accuracy.push(evaluate::judge(&name, graph, windows, &ran.outputs, threshold)?);
    report.agreement = Some(evaluate::agreement(host_outputs, &ran.outputs, graph.output_bytes()));
    let mut profile = built.profile;
    profile.instructions = Some(ran.instructions);
    profile.stack_seen_bytes = Some(ran.stack_used_bytes);
    observer.event(Event::Begin("Counting the instructions of each layer"));
    profile::measure_layers(&mut profile, &firmware, &inputs, observer)?;
    report.profile = Some(profile);
    report.ran_on = Some(format!("{} (emulated by QEMU)", board.title));
    report.memory_map = Some(firmware.memory_map());
    report.versions = versions(&firmware);
    Ok(())
}

fn training(artifacts: &Artifacts) -> Result<Option<Training>> {
    let path = artifacts.training();
    if !path.exists() {
        return Ok(None);
    }
    let training = serde_json::from_slice(&files::read(&path)?);
    training.map(Some).map_err(|error| {
        Error::input(format!("the training's history cannot be read: {error}"))
            .at(path.display())
            .help("train again, or remove the file")
    })
}

fn versions(firmware: &Firmware) -> Vec<Version> {
    let own = Version { name: String::from("smidgen"), version: env!("CARGO_PKG_VERSION").to_owned() };
    let doctor = Doctor::examine(&firmware.host, &[&firmware.board.core.triple]);
    let tools = doctor.tools.into_iter().filter_map(|tool| {
        let version = tool.version?;
        // A tool that tells its own name in its version needs no second one.
        let name = if tool.name.starts_with("rust") { tool.name } else { String::from("emulator:") };
        Some(Version { name, version })
    });
    std::iter::once(own).chain(tools).collect()
}

/// Writes `report.json` and `report.html`.
///
/// # Errors
/// A folder that cannot be written.
pub fn write(report: &Report, artifacts: &Artifacts, observer: &mut dyn Observer) -> Result<()> {
    let json = serde_json::to_vec_pretty(report).map_err(Error::input)?;
    files::write(&artifacts.report_json(), &json)?;
    files::write(&artifacts.report_html(), html(report).map_err(Error::input)?.as_bytes())?;
    observer.event(Event::Wrote(&artifacts.report_html()));
    Ok(())
}

/// Fails unless host and device agree on every output byte.
///
/// # Errors
/// [`crate::Kind::Check`] with the number of bytes that differ.
pub fn check(report: &Report) -> Result<()> {
    match &report.agreement {
        Some(agreement) if agreement.n_differing > 0 => Err(Error::check(format!(
            "host and device differ in {} of {} output bytes",
            agreement.n_differing, agreement.n_bytes
        ))
        .help(
            "smidgen verify MODEL --board B shows the first operator that differs; please report it as a bug",
        )),
        _ => report.stream.as_ref().map_or(Ok(()), stream::check),
    }
}
