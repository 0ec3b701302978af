//! Statements that must be there, and statements that exclude each other.

use crate::lab::config::node::Node;
use crate::lab::config::read::NodeRef;
use crate::lab::config::report::ConfigError;
use crate::lab::config::schema::root as schema_root;
use crate::lab::config::words::statement;

/// Reports every mandatory statement that is missing; whether there was one.
pub(super) fn check(root: &Node, findings: &mut Vec<ConfigError>) -> bool {
    let before = findings.len();
    // The system is always there, configured or not, and wants its root password.
    let system = schema_root().by_tag("system");
    if let Some(system) = system.filter(|system| !root.active().any(|node| node.def() == Some(*system))) {
        for wanted in system.children().filter(|def| def.mandatory) {
            findings.push(missing("[edit]", "system", &wanted.word));
        }
    }
    below(root, "edit", findings);
    findings.len() > before
}

fn below(node: &Node, path: &str, findings: &mut Vec<ConfigError>) {
    for child in node.active() {
        let Some(def) = child.def() else { continue };
        let words = statement(&child.step);
        for wanted in def.children().filter(|def| def.mandatory) {
            if !child.active().any(|below| below.def() == Some(wanted)) {
                findings.push(missing(&format!("[{path}]"), &words, &wanted.word));
            }
        }
        below(child, &format!("{path} {words}"), findings);
    }
}

fn missing(path: &str, holder: &str, wanted: &str) -> ConfigError {
    ConfigError {
        kind: Some(("application", "invalid-value")),
        path: Some(path.to_owned()),
        bad_element: Some(holder.to_owned()),
        ..ConfigError::error(format!("mgd: Missing mandatory statement: '{wanted}'"))
    }
}

/// Reports statements that cannot stand together; whether there were any.
pub(super) fn exclusive(top: NodeRef<'_>, findings: &mut Vec<ConfigError>) -> bool {
    let before = findings.len();
    let Some(syslog) = top.get(&["system", "syslog"]) else {
        return false;
    };
    for list in ["user", "host", "file"] {
        for (name, target) in syslog.entries(list) {
            if target.has(&["explicit-priority"]) && target.has(&["structured-data"]) {
                findings.push(ConfigError {
                    kind: Some(("protocol", "operation-failed")),
                    path: Some(format!("[edit system syslog {list} {name}]")),
                    bad_element: Some("explicit-priority".to_owned()),
                    ..ConfigError::error("'explicit-priority' cannot be configured together with 'structured-data'")
                });
            }
        }
    }
    findings.len() > before
}
