//! The report as one HTML page that needs no network, no script and no other file.

use minijinja::{Environment, context};

use crate::shrink::shrunk_rows;
use crate::svg::{curves, memory_map, pareto};
use crate::{
    ConfusionMatrix, Profile, Report, Shrunk, StageReport, count, decimal, percent, signed_points, terminal,
};

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// A chart could not be drawn.
    #[error("a chart of the report could not be drawn: {0}")]
    Chart(String),
    /// The template could not be filled in.
    #[error("the template of the report could not be filled in: {0}")]
    Template(#[from] minijinja::Error),
}

/// What all pages have in common.
fn environment() -> Result<Environment<'static>, HtmlError> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_filter("count", count);
    // The template engine widens to 64 bits and would show 0.003 as 0.003000000026077032.
    environment.add_filter("single", |value: f64| (value as f32).to_string());
    environment.add_template("style.css", include_str!("../templates/style.css"))?;
    Ok(environment)
}

/// The page of a shrunk model: its stages, and what they cost beside what they are worth.
///
/// # Errors
/// As [`html`].
pub fn shrunk_html(shrunk: &Shrunk) -> Result<String, HtmlError> {
    let mut environment = environment()?;
    environment.add_template("shrunk.html", include_str!("../templates/shrunk.html"))?;
    let (header, rows) = shrunk_rows(shrunk);
    let (name, _, rises) =
        shrunk.stages.first().map_or(("accuracy", 0.0, true), |stage| stage.int8.headline());
    let is_share = name == "accuracy";
    let worth = if is_share { String::from("accuracy, %") } else { name.to_owned() };
    let chart = |title: &str, cost: &dyn Fn(&StageReport) -> Option<u64>| {
        let point = |stage: &StageReport| {
            let value = stage.int8.headline().1;
            let worth = if is_share { 100.0 * value } else { value };
            Some(pareto::Point { name: stage.name.clone(), cost: cost(stage)? as f64, worth })
        };
        let points: Vec<pareto::Point> = shrunk.stages.iter().filter_map(point).collect();
        (!points.is_empty()).then(|| pareto::svg(&points, [title, &worth], rises)).transpose()
    };
    let charts = [
        chart("flash, bytes", &|stage| stage.flash_bytes.as_ref().map(|flash| flash.total))?,
        chart("instructions of an inference", &|stage| stage.instructions)?,
    ];
    let compared = shrunk.stages.iter().filter_map(|stage| stage.agreement.as_ref());
    let (n_bytes, n_differing) = compared
        .fold((0, 0), |(n, differing), agreement| (n + agreement.n_bytes, differing + agreement.n_differing));
    let agreement = match (n_bytes, n_differing) {
        (0, _) => None,
        (n, 0) => Some(format!("Host and device agree on all {} output bytes that were compared.", count(n))),
        (n, differing) => {
            Some(format!("Host and device differ in {} of {} output bytes.", count(differing), count(n)))
        }
    };
    Ok(environment.get_template("shrunk.html")?.render(context! {
        name => shrunk.name,
        seed => shrunk.seed,
        board => shrunk.board,
        data => shrunk.data.as_ref().map(|data| format!("{}. {}", data.name, data.provenance.sentence())),
        header => header,
        rows => rows,
        charts => charts.into_iter().flatten().collect::<Vec<_>>(),
        agreement => agreement,
        lines => shrunk.stages.iter().flat_map(|stage| &stage.log).collect::<Vec<_>>(),
        versions => shrunk.versions,
    })?)
}

