//! The words of a line, and the tokens in a value, as OpenSSH reads them.

/// Splits a value into words: quotes group, a backslash takes quotes and blanks literally, `#` before a word ends the line.
pub(in crate::devices) fn words(value: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut characters = value.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        match characters.peek() {
            None | Some('#') => return Ok(found),
            Some(_) => found.push(word(&mut characters)?),
        }
    }
}

fn word(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut word = String::new();
    let mut quote = None;
    while let Some(&character) = characters.peek() {
        if quote.is_none() && character.is_whitespace() {
            break;
        }
        characters.next();
        match (character, quote) {
            ('\\', _) => match characters
                .next_if(|&next| matches!(next, '\\' | '"' | '\'') || (quote.is_none() && next == ' '))
            {
                Some(next) => word.push(next),
                None => word.push('\\'),
            },
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ => word.push(character),
        }
    }
    match quote {
        None => Ok(word),
        Some(_) => Err("a quote does not end".to_owned()),
    }
}

/// Replaces `%x` by what `value` says; an unknown token is an error.
pub(in crate::devices) fn expand(text: &str, value: impl Fn(char) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            expanded.push(character);
            continue;
        }
        match characters.next() {
            Some('%') => expanded.push('%'),
            Some(token) => match value(token) {
                Some(value) => expanded.push_str(&value),
                None => return Err(format!("'%{token}' is not known here")),
            },
            None => return Err("'%' at the end".to_owned()),
        }
    }
    Ok(expanded)
}
