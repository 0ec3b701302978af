//! What an operator has left out of records, or written as a code that only the holder of a key can compare.

use std::str::FromStr;

use ring::hmac;
use serde_json::Value;

use super::chain::hex;

/// The fields that can be transformed.
const FIELDS: [&str; 7] = ["routers", "peer", "name", "basename", "command", "config_path", "error"];

/// Bytes of the code that are shown.
const SHOWN: usize = 8;

/// What becomes of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    field: &'static str,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Keep,
    Drop,
    Hmac,
}

impl Transform {
    /// Whether it needs a key.
    pub fn needs_key(&self) -> bool {
        self.how == How::Hmac
    }
}

impl FromStr for Transform {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (field, how) = text.split_once('=').ok_or(())?;
        let field = FIELDS.into_iter().find(|known| *known == field.trim()).ok_or(())?;
        let how = match how.trim() {
            "keep" => How::Keep,
            "drop" => How::Drop,
            "hmac" => How::Hmac,
            _ => return Err(()),
        };
        Ok(Self { field, how })
    }
}

/// Applies transforms to records.
#[derive(Debug, Default)]
pub(super) struct Transforms {
    transforms: Vec<Transform>,
    key: Option<hmac::Key>,
}

impl Transforms {
    /// These transforms, under this key.
    pub(super) fn new(transforms: Vec<Transform>, key: Option<&[u8]>) -> Self {
        Self {
            transforms,
            key: key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key)),
        }
    }

    /// Transforms the fields of a record, wherever in it they stand.
    pub(super) fn apply(&self, value: &mut Value) {
        let Value::Object(members) = value else { return };
        for Transform { field, how } in &self.transforms {
            match how {
                How::Keep => {}
                How::Drop => {
                    members.shift_remove(*field);
                }
                How::Hmac => {
                    if let Some(value) = members.get_mut(*field) {
                        self.coded(value);
                    }
                }
            }
        }
        members.values_mut().for_each(|member| self.apply(member));
    }

    fn coded(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.coded(item)),
            Value::String(text) => {
                *text = match &self.key {
                    Some(key) => {
                        let code = hmac::sign(key, text.as_bytes());
                        format!("hmac:{}", hex(&code.as_ref()[..SHOWN]))
                    }
                    // Without a key the value is not shown, either.
                    None => "hmac:".to_owned(),
                };
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_kept_dropped_or_coded() {
        let parsed = |text: &str| text.parse::<Transform>();
        let transforms = ["routers=hmac", "peer=drop", "error=keep", "name=hmac"];
        let transforms = Transforms::new(
            transforms
                .into_iter()
                .map(|text| parsed(text).expect("known"))
                .collect(),
            Some(&[1; 32]),
        );
        let mut record = json!({"routers": ["edge-1", "edge-1", "edge-2"], "error": "x",
            "caller": {"name": "noc", "peer": "192.0.2.9"}});
        transforms.apply(&mut record);
        let routers = record["routers"].as_array().expect("a list");
        assert_eq!(routers[0], routers[1]);
        assert_ne!(routers[0], routers[2]);
        assert_eq!(routers[0].as_str().map(str::len), Some("hmac:".len() + 16));
        assert_eq!(record["error"], "x");
        assert_eq!(record["caller"].get("peer"), None);
        assert_ne!(record["caller"]["name"], "noc");
        for wrong in ["routers", "routers=hash", "secret=drop", "=drop"] {
            assert_eq!(parsed(wrong), Err(()), "{wrong}");
        }
    }
}