/// The page. Names and texts of the report are escaped; the same report gives the same bytes.
pub fn html(report: &Report) -> Result<String, HtmlError> {
    let mut environment = environment()?;
    environment.add_template("report.html", include_str!("../templates/report.html"))?;
    let charts = match &report.training {
        Some(training) if !training.epochs.is_empty() => {
            let has_classes = training.epochs.iter().any(|epoch| epoch.accuracy.is_some());
            let shown = [Some(curves::Curve::Loss), has_classes.then_some(curves::Curve::Accuracy)];
            let drawn = shown.into_iter().flatten().map(|curve| curves::svg(curve, &training.epochs));
            Some(drawn.collect::<Result<Vec<_>, _>>()?)
        }
        _ => None,
    };
    let page = environment.get_template("report.html")?.render(context! {
        name => report.name,
        cards => cards(report),
        data => report.data.as_ref().map(data),
        training => report.training,
        last_epoch => report.training.as_ref().and_then(|t| t.epochs.last()).map(last_epoch),
        charts => charts,
        evaluations => evaluations(report),
        agreement => report.agreement.as_ref().map(terminal::sentence),
        differs => report.agreement.as_ref().is_some_and(|a| a.n_differing > 0),
        profile => report.profile,
        ran_on => report.ran_on,
        bars => report.profile.as_ref().map(|profile| [flash_bar(profile), ram_bar(profile)]),
        layers => report.profile.as_ref().map(layers),
        memory_map => report.memory_map.as_ref().map(memory_map::svg),
        arena => report.memory_map,
        stream => report.stream.as_ref().map(terminal::stream_text),
        stream_agreement => report.stream.as_ref().map(|stream| terminal::sentence(&stream.agreement)),
        stream_differs => report.stream.as_ref().is_some_and(|stream| stream.agreement.n_differing > 0),
        versions => report.versions,
    })?;
    Ok(page)
}

fn card(title: &str, value: String, note: String) -> minijinja::Value {
    context! { title, value, note }
}

fn cards(report: &Report) -> Vec<minijinja::Value> {
    let mut cards = Vec::new();
    if let Some(last) = report.accuracy.last() {
        let provenance = report.data.as_ref().map_or("", |data| data.provenance.word());
        let note = |windows: u64| format!("{} on {} {provenance} test windows", last.name, count(windows));
        let (total, accuracy) = (last.confusion.total(), percent(last.confusion.accuracy()));
        cards.push(match (last.errors.first(), &last.finds, last.auc.filter(|_| last.threshold.is_some())) {
            (Some(errors), ..) => {
                let note = format!("{}, {}", errors.name, note(errors.n));
                card("Mean absolute error", decimal(errors.mae, 3), note)
            }
            (_, Some(finds), _) => {
                card("Mean average precision", decimal(finds.mean(), 4), note(finds.n_images))
            }
            (_, _, Some(auc)) => card("AUC", decimal(auc, 4), note(total)),
            _ => card("Accuracy", accuracy, note(total)),
        });
    }
    if let Some(agreement) = &report.agreement {
        let same = agreement.n_bytes.saturating_sub(agreement.n_differing);
        let note = format!("output bytes equal, of {}", count(agreement.n_bytes));
        cards.push(card("Host = device", count(same), note));
    }
    if let Some(profile) = &report.profile {
        let weights = format!("bytes, {} of them weights", count(profile.flash_bytes.weights));
        cards.push(card("Flash", count(profile.flash_bytes.total), weights));
        let arena = format!("bytes, {} of them arena", count(profile.ram_bytes.arena));
        cards.push(card("RAM", count(profile.ram_bytes.total), arena));
        cards.push(card("MACs", count(profile.macs), String::from("for one inference")));
        if let Some(instructions) = profile.instructions {
            cards.push(card("Instructions", count(instructions), format!("on {}", profile.core)));
        }
    }
    cards
}

fn data(data: &crate::DataSummary) -> minijinja::Value {
    let rows = data.splits.iter().map(|split| {
        let total: usize = split.windows.iter().sum();
        context! { name => split.name, groups => split.groups.join(", "), windows => split.windows, total }
    });
    let shape: Vec<String> = data.shape.iter().map(usize::to_string).collect();
    context! {
        name => data.name,
        word => data.provenance.word(),
        sentence => data.provenance.sentence(),
        notes => data.notes,
        classes => data.classes,
        shape => shape.join(" × "),
        rows => rows.collect::<Vec<_>>(),
    }
}

fn last_epoch(epoch: &crate::Epoch) -> minijinja::Value {
    context! {
        number => epoch.epoch,
        loss => decimal(epoch.loss, 4),
        accuracy => epoch.accuracy.map(percent),
        validation_loss => epoch.validation_loss.map(|loss| decimal(loss, 4)),
        validation_accuracy => epoch.validation_accuracy.map(percent),
    }
}

