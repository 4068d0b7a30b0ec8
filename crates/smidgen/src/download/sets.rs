//! Public data sets: where their makers keep them, with checksums.

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub url: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// A set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its name here.
    pub name: String,
    /// What it is, one line.
    pub title: String,
    /// Its licence, as its makers state it.
    pub licence: String,
    /// Its files; a `.tar.gz` is unpacked.
    pub files: Vec<File>,
}

fn set(name: &str, title: &str, licence: &str, base: &str, files: &[(&str, &str, u64)]) -> Set {
    let file = |&(name, sha256, bytes): &(&str, &str, u64)| File {
        url: format!("{base}{name}"),
        sha256: sha256.to_owned(),
        bytes,
    };
    let [name, title, licence] = [name, title, licence].map(str::to_owned);
    Set { name, title, licence, files: files.iter().map(file).collect() }
}

/// All sets. Checksums are those that TensorFlow Datasets publishes for these files.
pub fn all() -> Vec<Set> {
    vec![
        set(
            "speech_commands",
            "Speech Commands 0.02: 105,829 one-second words in WAV, with lists of the parts",
            "CC BY 4.0",
            "https://storage.googleapis.com/download.tensorflow.org/data/",
            &[(
                "speech_commands_v0.02.tar.gz",
                "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
                2_428_923_189,
            )],
        ),
        set(
            "mnist",
            "MNIST: 70,000 handwritten digits of 28 x 28 in IDX",
            "CC BY-SA 3.0",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            &[
                (
                    "train-images-idx3-ubyte.gz",
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    9_912_422,
                ),
                (
                    "train-labels-idx1-ubyte.gz",
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    28_881,
                ),
                (
                    "t10k-images-idx3-ubyte.gz",
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    1_648_877,
                ),
                (
                    "t10k-labels-idx1-ubyte.gz",
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                    4542,
                ),
            ],
        ),
        set(
            "cifar10",
            "CIFAR-10: 60,000 colour images of 32 x 32, the binary version",
            "none stated; cite Krizhevsky, Learning multiple layers of features from tiny images, 2009",
            "https://www.cs.toronto.edu/~kriz/",
            &[(
                "cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
            )],
        ),
    ]
}
