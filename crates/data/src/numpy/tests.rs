use super::*;
use std::io::Write;

/// The bytes of an array as `numpy.save` writes version 1.0.
fn array(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let dict = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    let len = (dict.len() + 11).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((len as u16).to_le_bytes());
    bytes.extend(format!("{dict:<width$}\n", width = len - 1).bytes());
    bytes.extend(data);
    bytes
}

fn floats(values: &[f32]) -> Vec<u8> {
    bytes_of(values)
}

fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    dir
}

#[test]
fn each_file_is_a_recording_with_its_class_in_its_name() {
    let dir = folder(&[
        ("1_walk.npy", array("<f4", "False", "(2, 3)", &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))),
        ("2_run.npy", array(">i2", "False", "(1, 3)", &[0, 1, 255, 255, 0, 3])),
    ]);
    let index = load(dir.path(), &Pattern("{}_{label}".into()), 50.0).unwrap();
    assert_eq!((index.classes.as_slice(), index.rate_hz), (&["run".to_owned(), "walk".into()][..], 50.0));
    assert_eq!(index.values(0).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(index.values(1).unwrap(), [1.0, -1.0, 3.0]);
}

#[test]
fn samples_and_labels_in_a_folder_and_in_an_archive_are_the_same() {
    let x = array("|u1", "False", "(2, 2, 2)", &[1, 2, 3, 4, 5, 6, 7, 8]);
    let y = array("<i8", "False", "(2,)", &[9i64.to_le_bytes(), 3i64.to_le_bytes()].concat());
    let dir = folder(&[("X_train.npy", x.clone()), ("y_train.npy", y.clone())]);
    let path = dir.path().join("set.npz");
    let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
    for (name, bytes) in [("x_train.npy", &x), ("y_train.npy", &y)] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    for path in [dir.path(), path.as_path()] {
        let index = load(path, &Pattern::default(), 0.0).unwrap();
        assert_eq!(index.classes, ["3", "9"]);
        assert_eq!((index.items[0].label, index.items[0].part), (1, Some(Part::Train)));
        assert_eq!(index.values(1).unwrap(), [5.0, 6.0, 7.0, 8.0]);
    }
}

#[test]
fn one_hot_labels_are_classes() {
    let y = array("<f4", "False", "(2, 3)", &floats(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]));
    assert_eq!(labels(y.as_slice()).unwrap(), ["2", "0"]);
}

#[test]
fn what_is_wrong_is_named() {
    let text = |bytes: Vec<u8>| {
        let dir = folder(&[("walk/a.npy", bytes)]);
        load(dir.path(), &Pattern::default(), 0.0).unwrap_err().to_string()
    };
    let of = |descr, fortran, shape, data: &[u8]| text(array(descr, fortran, shape, data));
    assert!(text(b"nothing".to_vec()).contains("a.npy: no NumPy array"));
    assert!(of("<f4", "True", "(2, 2)", &[0; 16]).contains("Fortran order; save np.ascontiguousarray"));
    assert!(of("<f4", "False", "(2, 2)", &[0; 15]).contains("cut off"));
    assert!(of("<c8", "False", "(2,)", &[0; 16]).contains("astype(np.float32)"));
    assert!(of("<f4", "False", "(4294967296, 4294967296)", &[0; 15]).contains("too large"));
    assert!(of("<f4", "False", "(0, 3)", &[]).contains("it is empty"));
    assert!(of("<f4", "False", "(1,)", &f32::NAN.to_le_bytes()).contains("value 0 is NaN"));
    let dir = folder(&[("x.npy", array("<f4", "False", "(1, 2)", &[0; 8]))]);
    assert!(
        load(dir.path(), &Pattern::default(), 0.0).unwrap_err().to_string().contains("labels in \"y.npy\"")
    );
}
