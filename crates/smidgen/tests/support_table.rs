//! `docs/ops.md`: what each operator supports, read off the code and the goldens. `SMIDGEN_UPDATE=1` writes it again.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use smidgen_ir::{DType, Graph, Node};

const HEAD: &str = "\
# Operators

Made by `SMIDGEN_UPDATE=1 cargo test -p smidgen --test support_table` from the code and the goldens; a test keeps it true.

* **import**: read from and written to `.tflite`; read from ONNX (`docs/import.md` has the ONNX names).
* **float32, int8, int16, other**: how many cases of `testdata/operators` hold the operator to another runtime in this
  element type of its first operand: integers byte for byte, float32 to 1e-5 relative or 1e-6 absolute. `T` are TensorFlow
  Lite Micro's reference kernels, `L` LiteRT's, for what TFLM has no kernel for.
* **gradient**: networks with it can be trained.
* **device**: firmware has the kernel; every case runs on an emulated Cortex-M4, byte for byte as on the host.

| operator | import | float32 | int8 | int16 | other | gradient | device |
|---|---|---|---|---|---|---|---|
";

const FOOT: &str = "
Without gradient: what makes integers or truth values (ARG_MAX, comparisons, CAST), what is flat almost everywhere (CEIL,
FLOOR, ROUND), streaming operators, whose state outlives an example (SVDF, CIRCULAR_BUFFER, variables, the signal
operators), and what no network is trained through (CUMSUM, POW, detection and quantisation).

Further: uint8 models are read by exact conversion to int8; 4-bit weights of CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED
stay packed; float16 constants are widened when the model is read.
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// All that stands in the files under `folder`.
fn source(folder: &Path) -> String {
    let text = |path: PathBuf| {
        if path.is_dir() { source(&path) } else { fs::read_to_string(path).expect("a source file") }
    };
    sorted(folder).into_iter().map(text).collect()
}

/// Cases by operator, element type and runtime.
#[derive(Default)]
struct Cases(BTreeMap<(String, &'static str, char), usize>);

impl Cases {
    fn of_goldens() -> Self {
        let mut cases = Cases::default();
        for folder in sorted(&root().join("testdata/operators")) {
            let runtimes = fs::read_to_string(folder.join("runtimes.txt")).unwrap_or_default();
            let by_litert = |path: &Path| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                runtimes.lines().any(|line| line.starts_with(&format!("{stem}: ai-edge-litert")))
            };
            let models = sorted(&folder).into_iter();
            for path in models.filter(|path| path.extension().is_some_and(|kind| kind == "tflite")) {
                let graph = smidgen_tflite::read(&fs::read(&path).expect("a model")).expect("a graph");
                cases.add(&graph, if by_litert(&path) { 'L' } else { 'T' });
            }
        }
        cases
    }

    fn add(&mut self, graph: &Graph, runtime: char) {
        let of_graph: BTreeSet<_> =
            graph.nodes.iter().map(|node| (node.op.stem(), kind(graph, node), runtime)).collect();
        for key in of_graph {
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// `12 T, 3 L`
    fn cell(&self, stem: &str, kind: &'static str) -> String {
        let count = |runtime| self.0.get(&(stem.to_owned(), kind, runtime)).map(|n| format!("{n} {runtime}"));
        ['T', 'L'].into_iter().filter_map(count).collect::<Vec<_>>().join(", ")
    }

    fn any(&self, stem: &str) -> bool {
        self.0.keys().any(|(of, _, _)| of == stem)
    }
}

/// The column of a node: the element type of its first operand that is computed.
fn kind(graph: &Graph, node: &Node) -> &'static str {
    let operands = node.inputs.iter().flatten().map(|&input| graph.tensor(input));
    let results = node.outputs.iter().map(|&output| graph.tensor(output));
    match operands.filter(|tensor| !tensor.is_const()).chain(results).next().map(|tensor| tensor.dtype) {
        Some(DType::F32) => "float32",
        Some(DType::I8) => "int8",
        Some(DType::I16) => "int16",
        _ => "other",
    }
}

fn table() -> String {
    let cases = Cases::of_goldens();
    let (onnx, train) =
        (source(&root().join("crates/onnx/src")), source(&root().join("crates/train/src/ops")));
    let mut rows = Vec::new();
    for (variant, stem) in operators() {
        let text =
            fs::read_to_string(root().join(format!("crates/ir/src/ops/{stem}.rs"))).unwrap_or_default();
        let title = text.lines().next().and_then(|line| line.strip_prefix("//! ")?.split(':').next());
        let name = title.map_or_else(|| stem.to_uppercase(), str::to_owned);
        let exists = |folder: &str| root().join(folder).join(format!("{stem}.rs")).is_file();
        let formats = [
            exists("crates/tflite/src/ops").then_some("TFLite"),
            onnx.contains(&format!("Op::{variant}(")).then_some("ONNX"),
        ];
        let yes = |is| if is { "yes" } else { "" };
        let cells = [
            formats.into_iter().flatten().collect::<Vec<_>>().join(", "),
            cases.cell(&stem, "float32"),
            cases.cell(&stem, "int8"),
            cases.cell(&stem, "int16"),
            cases.cell(&stem, "other"),
            yes(train.contains(&format!("Op::{variant}("))).to_owned(),
            if stem == "batch_normalization" {
                "folded".into()
            } else {
                yes(cases.any(&stem) || stem == "gru").into()
            },
        ];
        rows.push(format!("| {name} | {} |\n", cells.join(" | ")));
    }
    format!("{HEAD}{}{FOOT}", rows.concat())
}

/// Variants of `Op` and their files, as the list of operators has them.
fn operators() -> Vec<(String, String)> {
    let list = fs::read_to_string(root().join("crates/ir/src/ops/mod.rs")).expect("the list of operators");
    let entry = |line: &str| {
        let (variant, rest) = line.trim().split_once('(')?;
        let stem = rest.strip_suffix("),")?;
        Some((variant.to_owned(), stem.to_owned()))
    };
    let listed = list.lines().skip_while(|line| !line.starts_with("operators! {"));
    let operators: Vec<_> = listed.take_while(|line| *line != "}").filter_map(entry).collect();
    assert!(operators.len() > 100, "{operators:?}");
    operators
}

#[test]
fn the_table_of_operators_is_true() {
    let path = root().join("docs/ops.md");
    let table = table();
    if std::env::var_os("SMIDGEN_UPDATE").is_some() {
        fs::write(&path, &table).expect("writable");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == table, "docs/ops.md is not what the code says: run with SMIDGEN_UPDATE=1");
}
