"""The headers of HTTP authentication, read and written."""

from __future__ import annotations

import base64

import pytest
from werkzeug.datastructures import WWWAuthenticate

from framework.http.authorization import challenge, credentials_of, decode_basic, is_scheme_name, is_token68


def test_credentials_of_a_scheme():
    """The name of the scheme has no case, and any blanks may follow it."""
    assert credentials_of("Bearer abc", "bearer") == "abc"
    assert credentials_of("bEARER   abc  ", "bearer") == "abc"
    assert credentials_of("Bearer", "bearer") == ""
    assert credentials_of("Basic abc", "bearer") is None
    assert credentials_of("Bearerabc", "bearer") is None
    assert credentials_of("", "bearer") is None


def test_characters_of_tokens():
    """A bearer token has the characters of RFC 6750, section 2.1."""
    assert is_token68("abc-._~+/AZ09==")
    assert not any(map(is_token68, ["", "=", "a b", "a,b", "a=b", "ä", 'a"', "a\n"]))


def test_names_of_schemes():
    """The name of a scheme is a token."""
    assert is_scheme_name("Token")
    assert not any(map(is_scheme_name, ["", "a b", "a:b", "a\n", "é"]))


def encoded(text, charset="utf-8"):
    return base64.b64encode(text.encode(charset)).decode()


def test_basic_credentials():
    """Name and password are in UTF-8, parted by the first colon."""
    assert decode_basic(encoded("ann:secret")) == ("ann", "secret")
    assert decode_basic(encoded("ann:a:b")) == ("ann", "a:b")
    assert decode_basic(encoded(":")) == ("", "")
    assert decode_basic(encoded("test:123£")) == ("test", "123£")
    # The example of RFC 7617, section 2.1.
    assert decode_basic("dGVzdDoxMjPCow==") == ("test", "123£")


@pytest.mark.parametrize(
    "text",
    ["", "x", "====", "é", "YQ=", encoded("ann"), encoded("ann:\xe9", "latin-1"), encoded("a\n:b"), encoded("a:b\x7f")],
)
def test_broken_basic_credentials(text):
    """What is no base64, no UTF-8, has no colon or has control characters is none."""
    assert decode_basic(text) is None


def test_a_challenge_is_quoted():
    """Every parameter is a quoted string, and nobody can break out of it."""
    assert challenge("Bearer") == "Bearer"
    assert challenge("Basic", realm="API", charset="UTF-8") == 'Basic realm="API", charset="UTF-8"'
    assert challenge("Bearer", realm='a"b\\c', scope=None) == 'Bearer realm="a\\"b\\\\c"'
    assert challenge("Bearer", realm="Ä\r\nSet-Cookie: x") == 'Bearer realm="???Set-Cookie: x"'


def test_a_challenge_can_be_read_back():
    """werkzeug reads what we write."""
    text = challenge("Bearer", realm='The "API"', error="invalid_token", error_description="It is over.")
    read = WWWAuthenticate.from_header(text)

    assert read.type == "bearer"
    assert read.parameters == {"realm": 'The "API"', "error": "invalid_token", "error_description": "It is over."}
