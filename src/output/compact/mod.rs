//! Junos' verbose JSON as short rows: the same facts in a fraction of the bytes.

mod shapes;
mod tree;
mod write;

use shapes::Shapes;
use tree::Node;
use write::Writer;

/// Largest text that is read into a tree, which takes several times its size; larger ones stay as Junos sent them.
const LARGEST: usize = 16 << 20;

const TOO_LARGE: &str = "the answer is too large to be shortened and is shown as Junos sent it";
const NO_JSON: &str = "the router's answer is not JSON that can be shortened without loss; it is shown as it came";

/// A router's JSON shortened, or the text as it came and a note that says why.
///
/// Rows stand one to a line, so that pipes and caps work on them. Configurations keep their members, because they may
/// be loaded again.
pub(super) fn compacted(text: String) -> (String, Option<&'static str>) {
    if text.trim().is_empty() {
        return (text, None);
    }
    if text.len() > LARGEST {
        return (text, Some(TOO_LARGE));
    }
    // Junos with several routing engines may send one document after the other.
    let documents: Result<Vec<Node>, _> = serde_json::Deserializer::from_str(&text).into_iter().collect();
    match documents {
        Ok(documents) => (shortened(&documents), None),
        Err(_) => (text, Some(NO_JSON)),
    }
}

fn shortened(documents: &[Node]) -> String {
    let shapes = Shapes::of(documents);
    let mut writer = Writer::new(&shapes);
    match documents {
        [one] => match engines(one) {
            Some(engines) => writer.rows(&engines),
            None => writer.document(one),
        },
        several => writer.rows(&several.iter().collect::<Vec<_>>()),
    }
    writer.finish()
}

/// The parts of an answer in which every routing engine speaks for itself.
fn engines(document: &Node) -> Option<Vec<&Node>> {
    let [(name, results)] = document.members()? else {
        return None;
    };
    let [results] = results.items() else { return None };
    let items: Vec<&(String, Node)> = results.elements().collect();
    match items.as_slice() {
        [(item, engines)] if name == "multi-routing-engine-results" && item == "multi-routing-engine-item" => {
            Some(engines.items().iter().collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
