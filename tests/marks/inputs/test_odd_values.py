"""Values that clients may send, and that are hard to compare, to write or to keep: none is an error of the server."""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import json
import uuid

import msgspec
import pytest

from framework import (
    App,
    CursorPage,
    Page,
    Resource,
    Schema,
    arguments,
    consumes,
    fields,
    filters,
    paginate,
    produces,
    response,
    searches,
    sorts,
)
from framework.errors import Conflict
from framework.http.media import MessagePack


class HostSchema(Schema):
    """A machine."""

    id = fields.Integer(required=True)
    address = fields.IP()
    interface = fields.IPInterface()
    wakes = fields.Time()
    note = fields.Raw(allow_none=True)


ADDRESSES = ["10.0.0.9", "2001:db8::1", "9.9.9.9", "::1"]
NOTES = [3, "b", None, [1, "a"], {"b": 1}, 2.5, "a", True]
HOSTS = [
    {
        "id": number,
        "address": ipaddress.ip_address(ADDRESSES[number % 4]),
        "interface": ipaddress.ip_interface(f"{ADDRESSES[number % 4]}/{8 + number}"),
        "wakes": dt.time(number, tzinfo=dt.UTC if number % 2 else None),
        "note": NOTES[number],
    }
    for number in range(8)
]


@pytest.fixture
def hosts():
    """A client for lists of machines, by pages and by cursors."""
    app = App(__name__)
    app.config["SECRET_KEY"] = "only for tests"
    named = ("address", "interface", "wakes", "note")
    wanted = filters(HostSchema, **{name: ["eq", "lt", "gte"] for name in named})
    for path, pager in (("/pages", Page), ("/cursors", CursorPage)):

        @app.route(path, endpoint=path[1:])
        @wanted
        @searches(HostSchema, "address")
        @sorts(HostSchema, *named)
        @paginate(pager, max_page_size=50, page_size=50)
        @response(200, HostSchema(many=True))
        def show():
            return HOSTS

    return app.test_client(contract=False)


def ids(reply):
    """The numbers of the machines that an answer holds."""
    assert reply.status_code == 200, reply.json
    return [host["id"] for host in reply.json]


def test_addresses_of_both_versions_are_compared(hosts):
    """An address of version 6 is neither less nor an error beside one of version 4: it comes after all of them."""
    assert ids(hosts.get("/pages?address__lt=10.0.0.9")) == [2, 6]
    assert ids(hosts.get("/pages?address__gte=%3A%3A1")) == [1, 3, 5, 7]
    assert ids(hosts.get("/pages?interface__lt=10.0.0.9/10")) == [0, 2, 6]
    assert ids(hosts.get("/pages?q=9.9.9")) == [2, 6]


def test_times_with_and_without_offset_are_compared(hosts):
    """A time without offset is taken as UTC, as a datetime is."""
    assert ids(hosts.get("/pages?wakes__lt=02:00:00Z")) == [0, 1]
    assert ids(hosts.get("/pages?wakes=02:00:00Z")) == [2]
    assert ids(hosts.get("/pages?wakes__gte=08:00:00%2B02:00")) == [6, 7]


def test_values_of_other_kinds_meet_no_comparison(hosts):
    """What cannot be compared with a value is neither less nor greater."""
    assert ids(hosts.get("/pages?note__lt=b")) == [6]
    assert ids(hosts.get("/pages?note__gte=%5B")) == [1, 6]


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("name", ["address", "interface", "wakes", "note"])
def test_values_of_several_kinds_are_put_in_order(hosts, name, way):
    """A list whose values are of several kinds has an order, and turned round it is the other one."""
    up = ids(hosts.get(f"/pages?sort={name}"))

    assert sorted(up) == list(range(8))
    values = [HOSTS[number][name] for number in ids(hosts.get(f"/pages?sort={way}{name}"))]
    assert values == sorted(values, key=[HOSTS[number][name] for number in up].index, reverse=way == "-")


@pytest.mark.parametrize("name", ["address", "interface", "wakes"])
def test_cursors_hold_addresses_and_times(hosts, name):
    """A list in the order of addresses can be walked through by cursors."""
    address, seen = f"/cursors?sort={name}&page_size=3", []
    for _ in range(4):
        reply = hosts.get(address)
        seen += ids(reply)
        links = {link.rpartition('"next"')[1]: link for link in reply.headers["Link"].split(", ")}
        if '"next"' not in links:
            break
        address = links['"next"'].partition(">")[0][1:]

    assert seen == ids(hosts.get(f"/pages?sort={name}"))


@pytest.fixture
def notes():
    """A client for notes that come back as they were sent."""
    app = App(__name__)

    @app.route("/notes")
    @consumes(MessagePack())
    @produces(MessagePack())
    class Notes(Resource):
        @arguments({"text": fields.Raw()})
        @response(200, {"text": fields.Raw()})
        def post(self, note):
            return note

    return app.test_client()


