"""A small identity provider over TLS: metadata, keys, registration, authorization codes with PKCE, signed tokens."""

import base64
import datetime
import hashlib
import http.server
import ipaddress
import json
import secrets
import ssl
import threading
import time
import urllib.parse

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

# Seconds that a token is good for.
LIFETIME = 600


class Identity:
    """Everybody who asks is `alice`, and gets what she asks for of `granted`."""

    def __init__(self, folder, algorithm, granted):
        self.algorithm = algorithm
        self.granted = set(granted)
        self.key = ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
        self.clients, self.codes, self.seen = {}, {}, []
        self.authority, certificate = certificates(folder)
        identity = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                identity.answer(self, None)

            def do_POST(self):
                identity.answer(self, self.rfile.read(int(self.headers["content-length"])))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.issuer = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def trust(self):
        """The way to check its certificate."""
        return ssl.create_default_context(cafile=str(self.authority))

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request, body):
        """One request; anything that is not as the flow wants it is a 400."""
        url = urllib.parse.urlsplit(request.path)
        self.seen.append(url.path)
        try:
            status, headers, answer = self.page(url, body)
        except (AssertionError, KeyError, ValueError) as error:
            status, headers, answer = 400, {}, {"error": "invalid_request", "error_description": repr(error)}
        text = json.dumps(answer).encode()
        request.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(text))} | headers).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(text)

    def page(self, url, body):
        match url.path:
            case "/.well-known/oauth-authorization-server":
                return 200, {}, self.metadata()
            case "/keys":
                return 200, {}, {"keys": [self.public_key()]}
            case "/register":
                client = json.loads(body) | {"client_id": secrets.token_urlsafe(8)}
                self.clients[client["client_id"]] = client
                return 201, {}, client
            case "/authorize":
                return 302, {"Location": self.authorize(fields(url.query))}, {}
            case "/token":
                return 200, {"Cache-Control": "no-store"}, self.token(fields(body.decode()))
        return 404, {}, {}

    def metadata(self):
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "registration_endpoint": f"{self.issuer}/register",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }

    def public_key(self):
        kind = ECAlgorithm if self.algorithm == "ES256" else RSAAlgorithm
        key = json.loads(kind.to_jwk(self.key.public_key()))
        return key | {"kid": "one", "alg": self.algorithm, "use": "sig"}

    def authorize(self, asked):
        assert asked["redirect_uri"] in self.clients[asked["client_id"]]["redirect_uris"]
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urllib.parse.urlencode(answer)}"

    def token(self, asked):
        # A code is good once.
        code = self.codes.pop(asked["code"])
        assert asked["grant_type"] == "authorization_code"
        assert (asked["client_id"], asked["redirect_uri"]) == (code["client_id"], code["redirect_uri"])
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        assert code["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        scope = " ".join(sorted(self.granted & set(code["scope"].split())))
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "alice",
            # What the client wants to reach with it: no other server takes it.
            "aud": asked["resource"],
            "iat": now,
            "exp": now + LIFETIME,
            "scope": scope,
            "junos_routers": ["*"],
        }
        token = jwt.encode(claims, self.key, self.algorithm, headers={"kid": "one", "typ": "at+jwt"})
        return {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME, "scope": scope}


def fields(query):
    return dict(urllib.parse.parse_qsl(query, strict_parsing=True))


def certificates(folder):
    """The files of an authority, and of a certificate for this machine with its key."""
    now = datetime.datetime.now(datetime.UTC)
    authority = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def certificate(name, public_key, extension):
        return (
            x509.CertificateBuilder(authority, name, public_key, x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension, critical=False)
            .sign(authority_key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "identity provider")])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    root, leaf = folder / "authority.pem", folder / "identity.pem"
    root.write_bytes(certificate(authority, authority_key.public_key(), x509.BasicConstraints(True, None)))
    leaf.write_bytes(certificate(name, key.public_key(), here) + private)
    return root, leaf
