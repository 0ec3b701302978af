//! Sessions to routers.
