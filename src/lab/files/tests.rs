//! Rights, space and names on a virtual disk.

use super::*;
use crate::lab::profile::Profile;

const USER: &str = "lab";

fn files(profile: &str) -> Files {
    Files::new(Profile::named(profile).unwrap().storage, DateTime::UNIX_EPOCH)
}

fn file(bytes: usize) -> File {
    File::new(Content::whole(vec![b'x'; bytes]), USER, DateTime::UNIX_EPOCH)
}

#[test]
fn folders_hold_what_lies_below_them() {
    let mut files = files("vsrx-24.4");
    files.write("/var/tmp/sub/a.txt", "x", USER, DateTime::UNIX_EPOCH);
    files.write("notes", "y", USER, DateTime::UNIX_EPOCH);
    assert_eq!(files.list("/var/tmp/").keys().collect::<Vec<_>>(), [&"sub"]);
    assert!(files.list("~").contains_key("notes"));
    assert!(files.is_folder("/var/tmp/sub") && files.is_folder("/") && !files.is_folder("/nope"));
    assert!(files.list("/").contains_key("etc"));
    assert!(files.get("/etc/resolv.conf").is_some() && files.remove("~/notes", USER).is_ok());
    assert_eq!(absolute("../../tmp/./x/"), "/var/tmp/x");
}

#[test]
fn users_write_where_they_may_and_nobody_else_can_take_it_away() {
    let mut files = files("vsrx-24.4");
    for (path, outcome) in [
        ("/var/tmp/a", Ok(())),
        ("a", Ok(())),
        ("/config/a", Err(FileError::Denied)),
        ("/var/log/a", Err(FileError::Denied)),
        ("/root/a", Err(FileError::Denied)),
        ("/var/tmp/none/a", Err(FileError::NotFound)),
        ("/var/tmp/a/b", Err(FileError::NotFolder)),
        ("/var/tmp", Err(FileError::Denied)),
    ] {
        assert_eq!(files.store(path, file(1), USER), outcome, "{path}");
    }
    assert_eq!(files.remove("/var/tmp/a", "ops"), Err(FileError::Denied));
    assert_eq!(
        files.read("/config/license.conf", USER).map(|_| ()),
        Err(FileError::Denied)
    );
    assert!(files.read("/config/license.conf", ROOT).is_ok());
    assert!(files.store("/config/a", file(1), ROOT).is_ok());
    files.set_read_only(true);
    assert_eq!(files.store("/var/tmp/b", file(1), USER), Err(FileError::ReadOnly));
    assert_eq!(files.remove("/var/tmp/a", USER), Err(FileError::ReadOnly));
}

#[test]
fn files_take_the_space_of_the_file_system_they_lie_on() {
    for (profile, number) in [("vsrx-24.4", 0), ("vmx-22.4", 1), ("ex-21.4-vc", 1)] {
        let mut files = files(profile);
        let before = files.used();
        files.store("/var/tmp/a", file(1000), USER).unwrap();
        let grown: Vec<u64> = files.used().iter().zip(&before).map(|(now, then)| now - then).collect();
        let expected: Vec<u64> = (0..before.len())
            .map(|at| if at == number { 1024 } else { 0 })
            .collect();
        assert_eq!(grown, expected, "{profile}");
    }
}

#[test]
fn a_full_disk_takes_no_more_until_something_is_deleted() {
    let mut files = files("vmx-22.4");
    files.store("/var/tmp/old", file(4096), USER).unwrap();
    files.leave_free("/var/tmp", 1024);
    assert_eq!(files.store("/var/tmp/new", file(2000), USER), Err(FileError::NoSpace));
    files.store("/var/tmp/new", file(1024), USER).unwrap();
    assert_eq!(files.room("/var/tmp/more", USER), Ok(0));
    // What is replaced makes room for what replaces it.
    assert_eq!(files.room("/var/tmp/old", USER), Ok(4096));
    files.remove("/var/tmp/old", USER).unwrap();
    assert_eq!(files.room("/var/tmp/more", USER), Ok(4096));
}

#[test]
fn names_change_and_links_lead_on() {
    let now = DateTime::UNIX_EPOCH;
    let mut files = files("vsrx-24.4");
    files.make_folder("/var/tmp/one", USER, now).unwrap();
    files.store("/var/tmp/one/a", file(3), USER).unwrap();
    files.copy("/var/tmp/one/a", "/var/tmp", USER, now).unwrap();
    files.rename("/var/tmp/one", "/var/tmp/two", USER).unwrap();
    assert!(files.get("/var/tmp/two/a").is_some() && files.get("/var/tmp/one/a").is_none());
    assert_eq!(files.remove("/var/tmp/two", USER), Err(FileError::NotEmpty));
    let link = |files: &mut Files, target: &str| {
        let link = Kind::Link(target.to_owned());
        files
            .nodes
            .insert("/var/tmp/link".to_owned(), File { kind: link, ..file(0) });
    };
    link(&mut files, "two/a");
    assert_eq!(files.read("/var/tmp/link", USER).unwrap().1.len(), 3);
    link(&mut files, "/var/tmp/link");
    assert!(files.get("/var/tmp/link").is_some_and(|file| file.content().is_none()));
    assert_eq!(files.get("/var/tmp").unwrap().permissions(), "drwxrwxrwt");
}
