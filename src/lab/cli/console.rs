//! A command line without a wire: lines go in, text comes out.

use super::configure::Editing;
use super::load::Input;
use super::unix::Unix;
use super::user::User;
use super::{configure, operational, unix};

/// Shells inside one another beyond this are refused: nobody needs them, and each holds memory.
const NESTED: usize = 8;

/// What a line leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// What is printed.
    pub(super) text: String,
    /// Set when nothing more is read.
    pub(super) end: Option<End>,
    /// Whether the line could not be carried out.
    pub(super) failed: bool,
}

impl Step {
    /// Output of a line that went well.
    pub(super) fn said(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Output of a line that did not.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            failed: true,
            ..Self::default()
        }
    }
}

/// Why nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The user left.
    Left,
    /// The router goes down.
    Reboot,
}

/// What reads the next line.
#[derive(Debug)]
pub(super) enum Layer {
    /// The Junos command line; in configuration mode while somebody edits.
    Junos(Option<Editing>),
    /// A shell of the operating system below it.
    Unix(Unix),
}

/// What a question is about.
#[derive(Debug)]
pub(super) enum Question {
    /// Whether to leave configuration mode with uncommitted changes.
    Leave { text: &'static str },
    /// Whether to restart, and the command that does it.
    Restart { command: String },
}

/// What is waited for in place of a command.
#[derive(Debug)]
pub(super) enum Wait {
    Answer(Question),
    /// Lines of a configuration, up to an end of input.
    Lines(Input),
}

/// One user's command line.
#[derive(Debug)]
pub(super) struct Console {
    pub(super) user: User,
    pub(super) layers: Vec<Layer>,
    pub(super) wait: Option<Wait>,
    /// Width of the prompt on the line that was typed, for marks below its words.
    pub(super) indent: usize,
    failed: bool,
}

impl Console {
    /// A command line in operational mode.
    pub(super) fn new(user: User) -> Self {
        Self {
            user,
            layers: vec![Layer::Junos(None)],
            wait: None,
            indent: 0,
            failed: false,
        }
    }

    /// Exit status: that of the last line.
    pub(super) fn status(&self) -> u32 {
        u32::from(self.failed)
    }

    /// What is printed before a line is read.
    pub(super) fn prompt(&mut self) -> String {
        let prompt = match (&self.wait, self.layers.last()) {
            (Some(Wait::Answer(Question::Leave { text })), _) => format!("{text} [yes,no] (yes) "),
            (Some(Wait::Answer(Question::Restart { .. })), _) => "Reboot the system ? [yes,no] (no) ".to_owned(),
            (Some(Wait::Lines(_)), _) => String::new(),
            (None, Some(Layer::Junos(Some(editing)))) => configure::prompt(&self.user, editing),
            (None, Some(Layer::Unix(shell))) => shell.prompt().to_owned(),
            (None, _) => operational::prompt(&self.user),
        };
        self.indent = prompt.lines().last().map_or(0, |line| line.chars().count());
        prompt
    }

    /// Carries out a line.
    pub(super) fn line(&mut self, line: &str) -> Step {
        let line = line.trim_end_matches(['\r', '\n']);
        let step = match self.wait.take() {
            Some(Wait::Lines(mut input)) => {
                input.add(line);
                self.wait = Some(Wait::Lines(input));
                return Step::default();
            }
            Some(Wait::Answer(question)) => self.answered(question, line.trim()),
            None => {
                if !line.trim().is_empty() {
                    self.user.typed(line);
                }
                self.command(line)
            }
        };
        self.failed = step.failed;
        step
    }

    /// The end of what is typed here: of the lines of a configuration, or of this level of the command line.
    pub(super) fn end_of_input(&mut self) -> Step {
        match self.wait.take() {
            Some(Wait::Lines(input)) => configure::loaded(self, &input),
            Some(Wait::Answer(question)) => self.answered(question, ""),
            None => self.command("exit"),
        }
    }

    /// Gives up what is asked or typed.
    pub(super) fn interrupt(&mut self) {
        self.wait = None;
    }

    fn command(&mut self, line: &str) -> Step {
        match self.layers.last() {
            Some(Layer::Junos(None)) => operational::line(self, line),
            Some(Layer::Junos(Some(_))) => configure::line(self, line),
            Some(Layer::Unix(_)) => unix::line(self, line),
            None => Step {
                end: Some(End::Left),
                ..Step::default()
            },
        }
    }

    fn answered(&mut self, question: Question, answer: &str) -> Step {
        let yes = |default: bool| match answer {
            "" => Some(default),
            word if "yes".starts_with(word) => Some(true),
            word if "no".starts_with(word) => Some(false),
            _ => None,
        };
        match question {
            Question::Leave { text } => match yes(true) {
                Some(true) => configure::left(self),
                Some(false) => Step::default(),
                None => self.ask(Question::Leave { text }),
            },
            Question::Restart { command } => match yes(false) {
                Some(true) => operational::run(self, &command),
                Some(false) => Step::default(),
                None => self.ask(Question::Restart { command }),
            },
        }
    }

    /// Asks before going on; where nobody can be asked, goes on.
    pub(super) fn ask(&mut self, question: Question) -> Step {
        if self.user.attended {
            self.wait = Some(Wait::Answer(question));
            return Step::default();
        }
        match question {
            Question::Leave { text } => {
                let left = configure::left(self);
                Step::said(format!("{text}\n{}", left.text))
            }
            Question::Restart { command } => operational::run(self, &command),
        }
    }

    /// Opens a level of the command line inside this one.
    pub(super) fn enter(&mut self, layer: Layer) -> Step {
        if self.layers.len() >= NESTED {
            return Step::failed("error: too many shells\n");
        }
        self.layers.push(layer);
        Step::default()
    }

    /// Leaves the innermost level.
    pub(super) fn leave(&mut self) -> Step {
        self.layers.pop();
        match self.layers.is_empty() {
            true => Step {
                end: Some(End::Left),
                ..Step::default()
            },
            false => Step::default(),
        }
    }

    /// The configuration that is edited here, and by whom.
    pub(super) fn editing(&mut self) -> Option<(&User, &mut Editing)> {
        match self.layers.last_mut() {
            Some(Layer::Junos(Some(editing))) => Some((&self.user, editing)),
            _ => None,
        }
    }
}
