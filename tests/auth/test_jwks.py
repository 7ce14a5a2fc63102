"""``JWKS``: keys of a real server, kept and fetched again, and what happens when it is slow, wrong or away."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import datetime as dt
import http.server
import ipaddress
import json
import logging
import multiprocessing
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from framework import App, requires, response
from framework.auth import JWKS, JWT, AuthenticationUnavailable
from framework.errors import SetupError
from framework.tokens import TokenInvalid
from tests.auth.handmade import AUDIENCE, ISSUER, SECRET, b64, new_key, private_pem, token
from tests.servers import free_port

PAIRS = {"1": new_key("ES256"), "2": new_key("ES256")}


def jwk(kid, **changes):
    """A public key, written by hand."""
    numbers = PAIRS[kid].public_key().public_numbers()
    x, y = (b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    found = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256", **changes}
    return {name: value for name, value in found.items() if value is not None}


class Provider:
    """An identity provider on a real port, whose answers a test chooses."""

    def __init__(self, port=0):
        self.keys = [jwk("1")]
        self.asked = 0
        self.answer = None
        self.gate = threading.Event()
        self.gate.set()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked += 1
                provider.gate.wait(20)
                with contextlib.suppress(OSError):
                    (provider.answer or provider.usual)(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/keys"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def usual(self, handler):
        self.send(handler, json.dumps({"keys": self.keys}).encode())

    def send(self, handler, body, status=200, **headers):
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def provider():
    """A provider with one key."""
    found = Provider()
    yield found
    found.close()


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A clock."""
    return Clock()


def scheme(keys):
    """A scheme with keys of a provider."""
    return JWT(lambda found: found.subject, keys, issuer=ISSUER, audience=AUDIENCE)


def signed(kid="1", name=None):
    """A token signed with a key of the provider."""
    return token(algorithm="ES256", key=PAIRS[kid], kid=kid if name is None else name)


def test_keys_are_fetched_once(provider):
    """The first token fetches the keys; later ones find them."""
    jwt = scheme(JWKS(provider.url, algorithms=["ES256"]))

    assert [jwt.decode(signed()).subject for _ in range(3)] == ["ann"] * 3
    assert provider.asked == 1
    assert jwt.decode(token(algorithm="ES256", key=PAIRS["1"])).subject == "ann"
    with pytest.raises(TokenInvalid):
        jwt.decode(signed("2", "1"))


def test_a_new_key(provider, clock):
    """A token of a key that is new is good at once: one unknown name makes one request."""
    jwt = scheme(JWKS(provider.url, algorithms=["ES256"], clock=clock))
    jwt.decode(signed())
    provider.keys.append(jwk("2"))
    clock.now += 31

    assert jwt.decode(signed("2")).subject == "ann"
    assert provider.asked == 2


def test_unknown_names_ask_seldom(provider, clock):
    """However many tokens name unknown keys, the provider is asked once in the cooldown."""
    jwt = scheme(JWKS(provider.url, algorithms=["ES256"], cooldown=30, clock=clock))
    jwt.decode(signed())
    clock.now += 31
    for number in range(50):
        with pytest.raises(TokenInvalid):
            jwt.decode(signed("2", f"unknown-{number}"))
    assert provider.asked == 2
    clock.now += 29
    with pytest.raises(TokenInvalid):
        jwt.decode(signed("2"))
    assert provider.asked == 2
    clock.now += 2
    provider.keys.append(jwk("2"))
    assert jwt.decode(signed("2")).subject == "ann"
    assert provider.asked == 3


def test_tokens_that_are_not_good_ask_nobody(provider):
    """What can be refused without a key is refused without a request."""
    jwt = scheme(JWKS(provider.url, algorithms=["ES256"]))
    for text in ("x", token(), token(algorithm="RS256", sign="HS256"), signed() + "=", token(algorithm="none")):
        with pytest.raises(TokenInvalid):
            jwt.decode(text)
    assert provider.asked == 0


