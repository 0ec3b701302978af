//! MCP: protocol in and out, nothing else.
