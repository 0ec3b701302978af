//! The configuration as `set` lines.

use super::node::Node;
use super::words::{join, set_statements, statement, target};

/// One line per leaf, below the words of `prefix`.
pub(super) fn lines(node: &Node, prefix: &str, out: &mut String) {
    for child in &node.children {
        if child.vacuous() {
            continue;
        }
        if child.children.is_empty() {
            for statement in set_statements(&child.step) {
                line(out, "set", &join(prefix, &statement));
            }
        } else {
            lines(child, &join(prefix, &statement(&child.step)), out);
        }
        let target = join(prefix, &target(child));
        if child.inactive {
            line(out, "deactivate", &target);
        }
        if child.protect {
            line(out, "protect", &target);
        }
    }
}

fn line(out: &mut String, verb: &str, statement: &str) {
    out.push_str(verb);
    out.push(' ');
    out.push_str(statement);
    out.push('\n');
}
