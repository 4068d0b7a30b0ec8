//! `smidgen stream`: a recording through front end, model and decision, on the host and on the emulated board.

use std::path::Path;

use smidgen_codegen::{Pipeline, pipeline};
use smidgen_compress::quantize;
use smidgen_data::Dataset;
use smidgen_device::Host;
use smidgen_device::footprint::PUSH;
use smidgen_device::qemu::{self, Job};
use smidgen_features::decision::{Debounce, smooth};
use smidgen_ir::Graph;
use smidgen_report as report;

use crate::artifacts::Artifacts;
use crate::dataset::{self, Windows};
use crate::events::{Event, Observer};
use crate::firmware::{Firmware, Parts, board};
use crate::front_end::to_pcm;
use crate::project::{Project, Source, Stream};
use crate::quantize::not_trained;
use crate::{Error, Result, device, evaluate, host, model_file};

/// Longest stream that is run.
const MAX_SAMPLES: usize = 1 << 27;

/// Instructions of a sample of the stream for the time limit, beside inferences.
const INSTRUCTIONS_PER_SAMPLE: u64 = 4000;

/// Streams `recording`, or test recordings one after the other, through the pipeline of the project in `dir`.
///
/// # Errors
/// A project without an int8 model, or whose data cannot be streamed; what building and running brings. That host and
/// device differ is not an error here: see [`check`].
pub fn stream(
    project: &Project,
    dir: &Path,
    recording: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<report::Stream> {
    let artifacts = Artifacts::of(dir);
    let _lock = artifacts.lock()?;
    let windows = dataset::windows(project, dir)?;
    let heard = match recording {
        Some(path) => Heard::recording(project, &windows, path)?,
        None => Heard::test(project, &windows)?,
    };
    stream_on(project, &windows, &artifacts, &heard, observer)
}

/// Test recordings through the pipeline, for a report.
///
/// # Errors
/// As [`stream`].
pub(crate) fn of_test(
    project: &Project,
    windows: &Windows,
    artifacts: &Artifacts,
    observer: &mut dyn Observer,
) -> Result<report::Stream> {
    stream_on(project, windows, artifacts, &Heard::test(project, windows)?, observer)
}

/// Fails unless host and device agree on every byte.
///
/// # Errors
/// [`crate::Kind::Check`] with the number of bytes that differ.
pub fn check(stream: &report::Stream) -> Result<()> {
    match stream.agreement.n_differing {
        0 => Ok(()),
        n => {
            Err(Error::check(format!("host and device differ in {n} of {} bytes", stream.agreement.n_bytes))
                .help("please report it as a bug"))
        }
    }
}

/// What is streamed.
struct Heard {
    source: String,
    /// All rows, unscaled.
    values: Vec<f32>,
    /// Rows of each recording with its class; empty where nothing is known.
    known: Vec<(std::ops::Range<usize>, usize)>,
}

impl Heard {
    fn recording(project: &Project, windows: &Windows, path: &Path) -> Result<Self> {
        let layout = project.data.source.layout().ok_or_else(|| {
            Error::input("a project with generated data reads no recordings").help("leave --input out")
        })?;
        let options = smidgen_data::Options {
            names: smidgen_data::Pattern::default(),
            classes: Vec::new(),
            other_classes: None,
            ..project.data.options()
        };
        let index = dataset::load(path, layout, &options)?;
        let expected = windows.split.test.index();
        if index.row_shape != expected.row_shape || index.rate_hz != expected.rate_hz {
            return Err(Error::input(format!(
                "rows of shape {:?} at {} Hz; the model was trained on {:?} at {} Hz",
                index.row_shape, index.rate_hz, expected.row_shape, expected.rate_hz
            ))
            .at(path.display()));
        }
        let mut values = Vec::new();
        for item in 0..index.items.len() {
            values.extend(index.values(item).map_err(|error| dataset::data_error(&error))?);
        }
        Ok(Heard { source: index.name, values, known: Vec::new() })
    }

    /// Recordings of the test part, in an order that mixes the classes, up to the project's seconds.
    fn test(project: &Project, windows: &Windows) -> Result<Self> {
        let test = &windows.split.test;
        let index = test.index();
        let mut items: Vec<usize> = test.samples.iter().map(|sample| sample.item).collect();
        items.dedup();
        // Steps of the golden ratio visit every stretch of the list early.
        let place = |at: usize| (at as f64 * 0.618_033_988_749_895).fract();
        let mut order: Vec<(f64, usize)> =
            items.into_iter().enumerate().map(|(at, item)| (place(at), item)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let seconds = settings(project).seconds;
        let max_rows = if index.rate_hz > 0.0 { (seconds * index.rate_hz) as usize } else { MAX_SAMPLES };
        let (mut values, mut known, mut rows) = (Vec::new(), Vec::new(), 0);
        for (_, item) in order {
            let Some(entry) = index.items.get(item) else { continue };
            if rows > 0 && rows + entry.rows > max_rows {
                break;
            }
            values.extend(index.values(item).map_err(|error| dataset::data_error(&error))?);
            known.push((rows..rows + entry.rows, entry.label));
            rows += entry.rows;
        }
        Ok(Heard { source: format!("{} test recordings of {}", known.len(), index.name), values, known })
    }
}

fn settings(project: &Project) -> Stream {
    project.stream.clone().unwrap_or_default()
}

fn wrong(message: String) -> Error {
    Error::input(format!("stream: {message}")).help("correct it in the project file, table [stream]")
}

/// What is around the model of the project.
///
/// # Errors
/// Images, strides that are no multiple of the front end's hop, unknown quiet classes.
pub fn pipeline(project: &Project, windows: &Windows) -> Result<Pipeline> {
    let settings = settings(project);
    let train = &windows.split.train;
    let &[rows, axes] = train.window.as_slice() else {
        return Err(Error::input("stream: images do not come as a stream")
            .help("smidgen report runs the test images"));
    };
    let hop = windows.front_end.as_ref().and_then(|front_end| front_end.framing()).map_or(1, |(_, hop)| hop);
    let stride = match settings.stride {
        0 => (rows / 8 / hop).max(1) * hop,
        stride if stride.is_multiple_of(hop) => stride,
        stride => return Err(wrong(format!("stride {stride} is no multiple of the front end's hop, {hop}"))),
    };
    let quiet: Result<Vec<usize>> = settings.quiet.iter().map(|class| number(train, class)).collect();
    if settings.smoothing == 0 || settings.smoothing > 1000 || !(0.0..=1.0).contains(&settings.threshold) {
        let Stream { smoothing, threshold, .. } = settings;
        return Err(wrong(format!(
            "smoothing {smoothing}, threshold {threshold}; expected 1 to 1000 and 0 to 1"
        )));
    }
    let sample =
        if project.data.source == Source::Wav { pipeline::Sample::Pcm16 } else { pipeline::Sample::Float32 };
    Ok(Pipeline {
        sample,
        scale: project.features.scale,
        standard: windows.standard.as_ref().map(|standard| (standard.mean.clone(), standard.factor.clone())),
        window: rows * axes,
        stride: stride * axes,
        front_end: windows.front_end.as_ref().map_or(pipeline::FrontEnd::None, |made| made.for_firmware()),
        classes: train.classes.clone(),
        quiet: quiet?,
        smoothing: settings.smoothing,
        threshold: settings.threshold,
        pause: settings.pause,
    })
}

fn number(set: &Dataset, class: &str) -> Result<usize> {
    let found = set.classes.iter().position(|known| known == class);
    found.ok_or_else(|| wrong(format!("no class \"{class}\"; the classes are {}", set.classes.join(", "))))
}

/// What an inference says: bytes of the model's output, averaged scores and detection, as the firmware writes them.
struct Said {
    bytes: Vec<u8>,
    detections: Vec<(usize, usize, f32)>,
    n_inferences: usize,
}

/// The pipeline on the host.
fn on_host(
    pipeline: &Pipeline,
    windows: &Windows,
    graph: &Graph,
    samples: &[f32],
    observer: &mut dyn Observer,
) -> Result<Said> {
    let (features, width, first, hop) = match &windows.front_end {
        Some(front_end) if front_end.framing().is_some() => {
            let (_, hop) = front_end.framing().unwrap_or((1, 1));
            let features = front_end.features(samples).map_err(Error::input)?;
            let shape = smidgen_data::FrontEnd::shape(&**front_end);
            (features, shape.iter().product::<usize>(), shape.last().copied().unwrap_or(1), hop)
        }
        _ => (samples.to_vec(), pipeline.window, 1, 1),
    };
    let step = pipeline.stride / hop * first;
    let mut inputs = Vec::new();
    for window in features.windows(width).step_by(step) {
        let window = match &windows.front_end {
            Some(front_end) if front_end.framing().is_none() => {
                front_end.features(window).map_err(Error::input)?
            }
            _ => window.to_vec(),
        };
        inputs.extend(quantize::quantize_input(graph, &window).map_err(Error::input)?);
    }
    let n_inferences = inputs.len() / graph.input_bytes().max(1);
    if n_inferences == 0 {
        return Err(Error::input("the recording is shorter than one window").help("give a longer one"));
    }
    let outputs = host::run(graph, &inputs, observer)?;
    let n_classes = pipeline.classes.len();
    let mut past = vec![0.0; n_classes * pipeline.smoothing];
    let debounce = Debounce { threshold: pipeline.threshold, pause: pipeline.pause };
    let mut left = 0;
    let (mut bytes, mut detections) = (Vec::new(), Vec::new());
    for (at, output) in outputs.chunks(graph.output_bytes().max(1)).enumerate() {
        let scores = quantize::dequantize_output(graph, output).map_err(Error::input)?;
        let mut means = vec![0.0; n_classes];
        smooth(&mut past, at, &scores, &mut means);
        let detected = debounce.next(&mut left, &means, |class| pipeline.quiet.contains(&class));
        bytes.extend_from_slice(output);
        bytes.extend(means.iter().flat_map(|mean| mean.to_le_bytes()));
        bytes.extend(detected.map_or(-1, |class| class as i32).to_le_bytes());
        detections.extend(detected.map(|class| (at, class, means.get(class).copied().unwrap_or(0.0))));
    }
    Ok(Said { bytes, detections, n_inferences })
}

fn stream_on(
    project: &Project,
    windows: &Windows,
    artifacts: &Artifacts,
    heard: &Heard,
    observer: &mut dyn Observer,
) -> Result<report::Stream> {
    if !artifacts.model().exists() {
        return Err(not_trained(&artifacts.model()).help("smidgen train, then smidgen quantize"));
    }
    if heard.values.len() > MAX_SAMPLES {
        return Err(Error::input(format!("{} samples are too long a stream", heard.values.len()))
            .help("cut the recording, or lower stream.seconds"));
    }
    let graph = model_file::read(&artifacts.model())?;
    let board = board(&project.board.name)?;
    device::check_emulator(&Host::from_env(), &board)?;
    let pipeline = pipeline(project, windows)?;
    let parts = Parts { pipeline: Some(pipeline.clone()), ..Parts::default() };
    let firmware = Firmware::with(&graph, "model.tflite", &board, &artifacts.pipeline(), parts)?;
    let (bytes, mut samples) = samples(&pipeline, &heard.values);
    if let Some(standard) = &windows.standard {
        samples.iter_mut().enumerate().for_each(|(at, value)| *value = standard.apply(at, *value));
    }
    observer.event(Event::Begin("The stream on the host"));
    let host = on_host(&pipeline, windows, &graph, &samples, observer)?;
    observer.event(Event::Begin("Building the firmware"));
    let elf = firmware.elf(&["stream"], observer)?;
    let profile = firmware.measure_entry(&elf, PUSH)?;
    observer.event(Event::Begin("The stream on the emulated board"));
    let record = graph.output_bytes() + 4 * pipeline.classes.len() + 4;
    let macs: u64 = profile.macs.saturating_mul(100) + 1_000_000;
    let each = macs + INSTRUCTIONS_PER_SAMPLE * pipeline.stride as u64;
    let job = Job {
        elf: &elf,
        inputs: &bytes,
        n_inferences: host.n_inferences as u64,
        stateful: false,
        output_bytes: record as u64,
        limit: qemu::time_limit(host.n_inferences as u64, each),
    };
    let ran = device::run_job(&firmware, &job)?;
    let rate_hz = windows.split.train.index().rate_hz;
    let rows = windows.split.train.window.first().copied().unwrap_or(1);
    let axes = pipeline.window / rows.max(1);
    let stride = pipeline.stride / axes.max(1);
    let hop = windows.front_end.as_ref().and_then(|made| made.framing()).map_or(stride, |(_, hop)| hop);
    let row = |inference: usize| inference * stride + rows;
    let seconds = |rows: f64| if rate_hz > 0.0 { rows / f64::from(rate_hz) } else { 0.0 };
    let per_second = |rows: usize| if rate_hz > 0.0 { f64::from(rate_hz) / rows.max(1) as f64 } else { 0.0 };
    let (hits, false_alarms) = judge(&host.detections, heard, &pipeline.quiet, row, rows);
    let is_event = |(_, class): &&(std::ops::Range<usize>, usize)| !pipeline.quiet.contains(class);
    Ok(report::Stream {
        source: heard.source.clone(),
        seconds: seconds((heard.values.len() / axes.max(1)) as f64),
        rate_hz,
        stride,
        detections: host
            .detections
            .iter()
            .map(|&(at, class, score)| report::Detection {
                time_s: seconds(row(at) as f64),
                class: pipeline.classes.get(class).cloned().unwrap_or_default(),
                score,
            })
            .collect(),
        events: (!heard.known.is_empty()).then(|| heard.known.iter().filter(is_event).count() as u64),
        hits,
        false_alarms,
        agreement: evaluate::agreement(&host.bytes, &ran.outputs, record),
        profile,
        frame_instructions: ran.layer_instructions.first().copied().filter(|_| hop < stride),
        frames_per_second: per_second(hop),
        inference_instructions: ran.instructions,
        inferences_per_second: per_second(stride),
        clock_hz: board.clock_hz,
    })
}

/// The samples as the firmware reads them, and as real values.
fn samples(pipeline: &Pipeline, values: &[f32]) -> (Vec<u8>, Vec<f32>) {
    match pipeline.sample {
        pipeline::Sample::Pcm16 => {
            let pcm: Vec<i16> = values.iter().map(|&value| to_pcm(value)).collect();
            let real = pcm.iter().map(|&sample| f32::from(sample) * (1.0 / 32768.0) * pipeline.scale);
            (pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect(), real.collect())
        }
        pipeline::Sample::Float32 => {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (bytes, values.iter().map(|value| value * pipeline.scale).collect())
        }
    }
}

/// Recordings detected as what they are, and detections beside them. A detection belongs to the recording that its
/// window has most of; one more of the same recording and class is the same hit.
fn judge(
    detections: &[(usize, usize, f32)],
    heard: &Heard,
    quiet: &[usize],
    row: impl Fn(usize) -> usize,
    rows: usize,
) -> (u64, u64) {
    let (mut hit, mut false_alarms) = (vec![false; heard.known.len()], 0);
    for &(at, class, _) in detections {
        let (end, begin) = (row(at), row(at).saturating_sub(rows));
        let overlap = |span: &std::ops::Range<usize>| span.end.min(end).saturating_sub(span.start.max(begin));
        let right = heard.known.iter().position(|(span, label)| *label == class && overlap(span) * 3 >= rows);
        match right {
            Some(place) => hit.iter_mut().skip(place).take(1).for_each(|hit| *hit = true),
            None => false_alarms += 1,
        }
    }
    let is_event = |&at: &usize| heard.known.get(at).is_some_and(|(_, class)| !quiet.contains(class));
    let hits = (0..hit.len()).filter(is_event).filter(|&at| hit.get(at) == Some(&true)).count();
    (hits as u64, if heard.known.is_empty() { 0 } else { false_alarms })
}