@pytest.mark.parametrize(
    ("number", "wrap"),
    list(itertools.product(["nan", "inf", "-inf"], [lambda x: x, lambda x: [x], lambda x: {"a": x}])),
)
def test_numbers_that_json_has_not_are_refused(notes, number, wrap):
    """NaN and infinity do not get in by MessagePack: no answer could hold them."""
    body = msgspec.msgpack.encode({"text": wrap(float(number))})
    reply = notes.post("/notes", data=body, content_type="application/msgpack")

    assert (reply.status_code, reply.json["code"]) == (400, "bad_request")


def test_numbers_that_message_pack_has_not_leave_as_json(notes):
    """An integer of more than 64 bits cannot be said in MessagePack: the answer is JSON."""
    text = json.dumps({"text": 10**30})
    reply = notes.post("/notes", data=text, content_type="application/json", headers={"Accept": "application/msgpack"})

    assert (reply.status_code, reply.content_type, reply.json) == (200, "application/json", {"text": 10**30})


@pytest.fixture
def created():
    """Sends a name; the answer names it in its headers."""
    app = App(__name__)
    app.config["STRICT_NUL"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.post("/things")
    @arguments({"name": fields.String(), "header": fields.String()})
    @response(201)
    def create(thing):
        return thing, {thing["header"]: f"/things/{thing['name']}"}

    @app.put("/things")
    @arguments({"name": fields.String(), "header": fields.String()})
    @response(200)
    def refuse(thing):
        raise Conflict(headers={thing["header"]: f"/things/{thing['name']}"})

    client = app.test_client(contract=False)
    return lambda method, header, name: client.open(
        "/things", method=method, json={"header": header, "name": name}, buffered=True
    )


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("header", ["Location", "content-location"])
@pytest.mark.parametrize(
    ("name", "sent"), [("Zoë", "Zo%C3%AB"), ("5 €", "5%20%E2%82%AC"), ("a%20b", "a%20b"), ("犬", "%E7%8A%AC")]
)
def test_addresses_in_headers_are_quoted(created, method, header, name, sent):
    """An address with what no header may hold is percent-encoded, as servers cannot send it otherwise."""
    reply = created(method, header, name)

    assert (reply.status_code, reply.headers[header]) == ({"POST": 201, "PUT": 409}[method], f"/things/{sent}")


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("name", ["5 €", "a\0", "a\x7f", "a\r\nSet-Cookie: b=c", "a\nb", "a\rb", "\x0b"])
def test_headers_that_cannot_be_sent_are_mistakes(created, caplog, method, name):
    """What a server would break off at is an error that is answered and logged, and never leaves."""
    reply = created(method, "X-Name", name)

    assert (reply.status_code, "X-Name" in reply.headers, "Set-Cookie" in reply.headers) == (500, False, False)
    assert len(caplog.records) == 1


def test_texts_in_latin_1_are_sent(created):
    """A header may hold what is in Latin-1, and tabs."""
    assert created("POST", "X-Name", "Zoë\tx").headers["X-Name"] == "/things/Zoë\tx"


@pytest.mark.parametrize("fast", [True, False])
def test_the_messages_of_items_are_limited(fast):
    """What is wrong is said of the first hundred items of a list; an answer is no sixteen times its request."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    item = Schema.from_dict({"id": fields.Integer(required=True)}, name="ItemSchema")

    @app.post("/many")
    @arguments(item(many=True))
    @response(204)
    def many(items):
        return None

    @app.post("/inner")
    @arguments({"items": fields.List(fields.Nested(item)), "numbers": fields.List(fields.Integer())})
    @response(204)
    def inner(items):
        return None

    client = app.test_client()
    whole = client.post("/many", json=[{}] * 250).json["errors"]["json"]
    parts = client.post("/inner", json={"items": [{}] * 101, "numbers": ["x"]}).json["errors"]["json"]

    assert list(whole) == [str(number) for number in range(100)]
    assert whole["99"] == {"id": ["Missing data for required field."]}
    assert (len(parts["items"]), "numbers" in parts) == (100, False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (uuid.UUID(int=3), "00000000-0000-0000-0000-000000000003"),
        (ipaddress.ip_address("::1"), "::1"),
        (ipaddress.ip_interface("10.0.0.1/8"), "10.0.0.1/8"),
    ],
)
def test_what_a_table_keeps_as_text_is_compared_as_text(value, text):
    """A column of text may hold UUIDs and addresses: no driver compares these with text."""
    import sqlalchemy as sa

    from framework.marks.lists._selects import as_parameter

    assert (as_parameter(value, sa.String()), as_parameter(value, sa.Uuid())) == (text, value)
