"""``Transport``: where deliveries may go, for how long, and what of an answer is read."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time

import pytest

from framework.errors import SetupError
from framework.webhooks import AddressRefused, Transport
from framework.webhooks._addresses import is_public
from framework.webhooks._transport import excerpt_of, read_url, seconds_of
from tests.servers import free_port
from tests.webhooks.receivers import Authority, receiver

LOOPBACK = {"allow": ["127.0.0.0/8", "::1/128"], "allow_http": True}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority for certificates."""
    return Authority(tmp_path_factory.mktemp("authority"))


def send(url, **options):
    """Make one attempt."""
    return Transport(**options).post(url, b"{}", {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        *(
            (each, False)
            for each in ("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254")
        ),
        *((each, False) for each in ("100.64.0.1", "192.0.0.8", "198.18.0.1", "192.88.99.1", "224.0.0.1", "240.0.0.1")),
        *((each, False) for each in ("255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1")),
        *((each, False) for each in ("ff02::1", "fec0::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::127.0.0.1")),
        *((each, False) for each in ("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::")),
        *((each, False) for each in ("2001:0:1::1", "2001:db8::1", "3fff::1", "4000::1", "100::1", "5f00::1")),
    ],
)
def test_only_public_addresses_are_reached(address, public):
    """Private, loopback, link-local, multicast, reserved and translated addresses are refused."""
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_a_host_without_a_public_address_is_refused(url):
    """The check is made after resolving, and says nothing of the address."""
    answer = send(url)

    assert (answer.status, answer.error) == (None, "The host has no public address.")
    with pytest.raises(AddressRefused, match="no public address"):
        Transport().check(url)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://example.com/", "https"),
        ("ftp://example.com/", "https"),
        ("file:///etc/passwd", "https"),
        ("https://user:pw@example.com/", "user"),
        ("https://example.com:99999/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https:///path", "host"),
        ("https://exa mple.com/", "host"),
        ("https://2130706433/", "host"),
        ("https://127.1/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://a..b/", "host"),
        ("https://" + "a" * 300 + "/", "host"),
        ("https://example.com/?q=a b", "percent"),
        ("https://example.com/\r\nX: y", "https|percent|host"),
        ("", "https"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(url, text):
    """What is not an https URL of a host is refused, without asking the network."""
    if url.endswith("y"):  # urlsplit drops line breaks: nothing of them may be left
        assert "\r" not in read_url(url).path
        return
    with pytest.raises(AddressRefused, match=text):
        read_url(url)


def test_names_of_other_scripts_are_taken():
    """A host may be an internationalized name; the path is percent-encoded."""
    target = read_url("https://bücher.example:8443/ä b?x=%20")

    assert target == ("https", "xn--bcher-kva.example", 8443, "/%C3%A4%20b?x=%20")
    assert (target.authority, read_url("https://[2606:4700::1]/").authority) == (
        "xn--bcher-kva.example:8443",
        "[2606:4700::1]",
    )


def test_the_checked_address_is_the_one_that_is_connected_to():
    """A name that resolves to another address the second time gains nothing: it is resolved once."""
    asked = []

    def rebinding(host, port):
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with receiver() as found:
        url = f"http://shop.example:{found.port}/hooks"
        first = send(url, resolve=rebinding, **LOOPBACK)
        second = send(url, resolve=rebinding, **LOOPBACK)

    assert (first.status, second.error) == (204, "The host has no public address.")
    assert asked == [("shop.example", found.port)] * 2
    assert [each.headers["Host"] for each in found.received] == [f"shop.example:{found.port}"]


def test_addresses_that_are_not_allowed_are_left_out():
    """Of several addresses one that may be reached is taken; the next one where the first does not answer."""
    with receiver() as found:
        for addresses in (["169.254.169.254", "127.0.0.1"], ["127.0.0.2", "127.0.0.1"]):
            answer = send(f"http://shop.example:{found.port}/", resolve=lambda *_: addresses, **LOOPBACK)  # noqa: B023

            assert answer.status == 204


def test_the_certificate_is_checked_by_the_name_of_the_host(authority):
    """TLS goes to the checked address, with the name of the host for its certificate."""
    options = {"allow": ["127.0.0.0/8"], "resolve": lambda *_: ["127.0.0.1"]}
    with receiver(authority.certificate("shop.example", "127.0.0.1")) as found:
        answers = [
            send(f"https://{host}:{found.port}/", ssl_context=context, **options)
            for host, context in (
                ("shop.example", authority.context),
                ("127.0.0.1", authority.context),
                ("other.example", authority.context),
                ("shop.example", None),
            )
        ]

    assert [answer.status for answer in answers] == [204, 204, None, None]
    assert "certificate is invalid: Hostname mismatch" in answers[2].error
    assert "certificate is invalid" in answers[3].error
    assert len(found.received) == 2


def test_a_context_without_checks_is_refused():
    """A context that takes every certificate would let anyone read deliveries."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(SetupError, match="checks no certificates"):
        Transport(ssl_context=context)


def test_redirects_are_not_followed():
    """A redirect is a failure, by default."""
    with receiver() as found:
        found.answers = [(307, {"Location": found.url}, b""), (301, {"Location": found.url}, b"")]
        answers = [send(found.url, **LOOPBACK) for _ in range(2)]

    assert [answer.status for answer in answers] == [307, 301]
    assert len(found.received) == 2


def test_a_redirect_that_is_followed_is_checked_like_the_first_url():
    """Where redirects are allowed, each goes through the same checks: it leads into no network."""
    with receiver() as found:
        places = [found.url + "/2", "http://169.254.169.254/", "file:///etc/passwd", "/3", found.url]
        found.answers = [(308, {"Location": place}, b"") for place in places[:1]]
        assert send(found.url, redirects=1, **LOOPBACK).status == 204
        for place, status in ((places[1], None), (places[2], None), (places[3], 204)):
            found.answers = [(307, {"Location": place}, b"")]
            assert send(found.url, redirects=1, **LOOPBACK).status == status
        found.answers = [(307, {"Location": found.url}, b"")] * 9
        assert send(found.url, redirects=3, **LOOPBACK).status == 307
        found.answers = [(302, {"Location": found.url}, b"")]
        assert send(found.url, redirects=3, **LOOPBACK).status == 302

    assert [each.path for each in found.received[:2]] == ["/hooks", "/hooks/2"]


def serving(handle):
    """A raw server on loopback for one connection, and its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        with server:
            connection, _ = server.accept()
            with connection:
                try:
                    handle(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return server.getsockname()[1], thread


def drip(connection):
    """Send a header, one byte after another, without an end."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def drip_body(connection):
    """Send a body, one byte after another, without an end."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def silent(connection):
    """Answer nothing."""
    connection.recv(65_536)
    time.sleep(60)


@pytest.mark.parametrize("handle", [drip, drip_body, silent])
def test_an_attempt_ends_in_time_whatever_the_receiver_does(handle):
    """The time is that of the whole attempt: a byte now and then does not prolong it."""
    port, _ = serving(handle)
    answer = send(f"http://127.0.0.1:{port}/", timeout=0.5, **LOOPBACK)

    assert (answer.status, answer.error) == (None, "The receiver did not answer in time.")
    assert 0.4 < answer.duration < 10


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_is_never_answered_ends_in_time(scheme):
    """A server that takes the connection and says nothing, during TLS either, is given up."""
    port, _ = serving(lambda connection: time.sleep(60))
    answer = send(f"{scheme}://127.0.0.1:{port}/", timeout=0.5, **LOOPBACK)

    assert answer.error == "The receiver did not answer in time."


def test_a_host_that_is_not_resolved_in_time_is_given_up():
    """The system's resolver may take long: it is not waited for."""
    answer = send("https://shop.example/", timeout=0.3, resolve=lambda *_: time.sleep(5) or ["8.8.8.8"])

    assert answer.error == "The receiver did not answer in time."


def test_a_large_answer_is_read_in_part():
    """Of an answer 64 KiB are read, whatever it announces; of these the beginning is kept."""
    sent = []

    def flood(connection):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 500 No\r\n\r\n")
        for _ in range(10_000):
            connection.sendall(b"a" * 65_536)
            sent.append(1)

    port, thread = serving(flood)
    answer = send(f"http://127.0.0.1:{port}/", **LOOPBACK)
    thread.join(30)

    assert (answer.status, answer.excerpt) == (500, "a" * 1024)
    assert len(sent) < 1000


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "The receiver did not answer in HTTP."),
        (b"", "The receiver could not be reached."),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500, "The receiver did not answer in HTTP."),
    ],
)
def test_what_is_not_http_is_a_failure(reply, error):
    """A server of another protocol, or one that hangs up, is a failed attempt with a reason."""

    def handle(connection):
        connection.recv(65_536)
        connection.sendall(reply)

    port, _ = serving(handle)

    assert send(f"http://127.0.0.1:{port}/", **LOOPBACK).error == error


