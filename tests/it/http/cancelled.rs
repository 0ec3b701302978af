//! Who cancels and who only stops listening, as the router saw it.

use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use rust_junosmcp::lab::{Action, Event, Fault, Injected, Lab, Trigger, What};
use serde_json::{Value, json};

use super::{
    client::{Ask, Reply, connect, rest},
    server::Server,
    site::{ROUTER, begin, site},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Work stops within a second; a busy machine may take a little longer to show it.
const AT_ONCE: Duration = Duration::from_secs(5);

const COMMAND: &str = "execute_junos_command";
const CHANGE: &str = "load_and_commit_config";
const COMMIT: &str = "commit-configuration";

/// A client of the newer revision, or one with a session.
#[derive(Clone, Copy, Debug)]
enum Era {
    Modern,
    Session,
}

/// A call that hangs at a step on the router.
struct Hanging {
    lab: Lab,
    server: Server,
    client: TcpStream,
    session: String,
    letter: char,
    step: Injected,
    /// The event with which it began to hang.
    since: u64,
}

impl Hanging {
    async fn start(era: Era, letter: char, tool: &str, arguments: Value, step: &str) -> Self {
        let (lab, server) = site(&["--state-dir=state", "--enable-metrics"]).await;
        let router = &lab.routers()[0];
        let step = router.inject(Fault::new(Trigger::rpc(step), Action::Hang));
        let opened = server.send(&bearer(Ask::initialize(), letter));
        let session = opened.header("mcp-session-id").expect("a session").to_owned();
        let client = match era {
            Era::Modern => begin(server.address, letter, tool, arguments),
            Era::Session => {
                let params = json!({"name": tool, "arguments": arguments});
                let call = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params});
                let ask = bearer(Ask::message(&call), letter).session(&session);
                let mut client = connect(server.address);
                client.write_all(&ask.bytes()).expect("sent");
                client
            }
        };
        let since = happens(&lab, 0, |event| matches!(event.what, What::Fault { .. }))
            .await
            .number;
        Self {
            lab,
            server,
            client,
            session,
            letter,
            step,
            since,
        }
    }

    fn send(&self, ask: Ask) -> Reply {
        self.server.send(&bearer(ask, self.letter))
    }

    /// The client's own way to cancel; what it still hears of the call.
    fn cancel(&mut self, era: Era) -> String {
        let gone = connect(self.server.address);
        let mut client = std::mem::replace(&mut self.client, gone);
        match era {
            Era::Modern => {
                drop(client);
                String::new()
            }
            Era::Session => {
                let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}});
                let heard = self.send(Ask::message(&cancel).session(&self.session));
                assert_eq!(heard.status, 202, "{heard:?}");
                String::from_utf8_lossy(&rest(&mut client)).into_owned()
            }
        }
    }

    fn call(&self, tool: &str, arguments: Value) -> Value {
        self.send(Ask::call(tool, arguments)).json()["result"].clone()
    }

    /// The job that the call becomes once the server knows that nobody waits for its answer.
    fn job(&self) -> Value {
        loop {
            let listed = self.call("list_jobs", json!({}));
            assert_eq!(listed["isError"], false, "{listed}");
            if let Some(job) = listed["structuredContent"]["jobs"].get(0) {
                return job["job_id"].clone();
            }
        }
    }

    /// Asked until it is so, and bounded by the life of the server.
    fn until_a_read_runs(&self) {
        let counted = "junosmcp_inflight_calls{effect=\"read\"} 1";
        while !self.send(Ask::get("/metrics")).body.contains(counted) {}
    }

    async fn session_ends(&self) {
        happens(&self.lab, self.since, |event| {
            matches!(event.what, What::SessionClosed { .. } | What::Disconnected)
        })
        .await;
    }
}

fn bearer(ask: Ask, letter: char) -> Ask {
    ask.header("Authorization", &format!("Bearer {}", String::from(letter).repeat(43)))
}

async fn happens(lab: &Lab, after: u64, wanted: impl Fn(&Event) -> bool) -> Event {
    tokio::time::timeout(PATIENCE, lab.routers()[0].wait_for_after(after, wanted))
        .await
        .expect("it happens in time")
}

fn show_version() -> Value {
    json!({"router_name": ROUTER, "command": "show version"})
}

