//! What Junos sends, and what is left of it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn short(long: &Value) -> Value {
    let (text, note) = compacted(format!("{long:#}"));
    assert_eq!(note, None, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn wrappers_attributes_and_single_element_arrays_are_gone() {
    let long = json!({"system-uptime-information": [{
        "attributes": {"xmlns": "http://xml.juniper.net/junos/24.4R1/junos", "junos:style": "brief"},
        "current-time": [{"date-time": [{"data": "2031-03-04 05:06:07 UTC", "attributes": {"junos:seconds": "1930367167"}}]}],
        "load": [{"data": "0.10", "attributes": {"junos:format": "load 0.10", "junos:emit": "x"}}],
        "up": [{"data": [null]}],
        "empty": [{"data": ""}],
        "table": [{}],
    }]});
    let expected = json!({"system-uptime-information": {
        "current-time": {"date-time": "2031-03-04 05:06:07 UTC", "date-time:seconds": 1_930_367_167_u64},
        "load": "0.10",
        "load:format": "load 0.10",
        "up": true,
        "empty": "",
        "table": {},
    }});
    assert_eq!(short(&long), expected);
}

#[test]
fn a_list_has_one_shape_whether_it_holds_one_or_many() {
    let neighbour = |name: &str| json!({"peer-address": [{"data": name}], "tag": [{"data": "x"}]});
    let one = short(&json!({"bgp-information": [{"bgp-peer": [neighbour("192.0.2.1")]}]}));
    assert_eq!(
        one,
        json!({"bgp-information": {"bgp-peer": [{"peer-address": "192.0.2.1", "tag": "x"}]}})
    );
    let several = json!({"a": [{"row": [
        {"tag": [{"data": "x"}], "only": [{"data": "y"}]},
        {"tag": [{"data": "x"}, {"data": "z"}]},
    ]}]});
    assert_eq!(
        short(&several),
        json!({"a": {"row": [{"tag": ["x"], "only": "y"}, {"tag": ["x", "z"]}]}})
    );
    let repeated = r#"{"a": [{"row": [{"n": [{"data": "x"}]}], "row": [{"n": [{"data": "y"}]}]}]}"#;
    let (text, note) = compacted(repeated.to_owned());
    assert_eq!(
        (text.as_str(), note),
        ("{\"a\":{\"row\":[\n{\"n\":\"x\"},\n{\"n\":\"y\"}]}}", None)
    );
}

#[test]
fn a_name_holds_numbers_only_if_every_value_of_the_answer_survives_it() {
    let row = |octets: &str, peer: &str| {
        json!({
            "input-bytes": [{"data": octets}],
            "peer-as": [{"data": peer}],
            "mtu": [{"data": "1514"}],
            "serial-number": [{"data": "4711"}],
            "name": [{"data": "0"}],
            "mac": [{"data": "00:05:86:71:00:01"}],
        })
    };
    let small = short(&json!({"a": [{"row": [row("5", "65001"), row("6", "1.10")]}]}));
    let first = &small["a"]["row"][0];
    assert_eq!(
        *first,
        json!({"input-bytes": 5, "peer-as": "65001", "mtu": 1514, "serial-number": "4711", "name": "0",
            "mac": "00:05:86:71:00:01"})
    );
    let large = short(&json!({"a": [{"row": [row("5", "1"), row("9007199254740993", "2")]}]}));
    assert_eq!(large["a"]["row"][0]["input-bytes"], "5");
    assert_eq!(large["a"]["row"][1]["input-bytes"], "9007199254740993");
    assert_eq!(large["a"]["row"][1]["peer-as"], 2);
}

#[test]
fn every_routing_engine_is_a_row() {
    let engine = |name: &str| json!({"re-name": [{"data": name}], "x": [{"up": [{"data": "7"}]}]});
    let expected = json!([{"re-name": "node0", "x": {"up": 7}}, {"re-name": "node1", "x": {"up": 7}}]);
    let wrapped = json!({"multi-routing-engine-results": [{
        "attributes": {"xmlns": "urn:x"},
        "multi-routing-engine-item": [engine("node0"), engine("node1")],
    }]});
    assert_eq!(short(&wrapped), expected);
    let alone = json!({"multi-routing-engine-results": [{"multi-routing-engine-item": [engine("node0")]}]});
    assert_eq!(short(&alone), json!([expected[0]]));
    let (text, _) = compacted(format!("{}\n{}", engine("node0"), engine("node1")));
    assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), expected);
}

#[test]
fn several_values_of_which_more_is_said_become_objects() {
    let long = json!({"a": [{"t": [{"data": "1s", "attributes": {"junos:seconds": "1"}}, {"data": "never"}]}]});
    assert_eq!(
        short(&long),
        json!({"a": {"t": [{"data": "1s", "seconds": 1}, {"data": "never"}]}})
    );
}

#[test]
fn the_newer_form_keeps_its_lists() {
    let long = json!({"a": {
        "@": {"xmlns": "urn:x"},
        "list": [{"name": "x", "value": 1}],
        "plain": ["y"],
        "up": [null],
        "age": "5s",
        "@age": {"junos:seconds": "5"},
    }});
    assert_eq!(
        short(&long),
        json!({"a": {"list": [{"name": "x", "value": 1}], "plain": ["y"], "up": true, "age": "5s", "age:seconds": 5}})
    );
}

#[test]
fn a_configuration_loses_nothing_but_blanks() {
    let long = json!({"configuration": {
        "@": {"junos:commit-seconds": "1"},
        "system": {"name-server": [{"name": "192.0.2.53"}], "@host-name": {"inactive": true}, "host-name": "007"},
        "snmp": [null],
    }});
    assert_eq!(short(&long), long);
}

#[test]
fn what_is_no_json_stays_as_it_came_and_that_is_said() {
    let deep = "[".repeat(10_000);
    for text in [
        "{\"a\": [",
        "Hostname: edge1",
        "{\"a\": 1} trailing",
        "{\"n\": 123456789012345678901234567890}",
        &deep,
    ] {
        let (kept, note) = compacted(text.to_owned());
        assert_eq!((kept.as_str(), note), (text, Some(NO_JSON)));
    }
    assert_eq!(compacted("\n".to_owned()), ("\n".to_owned(), None));
}

/// Elements as Junos writes them, some levels deep.
fn element() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-z .:/0-9]{0,8}", "-?[0-9]{1,20}", Just("\\\"\n\u{9b}é".to_owned())];
    let leaf = text.prop_map(|text| json!({"data": text}));
    leaf.prop_recursive(4, 40, 4, |inner| {
        let name = prop_oneof!["[a-c]", Just("data".to_owned()), Just("attributes".to_owned())];
        prop::collection::btree_map(name, prop::collection::vec(inner, 0..3), 0..4).prop_map(|members| json!(members))
    })
}

fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::String(text) => found.push(text.clone()),
        other => found.push(other.to_string()),
    }
}

proptest! {
    #[test]
    fn no_value_is_lost_or_changed(long in element()) {
        let long = json!({"root": [long]});
        let (mut before, mut after) = (Vec::new(), Vec::new());
        leaves(&long, &mut before);
        leaves(&short(&long), &mut after);
        prop_assert_eq!(before, after);
    }
}
