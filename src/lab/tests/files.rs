//! The disk as operators see it: lists, contents, checksums, changes, rights and space.

use super::*;
use crate::lab::files::HOME;

/// What the text form of a command says.
async fn said(talk: &mut Talk, command: &str) -> String {
    talk.ask(&format!("<command format=\"text\">{command}</command>")).await
}

#[tokio::test]
async fn text_xml_and_json_tell_of_the_same_files() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    router.write_file("/var/tmp/image.tgz", b"abc");
    router.write_file("/var/tmp/folder/inside", b"");
    let mut talk = Talk::open(router).await;
    let xml = talk.ask("<file-list><detail/><path>/var/tmp</path></file-list>").await;
    for part in [
        "<directory name=\"/var/tmp/\">\n<directory-name>/var/tmp/</directory-name>\n<total-file-blocks>2</total-file-blocks>",
        "<file-name>folder</file-name>\n<file-directory junos:format=\"/\"/>\n<file-permissions junos:format=\"drwxr-xr-x\">755<",
        "<file-owner>lab</file-owner>\n<file-group>wheel</file-group>\n<file-links>1</file-links>\n<file-size>3</file-size>\n\
         <file-date junos:format=\"Mar  4 05:06\">1930367167</file-date>",
        "<total-files>1</total-files>",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
    let json = talk
        .ask("<file-list format=\"json\"><path>/var/tmp</path></file-list>")
        .await;
    assert!(json.contains("\"data\" : \"image.tgz\""), "{json}");
    assert!(
        said(&mut talk, "file list /var/tmp")
            .await
            .contains("\n/var/tmp/:\nfolder/\nimage.tgz\n")
    );
    let text = said(&mut talk, "file list /var/tmp detail").await;
    assert!(
        text.contains("-rw-r--r--  1 lab   wheel          3 Mar  4 05:06 image.tgz\ntotal files: 1\n"),
        "{text}"
    );
    let missing = talk.ask("<file-list><path>/var/tmp/none</path></file-list>").await;
    assert!(
        missing.contains("<output>\n/var/tmp/none: No such file or directory\n</output>"),
        "{missing}"
    );
    let encoded = "<file-show><filename>/var/tmp/image.tgz</filename><encoding>base64</encoding></file-show>";
    asked(
        &mut talk,
        &[(encoded, "filesize=\"3\" encoding=\"base64\">\nYWJj\n</file-content>")],
    )
    .await;
    let usage = "<get-directory-usage-information><path>/var/tmp</path></get-directory-usage-information>";
    asked(&mut talk, &[(usage, "<used-space used-blocks=\"3\">2K</used-space>")]).await;
}

#[tokio::test]
async fn checksums_come_in_both_forms_and_lie_on_purpose() {
    const SUM: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    router.write_file("/var/tmp/image.tgz", b"abc");
    let mut talk = Talk::open(router).await;
    let command = "file checksum sha-256 /var/tmp/image.tgz";
    assert!(
        said(&mut talk, command)
            .await
            .contains(&format!("SHA256 (/var/tmp/image.tgz) = {SUM}\n"))
    );
    let missing = said(&mut talk, "file checksum sha-256 /var/tmp/x").await;
    assert!(
        missing.contains("sha256: (sha256: /var/tmp/x: No such file or directory) = directory"),
        "{missing}"
    );
    let rpc =
        |path: &str| format!("<get-sha256-checksum-information><path>{path}</path></get-sha256-checksum-information>");
    asked(
        &mut talk,
        &[
            (
                &rpc("/var/tmp/x"),
                "<error-message>\nsha256: /var/tmp/x: No such file or directory\n",
            ),
            (&rpc("/var/tmp/image.tgz"), &format!("<checksum>\n{SUM}\n</checksum>")),
        ],
    )
    .await;
    router.inject(Fault::new(Trigger::Checksum, Action::ChecksumLie).times(2));
    for request in [
        rpc("/var/tmp/image.tgz"),
        format!("<command format=\"text\">{command}</command>"),
    ] {
        let reply = talk.ask(&request).await;
        assert!(!reply.contains(SUM) && reply.contains(&SUM[1..]), "{reply}");
    }
    assert!(said(&mut talk, command).await.contains(SUM));
}

