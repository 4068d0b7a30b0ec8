//! The sources of `smidgen-kernels` and `smidgen-features`, which travel inside the tool and are written out without their
//! tests and without what only the host needs.

use crate::CodegenError;
use crate::context::Common;
use crate::templates::{render, template};
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;

static KERNELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../kernels/src");
static FEATURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../features/src");

/// Folders that the device has no use for.
const HOST_ONLY: [&str; 2] = ["tests", "tables"];

pub(crate) fn files(common: &Common) -> Result<BTreeMap<String, Vec<u8>>, CodegenError> {
    let mut files = BTreeMap::from([render(template!("kernels/Cargo.toml"), common)?]);
    collect(&KERNELS, "kernels", &mut files);
    Ok(files)
}

pub(crate) fn features(common: &Common) -> Result<BTreeMap<String, Vec<u8>>, CodegenError> {
    let mut files = BTreeMap::from([render(template!("features/Cargo.toml"), common)?]);
    collect(&FEATURES, "features", &mut files);
    Ok(files)
}

fn collect(dir: &Dir<'_>, package: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for file in dir.files() {
        let stem = file.path().file_stem().unwrap_or_default();
        let is_rust = file.path().extension().is_some_and(|extension| extension == "rs");
        if let (true, Some(text)) = (is_rust && stem != "tests", file.contents_utf8()) {
            let path: Vec<_> = file.path().iter().map(|part| part.to_string_lossy()).collect();
            files.insert(format!("{package}/src/{}", path.join("/")), without_tests(text).into_bytes());
        }
    }
    let on_device = |dir: &&Dir<'_>| !HOST_ONLY.iter().any(|name| dir.path().ends_with(name));
    for dir in dir.dirs().filter(on_device) {
        collect(dir, package, files);
    }
}

/// The text up to its test modules, which stand last.
fn without_tests(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    let end = lines.windows(2).position(is_tests).unwrap_or(lines.len());
    let mut kept = lines[..end].join("\n");
    kept.truncate(kept.trim_end().len());
    kept.push('\n');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_tests() {
        let text = "//! A.\n\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n";
        assert_eq!(without_tests(text), "//! A.\n\nfn f() {}\n");
        let text = "#[cfg(test)]\nextern crate std;\n\nfn f() {}\n";
        assert_eq!(without_tests(text), text);
    }

    #[test]
    fn kernels_are_complete_and_without_tests() {
        let mut files = BTreeMap::new();
        collect(&KERNELS, "kernels", &mut files);
        collect(&FEATURES, "features", &mut files);
        assert!(files.contains_key("kernels/src/lib.rs"), "{:?}", files.keys());
        assert!(files.contains_key("kernels/src/ops/conv_2d.rs"), "{:?}", files.keys());
        assert!(files.contains_key("features/src/mfcc.rs"), "{:?}", files.keys());
        for (path, text) in &files {
            let text = String::from_utf8_lossy(text);
            assert!(
                !path.contains("tests") && !path.contains("tables") && !text.contains("#[test]"),
                "{path} has tests"
            );
        }
    }
}
