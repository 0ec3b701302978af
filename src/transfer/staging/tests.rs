//! What is seen of a staging directory, and what is left in it.

use std::{io::Write as _, os::unix::fs::PermissionsExt as _};

use super::*;

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn name(text: &str) -> FileName {
    FileName::parse(text).expect("a name")
}

fn staging(directory: &Path, is_made: bool) -> Staging {
    Staging::new(TransferSettings {
        place: Some(Place {
            directory: directory.to_owned(),
            is_made,
        }),
        bytes_per_second: 0,
    })
}

#[test]
fn only_regular_files_of_plain_names_are_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("b.tgz"), "abc").expect("written");
    fs::write(at("a.log"), "").expect("written");
    for hidden in [".hidden", "two words", "-rf"] {
        fs::write(at(hidden), "x").expect("written");
    }
    fs::create_dir(at("folder")).expect("made");
    std::os::unix::fs::symlink(at("b.tgz"), at("link")).expect("linked");
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR).expect("made");
    let staging = staging(folder.path(), false);
    let (listed, total) = staging.list().expect("it is there");
    let names: Vec<&str> = listed.iter().map(|waiting| waiting.name.as_str()).collect();
    assert_eq!((names, total), (vec!["a.log", "b.tgz"], 2));
    for other in ["link", "folder", "pipe", "none"] {
        let opened = staging.open(&name(other));
        assert!(matches!(opened, Err(StagingFault::Missing)), "{other}");
    }
    let staged = staging.open(&name("b.tgz")).expect("it is there");
    assert_eq!(staged.size, 3);
    assert_eq!(staging.digest(&staged, &CancellationToken::new()).expect("read"), ABC);
    assert_eq!(staging.digest(&staged, &CancellationToken::new()).expect("known"), ABC);
    // A changed file has another digest, though its name and size are the same.
    fs::write(at("b.tgz"), "abd").expect("written");
    let changed = staging.open(&name("b.tgz")).expect("it is there");
    assert_ne!(staging.digest(&changed, &CancellationToken::new()).expect("read"), ABC);
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let other = staging.open(&name("a.log")).expect("it is there");
    assert!(staging.digest(&other, &cancelled).is_err());
}

#[test]
fn a_file_has_its_name_when_it_is_whole_and_leaves_nothing_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let staging = staging(&folder.path().join("a/b"), true);
    assert!(staging.free().expect("made") > 0);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let directory = folder.path().join("a/b");
    assert_eq!(mode(&directory), 0o700);
    let (mut file, partial) = staging.create(&name("x")).expect("made");
    file.write_all(b"abc").expect("written");
    assert_eq!(mode(&directory.join("x.partial")), 0o600);
    assert!(matches!(staging.create(&name("x")), Err(StagingFault::Busy(_))));
    partial.finish(&file).expect("on the disk");
    assert_eq!(fs::read(directory.join("x")).expect("it is there"), b"abc");
    drop(staging.create(&name("y")).expect("made"));
    let left: Vec<_> = fs::read_dir(&directory)
        .expect("read")
        .map(|entry| entry.expect("read").file_name())
        .collect();
    assert_eq!(left, ["x"]);
}

#[test]
fn a_directory_that_is_missing_is_a_fault_of_the_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let staging = staging(&folder.path().join("none"), false);
    assert!(matches!(staging.list(), Err(StagingFault::Io(error)) if error.kind() == io::ErrorKind::NotFound));
    let nowhere = Staging::new(TransferSettings::default());
    assert!(matches!(nowhere.list(), Err(StagingFault::NoPlace)));
}
