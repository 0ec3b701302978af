//! What templates give, and what they must not get.

use serde_json::{Value, json};

use super::{
    child::{OUTPUT, render},
    wire::{Answer, Request},
};

fn rendered(template: &str, variables: Value, xml: bool) -> Answer {
    let Value::Object(variables) = variables else {
        panic!("an object")
    };
    render(&Request {
        template: template.to_owned(),
        variables,
        xml,
    })
}

fn text(template: &str, variables: Value) -> String {
    match rendered(template, variables, false) {
        Answer::Rendered { text } => text,
        other => panic!("{template}: {other:?}"),
    }
}

#[test]
fn templates_give_what_jinja_gives() {
    for (template, variables, expected) in [
        ("{{ a }}", json!({"a": 1}), "1"),
        (
            "{% for i in r %}\nset {{ i.n }}\n{% endfor %}\n",
            json!({"r": [{"n": "x"}, {"n": "y"}]}),
            "set x\nset y\n",
        ),
        ("{{ l|join(', ') }}", json!({"l": [1, 2]}), "1, 2"),
        (
            "{{ l|map(attribute='n')|join('-') }}",
            json!({"l": [{"n": 1}, {"n": 2}]}),
            "1-2",
        ),
        ("{{ l|map('upper')|join }}", json!({"l": ["a", "b"]}), "AB"),
        ("{{ d.items()|list|length }}", json!({"d": {"a": 1}}), "1"),
        ("{{ 'x'.upper() }}{{ 'a b'.split()[1] }}", json!({}), "Xb"),
        ("{{ x|default('none') }}", json!({}), "none"),
        ("{{ x.y|default('none') }}", json!({"x": {}}), "none"),
        ("{% if x is defined %}{{ x }}{% else %}no{% endif %}", json!({}), "no"),
        ("{{ 'a' if b else 'c' }}", json!({"b": false}), "c"),
        ("{{ d|tojson }}", json!({"d": {"a": [1]}}), "{\"a\": [1]}"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(1) }}", json!({}), "<1>"),
        ("{% set x = 3 %}{{ x }}", json!({}), "3"),
        (
            "{{ loop_max }}{% for i in range(2) %}{{ loop.index }}{% endfor %}",
            json!({"loop_max": 9}),
            "912",
        ),
        ("{{ a }}", json!({"a": "<&>"}), "<&>"),
        (
            "description \"{{ t }}\" # if only",
            json!({"t": "if"}),
            "description \"if\" # if only",
        ),
    ] {
        assert_eq!(text(template, variables), expected, "{template}");
    }
}

#[test]
fn values_are_escaped_in_xml_only() {
    let answer = rendered("<a>{{ x }}</a>", json!({"x": "<&>"}), true);
    assert!(matches!(answer, Answer::Rendered { text } if text == "<a>&lt;&amp;&gt;</a>"));
}

#[test]
fn undefined_values_never_print() {
    for template in [
        "{{ x }}",
        "{{ x|e }}",
        "{{ x|escape }}",
        "{{ x|tojson }}",
        "{{ x|pprint }}",
        "{{ [x]|join }}",
        "{{ [x] }}",
        "{{ {'a': x} }}",
        "{{ l|map(attribute='y')|join }}",
        "{{ l|map(attribute='y')|list }}",
        "{{ l[0].y }}",
        "{{ l[7] }}",
        "{{ m.n.o }}",
        "{{ 'a' if false }}",
        "{% set z = 'a' if false %}{{ z }}",
        "{% for i in x %}{% endfor %}",
        "{{ x ~ 'a' }}",
        "{% if x %}a{% endif %}",
        "{{ y.z }}",
    ] {
        let answer = rendered(template, json!({"l": [{"n": 1}], "m": {"n": {}}}), false);
        assert!(
            matches!(answer, Answer::Undefined { .. } | Answer::Render { .. }),
            "{template}: {answer:?}"
        );
    }
}

#[test]
fn missing_names_are_told_with_their_line() {
    let answer = rendered("set a\nset {{ peer.address }}\n", json!({}), false);
    let Answer::Undefined { line, text } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(line, Some(2));
    assert!(text.contains("'peer.address'"), "{text}");
}

#[test]
fn nothing_outside_can_be_reached() {
    for template in [
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{% extends '/etc/passwd' %}",
        "{% from 'x' import y %}",
        "{{ debug() }}",
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ self.__init__ }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ url_for('x') }}",
    ] {
        let answer = rendered(template, json!({}), false);
        assert!(!matches!(answer, Answer::Rendered { .. }), "{template}: {answer:?}");
    }
}

#[test]
fn steps_depth_and_output_are_bounded() {
    for template in [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% for i in range(9999) %}{{ 'x' * 1000 }}{% endfor %}",
        "{% for i in range(10000000000) %}{% endfor %}",
    ] {
        let answer = rendered(template, json!({}), false);
        let is_stopped = matches!(&answer, Answer::Limit { .. } | Answer::Render { .. });
        assert!(is_stopped, "{template}: {answer:?}");
    }
    assert!(matches!(
        rendered(&format!("{{{{ 'x' * {} }}}}", OUTPUT + 1), json!({}), false),
        Answer::Limit { .. }
    ));
    assert!(matches!(
        rendered(&format!("{{{{ 'x' * {OUTPUT} }}}}"), json!({}), false),
        Answer::Rendered { .. }
    ));
}

#[test]
fn mistakes_are_told_apart() {
    assert!(matches!(
        rendered("a\n{% if %}", json!({}), false),
        Answer::Syntax { line: Some(2), .. }
    ));
    assert!(matches!(rendered("{{ 1/0 }}", json!({}), false), Answer::Render { .. }));
    assert!(matches!(
        rendered("{{ x|no_such }}", json!({"x": 1}), false),
        Answer::Render { .. }
    ));
}
