//! Numbers that Junos bounds: minutes of a confirmed commit, rollback numbers.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Minutes of a confirmed commit, 1 to 65535. There is no arithmetic on it: it goes to the router as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(crate) struct Minutes(u16);

impl Minutes {
    /// The number of minutes.
    pub(crate) fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u32> for Minutes {
    type Error = String;

    fn try_from(minutes: u32) -> Result<Self, String> {
        match u16::try_from(minutes) {
            Ok(minutes) if minutes > 0 => Ok(Self(minutes)),
            _ => Err("must be 1 to 65535 minutes".to_owned()),
        }
    }
}

impl JsonSchema for Minutes {
    fn schema_name() -> Cow<'static, str> {
        "Minutes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 65535 })
    }
}

impl From<Minutes> for u32 {
    fn from(minutes: Minutes) -> Self {
        minutes.0.into()
    }
}

/// How many commits back, 0 to 49; 0 is the running configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(crate) struct RollbackNumber(u8);

impl RollbackNumber {
    /// The number.
    pub(crate) fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u32> for RollbackNumber {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        match u8::try_from(number) {
            Ok(number) if number <= 49 => Ok(Self(number)),
            _ => Err("must be 0 to 49".to_owned()),
        }
    }
}

impl JsonSchema for RollbackNumber {
    fn schema_name() -> Cow<'static, str> {
        "RollbackNumber".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": 49 })
    }
}

impl From<RollbackNumber> for u32 {
    fn from(number: RollbackNumber) -> Self {
        number.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_rollback_numbers_are_bounded() {
        for bad in ["0", "65536", "-1", "1.5", "\"5\""] {
            assert!(serde_json::from_str::<Minutes>(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<Minutes>("65535").expect("in range").get(), 65535);
        for bad in ["50", "-1", "256", "\"1\""] {
            assert!(serde_json::from_str::<RollbackNumber>(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<RollbackNumber>("0").expect("in range").get(), 0);
    }

    #[test]
    fn schemas_carry_the_bounds() {
        let schema = serde_json::to_value(schemars::schema_for!(Minutes)).expect("a schema");
        assert_eq!((&schema["minimum"], &schema["maximum"]), (&1.into(), &65535.into()));
    }
}
