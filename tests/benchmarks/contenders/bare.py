"""No framework: a WSGI function with everything written out, and orjson."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import decimal
import hashlib
import re
import typing as t
from urllib.parse import parse_qsl

import orjson

from .base import MANY, STATES, USERS, Contender, Fresh, Item, new_items

ITEMS = new_items()
Headers: t.TypeAlias = "list[tuple[str, str]]"
Reply: t.TypeAlias = "tuple[str, bytes] | tuple[str, bytes, Headers]"

NOT_ALLOWED = b'{"title":"Method Not Allowed","status":405}'
NO_TOKEN = b'{"title":"Unauthorized","status":401}'
NOT_FOUND = b'{"title":"Not Found","status":404}'
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
Errors: t.TypeAlias = dict[str, list[str]]


def written(item: Item) -> dict[str, t.Any]:
    """An item as the encoder takes it."""
    return {
        "id": item.id,
        "name": item.name,
        "status": item.status,
        "price": str(item.price),
        "created_at": item.created_at,
        "tags": item.tags,
        "category": {"id": item.category.id, "name": item.category.name},
        "email": item.email,
    }


def encode(value: t.Any) -> bytes:
    """JSON text, UTC as ``Z``."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def one_item(number: str, query: str) -> tuple[str, bytes]:
    """One item, after a look at the query."""
    values = dict(parse_qsl(query))
    wrong: Errors = {}
    page = values.pop("page", "1")
    if not page.isdigit() or int(page) < 1:
        wrong["page"] = ["Not a positive integer."]
    if values.pop("status", "new") not in STATES:
        wrong["status"] = ["Not a state."]
    for name in values:
        wrong[name] = ["Unknown field."]
    if wrong:
        return "422 UNPROCESSABLE ENTITY", encode({"errors": wrong})
    if not number.isdigit() or int(number) >= len(ITEMS):
        return "404 NOT FOUND", NOT_FOUND
    return "200 OK", encode(written(ITEMS[int(number)]))


def create(body: bytes) -> tuple[str, bytes]:
    """An item made of the body."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "400 BAD REQUEST", b'{"title":"Bad Request","status":400}'
    item, wrong = loaded(data)
    if wrong:
        return "422 UNPROCESSABLE ENTITY", encode({"errors": wrong})
    item["price"] = str(item["price"])
    return "201 CREATED", encode(item)


def loaded(data: t.Any) -> tuple[dict[str, t.Any], Errors]:
    """The values of an item, and what is wrong with them."""
    wrong: Errors = {}
    item: dict[str, t.Any] = {}
    get = data.get
    item["id"] = get("id")
    if type(item["id"]) is not int:
        wrong["id"] = ["Not a valid integer."]
    name = item["name"] = get("name")
    if type(name) is not str or not 1 <= len(name) <= 80:
        wrong["name"] = ["Length must be between 1 and 80."]
    item["status"] = get("status", "new")
    if item["status"] not in STATES:
        wrong["status"] = ["Must be one of: new, active, archived."]
    try:
        item["price"] = decimal.Decimal(get("price"))
    except (decimal.InvalidOperation, TypeError):
        wrong["price"] = ["Not a valid number."]
    try:
        item["created_at"] = dt.datetime.fromisoformat(get("created_at"))
    except (ValueError, TypeError):
        wrong["created_at"] = ["Not a valid datetime."]
    tags = item["tags"] = get("tags")
    if type(tags) is not list or not all(type(tag) is str for tag in tags):
        wrong["tags"] = ["Not a list of strings."]
    category = item["category"] = get("category")
    if type(category) is not dict or type(category.get("id")) is not int or type(category.get("name")) is not str:
        wrong["category"] = ["Not a category."]
    email = item["email"] = get("email")
    if type(email) is not str or not EMAIL.fullmatch(email):
        wrong["email"] = ["Not a valid email address."]
    if len(data) > len(item):
        for key in data.keys() - item.keys():
            wrong.setdefault(key, ["Unknown field."])
    return item, wrong


def answer(environ: dict[str, t.Any]) -> Reply:
    """Status line, body, and headers of its own."""
    path = environ["PATH_INFO"]
    if path == "/hello":
        if environ["REQUEST_METHOD"] != "GET":
            return "405 METHOD NOT ALLOWED", NOT_ALLOWED, [("Allow", "GET, HEAD")]
        return "200 OK", encode({"hello": "world"})
    if path in ("/plain", "/view"):
        return "200 OK", encode({"hello": "world"})
    if path == "/items":
        if environ["REQUEST_METHOD"] == "POST":
            return create(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        return "200 OK", encode([written(item) for item in ITEMS])
    if path == "/loaded":
        return "200 OK", encode([written(item) for item in Fresh.objects])
    if path == "/moments":
        moments = [{"id": m.id, "made_at": m.made_at, "changed_at": m.changed_at} for m in Fresh.objects]
        return "200 OK", encode(moments)
    if path == "/private":
        return private(environ.get("HTTP_AUTHORIZATION", ""))
    if path == "/tagged":
        return tagged(environ.get("HTTP_IF_NONE_MATCH", ""))
    if path.startswith("/items/"):
        return one_item(path[7:], environ["QUERY_STRING"])
    return "404 NOT FOUND", NOT_FOUND


def private(header: str) -> Reply:
    """Something for those who have a token."""
    if not header.startswith("Bearer ") or header[7:] not in USERS:
        return "401 UNAUTHORIZED", NO_TOKEN, [("WWW-Authenticate", "Bearer")]
    return "200 OK", encode({"hello": "world"})


def tagged(known: str) -> Reply:
    """An item with an ETag of its bytes."""
    body = encode(written(ITEMS[7]))
    tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'
    if tag == known:
        return "304 NOT MODIFIED", b"", [("ETag", tag)]
    return "200 OK", body, [("ETag", tag)]


def hooked(environ: dict[str, t.Any]) -> Reply:
    """Hello with a header more."""
    return "200 OK", encode({"hello": "world"}), [("X-Served-By", "bench")]


def thing(environ: dict[str, t.Any]) -> Reply:
    """One of a thousand."""
    name, _, number = environ["PATH_INFO"][1:].partition("/")
    if name in THINGS and number.isdigit():
        return "200 OK", encode({"id": int(number)})
    return "404 NOT FOUND", NOT_FOUND


THINGS = {f"things{number}" for number in range(MANY)}


def application(answer: cabc.Callable[[dict[str, t.Any]], Reply]) -> t.Any:
    """The WSGI function."""

    def app(environ: dict[str, t.Any], start_response: t.Any) -> list[bytes]:
        status, body, *more = answer(environ)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if more:
            headers += more[0]
        start_response(status, headers)
        return [body]

    return app


CONTENDERS = [
    Contender(
        "bare",
        ("orjson",),
        lambda: application(answer),
        {"thousand": lambda: application(thing), "hook": lambda: application(hooked)},
    )
]
