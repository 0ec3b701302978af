//! What a token may do: which tools, on which routers.

/// Most entries of one scope.
const MOST_ENTRIES: usize = 256;

/// The tools and routers of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Scopes {
    tools: Vec<ToolEntry>,
    routers: Vec<RouterEntry>,
}

/// A tool as scopes see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The toolset it belongs to.
    pub(crate) toolset: &'a str,
    /// `read`, `operate`, `write` or `destroy`.
    pub(crate) effect: &'a str,
}

/// How far a scope lets a tool be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Granted {
    /// Not at all.
    No,
    /// With commands that only read.
    Confined,
    /// As it is.
    Full,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ToolEntry {
    /// Everything that cannot change a router.
    Any,
    Name(String),
    Toolset(String),
    Effect(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum RouterEntry {
    Any,
    Tag(String),
    Pattern(String),
}

/// Why a scope cannot be used as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Scopes {
    /// The scope of these entries and those of them that are not known, which grant nothing.
    pub(crate) fn new(
        tools: &[String],
        routers: &[String],
        known: super::Vocabulary<'_>,
    ) -> Result<(Self, Vec<String>), TooMany> {
        if tools.len() > MOST_ENTRIES || routers.len() > MOST_ENTRIES {
            return Err(TooMany);
        }
        let mut ignored = Vec::new();
        let mut scopes = Self::default();
        for text in tools {
            match ToolEntry::read(text, tools.len() == 1, known) {
                Some(entry) => scopes.tools.push(entry),
                None => ignored.push(text.clone()),
            }
        }
        for text in routers {
            match RouterEntry::read(text, routers.len() == 1) {
                Some(entry) => scopes.routers.push(entry),
                None => ignored.push(text.clone()),
            }
        }
        Ok((scopes, ignored))
    }

    /// These routers and no tool.
    pub(crate) fn routers(entries: &[String]) -> Self {
        let read = |entry: &String| RouterEntry::read(entry, entries.len() == 1);
        Self {
            tools: Vec::new(),
            routers: entries.iter().filter_map(read).collect(),
        }
    }

    /// How far a tool may be used: by whatever entry grants most.
    pub(crate) fn grants(&self, tool: Tool<'_>) -> Granted {
        let grants = self.tools.iter().map(|entry| entry.grants(tool));
        grants.max().unwrap_or(Granted::No)
    }

    /// Whether a router of this name and with these tags is in scope.
    pub(crate) fn reaches(&self, name: &str, tags: &[String]) -> bool {
        self.routers.iter().any(|entry| match entry {
            RouterEntry::Any => true,
            RouterEntry::Tag(tag) => tags.contains(tag),
            RouterEntry::Pattern(pattern) => matches(pattern.as_bytes(), name.as_bytes()),
        })
    }

    /// Whether every router is in scope.
    pub(crate) fn reaches_all(&self) -> bool {
        self.routers.contains(&RouterEntry::Any)
    }
}

impl ToolEntry {
    fn read(text: &str, stands_alone: bool, known: super::Vocabulary<'_>) -> Option<Self> {
        if text == "*" {
            return stands_alone.then_some(Self::Any);
        }
        let listed = |words: &[&str], word: &str| words.contains(&word).then(|| word.to_owned());
        match text.split_once(':') {
            Some(("toolset", word)) => listed(known.toolsets, word).map(Self::Toolset),
            Some(("effect", word)) => listed(known.effects, word).map(Self::Effect),
            Some(_) => None,
            None => listed(known.tools, text).map(Self::Name),
        }
    }

    fn grants(&self, tool: Tool<'_>) -> Granted {
        let named = match self {
            // What a wildcard grants never changes a router.
            Self::Any => {
                return match tool.effect {
                    "read" => Granted::Full,
                    "operate" => Granted::Confined,
                    _ => Granted::No,
                };
            }
            Self::Name(name) => name == tool.name,
            Self::Toolset(toolset) => toolset == tool.toolset,
            Self::Effect(effect) => effect == tool.effect,
        };
        if named { Granted::Full } else { Granted::No }
    }
}

impl RouterEntry {
    fn read(text: &str, stands_alone: bool) -> Option<Self> {
        if text == "*" {
            return stands_alone.then_some(Self::Any);
        }
        match text.strip_prefix("tag:") {
            Some(tag) => Some(Self::Tag(tag.to_owned())),
            None if text.is_empty() => None,
            None => Some(Self::Pattern(text.to_owned())),
        }
    }
}

/// `*` and `?` against a whole name. Takes pattern times name steps at most.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            // A character of several bytes is one for `?`.
            Some(b'?') => {
                at += 1;
                seen += 1;
                while name.get(seen).is_some_and(|byte| byte & 0xc0 == 0x80) {
                    seen += 1;
                }
            }
            Some(&byte) if byte == name[seen] => {
                at += 1;
                seen += 1;
            }
            _ => match star {
                // The last star takes one more byte.
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    seen = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}
