//! From names, globs and tags to routers: scope first, then existence, then state.

use super::{
    call::{Call, LONGEST_NAME, shown},
    code::Code,
    failure::{Concealed, Failure},
    router::Router,
};
use crate::inventory::{self, Problem, SelectFault, is_pattern};

/// Most routers one call may name.
const MOST_ROUTERS: usize = 1000;

/// One of several routers: usable, or the reason why its row is a failure.
pub(crate) enum Target {
    /// Exists and may be used.
    Usable(Router),
    /// Unknown or disabled.
    Refused {
        /// The name as given.
        name: String,
        /// Why.
        failure: Failure,
    },
}

impl Target {
    /// Its name, as given or as found.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Usable(router) => router.name(),
            Self::Refused { name, .. } => name,
        }
    }
}

/// The router of that name.
pub(super) fn one(call: &Call, name: &str) -> Result<Router, Failure> {
    call.note_router(&shown(name));
    refuse_out_of_scope(call, name)?;
    usable(call, name)
}

/// The routers that the selectors name, each once, in order of first mention.
pub(super) fn many(call: &Call, selectors: &[String]) -> Result<Vec<Target>, Failure> {
    for name in selectors.iter().filter(|selector| !is_pattern(selector)) {
        refuse_out_of_scope(call, name)?;
    }
    let names = call
        .inventory()
        .select(selectors, |router| in_scope(call, router))
        .map_err(|SelectFault::Nothing(selector)| call.unknown_router(&selector))?;
    if names.len() > MOST_ROUTERS {
        return Err(Failure::new(
            Code::InvalidArgument,
            format!(
                "{} routers are selected, {MOST_ROUTERS} is the most for one call",
                names.len()
            ),
        )
        .hint("select fewer routers, for example by a narrower pattern"));
    }
    let targets = names.into_iter().map(|name| {
        call.note_router(&shown(&name));
        match usable(call, &name) {
            Ok(router) => Target::Usable(router),
            Err(failure) => Target::Refused { name, failure },
        }
    });
    Ok(targets.collect())
}

/// The routers in scope, or those of them that the selectors choose, sorted by name. Nothing chosen is no failure here.
pub(super) fn listed<'a>(call: &'a Call, selectors: Option<&[String]>) -> Result<Vec<&'a inventory::Router>, Failure> {
    let inventory = call.inventory();
    let mut routers: Vec<&inventory::Router> = match selectors {
        None => inventory.routers().filter(|router| in_scope(call, router)).collect(),
        Some(selectors) => {
            for name in selectors.iter().filter(|selector| !is_pattern(selector)) {
                refuse_out_of_scope(call, name)?;
            }
            let names = selectors.iter().flat_map(|selector| {
                let chosen = inventory.select(std::slice::from_ref(selector), |router| in_scope(call, router));
                chosen.unwrap_or_default()
            });
            names.filter_map(|name| inventory.get(&name)).collect()
        }
    };
    routers.sort_by(|one, other| one.name.cmp(&other.name));
    routers.dedup_by(|one, other| one.name == other.name);
    Ok(routers)
}

/// Whether the caller may know of a router.
pub(super) fn in_scope(call: &Call, router: &inventory::Router) -> bool {
    call.caller().sees(router)
}

/// The answer is the same whether or not the router exists; the audit record tells them apart.
fn refuse_out_of_scope(call: &Call, name: &str) -> Result<(), Failure> {
    let router = call.inventory().get(name);
    let admitted = match router {
        Some(router) => in_scope(call, router),
        // Patterns and tags would tell names that exist from those that do not.
        None => call.caller().reaches_all(),
    };
    if admitted {
        return Ok(());
    }
    let (token, tool) = (call.caller().name(), call.spec().name);
    let text = format!(
        "token '{token}' is not authorized for router '{}' (tool '{tool}')",
        shown(name)
    );
    let failure = Failure::new(Code::RouterScopeDenied, text).hint("get_router_list shows the routers in your scope");
    Err(match router {
        Some(_) => failure,
        None => failure.concealing(Concealed::UnknownRouter),
    })
}

fn usable(call: &Call, name: &str) -> Result<Router, Failure> {
    let router = (name.chars().count() <= LONGEST_NAME)
        .then(|| call.inventory().get(name))
        .flatten();
    let router = router.ok_or_else(|| call.unknown_router(name))?;
    if let Some(problem) = router.problem() {
        return Err(disabled(name, &problem));
    }
    let entry = router.entry.as_ref().expect("an entry without problems is there");
    if call.spec().effect.changes() && entry.read_only {
        return Err(
            Failure::new(Code::ReadOnly, format!("router '{name}' is read-only in the inventory"))
                .hint("this is operator policy; only tools that read work on this router"),
        );
    }
    Ok(Router::new(call, entry))
}

fn disabled(name: &str, problem: &Problem) -> Failure {
    let code = if problem.key_file {
        Code::KeyFileMissing
    } else {
        Code::RouterDisabled
    };
    Failure::new(code, format!("router '{name}' is disabled: {}", problem.text))
        .hint("the operator has to correct the inventory or the file it names")
}
