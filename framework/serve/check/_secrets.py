"""Rules about secret keys and the session cookie.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import re
import typing as t

from ...config import weak_keys
from ._rules import CheckRule, Deployment, RuleHit, own_rule

_FEWEST_BYTES = 5
"""A key of fewer different bytes was typed, not drawn."""

_PLACEHOLDER = re.compile(
    r"(change|replace)me|(your|my|a|the|very|super|top)*secret(key)?s?$|(your|my|super)+secret|(dev|test|insecure)(key|secret|$)"
    r"|(dev|test)secretkey|djangoinsecure|key$|password|notsecret|todo$"
)
_PUBLISHED = frozenset(
    {
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "9OLWxND4o83j4K4iuopO",
        '_5#y2L"F4Q8z\\n\\xec]/',
        '_5#y2L"F4Q8z\n\u00ec]/',
    }
)
"""Keys that the documentation of Flask and of its extensions shows."""

_NEW_KEY = "Set a random one, as python -c 'import secrets; print(secrets.token_hex())' prints, in the environment."


@own_rule(
    "S010",
    "secret-key-missing",
    level="advice",
    why="Sessions, signed tokens, cursors and CSRF tokens fail when they are first used.",
    remedy=f"{_NEW_KEY} Silence the rule where nothing is signed.",
)
def secret_key_missing(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SECRET_KEY is not set."""
    if not deployment.config["SECRET_KEY"]:
        yield deployment.at_setting("SECRET_KEY", "SECRET_KEY is not set.")


@own_rule(
    "S011",
    "secret-key-weak",
    level="error",
    why="An attacker who guesses a key forges sessions and tokens of any user. Old keys are still read.",
    remedy=_NEW_KEY,
)
def secret_key_weak(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """A secret key is short, a placeholder or published."""
    for weakness in weak_keys(deployment.config):
        yield deployment.at_setting(weakness.partition(" ")[0], f"{weakness}.")
    for name, key in _keys(deployment):
        text = key if isinstance(key, str) else key.decode("latin-1")
        plain = re.sub(r"[^a-z]", "", text.lower())
        if len(text) < 16:
            continue  # said already
        if text in _PUBLISHED:
            yield deployment.at_setting(name, f"{name} has a key that a published example shows.")
        elif len(set(text)) < _FEWEST_BYTES:
            yield deployment.at_setting(name, f"{name} has a key of {len(set(text))} different characters.")
        elif _PLACEHOLDER.match(plain) and len(plain) * 2 > len(text):
            yield deployment.at_setting(name, f"{name} has a key that is a placeholder.")


@own_rule(
    "S012",
    "secret-key-fallbacks-useless",
    deploy=False,
    why="The rotation has not happened: the old key still signs, or nothing signs at all.",
    remedy="Set SECRET_KEY to a new key, and SECRET_KEY_FALLBACKS to the keys before it.",
)
def secret_key_fallbacks_useless(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SECRET_KEY_FALLBACKS has the current key, or there is no current key."""
    fallbacks = deployment.config["SECRET_KEY_FALLBACKS"]
    key = deployment.config["SECRET_KEY"]
    if fallbacks and not key:
        yield deployment.at_setting("SECRET_KEY_FALLBACKS", "SECRET_KEY_FALLBACKS is set, and SECRET_KEY is not.")
    elif key in (fallbacks or ()):
        yield deployment.at_setting("SECRET_KEY_FALLBACKS", "SECRET_KEY_FALLBACKS has the key of SECRET_KEY.")


@own_rule(
    "S013",
    "session-cookie-refused",
    level="error",
    deploy=False,
    why="Browsers do not keep such a cookie, so no session outlives its request.",
    remedy="Set SESSION_COOKIE_SECURE to True or None, and follow the rules of the prefix of its name.",
)
def session_cookie_refused(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """Browsers refuse the session cookie."""
    config = deployment.config
    insecure = config["SESSION_COOKIE_SECURE"] is False
    name = config["SESSION_COOKIE_NAME"]
    if insecure and config["SESSION_COOKIE_SAMESITE"] == "None":
        yield deployment.at_setting("SESSION_COOKIE_SECURE", "SameSite=None needs Secure, which is off.")
    if insecure and config["SESSION_COOKIE_PARTITIONED"]:
        yield deployment.at_setting("SESSION_COOKIE_SECURE", "Partitioned needs Secure, which is off.")
    if insecure and name.startswith(("__Secure-", "__Host-")):
        yield deployment.at_setting("SESSION_COOKIE_SECURE", f"The name {name!r} needs Secure, which is off.")
    if name.startswith("__Host-"):
        if config["SESSION_COOKIE_DOMAIN"]:
            yield deployment.at_setting("SESSION_COOKIE_DOMAIN", f"The name {name!r} allows no Domain.")
        if (config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"] or "/") != "/":
            yield deployment.at_setting("SESSION_COOKIE_PATH", f"The name {name!r} needs the path '/'.")


@own_rule(
    "S014",
    "session-cookie-insecure",
    level="error",
    why="The cookie is sent over plain HTTP too, where an attacker on the path can read it and take over the session.",
    remedy="Set SESSION_COOKIE_SECURE to True; None, the default, follows the scheme of the request.",
)
def session_cookie_insecure(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SESSION_COOKIE_SECURE is off."""
    if deployment.config["SESSION_COOKIE_SECURE"] is False:
        yield deployment.at_setting("SESSION_COOKIE_SECURE", "SESSION_COOKIE_SECURE is off.")


@own_rule(
    "S015",
    "session-cookie-readable",
    why="A script that an attacker gets into a page can read the cookie and send the session away.",
    remedy="Set SESSION_COOKIE_HTTPONLY to True.",
)
def session_cookie_readable(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SESSION_COOKIE_HTTPONLY is off."""
    if not deployment.config["SESSION_COOKIE_HTTPONLY"]:
        yield deployment.at_setting("SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_HTTPONLY is off.")


@own_rule(
    "S016",
    "session-cookie-cross-site",
    why="Without the attribute, some browsers send the cookie with requests that pages of other sites cause.",
    remedy="Set SESSION_COOKIE_SAMESITE to 'Lax' or 'Strict'; to 'None' where other sites embed the application.",
)
def session_cookie_cross_site(deployment: Deployment) -> cabc.Iterator[RuleHit]:
    """SESSION_COOKIE_SAMESITE is not set."""
    if deployment.config["SESSION_COOKIE_SAMESITE"] is None:
        yield deployment.at_setting("SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_SAMESITE is None: no attribute is sent.")


def _keys(deployment: Deployment) -> cabc.Iterator[tuple[str, str | bytes]]:
    key = deployment.config["SECRET_KEY"]
    if key:
        yield "SECRET_KEY", key
    for each in deployment.config["SECRET_KEY_FALLBACKS"] or ():
        yield "SECRET_KEY_FALLBACKS", each


RULES: t.Final[tuple[CheckRule, ...]] = (
    secret_key_missing,
    secret_key_weak,
    secret_key_fallbacks_useless,
    session_cookie_refused,
    session_cookie_insecure,
    session_cookie_readable,
    session_cookie_cross_site,
)
