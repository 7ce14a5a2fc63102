"""Rules about hosts, proxies, HTTPS and the pages of other origins.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

from ...marks.browsers import CORS, SecurityHeadersMark
from ...marks.traffic import Limit
from ._rules import CheckRule, Deployment, RuleHit, own_rule
from ._server import is_loopback

_HALF_A_YEAR = 180 * 24 * 3600
_MAX_AGE = re.compile(r'max-age="?(\d+)', re.IGNORECASE)
_DEEPEST = 50


@own_rule(
    "S030",
    "trusted-hosts-empty",
    why="A made-up Host gets into the links of answers and mails, and from there into caches and hands.",
    remedy="Set TRUSTED_HOSTS to the names of the site, like ['.example.org']. Silence the rule where a"
    " proxy refuses other hosts.",
)
def trusted_hosts_empty(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """TRUSTED_HOSTS is empty: every Host is believed."""
    if not deployment.config["TRUSTED_HOSTS"]:
        yield deployment.at_setting("TRUSTED_HOSTS", "TRUSTED_HOSTS is empty: every Host is believed.")


@own_rule(
    "S031",
    "proxy-ignored",
    why="The client's address, scheme and host are those of the proxy: limits count all clients as one, cookies lack"
    " Secure, and links lead to http.",
    remedy="Wrap app.wsgi_app in ProxyFix, for as many proxies as there are. Silence the rule where there is none.",
)
def proxy_ignored(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A proxy is in front, and nothing reads its headers."""
    fixes = proxy_fixes(deployment)
    server = deployment.server
    if not fixes and deployment.config["PREFERRED_URL_SCHEME"] == "https" and not server.is_tls:
        text = "PREFERRED_URL_SCHEME is 'https', and neither the server ends TLS nor ProxyFix reads a proxy's headers."
        if not server.file:
            text = "PREFERRED_URL_SCHEME is 'https', and no ProxyFix reads the headers of the proxy that ends TLS."
        yield deployment.at_setting("PREFERRED_URL_SCHEME", text)
    if fixes and not any(each.x_for for each in fixes):
        limited = next((each for each in deployment.operations if _counts_addresses(each.marks)), None)
        if limited is not None:
            text = f"{limited.address} has a limit by address, and ProxyFix has x_for=0: all clients are one."
            yield deployment.at_operation(
                limited, text, remedy="Give ProxyFix x_for=1, where the proxy sets the header."
            )


