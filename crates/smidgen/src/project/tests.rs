use super::*;
use crate::template;

fn refused(change: impl Fn(&str) -> String) -> String {
    let text = template::text("gesture", "wand").unwrap();
    let changed = change(&text);
    assert_ne!(changed, text, "the change does not apply any more");
    Project::parse(&changed, "smidgen.toml").unwrap_err().to_string()
}

#[test]
fn mistakes_are_told_with_their_place() {
    let error = refused(|text| text.replace("batch_size = 32", "batchsize = 32"));
    assert!(error.contains("batchsize") && error.contains("smidgen.toml:"), "{error}");
    let error = refused(|text| text.replace("filters = 24", "filters = \"many\""));
    assert!(error.contains("where: smidgen.toml:"), "{error}");
    let error = refused(|text| text.replace("op = \"softmax\"", "op = \"softmix\""));
    assert!(error.contains("softmix") && error.contains("softmax"), "{error}");
    let error = refused(|text| text.replace("[board]", "[bored]"));
    assert!(error.contains("bored") || error.contains("board"), "{error}");
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for (from, to, expected) in [
        ("epochs = 60", "epochs = 0", "training.epochs"),
        ("batch_size = 32", "batch_size = 0", "training.batch_size"),
        ("window = 128", "window = 0", "features.window"),
        ("learning_rate = 0.003", "learning_rate = -1.0", "training.learning_rate"),
        ("scale = 0.001", "scale = nan", "features.scale"),
        ("calibration = 256", "calibration = 0", "quantization.calibration"),
        ("source = \"generated\"", "source = \"json_lines\"", "data.path"),
        ("epochs = 60", "epochs = 60\nmixup = 2.0", "training.mixup"),
        ("epochs = 60", "epochs = 60\nearly_epochs = 61", "training.early_epochs"),
        ("epochs = 60", "epochs = 60\nloss = \"mean_squared_error\"", "training.loss"),
        ("[model]", "[target]\ncolumns = []\n[model]", "target.columns"),
        ("[model]", "[anomaly]\nnormal = []\n[model]", "anomaly.normal"),
        ("[model]", "[anomaly]\nnormal = [\"wing\"]\npercentile = 0.0\n[model]", "anomaly.percentile"),
        (
            "[model]",
            "[anomaly]\nnormal = [\"wing\"]\n[target]\ncolumns = [\"x\"]\n[model]",
            "several of anomaly, target",
        ),
    ] {
        let error = refused(|text| text.replacen(from, to, 1));
        assert!(error.contains(expected), "{to}: {error}");
    }
}

#[test]
fn a_folder_without_a_project_is_told_how_to_get_one() {
    let dir = tempfile::tempdir().unwrap();
    let error = Project::load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("smidgen new NAME"), "{error}");
}
