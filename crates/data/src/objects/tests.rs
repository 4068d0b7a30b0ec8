use super::*;
use image::{Rgb, RgbImage};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for &(name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        match name.ends_with("png") {
            true => RgbImage::from_fn(20, 10, |x, _| Rgb([x as u8, 0, 0])).save(path).unwrap(),
            false => std::fs::write(path, text).unwrap(),
        }
    }
    dir
}

fn read(dir: &tempfile::TempDir, config: &Config, classes: &[&str], other: &Other) -> Result<Index, String> {
    let classes: Vec<String> = classes.iter().map(|&class| class.to_owned()).collect();
    load(dir.path(), &Pattern::default(), config, &classes, other).map_err(|error| error.to_string())
}

fn near(object: &Object, class: usize, centre: [f32; 2], size: [f32; 2]) -> bool {
    let close = |a: [f32; 2], b: [f32; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    object.class == class && close(object.centre, centre) && close(object.size, size)
}

#[test]
fn yolo_coco_and_edge_impulse_say_the_same() {
    let yolo = folder(&[
        ("images/train/a.png", ""),
        ("images/test/b.png", ""),
        ("labels/train/a.txt", "1 0.25 0.6 0.3 0.4\n\n0 0.5 0.5 1 1\n"),
        ("data.yaml", "path: .\nnames:\n  0: cat\n  1: dog\nnc: 2\n"),
    ]);
    let coco = folder(&[
        ("train/a.png", ""),
        ("test/b.png", ""),
        (
            "instances.json",
            r#"{"images": [{"id": 7, "file_name": "a.png"}], "categories": [{"id": 3, "name": "cat"}, {"id": 9, "name": "dog"},
            {"id": 10, "name": "cow"}], "annotations": [{"image_id": 7, "category_id": 9, "bbox": [2, 4, 6, 4]},
            {"image_id": 7, "category_id": 3, "bbox": [0, 0, 20, 10]}]}"#,
        ),
    ]);
    let edge = folder(&[
        ("training/a.png", ""),
        ("testing/b.png", ""),
        (
            "training/bounding_boxes.labels",
            r#"{"version": 1, "boundingBoxes": {"a.png": [{"label": "dog", "x": 2, "y": 4, "width": 6, "height": 4},
            {"label": "cat", "x": 0, "y": 0, "width": 20, "height": 10}]}}"#,
        ),
    ]);
    for dir in [yolo, coco, edge] {
        let index = read(&dir, &Config::default(), &["dog", "cat"], &Other::Refuse).unwrap();
        assert_eq!(
            (index.classes.len(), index.items.len(), index.row_shape.as_slice()),
            (2, 2, &[20, 3][..])
        );
        let item = index.items.iter().find(|item| item.name.ends_with("a.png")).unwrap();
        assert_eq!((item.part, item.label), (Some(crate::Part::Train), 0));
        assert!(near(&item.objects[0], 0, [0.6, 0.25], [0.4, 0.3]), "{:?}", item.objects);
        assert!(near(&item.objects[1], 1, [0.5, 0.5], [1.0, 1.0]), "{:?}", item.objects);
        let other = index.items.iter().find(|item| item.name.ends_with("b.png")).unwrap();
        assert!(other.objects.is_empty() && other.part == Some(crate::Part::Test));
    }
}

#[test]
fn images_of_one_name_keep_to_the_lists_of_their_folders() {
    let list = |x: usize| {
        format!(
            r#"{{"version":1,"boundingBoxes":{{"a.png":[{{"label":"cat","x":{x},"y":0,"width":2,"height":10}}],"b.png":[]}}}}"#
        )
    };
    let lists = [list(0), list(18)];
    let files = [
        ("training/a.png", ""),
        ("testing/a.png", ""),
        ("training/b.png", ""),
        ("training/bounding_boxes.labels", lists[0].as_str()),
        ("testing/bounding_boxes.labels", lists[1].as_str()),
    ];
    let index = read(&folder(&files), &Config::default(), &[], &Other::Refuse).unwrap();
    let of =
        |part: &str| index.items.iter().find(|item| item.name.ends_with(&format!("{part}/a.png"))).unwrap();
    for (part, centre) in [("training", 0.05), ("testing", 0.95)] {
        let [object] = of(part).objects.as_slice() else { panic!("{:?}", of(part)) };
        assert!(near(object, 0, [0.5, centre], [1.0, 0.1]), "{part}: {object:?}");
    }
    assert!(index.items.iter().find(|item| item.name.ends_with("b.png")).unwrap().objects.is_empty());
    // Lists elsewhere that both have an image of the name cannot say which.
    let elsewhere = [
        ("x/a.png", ""),
        ("one/bounding_boxes.labels", lists[0].as_str()),
        ("two/bounding_boxes.labels", lists[1].as_str()),
    ];
    let error = read(&folder(&elsewhere), &Config::default(), &[], &Other::Refuse).unwrap_err();
    assert!(error.contains("one/bounding_boxes.labels and in two/bounding_boxes.labels"), "{error}");
}

