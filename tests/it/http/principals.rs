//! What belongs to a principal: a name alone gives nobody the jobs of another one.

use std::time::Duration;

use rust_junosmcp::lab::{Action, Event, Fault, Trigger, What};
use serde_json::{Value, json};

use super::{
    client::Ask,
    server::Server,
    site::{ROUTER, begin, site},
};
use crate::cli::program::Program;

fn fires(event: &Event) -> bool {
    matches!(event.what, What::Fault { .. })
}

fn call(server: &Server, secret: &str, tool: &str, arguments: Value) -> Value {
    let ask = Ask::call(tool, arguments).header("Authorization", &format!("Bearer {secret}"));
    server.send(&ask).json()["result"].clone()
}

#[tokio::test]
async fn a_job_belongs_to_a_token_and_not_to_its_name() {
    let (lab, server) = site(&["--file-watch-secs=0", "--state-dir=state"]).await;
    let commit = "commit-configuration";
    let slow = Fault::new(Trigger::rpc(commit), Action::Delay(Duration::from_millis(500)));
    let _slow = lab.routers()[0].inject(slow);
    let change = json!({"router_name": ROUTER, "config_text": "set snmp location here"});
    let left = begin(server.address, 'E', "load_and_commit_config", change);
    let began = lab.routers()[0].wait_for(fires);
    tokio::time::timeout(Duration::from_secs(60), began)
        .await
        .expect("the commit is sent");
    // The client leaves, so that the commit goes on as a job.
    drop(left);
    tokio::task::spawn_blocking(move || {
        server.record("load_and_commit_config");
        let lead = "E".repeat(43);
        let listed = call(&server, &lead, "list_jobs", json!({}));
        let job = listed["structuredContent"]["jobs"][0]["job_id"].clone();
        assert!(job.is_string(), "{listed}");
        let own = call(&server, &lead, "get_job", json!({"job_id": job}));
        assert_eq!(own["structuredContent"]["state"], "succeeded", "{own}");

        let file = server.running.path("tokens.json").display().to_string();
        let pid = server.running.pid().to_string();
        let rotated = Program::new(&[
            "token",
            "rotate",
            "--tokens-file",
            &file,
            "--name",
            "lead",
            "--server-pid",
            &pid,
        ])
        .run();
        let next = rotated.stdout.trim();
        server.logged("the tokens of");
        let listed = call(&server, next, "list_jobs", json!({}));
        assert_eq!(listed["structuredContent"]["total"], 0, "{listed}");
        let foreign = call(&server, next, "get_job", json!({"job_id": job}));
        let never = call(&server, next, "get_job", json!({"job_id": "j-0123456789abcdef"}));
        assert_eq!(
            foreign["structuredContent"]["error"],
            never["structuredContent"]["error"]
        );
        assert_eq!(
            foreign["structuredContent"]["error"]["code"], "job_not_found",
            "{foreign}"
        );
    })
    .await
    .expect("jobs are told apart");
    lab.stop().await;
}
