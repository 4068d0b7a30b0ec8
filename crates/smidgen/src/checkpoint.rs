//! The checkpoint file: one line that says what it is, one line of JSON with the project's settings, then the trainer's
//! own bytes. It is replaced as a whole after each epoch, so that a kill at any moment leaves the last whole epoch.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::project::{Anomaly, Data, Detection, Features, Model, Project, Target, Training};
use crate::{Error, Result, files};

const MAGIC: &str = "smidgen checkpoint 3\n";

/// What the weights depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    seed: u64,
    data: Data,
    features: Features,
    model: Model,
    anomaly: Option<Anomaly>,
    target: Option<Target>,
    detection: Option<Detection>,
    training: Training,
    /// [`Windows::fingerprint`] of what was trained on: files can change while their names stay.
    windows: String,
}

/// A training after some whole epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Epochs of the whole training.
    pub(crate) n_epochs: u64,
    /// The trainer's state.
    pub(crate) trainer: Vec<u8>,
}

fn settings(project: &Project, windows: &str) -> Settings {
    Settings {
        seed: project.project.seed,
        data: project.data.clone(),
        features: project.features.clone(),
        model: project.model.clone(),
        anomaly: project.anomaly.clone(),
        target: project.target.clone(),
        detection: project.detection.clone(),
        training: project.training.clone(),
        windows: windows.to_owned(),
    }
}

/// Replaces the checkpoint at `path`; `windows` is the fingerprint of the data.
pub(crate) fn save(path: &Path, project: &Project, windows: &str, trainer: &[u8]) -> Result<()> {
    let json = serde_json::to_vec(&settings(project, windows))
        .map_err(|error| Error::input(error).at(path.display()))?;
    files::write(path, &[MAGIC.as_bytes(), &json, b"\n", trainer].concat())
}

/// Reads the checkpoint at `path`, which must belong to the same settings and data. The number of epochs is the checkpoint's
/// when `project` leaves it open (`keep_epochs`).
pub(crate) fn load(path: &Path, project: &Project, windows: &str, keep_epochs: bool) -> Result<Checkpoint> {
    if !path.exists() {
        return Err(Error::input("there is no checkpoint to resume from")
            .at(path.display())
            .help("train without --resume first"));
    }
    let bytes = files::read(path)?;
    let damaged = |why: &str| {
        Error::input(format!("the checkpoint cannot be used: {why}"))
            .at(path.display())
            .help("train without --resume to start again")
    };
    let rest =
        bytes.strip_prefix(MAGIC.as_bytes()).ok_or_else(|| damaged("it is not one of this version"))?;
    let end = rest.iter().position(|&byte| byte == b'\n').ok_or_else(|| damaged("it is cut short"))?;
    let (json, trainer) = rest.split_at(end);
    let found: Settings = serde_json::from_slice(json).map_err(|error| damaged(&error.to_string()))?;
    let mut wanted = settings(project, windows);
    if keep_epochs {
        wanted.training.epochs = found.training.epochs;
    }
    if let Some(section) = difference(&wanted, &found) {
        return Err(Error::input(format!("the checkpoint was made with other settings: {section} differs"))
            .at(path.display())
            .help("restore the project file and options, or train without --resume to start again"));
    }
    if wanted.windows != found.windows {
        return Err(Error::input("the checkpoint was made with other recordings than the data has now")
            .at(path.display())
            .help("restore the data, or train without --resume to start again"));
    }
    let n_epochs = found.training.epochs;
    Ok(Checkpoint { n_epochs, trainer: trainer.get(1..).unwrap_or_default().to_vec() })
}

fn difference(a: &Settings, b: &Settings) -> Option<&'static str> {
    let same = [
        ("the seed", a.seed == b.seed),
        ("[data]", a.data == b.data),
        ("[features]", a.features == b.features),
        ("[model]", a.model == b.model),
        ("[training]", a.training == b.training),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    #[test]
    fn keeps_everything_and_refuses_other_settings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("checkpoint.bin");
        let project = template::project("gesture", "wand").unwrap();
        let trainer = b"state\nwith lines".to_vec();
        save(&path, &project, "abc", &trainer).unwrap();
        let loaded = load(&path, &project, "abc", false).unwrap();
        let expected = Checkpoint { n_epochs: project.training.epochs, trainer };
        assert_eq!(loaded, expected);

        let error = load(&path, &project, "abd", false).unwrap_err().to_string();
        assert!(error.contains("other recordings") && error.contains("restore the data"), "{error}");

        let mut other = project.clone();
        other.training.epochs += 1;
        let error = load(&path, &other, "abc", false).unwrap_err().to_string();
        assert!(error.contains("[training] differs"), "{error}");
        assert_eq!(load(&path, &other, "abc", true).unwrap().n_epochs, project.training.epochs);
        other.project.seed += 1;
        assert!(load(&path, &other, "abc", true).unwrap_err().to_string().contains("the seed differs"));
    }

    #[test]
    fn damage_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("checkpoint.bin");
        let project = template::project("gesture", "wand").unwrap();
        let error = load(&path, &project, "abc", false).unwrap_err().to_string();
        assert!(error.contains("no checkpoint") && error.contains("without --resume"), "{error}");
        for bytes in [&b"junk"[..], b"", b"smidgen checkpoint 2\n{}", b"smidgen checkpoint 2\n{}\n"] {
            std::fs::write(&path, bytes).unwrap();
            let error = load(&path, &project, "abc", false).unwrap_err().to_string();
            assert!(error.contains("cannot be used"), "{error}");
        }
    }
}
