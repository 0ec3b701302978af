//! Genuine tokens of every algorithm, and what must never be taken for one.

use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::json;

use super::*;
use crate::tokens::{Granted, Tool};

/// A key made for these tests and used nowhere else: making one takes seconds.
const RSA_KEY: &str = include_str!("test_rsa_key.txt");

const KNOWN: Vocabulary<'static> = Vocabulary {
    tools: &["get_router_list", "load_and_commit_config"],
    toolsets: &["device"],
    effects: &["read", "write"],
};

const NOW: i64 = 1_900_000_000;

struct Issuer {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let der: String = RSA_KEY.split_whitespace().collect();
        let der = base64::engine::general_purpose::STANDARD.decode(der).expect("base64");
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        Self {
            rsa: RsaKeyPair::from_der(&der).expect("a key"),
            p256: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, p256.as_ref(), &random).expect("a key"),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).expect("a key"),
        }
    }

    fn public(&self) -> RsaPublicKeyComponents<Vec<u8>> {
        self.rsa.public().into()
    }

    fn modulus(&self) -> String {
        encode(self.public().n)
    }

    fn set(&self) -> Value {
        let point = self.p256.public_key().as_ref();
        json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": self.modulus(),
                "e": encode(self.public().e)},
            {"kty": "EC", "crv": "P-256", "kid": "ec", "x": encode(&point[1..33]), "y": encode(&point[33..])},
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encode(self.ed25519.public_key())},
            {"kty": "oct", "kid": "secret", "k": encode("shared")},
        ]})
    }

    fn keys(&self) -> KeySet {
        KeySet::parse(self.set().to_string().as_bytes()).expect("keys")
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let open = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let random = SystemRandom::new();
        let rsa = |padding| {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            self.rsa
                .sign(padding, &random, open.as_bytes(), &mut signature)
                .expect("signed");
            signature
        };
        let signature = match header["alg"].as_str() {
            Some("RS256") => rsa(&RSA_PKCS1_SHA256),
            Some("PS256") => rsa(&RSA_PSS_SHA256),
            Some("ES256") => self
                .p256
                .sign(&random, open.as_bytes())
                .expect("signed")
                .as_ref()
                .to_vec(),
            Some("EdDSA") => self.ed25519.sign(open.as_bytes()).as_ref().to_vec(),
            // Key confusion: the public key, which everybody has, as a shared secret.
            Some("HS256") => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.modulus().as_bytes());
                hmac::sign(&key, open.as_bytes()).as_ref().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{open}.{}", encode(signature))
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.signed(&header("ES256", "ec"), &claims)
    }
}

fn header(algorithm: &str, key: &str) -> Value {
    json!({"alg": algorithm, "kid": key, "typ": "at+jwt"})
}

fn claims() -> Value {
    json!({"iss": "https://id.example.net", "aud": ["https://mcp.example.net/mcp"], "sub": "ops@example.net",
        "exp": NOW + 600, "nbf": NOW - 10, "scope": "openid toolset:device * get_router_list", "junos_routers": ["edge-*"]})
}

fn policy() -> OAuthPolicy {
    OAuthPolicy {
        issuer: "https://id.example.net".to_owned(),
        audience: "https://mcp.example.net/mcp".to_owned(),
        routers_claim: "junos_routers".to_owned(),
        routers: vec!["tag:core".to_owned()],
    }
}

fn judged(token: &str, keys: &KeySet) -> Result<Arc<Grant>, NotAccepted> {
    let now = DateTime::from_timestamp(NOW, 0).expect("a time");
    policy().judge(token, keys, now, KNOWN)
}

