"""``Transport``: one attempt to deliver, over HTTP, within a bounded time, to an address that was checked.

The connection goes to exactly the address that was checked, with no second resolution; the certificate is checked by
the name of the host. No proxy of the environment, no cookie, and no redirect that is not checked like the first URL.
Not here: which addresses are allowed (``webhooks._addresses``), when attempts are made (``webhooks._deliverer``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import email.utils
import ipaddress
import re
import socket
import ssl
import threading
import time
import typing as t
import urllib.parse

from ..errors import SetupError
from ._addresses import AddressRefused, IPAddress, Resolve, allowed_addresses, networks_of, resolve

if t.TYPE_CHECKING:
    from urllib3.connection import HTTPConnection, HTTPSConnection

TIMEOUT: t.Final = 20.0
"""Seconds that an attempt may take in total; the specification recommends 15 to 30."""
CONNECT_TIMEOUT: t.Final = 5.0
MAX_ANSWER: t.Final = 64 * 1024
"""The bytes that are read of an answer."""
EXCERPT: t.Final = 1024
"""The characters of an answer that are kept in the log."""
USER_AGENT: t.Final = "framework-webhooks/1"

_REDIRECTS: t.Final = (307, 308)
"""The redirects that repeat the request as it is; others would make a GET of it."""
_HOST: t.Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")
_TARGET: t.Final = re.compile(r"[!-~]*")


class AttemptResult(t.NamedTuple):
    """The result of an attempt."""

    status: int | None
    """``None`` where there was no answer."""
    error: str | None
    """The reason why there was none, in words for the owner of the endpoint."""
    excerpt: str
    """The beginning of the body."""
    retry_after: float | None
    """The seconds that the receiver wants to be left alone."""
    duration: float
    """Seconds."""

    @property
    def is_success(self) -> bool:
        """Return whether the message was delivered: a 2xx."""
        return self.status is not None and 200 <= self.status < 300


class DeliveryURL(t.NamedTuple):
    """The parts of a URL."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return the value of ``Host``."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.scheme == "https" else 80) else f"{name}:{self.port}"


