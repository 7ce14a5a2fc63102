"""The example of ``README.rst``, served by a real server and asked as its curl lines ask."""

from __future__ import annotations

import re
import shlex
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browsers import served

UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"
README = (Path(__file__).parents[1] / "README.rst").read_text()


def block(after: str) -> str:
    """The first literal block behind a text, without its indentation."""
    part = README[README.index(after) + len(after) :]
    lines: list[str] = []
    for line in part.lstrip("\n").splitlines():
        if line and not line.startswith("    "):
            break
        lines.append(line[4:])
    return "\n".join(lines)


def talks() -> list[tuple[str, str]]:
    """Each command line with curl that shows an answer, and that answer."""
    found = re.findall(r"^\$ (curl .+)\n(.+)$", block("run ``framework run``:\n\n.. code-block:: text\n"), re.MULTILINE)
    return [(command, answer) for command, answer in found]


def with_one_id(text: str) -> str:
    """The body of an answer with one id in the place of that of its request."""
    return re.sub(rf'"request_id":"{UUID7}"', '"request_id":"id"', text)


def ask(command: str, port: int) -> str:
    """Do what a curl line does, on another port; the body of the answer."""
    _, url, *options = shlex.split(command)
    request = urllib.request.Request(url.replace(":5000", f":{port}"))
    if options:
        assert options[0] == "--json"
        request.data = options[1].encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return t.cast("bytes", answer.read()).decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


@pytest.fixture
def port() -> t.Iterator[int]:
    """The port of a server with the example."""
    namespace: dict[str, t.Any] = {"__name__": "app"}
    exec(compile(block(".. code-block:: python\n"), "README.rst", "exec"), namespace)
    with served(namespace["app"]) as address:
        yield int(address.rpartition(":")[2])


def test_the_readme_shows_what_curl_shows(port: int) -> None:
    """Each curl line of the README, in order, gives the answer below it, but for the ids of the requests."""
    shown = talks()
    answers = [ask(command, port) for command, _ in shown]

    assert len(shown) == 4
    assert [with_one_id(answer) for answer in answers] == [with_one_id(answer) for _, answer in shown]


def test_the_readme_names_pages_that_are_there(port: int) -> None:
    """The documentation page and the document of the example answer."""
    assert "<html" in ask(f"curl http://127.0.0.1:{port}/docs", port)
    assert '"openapi":"3.1.0"' in ask(f"curl http://127.0.0.1:{port}/openapi.json", port)
