use super::*;

#[test]
fn digests_tell_parts_apart() {
    let of = |parts: &[&str]| digest(parts.iter().map(|part| part.as_bytes()));
    // The offset basis of 128-bit FNV-1a.
    assert_eq!(of(&[]), "6c62272e07bb014262b821756295c58d");
    let all = [of(&[""]), of(&["ab"]), of(&["a", "b"]), of(&["", "ab"]), of(&["ab", ""])];
    for (at, one) in all.iter().enumerate() {
        assert_eq!(one.len(), 32);
        assert!(all.iter().skip(at + 1).all(|other| other != one));
    }
}

#[test]
fn an_installed_file_replaces_the_old_one_and_leaves_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("new/folder/to"));
    for text in ["one", "two"] {
        fs::write(&from, text).unwrap();
        install(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), text);
    }
    assert_eq!(fs::read_dir(to.parent().unwrap()).unwrap().count(), 1);
    let missing = install(&dir.path().join("missing"), &to).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
}

#[test]
fn hidden_files_output_and_finished_files_are_not_sources() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "Cargo.toml",
        "harness/Cargo.toml",
        "harness/link.x",
        ".git/x",
        "target/x",
        "firmware.elf",
        "b/target/y",
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let sources = read_sources(dir.path()).unwrap();
    let names: Vec<String> = sources.iter().map(|(path, _)| path.display().to_string()).collect();
    assert_eq!(names, ["Cargo.toml", "b/target/y", "harness/Cargo.toml", "harness/link.x"]);
}

#[test]
fn work_folders_go_away_also_those_of_killed_processes() {
    let dir = tempfile::tempdir().unwrap();
    for (name, days) in [("tmp-old", 2), ("tmp-new", 0), ("other", 2)] {
        let path = dir.path().join(name);
        fs::create_dir(&path).unwrap();
        let time = std::time::SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
        fs::File::open(path).unwrap().set_modified(time).unwrap();
    }
    let work = work_dir(dir.path()).unwrap();
    assert!(work.path().is_dir());
    drop(work);
    let mut left: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["other", "tmp-new"]);
}
