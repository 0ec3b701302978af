//! The exchange of hellos: ours is fixed, the router's is read for its session number and its capabilities.

use rustnetconf::{capability, vendor::junos::JunosVendor};

/// Our hello. Only NETCONF 1.0 is offered, so the framing is known before the router's hello arrives.
pub(super) const OURS: &str = concat!(
    "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>",
    "<capability>urn:ietf:params:netconf:base:1.0</capability>",
    "</capabilities></hello>"
);

/// What a router said of itself when the session opened.
#[derive(Clone, Debug)]
pub(super) struct Hello {
    session_id: Option<u32>,
}

impl Hello {
    /// Reads the router's hello; banners before it are skipped.
    pub(super) fn read(frame: &str) -> Result<Self, String> {
        let start = frame.find('<').ok_or("it holds no element")?;
        let frame = &frame[start..];
        if let Some(message) = refusal(frame) {
            return Err(message);
        }
        let mut capabilities = capability::parse_device_hello(frame)?;
        // Old releases announce only the long form of the namespace.
        capabilities.normalize_with(&JunosVendor::default());
        if capabilities.negotiate_version().is_none() {
            return Err("it does not offer NETCONF 1.0".to_owned());
        }
        if capabilities.session_id().is_none() || !frame.contains("hello>") {
            return Err("it is cut short".to_owned());
        }
        Ok(Self {
            session_id: capabilities.session_id(),
        })
    }

    pub(super) fn session_id(&self) -> Option<u32> {
        self.session_id
    }
}

/// A user who may not use NETCONF gets an error inside or instead of the hello.
fn refusal(frame: &str) -> Option<String> {
    if !frame.contains("rpc-error") {
        return None;
    }
    let start = frame.find("error-message>")? + "error-message>".len();
    let end = frame[start..].find("</")? + start;
    Some(format!("the router says: {}", frame[start..end].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "<hello><capabilities><capability>urn:ietf:params:xml:ns:netconf:base:1.0</capability>\
        </capabilities><session-id>4711</session-id></hello>";

    #[test]
    fn a_hello_of_an_old_release_after_a_banner_is_understood() {
        let hello = Hello::read(&format!("welcome\n\n<!-- user lab -->\n{OLD}")).expect("a hello");
        assert_eq!(hello.session_id(), Some(4711));
    }

    #[test]
    fn a_refusal_a_stranger_and_a_torn_hello_are_no_hellos() {
        let refused = "<rpc-reply><rpc-error><error-message>permission denied</error-message></rpc-error></rpc-reply>";
        for frame in [refused, "<html></html>", "login:", &OLD[..90]] {
            assert!(Hello::read(frame).is_err(), "{frame}");
        }
    }
}