@own_rule(
    "S032",
    "proxy-believed",
    level="error",
    why="A client that writes the headers itself chooses its address, so limits and logs believe whatever it says.",
    remedy="Put one ProxyFix around the application, and let gunicorn's forwarded_allow_ips name the proxies.",
)
def proxy_believed(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """The headers of proxies are believed too widely."""
    fixes = proxy_fixes(deployment)
    if len(fixes) > 1:
        yield RuleHit(
            f"ProxyFix is around the application {len(fixes)} times, and each one takes off a header's last value."
        )
    server = deployment.server
    if "*" in server.forwarded and server.is_open:
        yield deployment.at_server(
            "forwarded_allow_ips is '*', and the server listens where other machines reach it.",
            level="warning",
            remedy="Name the proxies in forwarded_allow_ips, or bind to a socket that only they reach.",
        )


@own_rule(
    "S033",
    "security-headers-missing",
    why="A browser may guess the type of an answer, show it in a frame, or hand its address on.",
    remedy="Give the application the mark: App(marks=[security_headers()]). Silence the rule where a proxy sends them.",
)
def security_headers_missing(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """No operation has the mark security_headers."""
    if deployment.operations and not _tells_browsers(deployment):
        yield RuleHit("No operation has the mark security_headers.")


@own_rule(
    "S034",
    "hsts-missing",
    why="A browser that comes by http first can be kept there by an attacker on the path, who then reads all of it.",
    remedy="Set STRICT_TRANSPORT_SECURITY to 63072000, and give the application the mark security_headers(). Silence"
    " the rule where a proxy sends the header.",
)
def hsts_missing(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Browsers are not bound to HTTPS."""
    name = "STRICT_TRANSPORT_SECURITY"
    value = deployment.config[name]
    if value is None:
        yield deployment.at_setting(name, f"{name} is not set.")
    elif not _tells_browsers(deployment):
        yield deployment.at_setting(name, f"{name} is set, and no mark security_headers sends it.")
    else:
        seconds = _seconds(value)
        if seconds < _HALF_A_YEAR:
            text = f"{name} lasts {seconds} seconds, less than half a year."
            yield deployment.at_setting(name, text, level="warning" if seconds == 0 else "advice")


@own_rule(
    "S035",
    "links-wrong",
    why="Links that are built outside of a request, in mails and tasks, lead nowhere or over plain HTTP.",
    remedy="Set SERVER_NAME to the public name of the site, and PREFERRED_URL_SCHEME to 'https'.",
)
def links_wrong(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SERVER_NAME is this machine, or links outside of a request are not HTTPS."""
    name = deployment.config["SERVER_NAME"]
    if not name:
        return
    if is_loopback(name.rpartition(":")[0] if re.search(r":\d+$", name) else name):
        yield deployment.at_setting("SERVER_NAME", f"SERVER_NAME is {name!r}, this machine itself.")
    elif deployment.config["PREFERRED_URL_SCHEME"] == "http":
        yield deployment.at_setting("PREFERRED_URL_SCHEME", f"Links to {name!r} outside of a request begin with http.")


@own_rule(
    "S036",
    "servers-unencrypted",
    why="The document sends clients, with their credentials, over plain HTTP or to their own machine.",
    remedy="Give API_SERVERS the public addresses, with https.",
)
def servers_unencrypted(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A server of the document is not HTTPS."""
    for server in deployment.config["API_SERVERS"] or ():
        url = str(server.get("url", ""))
        if urlsplit(url).scheme == "http":
            yield deployment.at_setting("API_SERVERS", f"API_SERVERS names {url!r}.")


@own_rule(
    "S037",
    "cors-credentials-broad",
    level="error",
    why="Pages of these origins read answers with the cookies of the user. Over http, or under a name that"
    " anyone can register, these can be an attacker's.",
    remedy="Name exact https origins, or patterns that end in a name of your own with its dot in front.",
)
def cors_credentials_broad(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """CORS gives credentials to origins that an attacker can have."""
    for mark in _cors(deployment):
        if not mark.credentials:
            continue
        for origin in sorted(mark.exact):
            if origin == "null":
                yield RuleHit(f"{mark!r} gives credentials to 'null', the origin of any sandboxed frame.")
            elif _is_weak(origin):
                yield RuleHit(f"{mark!r} gives credentials to {origin!r}.", level="warning")
        for origin in _strangers(deployment, mark):
            if mark.patterns and mark.allowed(origin) is not None and origin not in mark.exact:
                yield RuleHit(f"A pattern of {mark!r} gives credentials to {origin!r}.")
                break


@own_rule(
    "S038",
    "cors-private-network",
    why="Any page of the internet that a user opens can ask a server in the private network, and read its answers.",
    remedy="Name the origins, or leave 'private_network' off.",
)
def cors_private_network(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """CORS opens a private network to every origin."""
    for mark in _cors(deployment):
        if mark.private_network and mark.any_origin:
            yield RuleHit(f"{mark!r} has private_network=True.")


@own_rule(
    "S039",
    "csrf-origin-unencrypted",
    why="An attacker on the path can put a script into a page without TLS, which then acts with the user's cookies.",
    remedy="Name https origins alone in CSRF_TRUSTED_ORIGINS.",
)
def csrf_origin_unencrypted(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """CSRF_TRUSTED_ORIGINS names an origin without HTTPS."""
    for origin in deployment.config["CSRF_TRUSTED_ORIGINS"] or ():
        if _is_weak(origin):
            yield deployment.at_setting("CSRF_TRUSTED_ORIGINS", f"CSRF_TRUSTED_ORIGINS names {origin!r}.")


def proxy_fixes(deployment: Deployment) -> list[ProxyFix]:
    """The ``ProxyFix`` around the application, the outermost first; middleware of any kind is looked through."""
    app = deployment.app
    found: list[ProxyFix] = []
    seen: set[int] = set()
    todo: list[object] = [app.wsgi_app]
    while todo and len(seen) < _DEEPEST:
        layer = todo.pop(0)
        if id(layer) in seen or layer is app or getattr(layer, "__self__", None) is app:
            continue
        seen.add(id(layer))
        if isinstance(layer, ProxyFix):
            found.append(layer)
        inner = [*getattr(layer, "__dict__", {}).values()]
        inner += [cell.cell_contents for cell in getattr(layer, "__closure__", None) or ()]
        inner += [getattr(layer, "__self__", None), getattr(layer, "func", None)]
        todo += [each for each in inner if callable(each) and not isinstance(each, type)]
    return found


def _counts_addresses(marks: cabc.Iterable[object]) -> bool:
    return any(isinstance(mark, Limit) and mark.windows and mark.by == "address" for mark in marks)


def _tells_browsers(deployment: Deployment) -> bool:
    return any(isinstance(mark, SecurityHeadersMark) for each in deployment.operations for mark in each.marks)


def _seconds(value: object) -> int:
    """Return the seconds of a value of ``STRICT_TRANSPORT_SECURITY``."""
    if isinstance(value, str):
        found = _MAX_AGE.search(value)
        return int(found[1]) if found else 0
    return int(value.total_seconds()) if hasattr(value, "total_seconds") else int(t.cast(int, value))


def _cors(deployment: Deployment) -> list[CORS]:
    marks = [mark for each in deployment.app.operations for mark in each.marks if isinstance(mark, CORS)]
    return list({id(mark): mark for mark in marks}.values())


def _is_weak(origin: str) -> bool:
    """Return whether an origin is one that others can have: without TLS, or the user's own machine."""
    parts = urlsplit(origin)
    return parts.scheme == "http" or is_loopback(parts.hostname or "")


def _strangers(deployment: Deployment, mark: CORS) -> cabc.Iterator[str]:
    """Origins that look like those of the site, and that an attacker can have."""
    config = deployment.config
    names = [str(each).lstrip(".").partition(":")[0] for each in config["TRUSTED_HOSTS"] or ()]
    names += [str(config["SERVER_NAME"] or "").partition(":")[0]]
    names += [urlsplit(each).hostname or "" for each in sorted(mark.exact)]
    names += [urlsplit(str(each.get("url", ""))).hostname or "" for each in config["API_SERVERS"] or ()]
    for name in dict.fromkeys(filter(None, names)):
        yield f"https://attacker{name}"
        yield f"https://{name}.attacker.invalid"
        yield f"http://{name}"
        if name.count(".") > 1:  # a dot that is not escaped is any character
            yield f"https://{name.replace('.', 'x', 1)}"


RULES: t.Final[tuple[CheckRule, ...]] = (
    trusted_hosts_empty,
    proxy_ignored,
    proxy_believed,
    security_headers_missing,
    hsts_missing,
    links_wrong,
    servers_unencrypted,
    cors_credentials_broad,
    cors_private_network,
    csrf_origin_unencrypted,
)
