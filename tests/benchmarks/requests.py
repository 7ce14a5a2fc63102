"""Requests answered in process: who answers what, that the answers are the same, and how long they take."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import json
import re
import typing as t

from .calls import Answer, Call, Question, asgi_call, python_calls, wsgi_call
from .contenders import bare, bottle_app, falcon_apps, fastapi_app, flask_apps, litestar_app, ours
from .contenders.base import MANY, TOKEN, Contender
from .schemas import DATA
from .timing import Times, take_turns

CONTENDERS: list[Contender] = [
    *bare.CONTENDERS,
    *ours.CONTENDERS,
    *falcon_apps.CONTENDERS,
    *litestar_app.CONTENDERS,
    *fastapi_app.CONTENDERS,
    *bottle_app.CONTENDERS,
    *flask_apps.CONTENDERS,
]
WRONG = {**DATA, "name": "", "status": "gone", "price": "abc"}


@dataclasses.dataclass(frozen=True)
class Workload:
    """A request that everybody answers.

    :param name: A short word for it.
    :param title: As it stands in the tables.
    :param statuses: The answers that are right.
    :param compare: What must be the same for all: ``"value"``, ``"names"`` of wrong fields, or only the ``"status"``.
    :param among: The contenders that answer it, where not all.
    """

    name: str
    title: str
    question: Question
    statuses: frozenset[int]
    compare: str = "value"
    among: frozenset[str] | None = None


WORKLOADS = [
    Workload("hello", "hello JSON", Question("/hello"), frozenset({200})),
    Workload("one", "one object, query checked", Question("/items/7", query="page=2&status=active"), frozenset({200})),
    Workload("list", "list of 100 objects", Question("/items"), frozenset({200})),
    Workload(
        "create", "create from JSON", Question("/items", "POST", body=json.dumps(DATA).encode()), frozenset({201})
    ),
    Workload(
        "invalid",
        "invalid body, 3 errors",
        Question("/items", "POST", body=json.dumps(WRONG).encode()),
        frozenset({400, 422}),
        "names",
    ),
    Workload("missing", "404", Question("/nowhere"), frozenset({404}), "status"),
    Workload(
        "guarded",
        "token, query, page, ETag, rate limit",
        Question("/guarded", query="status=active&page=2&page_size=20", token=TOKEN),
        frozenset({200}),
        among=frozenset({"framework", "flask-smorest"}),
    ),
    Workload("thousand", f"last of {MANY} routes", Question(f"/things{MANY - 1}/42"), frozenset({200})),
]


def call_of(contender: Contender, workload: Workload) -> Call | None:
    """The function that asks, or ``None`` where the contender has no part in it."""
    if contender.only is not None and workload.name not in contender.only:
        return None
    if workload.among is not None and contender.name not in workload.among:
        return None
    make = contender.thousand if workload.name == "thousand" else contender.app
    if make is None:
        return None
    return (asgi_call if contender.asgi else wsgi_call)(make(), workload.question)


def plain(value: t.Any) -> t.Any:
    """A JSON value in which UTC is written one way: marshmallow's own fields write ``+00:00``, others ``Z``."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, str) and value.endswith("+00:00"):
        return value[:-6] + "Z"
    return value


def check(workload: Workload, contender: Contender, answer: Answer, expected: Answer) -> None:
    """Compare an answer with that of the bare function.

    :raises SystemExit: It is another one.
    """
    status, body = int(str(answer[0])[:3]), answer[1]
    fault = ""
    if status not in workload.statuses:
        fault = f"has status {status}"
    elif workload.compare == "value" and plain(json.loads(body)) != plain(json.loads(expected[1])):
        fault = f"is not {expected[1]!r:.300}"
    elif workload.compare == "names":
        named = sum(bool(re.search(rf"\b{name}\b", body.decode())) for name in ("name", "status", "price"))
        fault = "" if named >= contender.names else f"names {named} wrong fields"
    if fault:
        raise SystemExit(f"{workload.title}: the answer of {contender.name} {fault}: {body!r:.300}")


def calls_of() -> dict[str, dict[str, Call]]:
    """The functions that ask, by workload and contender, after all answers have been compared."""
    calls: dict[str, dict[str, Call]] = {}
    for workload in WORKLOADS:
        expected: Answer | None = None
        for contender in CONTENDERS:
            call = call_of(contender, workload)
            if call is None:
                continue
            expected = expected or call()
            for _ in range(2):  # the first answer may be made in another way than those that follow
                check(workload, contender, call(), expected)
            calls.setdefault(workload.name, {})[contender.name] = call
    return calls


def run(say: cabc.Callable[[str], object]) -> tuple[dict[str, Times], dict[str, dict[str, int]]]:
    """Compare all answers, count their Python calls, then time them: workload by workload, contenders in turn.

    :param say: Takes a line about what is going on.
    :return: The times and the calls, each by the name of the workload.
    """
    calls = calls_of()
    entered = {
        name: {contender: python_calls(call) for contender, call in asked.items()} for name, asked in calls.items()
    }
    times = {}
    for workload in WORKLOADS:
        say(workload.title)
        times[workload.name] = take_turns(calls[workload.name])
    return times, entered
