//! `get_junos_config`: a configuration, whole or in part.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    devices::{Reply, Rpc},
    inventory::glob,
    junos::{Command, ConfigPath, DeviceText, tokens, unquoted},
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Text,
        router::Router,
        spec::{Effect, Spec},
    },
};

/// Read the configuration of a Junos device, whole or below a path such as 'protocols bgp', as text, set commands, XML or
/// JSON. Passwords and keys are replaced by markers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// Path of the wanted part, as after 'show configuration'; none for all of it.
    #[schemars(length(max = 1024))]
    config_path: Option<String>,
    /// Form of the answer.
    #[serde(default)]
    output_format: Form,
    /// The running configuration, or the uncommitted one; candidate with a path needs output_format set.
    #[serde(default)]
    database: Database,
    /// Whether groups are expanded.
    #[serde(default)]
    inherit: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    #[default]
    Text,
    Set,
    Xml,
    Json,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Database {
    #[default]
    Committed,
    Candidate,
}

pub(super) fn spec() -> Spec {
    Spec::text("get_junos_config", "Read a configuration", Effect::Read, run)
        .timed()
        .capped()
}

async fn run(call: Call, args: Args) -> Result<Text, Failure> {
    let router = call.device(&args.router_name)?;
    let path = ConfigPath::parse(args.config_path.as_deref().unwrap_or_default())
        .map_err(|reason| Failure::new(Code::InvalidArgument, format!("argument 'config_path': {reason}")))?;
    if args.database == Database::Candidate && !path.is_empty() && args.output_format != Form::Set {
        return Err(Failure::new(
            Code::InvalidArgument,
            "argument 'output_format' must be set when 'database' is candidate and 'config_path' is given",
        )
        .hint("ask for output_format set, or leave config_path out"));
    }
    call.notes()
        .request(|request| request.config_path = args.config_path.clone());
    // The rules are asked about the command that a person would type for the same text.
    let shown = show(&path, args.output_format, args.inherit)?;
    let permitted = router.permit(&shown)?;
    let text = match (args.database, path.is_empty()) {
        (Database::Committed, false) => Text::from(router.run(&permitted).await?),
        (Database::Committed, true) => match whole(&router, &args).await {
            Err(failure) if failure.code() == Code::RpcUnsupported => Text::from(router.run(&permitted).await?),
            reply => Text::device(reply?.into_text().under("")),
        },
        (Database::Candidate, true) => Text::device(whole(&router, &args).await?.into_text().under("")),
        (Database::Candidate, false) => {
            let kept = below(&whole(&router, &args).await?.plain_text(), &path);
            Text::device(DeviceText::new(kept).under(""))
        }
    };
    let place = format!("edit {}", path.as_str());
    Ok(text.when_empty(format!("## nothing configured under [{}]", place.trim_end())))
}

/// The equivalent command line.
fn show(path: &ConfigPath, form: Form, inherit: bool) -> Result<Command, Failure> {
    let mut line = format!("show configuration {}", path.as_str());
    if inherit {
        line.push_str(" | display inheritance no-comments");
    }
    // With the pipe, JSON comes as Junos prints it, so that it can be loaded again.
    line.push_str(match form {
        Form::Text => "",
        Form::Set => " | display set",
        Form::Xml => " | display xml",
        Form::Json => " | display json",
    });
    Ok(Command::parse(&line, None)?)
}

async fn whole(router: &Router, args: &Args) -> Result<Reply, Failure> {
    let database = match args.database {
        Database::Committed => "committed",
        Database::Candidate => "candidate",
    };
    let form = match args.output_format {
        Form::Text => "text",
        Form::Set => "set",
        Form::Xml => "xml",
        Form::Json => "json",
    };
    router.ask(&Rpc::configuration(database, form, args.inherit)).await
}

/// The set lines at or below a path.
fn below(set_lines: &str, path: &ConfigPath) -> String {
    let wanted = tokens(path.as_str());
    set_lines
        .lines()
        .filter(|line| {
            let words = tokens(line);
            words.len() > wanted.len() && words[1..].iter().zip(&wanted).all(|(word, wanted)| names(wanted, word))
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// Whether a word of a path stands for a word of the configuration: the same with or without quotes, or a wildcard `<ge-*>`.
fn names(wanted: &str, word: &str) -> bool {
    let (wanted, word) = (unquoted(wanted), unquoted(word));
    let wildcard = wanted.strip_prefix('<').and_then(|inner| inner.strip_suffix('>'));
    wanted == word || wildcard.is_some_and(|pattern| glob(pattern, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_lines_are_filtered_by_whole_words() {
        let text = "set system host-name a\nset systems x\ndeactivate system services\nset interfaces ge-0/0/0\n";
        let path = ConfigPath::parse("system").expect("a path");
        assert_eq!(
            below(text, &path),
            "set system host-name a\ndeactivate system services\n"
        );
    }

    #[test]
    fn a_word_of_a_path_may_be_quoted_or_a_wildcard() {
        let text = "set groups \"my group\" system ports\nset interfaces ge-0/0/0 mtu 1514\nset interfaces xe-0/0/0 mtu 1514\n";
        for (path, kept) in [
            ("groups \"my group\"", "my group"),
            ("interfaces \"ge-0/0/0\"", "ge-"),
            ("interfaces <xe-*>", "xe-"),
            ("interfaces <xe-0/0/[0-3]> mtu", "xe-"),
        ] {
            let path = ConfigPath::parse(path).expect("a path");
            let lines = below(text, &path);
            assert!(lines.lines().count() == 1 && lines.contains(kept), "{lines}");
        }
    }

    #[test]
    fn the_equivalent_command_is_judged_without_its_pipes() {
        let path = ConfigPath::parse("protocols bgp").expect("a path");
        let command = show(&path, Form::Set, true).expect("a command");
        assert_eq!(command.judged(), "show configuration protocols bgp");
        assert!(
            command
                .sent()
                .ends_with("| display inheritance no-comments | display set")
        );
    }
}
