//! Jinja templates, rendered where they can do no harm: in a child process of this binary, which has nothing but its input,
//! little memory and little time.

mod child;
mod environment;
mod names;
mod parent;
#[cfg(test)]
mod tests;
mod undefined;
mod wire;

pub(crate) use child::{SUBCOMMAND, run as run_child};
pub(crate) use parent::Renderer;
pub(crate) use wire::Request;

/// Why a template could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateFault {
    /// It is not a template.
    #[error("template syntax error{}: {text}", at(*line))]
    Syntax {
        /// The line, where it is known.
        line: Option<usize>,
        /// What is wrong.
        text: String,
    },
    /// It uses what nobody supplied.
    #[error("undefined: {text}{}", at(*line))]
    Undefined {
        /// The line, where it is known.
        line: Option<usize>,
        /// The names.
        text: String,
    },
    /// Something in it failed.
    #[error("template render error{}: {text}", at(*line))]
    Render {
        /// The line, where it is known.
        line: Option<usize>,
        /// What failed.
        text: String,
    },
    /// It wanted more than a template may have.
    #[error("the template exceeds a limit: {0}")]
    Limit(String),
    /// The child could not be started.
    #[error("the renderer cannot be started: {0}")]
    Unavailable(String),
}

fn at(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" (line {line})"))
}
