//! What a template can use: values, loops, macros and filters; no files, no other templates, nothing of this machine.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::undefined;

/// Instructions of one rendering: a thousand interfaces with ten lines each need a third of it.
pub(super) const STEPS: u64 = 100_000;

/// Calls and blocks within one another.
const DEPTH: usize = 100;

/// An environment without loader, so that `include`, `import` and `extends` find nothing.
pub(super) fn new(xml: bool) -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters differ from one another"));
    // The choice goes by the format of the configuration, not by the name of the template.
    environment.set_auto_escape_callback(move |_| if xml { AutoEscape::Html } else { AutoEscape::None });
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(STEPS));
    environment.set_recursion_limit(DEPTH);
    environment.set_debug(false);
    // It prints everything that the environment holds.
    environment.remove_global("debug");
    environment.set_unknown_method_callback(unknown_method_callback);
    undefined::close_holes(&mut environment);
    environment
}
