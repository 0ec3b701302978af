//! Host and Origin, each alone wrong, on every page that checks them.

use serde_json::json;

use super::{
    client::{Ask, Reply},
    server::Server,
};

const PAGES: [&str; 4] = ["/mcp", "/mcp/", "/metrics", "/.well-known/oauth-protected-resource"];

fn server() -> Server {
    Server::start(&[
        "--enable-metrics",
        "--audit-format=json",
        "--allowed-host=mcp.example.net",
        "--allowed-origin=https://desk.example.net",
    ])
}

fn page(target: &str) -> Ask {
    let ask = match target {
        "/mcp" | "/mcp/" => Ask::call("get_router_list", json!({})),
        _ => Ask::get(target),
    };
    ask.authorized()
}

fn refused(reply: &Reply, error: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (403, error), "{reply:?}");
}

#[test]
fn a_foreign_host_is_refused_whatever_else_is_right() {
    let server = server();
    for target in PAGES {
        let good = page(target);
        assert_eq!(server.send(&good).status, 200, "{target}");
        assert_eq!(
            server.send(&good.clone().host("mcp.example.net")).status,
            200,
            "{target}"
        );
        for host in ["evil.example.net", "192.0.2.7:30030", "localhost.evil.example.net"] {
            refused(&server.send(&good.clone().host(host)), "host_not_allowed");
            // Whether the token is right is not told.
            refused(
                &server.send(&good.clone().host(host).without("Authorization")),
                "host_not_allowed",
            );
        }
        assert_eq!(server.send(&good.clone().without_host()).status, 400, "{target}");
        assert_eq!(server.send(&good.clone().host("a b")).status, 400, "{target}");
        assert_eq!(
            server.send(&good.clone().header("Host", "mcp.example.net")).status,
            400,
            "{target}"
        );
    }
}

#[test]
fn a_target_that_names_another_host_than_the_header_is_refused() {
    let server = server();
    for target in ["http://evil.example.net/metrics", "http://mcp.example.net/metrics"] {
        assert_eq!(server.send(&Ask::get(target).authorized()).status, 400, "{target}");
    }
    let rebinding = Ask::get("http://evil.example.net/metrics").host("evil.example.net");
    refused(&server.send(&rebinding.authorized()), "host_not_allowed");
    server.refused(400, "host");
    assert_eq!(server.refused(403, "host")["peer"], "127.0.0.1");
    assert!(server.counter("junosmcp_http_rejects_total{reason=\"host\"}") >= 3);
}

#[test]
fn a_foreign_origin_is_refused_even_with_a_good_host() {
    let server = server();
    for target in PAGES {
        for origin in [
            "https://evil.example.net",
            "null",
            "http://desk.example.net",
            "https://localhost.evil.example.net",
        ] {
            refused(
                &server.send(&page(target).header("Origin", origin)),
                "origin_not_allowed",
            );
        }
        server.refused(403, "origin");
        for origin in [
            "http://localhost:6274",
            "http://127.0.0.1",
            "https://desk.example.net",
            "https://mcp.example.net",
        ] {
            let reply = server.send(&page(target).header("Origin", origin));
            assert_eq!(reply.status, 200, "{target} {origin}");
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin), "{target}");
            assert_eq!(reply.header("vary"), Some("Origin"), "{target}");
        }
    }
}

#[test]
fn a_browser_may_ask_first_and_reads_refusals() {
    let server = server();
    let preflight = Ask::new("OPTIONS", "/mcp").header("Origin", "http://localhost:6274");
    let reply = server.send(&preflight);
    assert_eq!(reply.status, 204, "{reply:?}");
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, POST, DELETE"));
    let headers = reply.header("access-control-allow-headers").expect("headers");
    assert!(
        headers.contains("authorization") && headers.contains("mcp-session-id"),
        "{headers}"
    );
    let refused = server.send(&Ask::initialize().header("Origin", "http://localhost:6274"));
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .header("access-control-expose-headers")
            .expect("headers")
            .contains("www-authenticate")
    );
    // Without an Origin there is nothing to permit.
    assert_eq!(server.send(&Ask::new("OPTIONS", "/mcp").authorized()).status, 405);
}

#[test]
fn probes_are_served_under_any_name() {
    let server = server();
    for target in ["/healthz", "/readyz"] {
        let ask = Ask::get(target).host("evil.example.net").header("Origin", "null");
        assert_eq!(server.send(&ask).status, 200, "{target}");
    }
}

#[test]
fn the_host_check_can_be_switched_off_and_the_origin_check_stays() {
    let server = Server::open(&["--disable-host-check"]);
    let call = Ask::call("get_router_list", json!({})).host("any.example.net");
    assert_eq!(server.send(&call).status, 200);
    refused(
        &server.send(&call.header("Origin", "https://any.example.net")),
        "origin_not_allowed",
    );
}
