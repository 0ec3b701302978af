//! What is wrong with a start: refusals, which keep the server from starting, and warnings, which do not.

/// What a finding is about; `check` prints one part for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Settings,
    Inventory,
    Blocklist,
    Tokens,
    Tls,
    KnownHosts,
    Files,
}

/// Everything that was found, in the order of discovery.
#[derive(Debug, Default)]
pub(super) struct Findings {
    refusals: Vec<Refusal>,
    warnings: Vec<Warning>,
}

/// A reason not to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its place in the documented table.
    pub(super) number: u8,
    /// What is wrong.
    pub(super) text: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

/// Something an operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Warning {
    /// Its number in the documented list, if it has one.
    pub(super) number: Option<u8>,
    /// What it is about.
    pub(super) section: Section,
    /// What to know.
    pub(super) text: String,
    /// Whether `check` calls it an error: the server starts, but nobody should leave it like that.
    pub(super) is_mistake: bool,
}

impl Findings {
    /// Adds a reason not to start.
    pub(super) fn refuse(&mut self, number: u8, text: impl Into<String>) {
        self.refusals.push(Refusal {
            number,
            text: text.into(),
            hint: None,
        });
    }

    /// Adds a reason not to start, and what to do about it.
    pub(super) fn refuse_with_hint(&mut self, number: u8, text: impl Into<String>, hint: impl Into<String>) {
        self.refusals.push(Refusal {
            number,
            text: text.into(),
            hint: Some(hint.into()),
        });
    }

    /// Adds a numbered warning.
    pub(super) fn warn(&mut self, number: u8, text: impl Into<String>) {
        self.warnings.push(Warning {
            number: Some(number),
            section: match number {
                9 => Section::Files,
                10 => Section::Inventory,
                11 => Section::Tokens,
                13 => Section::KnownHosts,
                _ => Section::Settings,
            },
            text: text.into(),
            is_mistake: false,
        });
    }

    /// Adds a warning without a number.
    pub(super) fn note(&mut self, section: Section, text: impl Into<String>) {
        self.warnings.push(Warning {
            number: None,
            section,
            text: text.into(),
            is_mistake: false,
        });
    }

    /// Adds a warning about a file that `check` calls an error.
    pub(super) fn mistake(&mut self, text: impl Into<String>) {
        self.warnings.push(Warning {
            number: None,
            section: Section::Files,
            text: text.into(),
            is_mistake: true,
        });
    }

    /// The refusals in the order of the table.
    pub(super) fn refusals(&self) -> Vec<&Refusal> {
        let mut refusals: Vec<_> = self.refusals.iter().collect();
        // A stable sort: one number's texts stay in the order of the command line.
        refusals.sort_by_key(|refusal| refusal.number);
        refusals
    }

    /// The warnings.
    pub(super) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether nothing keeps the server from starting.
    pub(super) fn permit_start(&self) -> bool {
        self.refusals.is_empty()
    }
}

impl Refusal {
    /// What it is about.
    pub(super) fn section(&self) -> Section {
        match self.number {
            18..=21 => Section::Inventory,
            22..=24 | 26 => Section::Tokens,
            25 => Section::Tls,
            _ => Section::Settings,
        }
    }
}

impl Warning {
    /// The warning with its number, as logs show it.
    pub(super) fn line(&self) -> String {
        match self.number {
            Some(number) => format!("{} [W{number:02}]", self.text),
            None => self.text.clone(),
        }
    }
}
