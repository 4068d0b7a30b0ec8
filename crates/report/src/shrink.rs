//! What each stage of shrinking a model cost and saved.

use comfy_table::Table;
use serde::{Deserialize, Serialize};

use crate::terminal::{numbers_right, table};
use crate::{
    Agreement, DataSummary, Evaluation, FlashBytes, RamBytes, Version, count, decimal, percent, signed_points,
};

/// A model on its way to a smaller one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shrunk {
    /// Name of the project.
    pub name: String,
    /// Seed of training.
    pub seed: u64,
    /// The data that it was judged on.
    pub data: Option<DataSummary>,
    /// What firmware was built for and ran on; `None` where it was not measured.
    pub board: Option<String>,
    /// The model before, and after each stage.
    pub stages: Vec<StageReport>,
    /// What took part.
    #[serde(default)]
    pub versions: Vec<Version>,
}

/// A model after a stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// The technique, or what the model was before.
    pub name: String,
    /// The float form on the test windows.
    pub float: Evaluation,
    /// The int8 form on them.
    pub int8: Evaluation,
    /// Weights and biases.
    pub parameters: u64,
    /// Share of the weights of CONV_2D and FULLY_CONNECTED that are 0.
    pub zeros: f64,
    /// Most values that the weights of a CONV_2D or FULLY_CONNECTED have in int8.
    pub values: usize,
    /// Multiply-accumulates of an inference.
    pub macs: u64,
    /// Bytes of the float model file.
    pub float_file_bytes: u64,
    /// What the linked firmware of the int8 form holds.
    pub flash_bytes: Option<FlashBytes>,
    /// Bytes of its filters as they are stored: of the weights of [`StageReport::flash_bytes`], less biases and multipliers.
    #[serde(default)]
    pub filter_bytes: Option<u64>,
    /// The memory that it needs.
    pub ram_bytes: Option<RamBytes>,
    /// Instructions of an inference on the emulated board.
    pub instructions: Option<u64>,
    /// Host and emulated board compared.
    pub agreement: Option<Agreement>,
    /// What the technique said.
    pub log: Vec<String>,
}

impl Evaluation {
    /// The number that a model of this task is judged by, with its name, and whether more is better.
    pub fn headline(&self) -> (&'static str, f64, bool) {
        if let Some(finds) = &self.finds {
            return ("mAP", finds.mean(), true);
        }
        if let Some(errors) = self.errors.first() {
            return ("error", errors.mae, false);
        }
        match (self.threshold, self.auc) {
            (Some(_), Some(auc)) => ("AUC", auc, true),
            _ => ("accuracy", self.confusion.accuracy(), true),
        }
    }
}

/// The stages, one a row.
pub fn shrunk_table(shrunk: &Shrunk) -> Table {
    let (header, rows) = shrunk_rows(shrunk);
    let mut table = table(&header.iter().map(String::as_str).collect::<Vec<_>>());
    rows.into_iter().for_each(|row| _ = table.add_row(row));
    numbers_right(&mut table, 1..header.len());
    table
}

/// The header and the rows of the stages.
pub(crate) fn shrunk_rows(shrunk: &Shrunk) -> (Vec<String>, Vec<Vec<String>>) {
    let name = shrunk.stages.first().map_or("accuracy", |stage| stage.float.headline().0);
    let is_share = name == "accuracy";
    let is_measured = shrunk.stages.iter().any(|stage| stage.flash_bytes.is_some());
    let float = format!("float {name}");
    let int8 = format!("int8 {name}");
    let difference = if is_share { "Δ points" } else { "Δ" };
    let mut header = vec!["stage", &float, &int8, difference, "parameters", "zeros", "values", "MACs"];
    if is_measured {
        header.extend(["flash, B", "weights, B", "filters, B", "RAM, B", "arena, B", "instructions"]);
    }
    let mut rows = Vec::new();
    let reference = shrunk.stages.first().map_or(0.0, |stage| stage.float.headline().1);
    for stage in &shrunk.stages {
        let shown = |value: f64| if is_share { percent(value) } else { decimal(value, 4) };
        let (float, int8) = (stage.float.headline().1, stage.int8.headline().1);
        let difference = int8 - reference;
        let mut row = vec![
            stage.name.clone(),
            shown(float),
            shown(int8),
            if is_share { signed_points(difference) } else { format!("{difference:+.4}") },
            count(stage.parameters),
            format!("{:.1} %", 100.0 * stage.zeros),
            count(stage.values as u64),
            count(stage.macs),
        ];
        if is_measured {
            let or_dash = |value: Option<u64>| value.map_or_else(|| String::from("–"), count);
            row.extend([
                or_dash(stage.flash_bytes.as_ref().map(|flash| flash.total)),
                or_dash(stage.flash_bytes.as_ref().map(|flash| flash.weights)),
                or_dash(stage.filter_bytes),
                or_dash(stage.ram_bytes.as_ref().map(|ram| ram.total)),
                or_dash(stage.ram_bytes.as_ref().map(|ram| ram.arena)),
                or_dash(stage.instructions),
            ]);
        }
        rows.push(row);
    }
    (header.into_iter().map(str::to_owned).collect(), rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConfusionMatrix;

    fn evaluation(right: u64, wrong: u64) -> Evaluation {
        let mut confusion = ConfusionMatrix::new(&["a".into(), "b".into()]);
        (0..right).for_each(|_| confusion.add(0, 0));
        (0..wrong).for_each(|_| confusion.add(0, 1));
        Evaluation { confusion, ..Evaluation::default() }
    }

    #[test]
    fn stages_stand_beside_the_float_model() {
        let before = StageReport {
            name: "before".into(),
            float: evaluation(95, 5),
            int8: evaluation(94, 6),
            parameters: 22_604,
            ..StageReport::default()
        };
        let flash = FlashBytes { total: 31_000, weights: 23_000, ..FlashBytes::default() };
        let after = StageReport {
            name: "weight_pruning".into(),
            float: evaluation(94, 6),
            int8: evaluation(92, 8),
            zeros: 0.75,
            flash_bytes: Some(flash),
            ..StageReport::default()
        };
        let shrunk = Shrunk { stages: vec![before, after], ..Shrunk::default() };
        let text = shrunk_table(&shrunk).to_string();
        for expected in
            ["float accuracy", "95.00 %", "-1.00", "-3.00", "22,604", "75.0 %", "31,000", "23,000", "–"]
        {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}