#[tokio::test]
async fn what_a_user_may_not_touch_stays_as_it_is() {
    let lab = Lab::start(fixed()).await.unwrap();
    let mut talk = Talk::open(&lab.routers()[0]).await;
    let copy =
        |from: &str, to: &str| format!("<file-copy><source>{from}</source><destination>{to}</destination></file-copy>");
    asked(
        &mut talk,
        &[
            (&copy("/etc/resolv.conf", "/config/x"), "/config/x: Permission denied"),
            (
                &copy("/config/license.conf", "/var/tmp/x"),
                "/config/license.conf: Permission denied",
            ),
            (
                &copy("/var/tmp/none", "/var/tmp/x"),
                "/var/tmp/none: No such file or directory",
            ),
            (
                "<file-delete><path>/etc/resolv.conf</path></file-delete>",
                "<output>\n/etc/resolv.conf: Permission denied\n",
            ),
            (
                "<file-show><filename>/config/license.conf</filename></file-show>",
                "Permission denied",
            ),
        ],
    )
    .await;
    assert!(lab.routers()[0].list_files("/var/tmp").is_empty());
}

#[tokio::test]
async fn relative_paths_begin_where_the_session_stands() {
    let lab = Lab::start(fixed()).await.unwrap();
    let mut talk = Talk::open(&lab.routers()[0]).await;
    let enter = "<set-cli-working-directory><directory>/var/tmp</directory></set-cli-working-directory>";
    let home = format!("<working-directory>{}</working-directory>", HOME);
    let copy = "<file-copy><source>/etc/resolv.conf</source><destination>here</destination></file-copy>";
    let rename = "<file-rename><source>here</source><destination>there</destination></file-rename>";
    let archive = "<file-archive><compress/><source>/etc</source><destination>etc.tgz</destination></file-archive>";
    asked(
        &mut talk,
        &[
            ("<command>show cli directory</command>", &home),
            (enter, "<working-directory>/var/tmp</working-directory>"),
            (
                "<command>show cli directory</command>",
                "<working-directory>/var/tmp</working-directory>",
            ),
            (copy, "message-id=\"4\">\n</rpc-reply>"),
            (rename, "message-id=\"5\">\n</rpc-reply>"),
            (
                "<make-directory><directory>made</directory></make-directory>",
                "message-id=\"6\">\n</rpc-reply>",
            ),
            (archive, "message-id=\"7\">\n</rpc-reply>"),
        ],
    )
    .await;
    assert_eq!(lab.routers()[0].list_files("/var/tmp"), ["etc.tgz", "made", "there"]);
    let packed = lab.routers()[0].read_file("/var/tmp/etc.tgz").unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&packed[..]));
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert!(names.contains(&"etc/resolv.conf".to_owned()), "{names:?}");
}

#[tokio::test]
async fn storage_moves_with_the_files() {
    let lab = Lab::start(fixed()).await.unwrap();
    let router = &lab.routers()[0];
    let mut talk = Talk::open(router).await;
    let used = async |talk: &mut Talk| -> u64 {
        let reply = talk.ask("<get-system-storage/>").await;
        let (_, rest) = reply.split_once("<used-blocks").unwrap();
        rest.split(['>', '<']).nth(1).unwrap().trim().parse().unwrap()
    };
    let before = used(&mut talk).await;
    router.write_file("/var/tmp/image.tgz", &[0; 5000]);
    assert_eq!(used(&mut talk).await, before + 10);
    talk.ask("<request-system-storage-cleanup/>").await;
    assert_eq!(used(&mut talk).await, before);
    router.inject(Fault::new(Trigger::Now, Action::DiskFull(0)));
    let text = said(&mut talk, "show system storage").await;
    assert!(text.contains("100%  /.mount\n"), "{text}");
    let copy = "<file-copy><source>/etc/resolv.conf</source><destination>/var/tmp/x</destination></file-copy>";
    asked(&mut talk, &[(copy, "/var/tmp/x: No space left on device")]).await;
}