const fn tool(name: &'static str, toolset: &'static str, effect: &'static str) -> Tool<'static> {
    Tool { name, toolset, effect }
}

#[test]
fn a_genuine_token_of_every_algorithm_grants_what_it_says() {
    let issuer = Issuer::new();
    for (algorithm, key) in [("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "ec"), ("EdDSA", "ed")] {
        let token = issuer.signed(&header(algorithm, key), &claims());
        let grant = judged(&token, &issuer.keys()).unwrap_or_else(|fault| panic!("{algorithm}: {fault:?}"));
        assert_eq!(grant.name, "ops@example.net");
        let granted = |tool| grant.scopes.grants(tool);
        assert_eq!(
            granted(tool("execute_junos_command", "device", "operate")),
            Granted::Full
        );
        // The wildcard of an issuer is not heard.
        assert_eq!(granted(tool("other", "config", "read")), Granted::No);
        assert!(grant.scopes.reaches("edge-1", &[]) && !grant.scopes.reaches("core-1", &["core".to_owned()]));
    }
}

#[test]
fn without_the_claim_the_operator_says_which_routers() {
    let issuer = Issuer::new();
    let token = issuer.token(|claims| {
        claims.as_object_mut().expect("an object").remove("junos_routers");
        claims["scp"] = json!(["effect:read"]);
    });
    let grant = judged(&token, &issuer.keys()).expect("genuine");
    assert!(grant.scopes.reaches("any", &["core".to_owned()]) && !grant.scopes.reaches("edge-1", &[]));
    assert_eq!(grant.scopes.grants(tool("x", "y", "read")), Granted::Full);
}

#[test]
fn forged_tokens_are_refused() {
    let issuer = Issuer::new();
    let other = Issuer::new();
    let genuine = issuer.token(|_| {});
    let (open, signature) = genuine.rsplit_once('.').expect("three parts");
    let mut changed = claims();
    changed["scope"] = "effect:write".into();
    let (head, _) = open.split_once('.').expect("two parts");
    let mut critical = header("ES256", "ec");
    critical["crit"] = json!(["b64"]);
    let cases = [
        ("no signature", format!("{open}.")),
        (
            "claims of another",
            format!("{head}.{}.{signature}", encode(changed.to_string())),
        ),
        ("key of another", other.signed(&header("ES256", "ec"), &claims())),
        ("alg none", issuer.signed(&header("none", "ec"), &claims()) + "AA"),
        ("alg None", issuer.signed(&header("None", "ec"), &claims()) + "AA"),
        ("key confusion", issuer.signed(&header("HS256", "rsa"), &claims())),
        ("shared key", issuer.signed(&header("HS256", "secret"), &claims())),
        (
            "algorithm of another key",
            issuer.signed(&header("RS256", "ec"), &claims()),
        ),
        ("critical", issuer.signed(&critical, &claims())),
        (
            "ID token",
            issuer.signed(&json!({"alg": "ES256", "kid": "ec", "typ": "id+jwt"}), &claims()),
        ),
        (
            "no type",
            issuer.signed(&json!({"alg": "ES256", "kid": "ec"}), &claims()),
        ),
        (
            "no key id",
            issuer.signed(&json!({"alg": "ES256", "typ": "JWT"}), &claims()),
        ),
        ("too long", format!("{genuine}{}", "A".repeat(LONGEST))),
        ("garbage", "a.b.c".to_owned()),
    ];
    for (what, token) in cases {
        let refused = judged(&token, &issuer.keys());
        assert!(
            matches!(refused, Err(NotAccepted::Invalid | NotAccepted::UnknownKey)),
            "{what}: {refused:?}"
        );
    }
    assert_eq!(
        judged(&issuer.signed(&header("ES256", "new"), &claims()), &issuer.keys()),
        Err(NotAccepted::UnknownKey)
    );
}

#[test]
fn claims_are_judged_strictly() {
    let issuer = Issuer::new();
    let keys = issuer.keys();
    type Case = (&'static str, fn(&mut Value), NotAccepted);
    let cases: [Case; 12] = [
        (
            "issuer",
            |c| c["iss"] = "https://id.example.org".into(),
            NotAccepted::Invalid,
        ),
        (
            "audience",
            |c| c["aud"] = "https://other.example.net".into(),
            NotAccepted::Invalid,
        ),
        ("no audience", |c| c["aud"] = json!([]), NotAccepted::Invalid),
        ("expired", |c| c["exp"] = (NOW - 60).into(), NotAccepted::Expired),
        ("exp as text", |c| c["exp"] = "4000000000".into(), NotAccepted::Invalid),
        ("no exp", |c| c["exp"] = Value::Null, NotAccepted::Invalid),
        ("huge exp", |c| c["exp"] = json!(1e300), NotAccepted::Invalid),
        ("not yet", |c| c["nbf"] = (NOW + 61).into(), NotAccepted::Invalid),
        ("nbf as text", |c| c["nbf"] = "0".into(), NotAccepted::Invalid),
        ("no subject", |c| c["sub"] = "".into(), NotAccepted::Invalid),
        ("control in subject", |c| c["sub"] = "a\nb".into(), NotAccepted::Invalid),
        (
            "too many routers",
            |c| c["junos_routers"] = vec!["r"; 257].into(),
            NotAccepted::Invalid,
        ),
    ];
    for (what, change, expected) in cases {
        assert_eq!(judged(&issuer.token(change), &keys), Err(expected), "{what}");
    }
    let late = issuer.token(|claims| claims["exp"] = (NOW - 59).into());
    assert!(judged(&late, &keys).is_ok(), "clocks differ");
}

#[test]
fn sets_of_keys_are_bounded_and_weak_or_double_keys_unusable() {
    let issuer = Issuer::new();
    let parse = |set: &Value| KeySet::parse(set.to_string().as_bytes());
    assert!(matches!(KeySet::parse(b"{"), Err(KeyFault::Malformed)));
    assert!(matches!(
        KeySet::parse(&vec![b' '; keys::LARGEST + 1]),
        Err(KeyFault::TooLarge)
    ));
    let mut many = issuer.set();
    many["keys"] = vec![many["keys"][0].clone(); 65].into();
    assert!(matches!(parse(&many), Err(KeyFault::TooMany)));
    many["keys"] = vec![many["keys"][0].clone(); 2].into();
    assert!(matches!(parse(&many), Err(KeyFault::Empty)));
    let mut weak = issuer.set();
    weak["keys"] = json!([{"kty": "RSA", "kid": "rsa", "n": encode([0xff; 128]), "e": "AQAB"}]);
    assert!(matches!(parse(&weak), Err(KeyFault::Empty)));
    let mut encryption = issuer.set();
    encryption["keys"][1]["use"] = "enc".into();
    assert_eq!(
        judged(&issuer.token(|_| {}), &parse(&encryption).expect("others")),
        Err(NotAccepted::UnknownKey)
    );
    let mut pinned = issuer.set();
    pinned["keys"][0]["alg"] = "PS256".into();
    let keys = parse(&pinned).expect("keys");
    assert!(judged(&issuer.signed(&header("PS256", "rsa"), &claims()), &keys).is_ok());
    assert!(judged(&issuer.signed(&header("RS256", "rsa"), &claims()), &keys).is_err());
}
