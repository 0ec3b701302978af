//! `read_output`: the rest of an output that was cut.

use chrono::{SecondsFormat, TimeDelta};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    output::{ReadFault, ReadRequest},
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Text,
        spec::{Effect, Spec},
    },
};

/// Read more of an output that was truncated, by its output_id: from an offset, by matching lines, or the end.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// The id that the truncated result named.
    #[schemars(length(min = 1, max = 64))]
    output_id: String,
    /// First byte to read. With match or except it counts in the matching lines.
    #[serde(default)]
    #[schemars(range(min = 0, max = 268_435_456))]
    offset: usize,
    /// Only lines that match this regular expression; they are numbered.
    #[serde(rename = "match")]
    #[schemars(length(max = 1024))]
    matching: Option<String>,
    /// Only lines that do not match this regular expression; they are numbered.
    #[schemars(length(max = 1024))]
    except: Option<String>,
    /// How bytes are written.
    #[serde(default)]
    encoding: Encoding,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Text,
    Base64,
}

pub(super) fn spec() -> Spec {
    Spec::text("read_output", "Read a stored output", Effect::Read, run).capped()
}

async fn run(call: Call, args: Args) -> Result<Text, Failure> {
    let services = call.services();
    let request = ReadRequest {
        output_id: args.output_id,
        offset: args.offset,
        caps: call.caps().clone(),
        matching: args.matching,
        except: args.except,
        base64: args.encoding == Encoding::Base64,
    };
    let page = services.outputs.read(call.caller().owner(), &request)?;
    let expires = TimeDelta::from_std(page.expires_in).map(|left| services.clock.now() + left);
    let mut text = Text::stored(page.text)
        .fact("offset", page.offset)
        .fact("total_bytes", page.total_bytes)
        .fact("complete", page.complete);
    if let Some(next) = page.next_offset {
        text = text.fact("next_offset", next);
    }
    if let Ok(time) = expires {
        text = text.fact("expires_at", time.to_rfc3339_opts(SecondsFormat::Secs, true));
    }
    Ok(page.notes.iter().fold(text, Text::note))
}

impl From<ReadFault> for Failure {
    fn from(fault: ReadFault) -> Self {
        match fault {
            ReadFault::NotFound => Failure::new(
                Code::OutputNotFound,
                "no output of this id: it never was, has expired, or belongs to somebody else",
            )
            .hint("outputs are kept for 15 minutes after they were last read; run the command again"),
        }
    }
}
