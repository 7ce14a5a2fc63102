# ruff: noqa: E501 - the table of shapes has a row for each
"""The worst requests that were found, and how much of the processor each of them costs.

Each has a bound: 200 ms for one of up to 1 MiB, 2 s for one of up to 16 MiB, valid requests included.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import io
import json
import time
import typing as t

import msgspec

from framework import (
    App,
    Resource,
    Schema,
    arguments,
    consumes,
    etag,
    fields,
    json_patch,
    merge_patch,
    produces,
    request,
    response,
    validate,
)
from framework.http.media import CSV, MessagePack

MIB = 1024 * 1024
SMALL, LARGE = 0.2, 2.0
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Part(Schema):
    """Something nested."""

    n = fields.Integer()
    name = fields.String(validate=validate.Length(max=20))


class Cat(Schema):
    """One of several."""

    kind = fields.String(required=True, validate=validate.Equal("cat"))
    n = fields.Integer()


class Thing(Schema):
    """A field of each kind that holds many values, or reads a text of any length."""

    numbers = fields.List(fields.Integer())
    exact = fields.List(fields.Decimal(as_string=True))
    texts = fields.List(fields.String(validate=validate.Length(max=5)))
    mails = fields.List(fields.Email())
    links = fields.List(fields.Url())
    hosts = fields.List(fields.IP())
    days = fields.List(fields.Date())
    moments = fields.List(fields.DateTime())
    parts = fields.List(fields.Nested(Part))
    more = fields.Nested(Part, many=True)
    part = fields.Nested(Part)
    by_name = fields.Dict(fields.String(validate=validate.Length(max=5)), fields.Integer())
    parts_by_name = fields.Dict(fields.String(), fields.Nested(Part))
    pairs = fields.List(fields.Tuple((fields.Integer(), fields.Integer())))
    lists = fields.List(fields.List(fields.Integer()))
    cats = fields.List(fields.OneOf("kind", {"cat": Cat}))
    pieces = fields.DelimitedList(fields.Integer())
    any = fields.Raw()
    text = fields.String()
    mail = fields.Email()
    link = fields.Url()
    number = fields.Integer()
    decimal = fields.Decimal(as_string=True)
    moment = fields.DateTime()
    word = fields.String(validate=validate.Regexp("[a-z]+"))


def make_app(fast: bool = True) -> App:
    """An application with an operation for each road of a body."""
    app = App("worst", static_folder=None)
    app.config["FAST_PATH"] = fast

    @app.route("/things")
    class Things(Resource):
        @arguments({"limit": fields.Integer(), "ids": fields.DelimitedList(fields.Integer())}, location="query")
        @response(200)
        def get(self, query):
            return None

        @arguments(Thing)
        @response(204)
        def post(self, thing):
            return None

        @arguments(Part(many=True))
        @response(204)
        def put(self, parts):
            return None

        @merge_patch(Thing)
        @response(204)
        def patch(self, thing):
            return None

    @app.patch("/patched")
    @json_patch(Thing)
    @response(204)
    def patched(patch):
        patch.apply({"any": {}})

    @app.post("/form")
    @arguments(Part, location="form")
    @response(204)
    def form(part):
        return None

    @app.post("/parts")
    @arguments({"part": fields.Nested(Thing), "n": fields.Integer()}, location="multipart")
    @response(204)
    def parts(form):
        return None

    @app.post("/other")
    @consumes(MessagePack(), CSV())
    @arguments(Part(many=True))
    @response(204)
    def other(parts):
        return None

    @app.get("/tagged")
    @produces(CSV())
    @etag
    @response(200, Part)
    def tagged():
        return {"n": 1}

    @app.get("/cookies")
    @arguments({"n": fields.Integer()}, location="cookies")
    @response(204)
    def cookies(jar):
        return None

    @app.post("/by-hand")
    def by_hand():
        return {"kind": type(request.get_json()).__name__}

    @app.post("/read")
    def read():
        return {"length": len(request.form)}

    return app


@dataclasses.dataclass(frozen=True)
class Shape:
    """A request that is meant to cost much.

    :param make: The body.
    :param status: The answers that are right.
    :param also: What else stands in the environment.
    """

    name: str
    path: str
    make: cabc.Callable[[], bytes]
    status: tuple[int, ...]
    method: str = "POST"
    media_type: str = JSON
    also: cabc.Callable[[], dict[str, str]] = dict

    @property
    def size(self) -> int:
        """The bytes of the body, or of what is long in the environment."""
        return len(self.make()) or max(map(len, [self.path, *self.also().values()]))

    @property
    def bound(self) -> float:
        """Seconds of processor that it may take."""
        return SMALL if self.size <= 1.2 * MIB else LARGE

    def environ(self) -> dict[str, t.Any]:
        """The WSGI environment."""
        body = self.make()
        return {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": self.path,
            "QUERY_STRING": "",
            "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.media_type,
            **self.also(),
        }


def filled(start: str, piece: str, end: str, size: int = MIB, most: int = 10**9) -> cabc.Callable[[], bytes]:
    """A body of a piece again and again, with commas between."""
    number = min((size - len(start) - len(end)) // (len(piece.encode()) + 1), most)
    return lambda: (start + ",".join([piece] * number) + end).encode()


def one_wrong(start: str, piece: str, wrong: str, end: str, most: int = 99_000) -> cabc.Callable[[], bytes]:
    """The same, all but the last as they should be."""
    made = filled(start, piece, "", MIB - len(wrong) - len(end) - 2, most)
    return lambda: made() + f",{wrong}{end}".encode()


def named(number: int, write: cabc.Callable[[int], str], between: str = ",", around: str = "{}") -> bytes:
    """Pieces that are all different."""
    text = between.join(map(write, range(number)))
    return (around[:1] + text + around[1:]).encode()


def multipart(number: int, head: str, content: str = "1") -> bytes:
    """A multipart form of many parts."""
    return "".join(f"--b\r\n{head.format(n=n)}\r\n\r\n{content}\r\n" for n in range(number)).encode() + b"--b--\r\n"


MULTIPART = "multipart/form-data; boundary=b"
DISPOSITION = 'Content-Disposition: form-data; name="n{n}"'
PACKED = "application/msgpack"

SHAPES = [
    Shape("unknown names", "/things", lambda: named(80_000, lambda n: f'"k{n}":1'), (422,)),
    Shape("unknown names, nested", "/things", lambda: b'{"part":' + named(80_000, lambda n: f'"k{n}":1') + b"}", (422,)),
    Shape("unknown names in each object", "/things", filled('{"parts":[', '{"a":1,"b":2}', "]}", most=33_000), (422,)),
    Shape("wrong numbers", "/things", filled('{"numbers":[', '"x"', "]}", most=99_000), (422,)),
    Shape("more numbers than are taken", "/things", filled('{"numbers":[', "1", "]}"), (413,)),
    Shape("the last number wrong", "/things", one_wrong('{"numbers":[', "1", '"x"', "]}"), (422,)),
    Shape("the last of nested objects wrong", "/things", one_wrong('{"parts":[', '{"n":1}', '{"n":""}', "]}", 49_000), (422,)),
    Shape("empty objects", "/things", filled('{"more":[', "{}", "]}", most=99_000), (204,)),
    Shape("list of empty objects, the last wrong", "/things", one_wrong("[", "{}", "1", "]"), (422,), "PUT"),
    Shape("mail addresses", "/things", filled('{"mails":[', '"a@b.co"', "]}", most=99_000), (204,)),
    Shape("links, the last wrong", "/things", one_wrong('{"links":[', '"http://a.b"', '"x"', "]}"), (422,)),
    Shape("wrong links", "/things", filled('{"links":[', '"http://a b"', "]}", most=79_000), (422,)),
    Shape("hosts", "/things", filled('{"hosts":[', '"1.1.1.1"', "]}", most=99_000), (204,)),
    Shape("hosts of version 6", "/things", filled('{"hosts":[', '"::1"', "]}", most=99_000), (204,)),
    Shape("moments", "/things", filled('{"moments":[', '"2026-01-02T03:04:05Z"', "]}"), (204,)),
    Shape("moments, the last wrong", "/things", one_wrong('{"moments":[', '"2026-01-02T03:04:05Z"', '""', "]}"), (422,)),
    Shape("decimals", "/things", filled('{"exact":[', '"1.50"', "]}", most=99_000), (204,)),
    Shape("keys and values of a dict wrong", "/things", lambda: b'{"by_name":' + named(70_000, lambda n: f'"long{n}":""') + b"}", (422,)),
    Shape("objects of a dict", "/things", lambda: b'{"parts_by_name":' + named(70_000, lambda n: f'"k{n}":{{}}') + b"}", (204,)),
    Shape("objects of a dict, all wrong", "/things", lambda: b'{"parts_by_name":' + named(70_000, lambda n: f'"k{n}":1') + b"}", (422,)),
    Shape("pairs", "/things", filled('{"pairs":[', "[1,2]", "]}", most=33_000), (204,)),
    Shape("pairs, the last wrong", "/things", one_wrong('{"pairs":[', "[1,2]", "[1]", "]}", 32_000), (422,)),
    Shape("lists of lists", "/things", filled('{"lists":[', "[1]", "]}", most=49_000), (204,)),
    Shape("choices", "/things", filled('{"cats":[', '{"kind":"cat","n":1}', "]}", most=33_000), (204,)),
    Shape("choices, all wrong", "/things", filled('{"cats":[', '{"kind":"dog"}', "]}", most=49_000), (422,)),
    Shape("a delimited list", "/things", filled('{"pieces":"', "1", '"}'), (422,)),
    Shape("deep, and wide at the bottom", "/things", filled('{"any":' + "[" * 900, "1", "]" * 900 + "}", most=99_000), (400,)),
    Shape("only brackets", "/things", lambda: b"[" * MIB, (400,)),
    Shape("a name of 900 kB", "/things", lambda: b'{"' + b"k" * 900_000 + b'":1}', (422,)),
    Shape("a text of 1 MiB that no pattern takes", "/things", lambda: b'{"word":"' + b"a" * 1_000_000 + b'-"}', (422,)),
    Shape("an address of 1 MiB", "/things", lambda: b'{"mail":"' + b"a." * 500_000 + b'@b"}', (422,)),
    Shape("a link of 1 MiB", "/things", lambda: b'{"link":"http://' + b"a." * 500_000 + b'"}', (204, 422)),
    Shape("a number of 1 MiB", "/things", lambda: b'{"number":' + b"9" * 1_000_000 + b"}", (400,)),
    Shape("many numbers of 4,300 digits", "/things", filled('{"any":[', "9" * 4_300, "]}"), (204,)),
    Shape("a decimal of 1 MiB", "/things", lambda: b'{"decimal":"' + b"9" * 1_000_000 + b'"}', (422,)),
    Shape("a moment of 1 MiB", "/things", lambda: b'{"moment":"2026-01-02T03:04:05.' + b"9" * 1_000_000 + b'Z"}', (204, 422)),
    Shape("escaped colons", "/things", filled('{"texts":[', '"\\u003a"', "]}", most=99_000), (204,)),
    Shape("a key twice, at the end", "/things", lambda: named(80_000, lambda n: f'"k{min(n, 79_998)}":1'), (400,)),
    Shape("broken at the end", "/things", lambda: named(80_000, lambda n: f'"k{n}":1', around="{,"), (400,)),
    Shape("a merge patch of unknown names", "/things", lambda: named(80_000, lambda n: f'"k{n}":1'), (422,), "PATCH", "application/merge-patch+json"),
    Shape("a JSON Patch of many operations", "/patched", filled("[", '{"op":"a"}', "]", most=49_000), (422,), "PATCH", "application/json-patch+json"),
    Shape("a JSON Patch of large values", "/patched", lambda: json.dumps([{"op": "add", "path": f"/any/k{n}", "value": ["x"] * 900} for n in range(100)]).encode(), (204,), "PATCH", "application/json-patch+json"),
    Shape("JSON by hand", "/by-hand", filled("[", "{}", "]", most=99_000), (200,)),
    Shape("a URL-encoded form", "/form", lambda: named(100_000, lambda n: f"k{n}=1", "&", ""), (413,), media_type=FORM),
    Shape("a URL-encoded form of 15 MiB", "/read", lambda: b"a=%41&" * 2_600_000, (413,), media_type=FORM),
    Shape("a URL-encoded form, escaped", "/form", lambda: b"name=" + b"%41" * 160_000, (422,), media_type=FORM),
    Shape("many parts", "/parts", lambda: multipart(15_000, DISPOSITION), (413,), media_type=MULTIPART),
    Shape("a thousand parts of odd headers", "/parts", lambda: multipart(999, DISPOSITION + "\r\n" + "X: y\r\n" * 100 + "Z: z"), (400, 413, 422), media_type=MULTIPART),
    Shape("15 MiB of one part", "/parts", lambda: multipart(1, DISPOSITION, "x" * 15 * MIB), (413,), media_type=MULTIPART),
    Shape("15 MiB of files", "/parts", lambda: multipart(900, DISPOSITION + '; filename="f"', "x" * 16_000), (422,), media_type=MULTIPART),
    Shape("JSON in a part, unknown names", "/parts", lambda: multipart(1, 'Content-Disposition: form-data; name="part"\r\nContent-Type: application/json', named(35_000, lambda n: f'"k{n}":1').decode()), (422,), media_type=MULTIPART),
    Shape("15 MiB that are no form", "/parts", lambda: b"\r\n" * (15 * MIB // 2), (400, 413), media_type=MULTIPART),
    Shape("MessagePack of nothing", "/other", lambda: b"\xdd" + (MIB - 5).to_bytes(4, "big") + b"\xc0" * (MIB - 5), (413,), media_type=PACKED),
    Shape("MessagePack of wrong objects", "/other", lambda: msgspec.msgpack.encode([{"n": "x"}] * 49_000), (422,), media_type=PACKED),
    Shape("CSV of many rows", "/other", lambda: b"n,name\r\n" + b"1\n" * 520_000, (413,), media_type="text/csv"),
    Shape("CSV of wrong rows", "/other", lambda: b"n,name\r\n" + b"x,y\n" * 33_000, (422,), media_type="text/csv"),
    Shape("a long query", "/things", lambda: b"", (422,), "GET", "", lambda: {"QUERY_STRING": "a=1&" * 250_000}),
    Shape("a query of one long list", "/things", lambda: b"", (422,), "GET", "", lambda: {"QUERY_STRING": "ids=" + "1," * 500_000}),
    Shape("many cookies", "/cookies", lambda: b"", (422,), "GET", "", lambda: {"HTTP_COOKIE": "a=1; " * 200_000}),
    Shape("a long cookie", "/cookies", lambda: b"", (204,), "GET", "", lambda: {"HTTP_COOKIE": "a=" + '"\\' * 500_000}),
    Shape("a long Accept", "/tagged", lambda: b"", (200,), "GET", "", lambda: {"HTTP_ACCEPT": "a/b;q=0.1," * 100_000}),
    Shape("a long list of ETags", "/tagged", lambda: b"", (400,), "GET", "", lambda: {"HTTP_IF_NONE_MATCH": '"a",' * 250_000}),
    Shape("a long Content-Type", "/things", lambda: b"{}", (415,), "POST", "a/b;" + "x=y;" * 250_000),
    Shape("a long path", "/" + "%61/" * 200_000, lambda: b"", (404,), "GET", ""),
]  # fmt: skip


def ask(app: App, shape: Shape) -> tuple[int, int, float]:
    """Send a request: its status, the bytes of the answer, and the seconds of processor that it took."""
    told: list[str] = []
    environ = shape.environ()
    began = time.process_time()
    body = b"".join(app(environ, lambda status, headers, info=None: told.append(status)))  # type: ignore[arg-type]
    return int(told[-1][:3]), len(body), time.process_time() - began


def run(say: cabc.Callable[[str], object], number: int = 30) -> list[tuple[Shape, int, float]]:
    """Ask all, each five times: the worst of them, the dearest first, with the status and the seconds of the best turn.

    :param say: Takes a line about what is going on.
    """
    app = make_app()
    found = []
    for shape in SHAPES:
        say(shape.name)
        turns = [ask(app, shape) for _ in range(5)]
        found.append((shape, turns[0][0], min(seconds for *_, seconds in turns)))
    return sorted(found, key=lambda each: each[2] / each[0].bound, reverse=True)[:number]


def report(app: App, names: cabc.Sequence[str] = ()) -> cabc.Iterator[str]:
    """Ask those whose name has one of some words in it, and write a line on each."""
    for shape in SHAPES:
        if names and not any(name in shape.name for name in names):
            continue
        turns = [ask(app, shape) for _ in range(5)]
        status, length, _ = turns[0]
        seconds = min(turn[2] for turn in turns)
        fault = "" if status in shape.status else f"  STATUS, not {shape.status}"
        slow = "  SLOW" if seconds > shape.bound else ""
        yield f"{seconds * 1000:8.1f} ms  {status}  {length:6d} of {shape.size:9d} bytes  {shape.name}{fault}{slow}"


if __name__ == "__main__":
    import sys

    for line in report(make_app("plain" not in sys.argv), [word for word in sys.argv[1:] if word != "plain"]):
        sys.stdout.write(line + "\n")
