//! Undefined values fail wherever they would be printed: the strict behaviour of the engine has holes, which are closed here.

use minijinja::{
    Environment, Error, ErrorKind, State, Value, escape_formatter, filters,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs},
};

/// How deep values are looked into; JSON from outside is not deeper.
const DEPTH: usize = 128;

/// Replaces filters that let undefined values pass, and refuses to print any.
pub(super) fn close_holes(environment: &mut Environment<'_>) {
    environment.set_formatter(|out, state, value| {
        refuse(value)?;
        escape_formatter(out, state, value)
    });
    for name in ["e", "escape"] {
        environment.add_filter(name, |state: &mut State, value: Value| {
            refuse(&value)?;
            filters::escape(state, &value)
        });
    }
    environment.add_filter("pprint", |value: Value| {
        refuse(&value)?;
        Ok::<_, Error>(filters::pprint(&value))
    });
    environment.add_filter("tojson", |value: Value, indent: Option<Value>, arguments: Kwargs| {
        refuse(&value)?;
        filters::tojson(&value, indent, arguments)
    });
    environment.add_filter(
        "join",
        |state: &mut State, value: Value, arguments: Rest<ValueOrKwargs>| {
            refuse(&value)?;
            original(state, "join", &value, arguments)
        },
    );
    environment.add_filter(
        "map",
        |state: &mut State, value: Value, arguments: Rest<ValueOrKwargs>| {
            refuse(&value)?;
            let mapped = filters::map(state, value, arguments)?;
            mapped.iter().try_for_each(refuse)?;
            Ok::<_, Error>(mapped)
        },
    );
}

/// The engine's own filter of that name, in an environment that still has it.
fn original(state: &mut State, name: &str, value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let mut all = vec![value.clone()];
    all.extend(arguments.into_values());
    let plain = Environment::new();
    let mut inner = plain.empty_state();
    let joined = inner.apply_filter(name, &all)?;
    let _ = state;
    Ok(joined)
}

/// An error if the value is undefined, or a list or map that holds something undefined.
fn refuse(value: &Value) -> Result<(), Error> {
    if is_defined(value, DEPTH) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::UndefinedError,
        "a value is not defined; supply it, or say what stands for it with the filter default",
    ))
}

fn is_defined(value: &Value, depth: usize) -> bool {
    if value.is_undefined() {
        return false;
    }
    // Iterators can be walked once only, by whoever prints them; their items come by here then.
    if depth == 0 || !matches!(value.kind(), ValueKind::Seq | ValueKind::Map) {
        return true;
    }
    let Ok(mut items) = value.try_iter() else { return true };
    match value.kind() {
        ValueKind::Map => items.all(|key| value.get_item(&key).is_ok_and(|item| is_defined(&item, depth - 1))),
        _ => items.all(|item| is_defined(&item, depth - 1)),
    }
}