fn evaluations(report: &Report) -> Vec<minijinja::Value> {
    let reference = report.accuracy.first().map_or(0.0, |first| first.confusion.accuracy());
    let one = |evaluation: &crate::Evaluation| {
        let confusion = &evaluation.confusion;
        context! {
            name => evaluation.name,
            split => evaluation.split,
            accuracy => percent(confusion.accuracy()),
            difference => signed_points(confusion.accuracy() - reference),
            correct => count(confusion.correct()),
            total => count(confusion.total()),
            f1 => decimal(confusion.macro_f1(), 4),
            auc => evaluation.auc.map(|auc| decimal(auc, 4)),
            threshold => evaluation.threshold.map(|score| decimal(f64::from(score), 6)),
            finds => evaluation.finds.as_ref().map(finds),
            errors => evaluation.errors.iter().map(errors).collect::<Vec<_>>(),
            classes => confusion.classes,
            rows => confusion_rows(confusion),
        }
    };
    report.accuracy.iter().map(one).collect()
}

fn finds(finds: &crate::Finds) -> minijinja::Value {
    let of_class = |(class, ap): (&String, &Option<f64>)| {
        context! { class, ap => ap.map_or_else(|| String::from("–"), |ap| decimal(ap, 4)) }
    };
    context! {
        mean => decimal(finds.mean(), 4),
        images => count(finds.n_images),
        objects => count(finds.n_objects),
        classes => finds.classes.iter().zip(&finds.average_precision).map(of_class).collect::<Vec<_>>(),
    }
}

fn errors(errors: &crate::ValueErrors) -> minijinja::Value {
    context! {
        name => errors.name,
        n => count(errors.n),
        mae => decimal(errors.mae, 4),
        rmse => decimal(errors.rmse, 4),
        r2 => decimal(errors.r2, 4),
        unchanged_mae => decimal(errors.unchanged_mae, 4),
    }
}

/// Each row with its class, its recall and its cells; a cell's shade is its share of the row in percent.
fn confusion_rows(confusion: &ConfusionMatrix) -> Vec<minijinja::Value> {
    let rows = confusion.classes.iter().zip(&confusion.counts).enumerate();
    rows.map(|(truth, (class, counts))| {
        let total = counts.iter().sum::<u64>().max(1);
        let cells: Vec<_> = counts
            .iter()
            .enumerate()
            .map(|(predicted, &n)| {
                context! { n, shade => (n * 80).div_ceil(total), right => truth == predicted }
            })
            .collect();
        let recall = confusion.recall(truth).map_or_else(|| String::from("–"), percent);
        context! { class, recall, cells }
    })
    .collect()
}

fn bar(title: &str, total: u64, parts: [(&str, u64); 3]) -> minijinja::Value {
    let parts = parts.map(|(name, bytes)| {
        let width = format!("{:.2}", 100.0 * bytes as f64 / total.max(1) as f64);
        context! { name, bytes, width }
    });
    context! { title, total, parts }
}

fn flash_bar(profile: &Profile) -> minijinja::Value {
    let flash = &profile.flash_bytes;
    bar("Flash", flash.total, [("code", flash.code), ("weights", flash.weights), ("other", flash.other)])
}

fn ram_bar(profile: &Profile) -> minijinja::Value {
    let ram = &profile.ram_bytes;
    bar("RAM", ram.total, [("arena", ram.arena), ("stack bound", ram.stack_bound), ("other", ram.other)])
}

fn layers(profile: &Profile) -> Vec<minijinja::Value> {
    let most = profile.layers.iter().filter_map(|layer| layer.instructions).max().unwrap_or(0).max(1);
    let most_macs = profile.layers.iter().map(|layer| layer.macs).max().unwrap_or(0).max(1);
    let one = |layer: &crate::LayerCost| {
        let width = |part: u64, whole: u64| format!("{:.2}", 100.0 * part as f64 / whole as f64);
        let each = layer.instructions.filter(|_| layer.macs > 0).map(|n| n as f64 / layer.macs as f64);
        context! {
            index => layer.index,
            op => layer.op,
            name => layer.name,
            macs => layer.macs,
            macs_width => width(layer.macs, most_macs),
            instructions => layer.instructions,
            width => width(layer.instructions.unwrap_or(0), most),
            each => each.map_or_else(|| String::from("–"), |each| decimal(each, 2)),
        }
    };
    profile.layers.iter().map(one).collect()
}
