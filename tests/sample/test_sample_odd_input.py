"""Whatever is sent, the answer is one of the client's errors, never one of the server's."""

from __future__ import annotations

import pytest

from tests.sample import shapes

ODD = [
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    1.5,
    1e308,
    "",
    " ",
    "\x00",
    "a\x00",
    "\ud7ff\ue000\uffff",
    "\U0001f409" * 10,
    "\u202e\u200b",
    "x" * 100_000,
    "' OR 1=1 --",
    "%s %d {} {0}",
    [],
    [[]],
    {},
    {"": ""},
    {"_schema": 1},
    {"__class__": "x"},
]

BODIES = [
    ("POST", "/users", "user", ["username", "email", "password"]),
    ("POST", "/users/login", "user", ["email", "password"]),
    ("PUT", "/user", "user", ["username", "email", "password", "bio", "image"]),
    ("POST", "/articles", "article", ["title", "description", "body", "tagList"]),
    ("PUT", "/articles/mine", "article", ["title", "description", "body"]),
    ("POST", "/articles/mine/comments", "comment", ["body"]),
]


@pytest.mark.parametrize(("method", "path", "member", "fields"), BODIES)
def test_odd_values_in_bodies(jake, method, path, member, fields):
    """Every odd value in every field, and in place of every object, is taken or refused."""
    jake.publish("Mine")
    good = {name: "someone@example.com" if name == "email" else name for name in fields if name != "tagList"}
    bodies = [*ODD, *({member: value} for value in ODD), {"": 1}, {member: good, "\x00": 1}]
    bodies += [{member: {**good, name: value}} for name in fields for value in ODD]
    bodies += [{member: {**good, "tagList": [value]}} for value in ODD]
    for body in bodies:
        if body is None:
            continue
        reply = jake.call(method, path, body)

        assert reply.status_code in (200, 201, 400, 401, 404, 413, 422), (body, reply.status_code, reply.text)
        assert reply.status_code < 300 or shapes.is_errors_answer(reply.json)


QUERIES = [
    "limit=%00",
    "limit=%F0%9F%90%89",
    "limit=١٢",
    "limit=1e2",
    "limit=0x10",
    "limit=+5",
    "limit=%205",
    "offset=-0",
    "offset=1_0",
    "tag=%ED%A0%80",
    "tag[]=x",
    "=",
    "&&&",
    "%",
    "limit",
    "tag=" + "%00" * 500,
    "&".join(f"a{number}=1" for number in range(500)),
]


@pytest.mark.parametrize("path", ["/articles", "/articles/feed"])
def test_odd_queries(jake, path):
    """Every odd query is taken or refused."""
    for query in QUERIES:
        assert jake.get(f"{path}?{query}").status_code in (200, 422), query


@pytest.mark.parametrize("path", ["/profiles/{}", "/articles/{}", "/articles/{}/comments", "/profiles/{}/follow"])
def test_odd_addresses(jake, path):
    """Every odd address is 404, or another one."""
    for segment in ["%2F", "%5C", "..", "%2e%2e%2f", ".", "%0A", "%20", "*", "%C3%28", "😀", "%"]:
        reply = jake.call("DELETE" if path.endswith("follow") else "GET", path.format(segment))

        assert reply.status_code in (200, 308, 404, 405), segment