fn change() -> Value {
    json!({"router_name": ROUTER, "config_text": "set snmp location here"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_read_stops_at_the_router_and_is_not_answered() {
    for era in [Era::Modern, Era::Session] {
        let mut hanging = Hanging::start(era, 'A', COMMAND, show_version(), "command").await;
        let cancelled = Instant::now();
        let heard = hanging.cancel(era);
        hanging.session_ends().await;
        assert!(cancelled.elapsed() < AT_ONCE, "{era:?}: {:?}", cancelled.elapsed());
        assert!(!heard.contains("\"result\"") && !heard.contains("\"error\""), "{heard}");
        assert_eq!(hanging.server.record(COMMAND)["outcome"], "cancelled", "{era:?}");
        // Its place is free, and the next call has a session of its own.
        let answer = hanging.call(COMMAND, show_version());
        assert_eq!(answer["isError"], false, "{era:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_cancelled_before_its_commit_leaves_nothing() {
    for era in [Era::Modern, Era::Session] {
        let mut hanging = Hanging::start(era, 'E', CHANGE, change(), "load-configuration").await;
        hanging.cancel(era);
        hanging.session_ends().await;
        assert_eq!(hanging.server.record(CHANGE)["outcome"], "cancelled", "{era:?}");
        let router = &hanging.lab.routers()[0];
        assert_eq!(
            (router.locked_by(), router.uncommitted().as_str()),
            (None, ""),
            "{era:?}"
        );
        assert!(!router.rpcs().iter().any(|rpc| rpc == COMMIT), "{:?}", router.rpcs());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_sent_runs_to_its_end_as_a_job_whatever_the_client_does() {
    for era in [Era::Modern, Era::Session] {
        let mut hanging = Hanging::start(era, 'E', CHANGE, change(), COMMIT).await;
        hanging.cancel(era);
        // Who cancels the wait for a job does not cancel the job.
        let waiting = json!({"job_id": hanging.job(), "wait_secs": 60});
        let waits = begin(hanging.server.address, 'E', "get_job", waiting.clone());
        hanging.until_a_read_runs();
        drop(waits);
        assert_eq!(hanging.server.record("get_job")["outcome"], "cancelled");
        hanging.step.release();
        let ended = hanging.call("get_job", waiting);
        assert_eq!(ended["structuredContent"]["state"], "succeeded", "{era:?}: {ended}");
        let record = hanging.server.record(CHANGE);
        assert_eq!(record["result"]["commit"], "committed", "{era:?}: {record}");
        let commits = hanging.lab.routers()[0].rpcs().into_iter().filter(|rpc| rpc == COMMIT);
        assert_eq!(commits.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_taken_until_its_request_is_answered() {
    let mut hanging = Hanging::start(Era::Session, 'A', COMMAND, show_version(), "command").await;
    let ping = |id: Value| Ask::message(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"}));
    let twice = hanging.send(ping(json!(5)).session(&hanging.session));
    assert_eq!(twice.status, 400, "{twice:?}");
    assert_eq!(
        (&twice.json()["error"]["code"], &twice.json()["id"]),
        (&json!(-32600), &json!(5))
    );
    // A text is another id than a number.
    assert_eq!(hanging.send(ping(json!("5")).session(&hanging.session)).status, 200);
    hanging.step.release();
    let answer = String::from_utf8(rest(&mut hanging.client)).expect("text");
    assert!(answer.contains("\"result\""), "{answer}");
    assert_eq!(hanging.send(ping(json!(5)).session(&hanging.session)).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_or_a_deleted_session_does_not_cancel_an_older_client_s_call() {
    for deleted in [false, true] {
        let mut hanging = Hanging::start(Era::Session, 'A', COMMAND, show_version(), "command").await;
        if deleted {
            let end = Ask::new("DELETE", "/mcp").session(&hanging.session);
            assert_eq!(hanging.send(end).status, 202);
        } else {
            hanging.client = connect(hanging.server.address);
        }
        // The server has noticed by now: it takes what comes in order.
        assert_eq!(hanging.call("get_router_list", json!({}))["isError"], false);
        hanging.step.release();
        let record = hanging.server.record(COMMAND);
        assert_eq!(record["outcome"], "ok", "deleted: {deleted}: {record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_hangs_ends_the_call_at_its_deadline() {
    for era in [Era::Modern, Era::Session] {
        let mut arguments = show_version();
        arguments["timeout"] = json!(1);
        let mut hanging = Hanging::start(era, 'A', COMMAND, arguments, "command").await;
        let answer = Reply::read(&rest(&mut hanging.client)).json();
        let error = &answer["result"]["structuredContent"]["error"];
        assert_eq!(error["code"], "outer_timeout", "{era:?}: {answer}");
        hanging.session_ends().await;
        let answer = hanging.call(COMMAND, show_version());
        assert_eq!(answer["isError"], false, "{era:?}: {answer}");
    }
}