#[test]
fn boxes_follow_the_crop_and_leave_with_it() {
    // 20 × 10 becomes the middle 10 × 10: the first box loses half, the second nearly all.
    let dir = folder(&[
        ("a.png", ""),
        ("a.txt", "0 0.25 0.5 0.4 0.5\n1 0.14 0.5 0.26 0.2\n"),
        ("classes.txt", "cat\ndog\n"),
    ]);
    let config = Config { size: Some([5, 5]), grey: true };
    let index = read(&dir, &config, &[], &Other::Refuse).unwrap();
    assert_eq!(
        (index.classes.as_slice(), index.row_shape.as_slice()),
        (&["cat".into(), "dog".into()][..], &[5, 1][..])
    );
    let [object] = index.items[0].objects.as_slice() else { panic!("{:?}", index.items[0].objects) };
    assert!(near(object, 0, [0.5, 0.2], [0.5, 0.4]), "{object:?}");
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let refused =
        |files: &[(&str, &str)]| read(&folder(files), &Config::default(), &[], &Other::Refuse).unwrap_err();
    let text = refused(&[("a.png", ""), ("a.txt", "0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1\n")]);
    assert!(text.contains("a.txt:2: \"0 0.5 0.5 0.1\"; expected class"), "{text}");
    assert!(refused(&[("a.png", ""), ("a.txt", "0 1.5 0.5 0.1 0.1")]).contains("from 0 to 1"));
    assert!(refused(&[("a.png", ""), ("a.txt", "99999999999 0.5 0.5 0.1 0.1")]).contains("a.txt:1"));
    assert!(refused(&[("a.png", "")]).contains("no boxes"));
    assert!(refused(&[("a.png", ""), ("x.json", "{\"images\": 3}")]).contains("x.json"));
    let lost = r#"{"images": [], "categories": [], "annotations": [{"image_id": 1, "category_id": 2, "bbox": [0, 0, 1, 1]}]}"#;
    assert!(refused(&[("a.png", ""), ("x.json", lost)]).contains("no image with the id 1"));
    let flat = r#"{"version": 1, "boundingBoxes": {"a.png": [{"label": "a", "x": 0, "y": 0, "width": 0, "height": 4}]}}"#;
    assert!(refused(&[("a.png", ""), ("bounding_boxes.labels", flat)]).contains("an area"));
    let dir = folder(&[
        ("a.png", ""),
        ("a.txt", "0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n"),
        ("obj.names", "cat\ndog"),
    ]);
    let text = read(&dir, &Config::default(), &["cat"], &Other::Refuse).unwrap_err();
    assert!(text.contains("class \"dog\" is not in the list"), "{text}");
    let index = read(&dir, &Config::default(), &["cat"], &Other::Drop).unwrap();
    assert_eq!(index.items[0].objects.len(), 1);
}

#[test]
fn damaged_files_end_in_a_set_or_an_error() {
    let coco = r#"{"images":[{"id":7,"file_name":"a.png"}],"categories":[{"id":3,"name":"cat"}],
        "annotations":[{"image_id":7,"category_id":3,"bbox":[2,4,6,4]}]}"#;
    let edge =
        r#"{"version":1,"boundingBoxes":{"a.png":[{"label":"dog","x":2,"y":4,"width":6,"height":4}]}}"#;
    for (name, text) in [
        ("a.txt", "1 0.25 0.6 0.3 0.4\n0 0.5 0.5 1 1"),
        ("a.json", coco),
        ("bounding_boxes.labels", edge),
        ("data.yaml", "names: ['cat', dog]\nnc: 2"),
    ] {
        let dir = folder(&[("a.png", ""), ("a.txt", "0 0.5 0.5 0.2 0.2"), (name, text)]);
        for at in 0..text.len() {
            for other in [b'0', b'9', b'-', b'"', b'}', 0xff] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = other;
                std::fs::write(dir.path().join(name), bytes).unwrap();
                let _ = read(&dir, &Config::default(), &[], &Other::Refuse);
            }
            std::fs::write(dir.path().join(name), &text[..at]).unwrap();
            let _ = read(&dir, &Config::default(), &[], &Other::Refuse);
        }
    }
}