def test_nobody_listens():
    """A refused connection and an unknown host are failures that say so."""
    assert send(f"http://127.0.0.1:{free_port()}/", **LOOPBACK).error == "The receiver refused the connection."

    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    assert send("https://shop.example/", resolve=unknown).error == "The host was not found."


def test_the_environment_and_cookies_change_nothing(monkeypatch):
    """No proxy of the environment is used, and no cookie is kept."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with receiver() as found:
        found.answers = [(200, {"Set-Cookie": "a=b"}, b"")] * 2
        transport = Transport(user_agent="shop/2", **LOOPBACK)
        answers = [transport.post(found.url, b"{}", {}) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert "Cookie" not in found.received[1].headers
    assert found.received[0].headers["User-Agent"] == "shop/2"
    assert found.received[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("-1", None),
        ("soon", None),
        ("9" * 5000, 999999999999.0),
        ("Thu, 01 Jan 1970 00:10:00 GMT", 500.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    """Both forms of ``Retry-After`` are read; another text says nothing."""
    assert seconds_of(header, 100.0) == seconds


def test_an_excerpt_is_a_text_that_databases_take():
    """Bytes that are not UTF-8 and NUL, which PostgreSQL refuses, become replacement characters."""
    assert excerpt_of(b"a\x00\xffb") == "a��b"
    assert len(excerpt_of("é".encode() * 5000)) == 1024


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"allow": ["127.0.0.1/8"]}, "not a network"),
        ({"allow": "127.0.0.0/8"}, "a list of networks"),
        ({"timeout": 0}, "more than 0 seconds"),
        ({"redirects": -1}, "0 redirects"),
    ],
)
def test_mistakes_are_found_at_once(options, text):
    """What cannot be is an error when the transport is made."""
    with pytest.raises(SetupError, match=text):
        Transport(**options)