def read_url(url: str, *, allow_http: bool = False) -> DeliveryURL:
    """Return the parts of a URL that deliveries may be sent to.

    :param allow_http: Whether it may be without TLS.
    :raises AddressRefused: It is malformed, has a user, or another scheme.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressRefused("The URL is malformed.") from None
    if parts.scheme not in (("https", "http") if allow_http else ("https",)):
        raise AddressRefused("The URL does not begin with 'https://'.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The URL contains a user or a password.")
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (f"?{parts.query}" if parts.query else "")
    if not _TARGET.fullmatch(path):
        raise AddressRefused("The URL contains characters that must be percent-encoded.")
    return DeliveryURL(parts.scheme, _host(host), port or (443 if parts.scheme == "https" else 80), path)


def _host(host: str) -> str:
    """Return a host in ASCII.

    :raises AddressRefused: It cannot be one.
    """
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host))
    try:
        name = host.encode("idna").decode("ascii") if host else ""
    except UnicodeError:
        name = ""
    # A name of digits, like 127.1 or 2130706433, is read as an address by some resolvers.
    if not _HOST.fullmatch(name.rstrip(".")) or len(name) > 253 or name.rstrip(".").rpartition(".")[2].isdigit():
        raise AddressRefused("The host in the URL is invalid.")
    return name


class Transport:
    """The road of deliveries to their receivers.

    :param timeout: Seconds that an attempt may take in total: to resolve, to connect, for TLS, to send and to be
        answered.
    :param allow: Networks that may be reached although they are not public, like ``["10.1.0.0/16"]``: for tests and
        inner networks.
    :param allow_http: Whether URLs without TLS are taken.
    :param redirects: How many redirects (307 and 308) are followed, each to a URL that is checked like the first.
        Default: none; a redirect is a failure, as the specification says.
    :param resolve: ``resolve(host, port)`` returns the addresses of a host. It is called once for each connection, and
        the connection goes to one of the addresses that it returned. Default: the system's.
    :param ssl_context: For TLS, with the certificate of a private authority for instance. Default: that of Python.
    :param user_agent: The value of ``User-Agent``.
    :raises SetupError: A network or a number is none, or the context checks no certificates.
    :raises ImportError: The library urllib3 is not installed.
    """

    def __init__(
        self,
        *,
        timeout: float = TIMEOUT,
        allow: cabc.Iterable[str] = (),
        allow_http: bool = False,
        redirects: int = 0,
        resolve: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        _import_urllib3()
        if not timeout > 0 or redirects < 0:
            raise SetupError(
                f"Transport got a timeout of {timeout!r} seconds and {redirects!r} redirects. Give more than 0 seconds,"
                " and 0 redirects or more."
            )
        if ssl_context is not None and not (
            ssl_context.check_hostname and ssl_context.verify_mode is ssl.CERT_REQUIRED
        ):
            raise SetupError(
                "The ssl_context of Transport checks no certificates, so that anyone could read deliveries. Make one by"
                " ssl.create_default_context(), and load the certificate of your authority into it."
            )
        self.timeout = timeout
        self.allow_http = allow_http
        self.redirects = redirects
        self.user_agent = user_agent
        self._allow = networks_of(allow)
        self._resolve = resolve
        self._ssl_context = ssl_context or ssl.create_default_context()

    def check(self, url: str) -> None:
        """Check a URL as a delivery would, without connecting: for who registers one.

        What it resolves to may change; each attempt checks anew.

        :raises AddressRefused: No delivery would be sent there.
        """
        target = read_url(url, allow_http=self.allow_http)
        try:
            self._addresses(target, time.monotonic() + self.timeout)
        except OSError:
            raise AddressRefused("The host in the URL is not found.") from None

    def post(self, url: str, body: bytes, headers: cabc.Mapping[str, str], method: str = "POST") -> AttemptResult:
        """Send a request, once, and return what came of it; it raises nothing for what receivers do.

        :param url: The URL.
        :param body: The body.
        :param headers: The headers.
        :param method: The method.
        """
        began = time.monotonic()
        until = began + self.timeout
        sent = {"User-Agent": self.user_agent, "Accept-Encoding": "identity", "Connection": "close", **headers}
        status: int | None = None
        error: str | None = None
        excerpt, retry_after = "", None
        try:
            for left in range(self.redirects, -1, -1):
                target = read_url(url, allow_http=self.allow_http)
                status, found, answered = self._exchange(target, method, body, sent, until)
                excerpt, retry_after = excerpt_of(answered), seconds_of(found.get("Retry-After"))
                location = found.get("Location")
                if status not in _REDIRECTS or not location or not left:
                    break
                url = urllib.parse.urljoin(url, location)
        except Exception as raised:  # noqa: BLE001 - whatever a receiver does, the attempt has a result
            status, error = None, words_for(raised)
        return AttemptResult(status, error, excerpt, retry_after, time.monotonic() - began)

    def _addresses(self, target: DeliveryURL, until: float) -> list[IPAddress]:
        left = until - time.monotonic()
        return allowed_addresses(target.host, target.port, resolve=self._resolve, allow=self._allow, seconds=left)

    def _exchange(
        self, target: DeliveryURL, method: str, body: bytes, headers: cabc.Mapping[str, str], until: float
    ) -> tuple[int, cabc.Mapping[str, str], bytes]:
        """Send a request to one of the addresses of a host, and return status, headers and the beginning of the body.

        :raises Exception: There is no answer.
        """
        connection = self._connect(target, self._addresses(target, until), until)
        alarm = Alarm(connection.sock, until)
        try:
            with alarm:
                connection.request(
                    method,
                    target.path,
                    body=body,
                    headers={"Host": target.authority, **headers},
                    preload_content=False,
                    decode_content=False,
                )
                answer = connection.getresponse()
                try:
                    found = answer.status, dict(answer.headers), answer.read(MAX_ANSWER, decode_content=False)
                finally:
                    answer.close()
        except Exception:
            if alarm.rang:
                raise TimeoutError from None
            raise
        finally:
            connection.close()
        if alarm.rang:  # what came until then looks like a whole answer, and is cut
            raise TimeoutError
        return found

    def _connect(
        self, target: DeliveryURL, addresses: cabc.Iterable[IPAddress], until: float
    ) -> HTTPConnection | HTTPSConnection:
        """Connect to the first address that can be reached.

        :raises Exception: None can.
        """
        from urllib3.connection import HTTPConnection, HTTPSConnection

        failure: Exception = TimeoutError()
        for address in addresses:
            left = min(CONNECT_TIMEOUT, until - time.monotonic())
            if left <= 0:
                break
            connection: HTTPConnection | HTTPSConnection
            if target.scheme == "https":
                connection = HTTPSConnection(
                    str(address),
                    target.port,
                    timeout=left,
                    ssl_context=self._ssl_context,
                    server_hostname=target.host.rstrip("."),
                )
            else:
                connection = HTTPConnection(str(address), target.port, timeout=left)
            try:
                connection.connect()
            except Exception as error:  # noqa: BLE001 - the next address may be better
                connection.close()
                failure = error
                continue
            connection.timeout = max(until - time.monotonic(), 0.001)
            connection.sock.settimeout(connection.timeout)
            return connection
        raise failure


class Alarm:
    """Ends a connection at a moment, whatever its other side does: one byte each second keeps no attempt alive.

    :param sock: The socket of the connection.
    :param until: The moment, by the monotonic clock.
    """

    def __init__(self, sock: socket.socket, until: float) -> None:
        self.rang = False
        self._sock = sock
        self._timer = threading.Timer(max(until - time.monotonic(), 0), self._ring)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        # Not by the method of an SSL socket, which would go on without TLS.
        with contextlib.suppress(OSError, ValueError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


def words_for(error: Exception) -> str:
    """Return why there was no answer, in words that say nothing of the network of the sender."""
    from urllib3 import exceptions

    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 8:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for each in chain:
        if isinstance(each, AddressRefused):
            return str(each)
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"The certificate is invalid: {each.verify_message}."[:200]
        if isinstance(each, exceptions.NewConnectionError):
            continue  # a ConnectTimeoutError by inheritance; its cause says more
        if isinstance(each, (TimeoutError, exceptions.TimeoutError)):
            return "The receiver did not answer in time."
        if isinstance(each, (ssl.SSLError, exceptions.SSLError)):
            return "The TLS handshake failed."
        if isinstance(each, socket.gaierror):
            return "The host was not found."
        if isinstance(each, ConnectionRefusedError):
            return "The receiver refused the connection."
    if isinstance(error, (exceptions.NewConnectionError, OSError)):
        return "The receiver could not be reached."
    return "The receiver did not answer in HTTP."


def excerpt_of(body: bytes) -> str:
    """Return the beginning of an answer as a text that a database takes."""
    text = body[: 4 * EXCERPT].decode("utf-8", "replace").replace("\x00", "�")
    return text[:EXCERPT]


def seconds_of(header: str | None, now: float | None = None) -> float | None:
    """Return the seconds of a ``Retry-After`` (RFC 9110, section 10.2.3); ``None`` where it says none."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))


def _import_urllib3() -> t.Any:
    try:
        import urllib3 as module
    except ImportError as error:
        raise ImportError(
            "Webhooks are sent with the library urllib3, and it is not installed. Run 'pip install urllib3'."
        ) from error
    return module