def test_threads_wait_for_one_request(provider):
    """Threads that need keys at the same time share one request."""
    jwt = scheme(JWKS(provider.url, algorithms=["ES256"]))
    provider.gate.clear()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        found = [pool.submit(jwt.decode, signed()) for _ in range(10)]
        while provider.asked == 0:
            time.sleep(0.005)
        provider.gate.set()
        assert {each.result().subject for each in found} == {"ann"}
    assert provider.asked == 1


def served(jwt):
    """An application with an asynchronous operation behind a scheme, and an open one."""
    app = App(__name__)

    @app.get("/me")
    @requires(jwt)
    @response(200)
    async def me():
        """Who am I?"""
        return "ann"

    @app.get("/open")
    @response(200)
    async def other():
        """Nothing."""
        return "open"

    return app


def pool():
    """The threads that serve requests of event loops."""
    return {each for each in threading.enumerate() if each.name.startswith("framework-asgi")}


def test_a_loop_is_not_held_up(provider):
    """On an ASGI server requests that wait for keys hold neither the loop nor the others, and share one request."""
    app = served(scheme(JWKS(provider.url, algorithms=["ES256"])))
    provider.gate.clear()

    async def run():
        client = app.async_test_client()
        await client.get("/open")  # the request that freezes the application is served by a thread
        before = pool()
        headers = {"Authorization": f"Bearer {signed()}"}
        waiting = [asyncio.create_task(client.get("/me", headers=headers)) for _ in range(60)]
        while provider.asked == 0:
            await asyncio.sleep(0.005)
        assert (await client.get("/open")).status_code == 200
        assert not any(each.done() for each in waiting)
        assert pool() <= before
        provider.gate.set()
        return [(await each).status_code for each in waiting]

    assert asyncio.run(run()) == [200] * 60
    assert provider.asked == 1


def test_a_client_that_leaves(provider):
    """A request that is given up while it waits takes nothing from the others."""
    app = served(scheme(JWKS(provider.url, algorithms=["ES256"])))
    provider.gate.clear()

    async def run():
        client = app.async_test_client()
        await client.get("/open")  # the request that freezes the application is served by a thread
        headers = {"Authorization": f"Bearer {signed()}"}
        one, two = (asyncio.create_task(client.get("/me", headers=headers)) for _ in range(2))
        while provider.asked == 0:
            await asyncio.sleep(0.005)
        one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await one
        provider.gate.set()
        return (await two).status_code

    assert asyncio.run(run()) == 200


def until(condition):
    """Wait for the end of a request in the background."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def test_old_keys_are_fetched_in_the_background(provider, clock):
    """Keys that are older than their time are used at once, and fetched again without waiting."""
    keys = JWKS(provider.url, algorithms=["ES256"], max_age=600, clock=clock)
    jwt = scheme(keys)
    jwt.decode(signed())
    provider.keys = [jwk("2")]
    clock.now += 601
    provider.gate.clear()
    assert jwt.decode(signed()).subject == "ann"
    provider.gate.set()
    until(lambda: keys._flight is None)

    assert provider.asked == 2
    assert jwt.decode(signed("2")).subject == "ann"
    clock.now += 31
    with pytest.raises(TokenInvalid):  # taken back
        jwt.decode(signed())


def test_a_provider_that_is_away(clock, caplog):
    """While the provider is away known keys are used for the stated time; then the answer is a declared 503."""
    found = Provider()
    keys = JWKS(found.url, algorithms=["ES256"], max_age=600, stale=3600, clock=clock)
    app = served(scheme(keys))
    client = app.test_client()

    def ask(text):
        return client.get("/me", headers={"Authorization": f"Bearer {text}"})

    assert ask(signed()).status_code == 200
    found.close()
    clock.now += 601
    assert ask(signed()).status_code == 200
    until(lambda: keys._flight is None)
    with caplog.at_level(logging.WARNING):
        clock.now += 3500
        assert ask(signed()).status_code == 200
        until(lambda: keys._flight is None)
        assert ask(signed("2")).status_code == 503  # it may be a new key
        clock.now += 200
        reply = ask(signed())
        assert (reply.status_code, reply.json["code"]) == (503, "authentication_unavailable")
        assert reply.headers["Retry-After"] == "5"
        assert ask("x").status_code == 401
        again = Provider(found.port)
        clock.now += 6
        assert ask(signed()).status_code == 200
        again.close()
    assert "can be fetched again" in caplog.text
    assert "503" in app.openapi["paths"]["/me"]["get"]["responses"]


def test_a_provider_that_was_never_there(clock, caplog):
    """Without keys from the start each token is a 503, and the provider is asked once in five seconds."""
    url = f"http://127.0.0.1:{free_port()}/keys?secret=1"
    keys = JWKS(url, algorithms=["ES256"], clock=clock)
    for _ in range(3):
        with pytest.raises(AuthenticationUnavailable):
            keys.find("1", "ES256")
    assert caplog.text.count("cannot be fetched: ConnectionRefusedError") == 1
    assert "secret=1" not in caplog.text + repr(keys)


def trickle(handler):
    """Send a body for ever, a byte at a time."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.02)


