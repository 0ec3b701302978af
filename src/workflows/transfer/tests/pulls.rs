//! From a router to this machine.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_file_is_fetched_once_and_replaces_only_by_force() {
    let site = Site::new().await;
    site.put(PATH, &content(70_000)).await;
    let pulled = site.pull(NAME, false).await.expect("it is there");
    assert_eq!(
        (pulled.path.as_str(), pulled.size, pulled.verified, pulled.was_here),
        (PATH, 70_000, true, false)
    );
    assert_eq!(fs::read(site.local(NAME)).expect("it is here"), content(70_000));
    assert!(site.pull(PATH, false).await.expect("it is here").was_here);
    site.stage(NAME, b"other");
    let fault = site.pull(PATH, false).await.expect_err("it is different");
    assert_eq!(fault.code, "local_dest_exists_differs");
    assert_eq!(fs::read(site.local(NAME)).expect("it is here"), b"other");
    site.pull(PATH, true).await.expect("by force");
    assert_eq!(fs::read(site.local(NAME)).expect("it is here"), content(70_000));
    let fault = site.pull("/var/log/none", false).await.expect_err("it is not there");
    assert_eq!(fault.code, "remote_file_missing");
    let there = Pull::of("/var/log/messages", FileName::parse("log-1"), false, false).expect("a path");
    let pulled = pull(site.context.clone(), there, work(60)).await.expect("a log");
    assert!(!pulled.verified && pulled.size > 0);
    assert_eq!(site.here(), [NAME, "log-1"]);
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_a_name_here_never_stands_for_half_a_file() {
    let scp = [
        Trigger::ScpOpen,
        Trigger::ScpHeader,
        Trigger::ScpByte(40_000),
        Trigger::ScpAck,
    ];
    let mut cells: Vec<(Trigger, Action)> = Vec::new();
    for trigger in &scp {
        for action in [Action::Drop, Action::Hang, Action::ScpError(1), Action::ScpError(2)] {
            cells.push((trigger.clone(), action));
        }
    }
    cells.push((Trigger::ScpByte(40_000), Action::ScpCorrupt));
    cells.push((Trigger::Checksum, Action::ChecksumLie));
    let (old, new) = (content(30_000), content(70_000));
    for (trigger, action) in cells {
        for is_here in [false, true] {
            let cell = format!("{trigger:?} {action:?}, replacing: {is_here}");
            let site = Site::new().await;
            site.put(PATH, &new).await;
            if is_here {
                site.stage(NAME, &old);
            }
            let armed = site.inject(trigger.clone(), action.clone());
            let outcome = site.pull(PATH, true).await;
            assert!(armed.fired() > 0, "{cell}: it has to strike");
            armed.remove();
            let found = fs::read(site.local(NAME)).ok();
            match &outcome {
                Ok(_) => assert_eq!(found.as_ref(), Some(&new), "{cell}"),
                Err(_) => assert_eq!(found.as_ref(), is_here.then_some(&old), "{cell}: {outcome:?}"),
            }
            let whole = if found.is_some() {
                vec![NAME.to_owned()]
            } else {
                Vec::new()
            };
            assert_eq!(site.here(), whole, "{cell}");
            site.pull(PATH, true)
                .await
                .unwrap_or_else(|fault| panic!("{cell}: {fault:?}"));
            assert_eq!(fs::read(site.local(NAME)).expect("it is here"), new, "{cell}");
        }
    }
}
