//! Toolset `template`: one text for many routers.

mod render_and_apply_j2_template;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![render_and_apply_j2_template::spec()]
}
