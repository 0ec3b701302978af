//! The addresses of resources, read by hand: the SDK knows none, and a general reader would change the case of names.

use std::fmt;

use rmcp::model::JsonObject;
use serde_json::json;

const SCHEME: &str = "junos://";

/// Longest router name and longest id, as tools take them.
const LONGEST: usize = 128;

/// A resource by its address. That it can be read is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum Uri {
    /// The routers in scope.
    Inventory,
    /// What a router is.
    Facts(String),
    /// How a router is configured.
    Config {
        router: String,
        path: Option<String>,
        format: Option<String>,
    },
    /// An output that was cut.
    Output(String),
    /// Work that outlives its call.
    Job(String),
}

impl Uri {
    /// The resource of an address; ids say by their first letters what they are of, so that any router name can be told.
    pub(in crate::server) fn parse(uri: &str) -> Option<Self> {
        let rest = uri.strip_prefix(SCHEME)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let parts: Vec<String> = path.split('/').map(decoded).collect::<Option<_>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if parts
            .iter()
            .any(|part| part.is_empty() || part.chars().count() > LONGEST)
        {
            return None;
        }
        match (parts.as_slice(), query) {
            (["inventory"], None) => Some(Self::Inventory),
            (["outputs", id], None) if id.starts_with("o-") => Some(Self::Output((*id).to_owned())),
            (["jobs", id], None) if id.starts_with("j-") => Some(Self::Job((*id).to_owned())),
            ([router, "facts"], None) => Some(Self::Facts((*router).to_owned())),
            ([router, "config"], query) => {
                let (path, format) = choices(query.unwrap_or_default())?;
                Some(Self::Config {
                    router: (*router).to_owned(),
                    path,
                    format,
                })
            }
            _ => None,
        }
    }

    /// The tool that gives the same content.
    pub(in crate::server) fn tool(&self) -> &'static str {
        match self {
            Self::Inventory => "get_router_list",
            Self::Facts(_) => "gather_device_facts",
            Self::Config { .. } => "get_junos_config",
            Self::Output(_) => "read_output",
            Self::Job(_) => "get_job",
        }
    }

    /// Its arguments.
    pub(super) fn arguments(&self) -> JsonObject {
        let arguments = match self {
            Self::Inventory => json!({}),
            Self::Facts(router) => json!({ "router_name": router }),
            Self::Config { router, path, format } => {
                json!({ "router_name": router, "config_path": path, "output_format": format })
            }
            // Only whether it may be read: the whole is taken from where it is kept.
            Self::Output(id) => json!({ "output_id": id, "max_bytes": 64 }),
            Self::Job(id) => json!({ "job_id": id }),
        };
        match arguments {
            serde_json::Value::Object(mut arguments) => {
                arguments.retain(|_, value| !value.is_null());
                arguments
            }
            _ => JsonObject::new(),
        }
    }

    /// What the content is.
    pub(super) fn mime(&self) -> &'static str {
        match self {
            Self::Inventory | Self::Facts(_) | Self::Job(_) => "application/json",
            Self::Output(_) => "text/plain",
            Self::Config { format, .. } => match format.as_deref() {
                Some("xml") => "application/xml",
                Some("json") => "application/json",
                _ => "text/plain",
            },
        }
    }

    /// For how many milliseconds a client may keep the content.
    pub(super) fn ttl(&self) -> u64 {
        match self {
            Self::Inventory => 5_000,
            Self::Facts(_) | Self::Output(_) => 60_000,
            Self::Config { .. } | Self::Job(_) => 0,
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(SCHEME)?;
        match self {
            Self::Inventory => formatter.write_str("inventory"),
            Self::Facts(router) => write!(formatter, "{}/facts", encoded(router)),
            Self::Output(id) => write!(formatter, "outputs/{}", encoded(id)),
            Self::Job(id) => write!(formatter, "jobs/{}", encoded(id)),
            Self::Config { router, path, format } => {
                write!(formatter, "{}/config", encoded(router))?;
                let choices = [("path", path), ("format", format)].into_iter();
                let given = choices.filter_map(|(name, value)| Some((name, value.as_ref()?)));
                for (at, (name, value)) in given.enumerate() {
                    write!(
                        formatter,
                        "{}{name}={}",
                        if at == 0 { '?' } else { '&' },
                        encoded(value)
                    )?;
                }
                Ok(())
            }
        }
    }
}

/// `path` and `format` of a query, each at most once and nothing else.
fn choices(query: &str) -> Option<(Option<String>, Option<String>)> {
    let (mut path, mut format) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let place = match name {
            "path" => &mut path,
            "format" => &mut format,
            _ => return None,
        };
        if place.replace(decoded(value)?).is_some() {
            return None;
        }
    }
    // A template that is filled in with nothing leaves the name behind.
    let said = |value: Option<String>| value.filter(|value| !value.is_empty());
    Some((said(path), said(format)))
}

/// A part without its percent signs; none when that is no text.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let value = digit(rest.next())? * 16 + digit(rest.next())?;
                u8::try_from(value).ok()?
            }
            byte => byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

fn encoded(part: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    part.bytes().fold(String::new(), |text, byte| match keeps(byte) {
        true => text + &char::from(byte).to_string(),
        false => text + &format!("%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config(router: &str, path: Option<&str>, format: Option<&str>) -> Uri {
        Uri::Config {
            router: router.to_owned(),
            path: path.map(str::to_owned),
            format: format.map(str::to_owned),
        }
    }

    #[test]
    fn addresses_are_read_part_by_part_and_keep_their_case() {
        for (text, wanted) in [
            ("junos://inventory", Some(Uri::Inventory)),
            ("junos://Edge-1/facts", Some(Uri::Facts("Edge-1".to_owned()))),
            ("junos://a%20b%2Fc/facts", Some(Uri::Facts("a b/c".to_owned()))),
            ("junos://outputs/o-1", Some(Uri::Output("o-1".to_owned()))),
            ("junos://jobs/j-1", Some(Uri::Job("j-1".to_owned()))),
            ("junos://outputs/facts", Some(Uri::Facts("outputs".to_owned()))),
            ("junos://jobs/config", Some(config("jobs", None, None))),
            ("junos://inventory/facts", Some(Uri::Facts("inventory".to_owned()))),
            (
                "junos://x/config?path=protocols%20bgp&format=set",
                Some(config("x", Some("protocols bgp"), Some("set"))),
            ),
            ("junos://x/config?format=xml", Some(config("x", None, Some("xml")))),
            ("junos://x/config?path=&format=", Some(config("x", None, None))),
            ("junos://x/config?path=a&path=b", None),
            ("junos://x/config?depth=1", None),
            ("junos://x/facts?path=a", None),
            ("junos://x/config/", None),
            ("junos:///facts", None),
            ("junos://x", None),
            ("junos://%ff/facts", None),
            ("junos://%4/facts", None),
            ("JUNOS://x/facts", None),
            ("file:///etc/passwd", None),
        ] {
            assert_eq!(Uri::parse(text), wanted, "{text}");
        }
        assert_eq!(Uri::parse(&format!("junos://{}/facts", "x".repeat(129))), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(router in "[^\\x00-\\x1f]{1,40}", path in proptest::option::of("[ -~]{1,40}")) {
            for uri in [Uri::Facts(router.clone()), config(&router, path.as_deref(), Some("set"))] {
                prop_assert_eq!(Uri::parse(&uri.to_string()), Some(uri));
            }
        }
    }
}
