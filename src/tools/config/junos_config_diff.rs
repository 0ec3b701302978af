//! `junos_config_diff`: what changed since an earlier commit, or what waits uncommitted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    devices::Rpc,
    junos::{Command, RollbackNumber},
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Text,
        spec::{Effect, Spec},
    },
};

/// Show what changed in the configuration of a Junos device since an earlier commit (rollback N), or what is waiting
/// uncommitted in the candidate.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// Rollback number: 1 is the commit before the running one. With database candidate, 0 shows the uncommitted changes.
    #[serde(default = "one")]
    version: RollbackNumber,
    /// What is compared with the rollback: the running configuration, or with candidate the uncommitted one.
    #[serde(default)]
    database: Database,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Database {
    #[default]
    Committed,
    Candidate,
}

fn one() -> RollbackNumber {
    RollbackNumber::try_from(1).expect("1 is a rollback number")
}

pub(super) fn spec() -> Spec {
    Spec::text("junos_config_diff", "Configuration diff", Effect::Read, run)
        .timed()
        .capped()
}

async fn run(call: Call, args: Args) -> Result<Text, Failure> {
    let router = call.device(&args.router_name)?;
    let uncommitted = args.database == Database::Candidate;
    let version = args.version.get();
    call.notes().request(|request| request.version = Some(version));
    let compare = Command::parse(&format!("show configuration | compare rollback {version}"), None)?;
    let permitted = router.permit(&compare)?;
    let text = if uncommitted {
        let reply = router.ask(&Rpc::compare_candidate(version)).await;
        Text::device(reply.map_err(unparsable)?.into_text().under(""))
    } else {
        Text::from(router.run(&permitted).await.map_err(unparsable)?)
    };
    let subject = if uncommitted {
        "candidate"
    } else {
        "active configuration"
    };
    Ok(text.when_empty(format!("(no differences between the {subject} and rollback {version})")))
}

/// Stored configurations outlive the mode they were written for, which their parser does not say.
fn unparsable(failure: Failure) -> Failure {
    let named = ["juniper.conf", "parse"]
        .iter()
        .any(|word| failure.message().contains(word));
    if failure.code() == Code::DeviceError && named {
        return failure.hint(
            "the stored configuration does not parse in the router's present mode, which is common after a chassis \
             cluster was switched on or off; compare with a newer rollback",
        );
    }
    failure
}
