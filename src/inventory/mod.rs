//! The routers of devices.json.