def trickle_headers(handler):
    """Send headers for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X")
        time.sleep(0.02)


def cut(handler):
    """Say more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(json.dumps({"keys": [jwk("1")]}).encode())


def big(handler):
    """Send more than is read, after a good document."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(json.dumps({"keys": [jwk("1")]}).encode())
    for _ in range(5000):
        handler.wfile.write(b" " * 1000)


def of(text, status=200, **headers):
    """A whole answer."""

    def answer(handler):
        Provider.send(None, handler, text if isinstance(text, bytes) else json.dumps(text).encode(), status, **headers)

    return answer


SMALL = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
WRONG = {
    "a redirect": of(b"", 302, Location="/keys"),
    "an error": of({"keys": [jwk("1")]}, 500),
    "not found": of(b"", 404),
    "no JSON": of(b"<html>"),
    "a list": of([jwk("1")]),
    "no keys": of({"keys": []}),
    "keys that are an object": of({"keys": {"1": jwk("1")}}),
    "a member twice": of(b'{"keys": [], "keys": [' + json.dumps(jwk("1")).encode() + b"]}"),
    "too many": of({"keys": [{**jwk("1"), "kid": str(number)} for number in range(101)]}),
    "too big": big,
    "cut": cut,
    "bytes": of(b"\xff\xfe"),
    "a secret": of({"keys": [{"kty": "oct", "k": b64(SECRET), "kid": "1"}]}),
    "for encryption": of({"keys": [jwk("1", use="enc")]}),
    "another algorithm": of({"keys": [jwk("1", alg="ES384")]}),
    "another curve": of({"keys": [jwk("1", crv="P-384", alg=None)]}),
    "not on the curve": of({"keys": [jwk("1", x=b64(b"\1" * 32))]}),
    "numbers": of({"keys": [jwk("1", x=7)]}),
    "not objects": of({"keys": [None, 7, "x"]}),
    "a private key": of({"keys": [jwk("1", d=b64(PAIRS["1"].private_numbers().private_value.to_bytes(32, "big")))]}),
    "a small key": of({"keys": [{"kty": "RSA", "n": b64(SMALL.n.to_bytes(128, "big")), "e": "AQAB", "kid": "1"}]}),
}


@pytest.mark.parametrize("name", WRONG)
def test_documents_that_are_not_good(provider, name, caplog):
    """A document that is not exactly right gives no key, and the log says why."""
    provider.answer = WRONG[name]
    with pytest.raises(AuthenticationUnavailable):
        JWKS(provider.url, algorithms=["ES256", "RS256"]).find("1", "ES256")

    assert provider.asked == 1
    assert caplog.text.count("cannot be fetched") == 1


@pytest.mark.parametrize("slow", [trickle, trickle_headers])
def test_a_slow_provider(provider, slow):
    """A request ends after its time, however slowly the answer comes."""
    provider.answer = slow
    keys = JWKS(provider.url, algorithms=["ES256"], timeout=0.3)
    with pytest.raises(AuthenticationUnavailable):
        keys.find("1", "ES256")

    until(lambda: "framework-jwks" not in [each.name for each in threading.enumerate()])


def test_keys_that_are_not_known_are_left_out(provider):
    """One key that fits is found among others that do not (RFC 7517, section 5)."""
    provider.keys = [{"kty": "AKP", "alg": "ML-DSA-44"}, None, jwk("2", use="enc"), jwk("1", alg=None, use=None)]

    assert scheme(JWKS(provider.url, algorithms=["ES256", "RS256"])).decode(signed()).subject == "ann"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_asks_for_itself(provider):
    """A process that is forked while its parent waits for keys fetches its own."""
    keys = JWKS(provider.url, algorithms=["ES256"], timeout=10)
    provider.gate.clear()
    flight = keys._start(0)
    until(lambda: provider.asked == 1)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def child():
        answers.put(len(keys.find("1", "ES256")))

    process = context.Process(target=child)
    process.start()
    until(lambda: provider.asked == 2)
    provider.gate.set()
    assert answers.get(timeout=10) == 1
    process.join(10)
    flight.result(10)


MISTAKES = {
    "no TLS": ({"url": "http://id.example.org/keys"}, "would be fetched without TLS"),
    "a host like a loopback": ({"url": "http://127.0.0.1.example.org/keys"}, "would be fetched without TLS"),
    "a user": ({"url": "https://a:b@id.example.org/keys"}, "without a user"),
    "a file": ({"url": "file:///etc/keys"}, "Invalid URL of keys"),
    "no host": ({"url": "https:///keys"}, "Invalid URL of keys"),
    "a line": ({"url": "https://id.example.org/keys\r\nX: y"}, "Invalid URL of keys"),
    "not text": ({"url": None}, "Invalid URL of keys: None"),
    "no algorithms": ({"algorithms": []}, "Invalid 'algorithms'"),
    "none": ({"algorithms": ["none"]}, "Invalid algorithm 'none'"),
    "secrets": ({"algorithms": ["HS256"]}, "HS256 needs a shared secret, and keys at a URL are public"),
    "no time": ({"timeout": 0}, "Invalid 'timeout' of JWKS: 0"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    """A mistake in the set-up is found when the keys are named, with file and line; no server is asked."""
    options, text = MISTAKES[name]
    given = {"url": "https://id.example.org/keys", "algorithms": ["ES256"], **options}
    with pytest.raises(SetupError, match=text) as caught:
        JWKS(**given)
    assert f"({__file__}:" in str(caught.value)
    assert "a:b" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_loopback_needs_no_tls(host):
    """Keys of the same machine may be fetched without TLS."""
    assert JWKS(f"http://{host}:8000/keys", algorithms=["ES256"]).is_remote


def test_a_forged_certificate(tmp_path):
    """A server that cannot prove who it is gives no keys."""

    key = new_key("ES256")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )

    (tmp_path / "pem").write_bytes(private_pem(key) + certificate.public_bytes(Encoding.PEM))
    provider = Provider()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    provider.server.socket = context.wrap_socket(provider.server.socket, server_side=True)
    url = provider.url.replace("http:", "https:")
    with pytest.raises(AuthenticationUnavailable):
        JWKS(url, algorithms=["ES256"]).find("1", "ES256")
    trusting = ssl.create_default_context(cadata=certificate.public_bytes(Encoding.PEM).decode())
    assert len(JWKS(url, algorithms=["ES256"], ssl_context=trusting).find("1", "ES256")) == 1
    provider.close()
