"""Requests answered in process: who answers what, that the answers are the same, and how long they take."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import json
import re
import typing as t

from . import stored
from .calls import Answer, Call, LoopCall, PreparedCall, Question, asgi_call, python_calls, wsgi_call
from .contenders import (
    bare,
    bottle_app,
    classes,
    falcon_apps,
    fastapi_app,
    flask_apps,
    litestar_app,
    ours,
    starlette_app,
)
from .contenders.base import MANY, TOKEN, Contender
from .schemas import DATA
from .timing import Times, take_turns

CONTENDERS: list[Contender] = [
    *bare.CONTENDERS,
    *ours.CONTENDERS,
    *classes.CONTENDERS,
    *falcon_apps.CONTENDERS,
    *litestar_app.CONTENDERS,
    *fastapi_app.CONTENDERS,
    *starlette_app.CONTENDERS,
    *bottle_app.CONTENDERS,
    *flask_apps.CONTENDERS,
]
WRONG = {**DATA, "name": "", "status": "gone", "price": "abc"}
OK = frozenset({200})


@dataclasses.dataclass(frozen=True)
class Workload:
    """A request that everybody answers.

    :param name: A short word for it.
    :param title: As it stands in the tables.
    :param question: The request.
    :param statuses: The answers that are right.
    :param compare: What must be the same for all: ``"value"``, ``"moments"`` (the value, where UTC may go without
        saying), ``"names"`` of wrong fields, or only the ``"status"``.
    :param app: Which of a contender's applications answers; empty for its main one.
    :param among: The contenders that answer it, where not all.
    :param sends: Headers that the answer must have, and what must be in each.
    :param lacks: A header that it must not have.
    :param first: A question that is asked before, for a header of its answer.
    :param carry: That header, and the one in which its value is sent.
    """

    name: str
    title: str
    question: Question
    statuses: frozenset[int] = OK
    compare: str = "value"
    app: str = ""
    among: frozenset[str] | None = None
    sends: tuple[tuple[str, str], ...] = ()
    lacks: str = ""
    first: Question | None = None
    carry: tuple[str, str] = ("", "")


HELLO = Question("/hello")
ONE = Question("/items/7", query="page=2&status=active")
LIST = Question("/items")
CREATE = Question("/items", "POST", body=json.dumps(DATA).encode())
PLAIN = Question("/plain")
LOADED = Question("/loaded")
CREATED = frozenset({201})
JSON_SENT = ("Content-Type", "application/json")

GROUPS: dict[str, list[Workload]] = {
    "Objects and dicts": [
        Workload("hello", "hello JSON", HELLO, sends=(JSON_SENT,)),
        Workload("dict", "hello, dict without a schema", PLAIN, sends=(JSON_SENT,)),
        Workload("view", "hello, dict of a function", Question("/view"), sends=(JSON_SENT,)),
        Workload("one", "one object, query checked", ONE, sends=(JSON_SENT,)),
        Workload("create", "create from JSON", CREATE, CREATED, sends=(JSON_SENT,)),
    ],
    "Lists": [
        Workload("list", "list of 100 objects", LIST, sends=(JSON_SENT,)),
        Workload("aware", "100 objects, aware datetimes", Question("/moments"), compare="moments"),
        Workload("naive", "100 objects, naive datetimes", Question("/moments"), compare="moments"),
        Workload("orm-sqlite", "100 ORM objects, SQLite", LOADED, compare="moments"),
        Workload("rows-sqlite", "100 Rows, SQLite", LOADED, compare="moments"),
        Workload("orm-postgres", "100 ORM objects, PostgreSQL", LOADED, compare="moments"),
        Workload("rows-postgres", "100 Rows, PostgreSQL", LOADED, compare="moments"),
    ],
    "Annotated classes": [
        Workload("list-struct", "list of 100 Structs", LIST, app="structs", sends=(JSON_SENT,)),
        Workload("create-struct", "create a Struct from JSON", CREATE, CREATED, app="structs", sends=(JSON_SENT,)),
        Workload("list-data", "list of 100 dataclasses", LIST, app="data", sends=(JSON_SENT,)),
        Workload("create-data", "create a dataclass from JSON", CREATE, CREATED, app="data", sends=(JSON_SENT,)),
    ],
    "Refusals, and nothing new": [
        Workload(
            "invalid",
            "invalid body, 3 errors",
            Question("/items", "POST", body=json.dumps(WRONG).encode()),
            frozenset({400, 422}),
            "names",
        ),
        Workload("missing", "404", Question("/nowhere"), frozenset({404}), "status"),
        Workload("method", "405", Question("/hello", "DELETE"), frozenset({405}), "status", sends=(("Allow", "get"),)),
        Workload(
            "private",
            "401",
            Question("/private"),
            frozenset({401}),
            "status",
            sends=(("WWW-Authenticate", "bearer"),),
        ),
        Workload(
            "current",
            "304",
            Question("/tagged"),
            frozenset({304}),
            "status",
            sends=(("ETag", '"'),),
            first=Question("/tagged"),
            carry=("ETag", "If-None-Match"),
        ),
    ],
    "More in a request": [
        Workload(
            "guarded",
            "token, query, page, ETag, rate limit",
            Question("/guarded", query="status=active&page=2&page_size=20", token=TOKEN),
            among=frozenset({"framework", "flask-smorest"}),
        ),
        Workload("hook", "hello, after_request hook", PLAIN, app="hook", sends=(("X-Served-By", "bench"),)),
        Workload(
            "session-read",
            "session read",
            Question("/session"),
            app="session",
            sends=(("Vary", "cookie"),),
            lacks="Set-Cookie",
            first=Question("/session", "POST"),
            carry=("Set-Cookie", "Cookie"),
        ),
        Workload(
            "session-write",
            "session write",
            Question("/session", "POST"),
            app="session",
            sends=(("Set-Cookie", "session="), ("Vary", "cookie")),
        ),
        Workload("thousand", f"last of {MANY} routes", Question(f"/things{MANY - 1}/42"), app="thousand"),
    ],
    "ASGI, in an event loop": [
        Workload("asgi-hello", "hello JSON, ASGI", HELLO, app="asgi"),
        Workload("asgi-one", "one object, query checked, ASGI", ONE, app="asgi"),
        Workload("asgi-list", "list of 100 objects, ASGI", LIST, app="asgi"),
        Workload("asgi-create", "create from JSON, ASGI", CREATE, CREATED, app="asgi"),
    ],
}
WORKLOADS = [workload for group in GROUPS.values() for workload in group]
TITLES = {workload.name: workload.title for workload in WORKLOADS}


def call_of(contender: Contender, workload: Workload, prepared: cabc.Mapping[str, stored.Prepare]) -> Call | None:
    """Return the function that asks, or ``None`` where the contender has no part in it.

    :param prepared: What makes the objects of a request, by workload.
    """
    name = workload.name
    if name in contender.without or (contender.only is not None and name not in contender.only):
        return None
    if workload.among is not None and contender.name not in workload.among:
        return None
    make = contender.apps.get(workload.app) if workload.app else contender.app
    if make is None:
        return None
    app, question = make(), workload.question
    if workload.first is not None and not contender.is_floor:
        value = caller(contender, workload)(app, workload.first)().header(workload.carry[0]).partition(";")[0]
        question = dataclasses.replace(question, headers=((workload.carry[1], value),))
    call = caller(contender, workload)(app, question)
    own = f"{name} dataclasses" if contender.name == "framework, dataclasses" else name
    return PreparedCall(call, prepared[own]) if own in prepared else call


def caller(contender: Contender, workload: Workload) -> cabc.Callable[[t.Any, Question], Call]:
    """Return what makes a function that asks."""
    if workload.app == "asgi":
        return LoopCall
    return asgi_call if contender.asgi else wsgi_call


def plain(value: t.Any, without_zone: bool = False) -> t.Any:
    """Return a JSON value in which UTC is written one way: marshmallow's own fields write ``+00:00``, others ``Z``.

    :param without_zone: Take UTC away: the framework writes a naive datetime as UTC, others without an offset.
    """
    if isinstance(value, dict):
        return {name: plain(member, without_zone) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member, without_zone) for member in value]
    if isinstance(value, str) and MOMENT.fullmatch(value):
        text = value[:-6] + "Z" if value.endswith("+00:00") else value
        return text.removesuffix("Z") if without_zone else text
    return value


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+]00:00)?")


def check(workload: Workload, contender: Contender, answer: Answer, expected: Answer) -> None:
    """Compare an answer with that of the first contender, which is the bare function where it takes part.

    :raises SystemExit: It is another one.
    """
    fault = fault_of_body(workload, contender, answer, expected)
    if not fault and not contender.is_floor:
        for name, part in workload.sends:
            if part.lower() not in answer.header(name).lower() or not answer.header(name):
                fault = f"has the header {name}: {answer.header(name)!r}"
        if workload.lacks and answer.header(workload.lacks):
            fault = f"has the header {workload.lacks}"
    if fault:
        raise SystemExit(f"{workload.title}: the answer of {contender.name} {fault}: {answer.body!r:.300}")


def fault_of_body(workload: Workload, contender: Contender, answer: Answer, expected: Answer) -> str:
    """Return what is wrong with the status or the body; empty where nothing is."""
    if answer.code not in workload.statuses:
        return f"has status {answer.status}"
    if workload.compare in {"value", "moments"}:
        without_zone = workload.compare == "moments" and workload.name not in AWARE
        if plain(json.loads(answer.body), without_zone) != plain(json.loads(expected.body), without_zone):
            return f"is not {expected.body!r:.300}"
    elif workload.compare == "names":
        named = sum(bool(re.search(rf"\b{name}\b", answer.body.decode())) for name in ("name", "status", "price"))
        return "" if named >= contender.names else f"names {named} wrong fields"
    elif answer.code == 304 and answer.body:
        return "has a body"
    return ""


# SQLite has no time zones: its datetimes come back naive.
AWARE = {"aware", "orm-postgres", "rows-postgres"}


def calls_of(
    prepared: cabc.Mapping[str, stored.Prepare], workloads: cabc.Iterable[Workload] = WORKLOADS
) -> dict[str, dict[str, Call]]:
    """Return the functions that ask, by workload and contender, after all answers have been compared."""
    calls: dict[str, dict[str, Call]] = {}
    for workload in workloads:
        expected: Answer | None = None
        for contender in CONTENDERS:
            call = call_of(contender, workload, prepared)
            if call is None:
                continue
            expected = expected or call()
            for _ in range(3):  # the first answers may be made in another way than those that follow
                check(workload, contender, call(), expected)
            calls.setdefault(workload.name, {})[contender.name] = call
    return calls


def run(say: cabc.Callable[[str], object], quick: bool = False) -> tuple[dict[str, Times], dict[str, dict[str, int]]]:
    """Compare all answers, count their Python calls, then time them: workload by workload, contenders in turn.

    :param say: Takes a line about what is going on.
    :param quick: Whether two short rounds are enough.
    :return: The times and the calls, each by the name of the workload.
    """
    times: dict[str, Times] = {}
    entered: dict[str, dict[str, int]] = {}
    with stored.preparations() as prepared:
        say("comparing the answers")
        calls = calls_of(prepared)
        say("counting Python calls")
        for workload in WORKLOADS:
            asked = calls[workload.name]
            if workload.app == "asgi":  # threads are counted from their start only
                asked = calls_of(prepared, [workload])[workload.name]
            entered[workload.name] = {name: python_calls(call) for name, call in asked.items()}
        for workload in WORKLOADS:
            say(workload.title)
            rounds, seconds = (2, 0.001) if quick else (31, 0.008)
            if workload.name in prepared:  # the objects take longer than the answers
                rounds, seconds = (2, 0.001) if quick else (15, 0.005)
            times[workload.name] = take_turns(calls[workload.name], rounds, seconds)
    return times, entered
