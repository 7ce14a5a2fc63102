"""A reader of the tutorial, who has its pages alone: writes each file that a page shows, and types each command.

Files are ``literalinclude`` directives with a caption, which is their path: the whole file, one function or class
(``:pyobject:``), or the lines between two markers (``:start-at:``, ``:end-before:``), which take the place of the same
part of the file. Commands are the lines behind ``$`` in ``console`` blocks; the lines below one are what it prints,
with ``...`` for what differs from one time to the next. A word of a command that ends in ``...`` is copied from the
answers before. White space does not count: answers are wrapped to fit the page.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import os
import re
import secrets
import select
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "tutorial"
STATES = ROOT / "docs" / "examples" / "tutorial"
TITLES = ["items", "database", "users", "bookings", "lists", "once", "photos", "events", "versions", "deployment"]
"""The pages, in their order."""

SECONDS = 60
BLOCK = re.compile(
    r"^\.\. (?P<kind>literalinclude|code-block):: (?P<argument>\S+)\n(?P<options>(?: {4}:.*\n)*)\n?"
    r"(?P<body>(?:(?: {4}.*)?\n)*)",
    re.MULTILINE,
)
OPTION = re.compile(r"^ {4}:([\w-]+): ?(.*)$", re.MULTILINE)
COPIED = re.compile(r"[\w+/-]{3,}(?=\.\.\.)")
LEFT_BY_COMMANDS = re.compile(
    r"(^|/)(\.env|\.pytest_cache|__pycache__|photos|booking\.sqlite3.*|.*\.jpg|.*\.log|[^/]*\.egg-info)(/|$)"
)


@dataclasses.dataclass(frozen=True)
class Block:
    """A part of a page that is not prose."""

    line: int
    kind: str
    argument: str
    options: dict[str, str]
    body: str


def page_of(title: str) -> Path:
    """Return the path of a page."""
    return PAGES / f"{title}.rst"


def blocks_of(title: str) -> list[Block]:
    """Return the files and commands of a page, in their order."""
    text = page_of(title).read_text()
    return [
        Block(
            text.count("\n", 0, match.start()) + 1,
            match["kind"],
            match["argument"],
            dict(OPTION.findall(match["options"])),
            textwrap.dedent(match["body"]).strip("\n"),
        )
        for match in BLOCK.finditer(text)
    ]


def commands_of(body: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with what it prints."""
    assert body.startswith("$ "), body
    found = []
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        lines = part.split("\n")
        length = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\"))
        found.append(("\n".join(lines[:length]), "\n".join(lines[length:])))
    return found


def span_of(source: str, options: dict[str, str]) -> tuple[int, int]:
    """Return the part of a file that a directive shows, as the numbers of its first line and of the line after it."""
    lines = source.splitlines()
    if name := options.get("pyobject"):
        [node] = [each for each in ast.parse(source).body if getattr(each, "name", None) == name]
        assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        assert node.end_lineno is not None
        return first - 1, node.end_lineno
    if "start-at" in options:
        first = next(number for number, line in enumerate(lines) if options["start-at"] in line)
        end = next(number for number, line in enumerate(lines) if number > first and options["end-before"] in line)
        return first, end
    return 0, len(lines)


def shown_of(block: Block, path: Path | None = None) -> list[str]:
    """Return the lines that a directive shows, of its file or of another one."""
    source = (path or PAGES / block.argument).read_text()
    first, end = span_of(source, block.options)
    return source.splitlines()[first:end]


def changed_lines(old: list[str], new: list[str]) -> list[int]:
    """Return the numbers, from 1, of the new lines that the old ones do not have."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [
        number + 1
        for what, _, _, first, end in matcher.get_opcodes()
        if what in ("insert", "replace")
        for number in range(first, end)
        if new[number].strip()
    ]


def ranges_of(numbers: list[int]) -> str:
    """Write numbers as Sphinx takes them: ``1,3-5``."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(f"{first}-{last}" if first != last else str(first) for first, last in found)


def is_answer(wanted: str, got: str) -> bool:
    """Return whether a command has printed what the page shows."""
    pattern = ".*".join(re.escape(re.sub(r"\s", "", part)) for part in wanted.split("..."))
    return re.fullmatch(pattern, re.sub(r"\s", "", got), re.DOTALL) is not None


def same_code(one: Path, other: Path) -> bool:
    """Return whether two files are the same, but for the layout and the comments of Python."""
    if one.suffix != ".py":
        return one.read_bytes() == other.read_bytes()
    return ast.dump(ast.parse(one.read_text())) == ast.dump(ast.parse(other.read_text()))


class Reader:
    """A reader with an empty folder and a shell; close it at the end.

    :param folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "booking"
        self.folder.mkdir()
        self.home = folder
        self.ports: dict[str, int] = {}
        self.servers: dict[str, int] = {}
        self.seen = ""
        self.streams: list[tuple[str, Path, str]] = []
        self.read: list[str] = []
        scripts = Path(sys.executable).parent
        self.shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=self.folder,
            env={
                "PATH": f"{scripts}:/usr/local/bin:/usr/bin:/bin:/usr/sbin",
                "HOME": str(folder),
                "LANG": "C.UTF-8",
                "PYTHONUNBUFFERED": "1",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.type('curl() { command curl --silent --show-error --max-time 30 "$@"; }')

    def close(self) -> None:
        """End the shell, and all that it has started."""
        os.killpg(self.shell.pid, signal.SIGTERM)
        self.shell.wait(10)
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.close()
        self.shell.stdout.close()

    # Pages

    def follow(self, title: str) -> None:
        """Do what a page says, after all pages before it."""
        for each in TITLES[: TITLES.index(title) + 1]:
            if each not in self.read:
                self.read.append(each)
                self.do(each)

    def do(self, title: str) -> None:
        """Do what a page says, and look whether its state is what came out."""
        for block in blocks_of(title):
            where = f"{page_of(title).relative_to(ROOT)}:{block.line}"
            if block.kind == "literalinclude":
                self.write(block, where)
            elif block.argument == "console":
                for command, wanted in commands_of(block.body):
                    self.try_command(command, wanted, where)
        for where, output, wanted in self.streams:
            deadline = time.monotonic() + SECONDS
            while not is_answer(wanted, self.plain(output.read_text())):
                assert time.monotonic() < deadline, f"{where}\nwanted:\n{wanted}\ngot:\n{output.read_text()}"
                time.sleep(0.05)
        self.streams.clear()
        for port in list(self.servers):
            self.stop(port)
        self.ports.clear()
        self.compare(STATES / f"{TITLES.index(title) + 1:02}")

    def write(self, block: Block, where: str) -> None:
        """Write a file, or a part of one; where a command has written it, look whether it is the same."""
        source = PAGES / block.argument
        path = self.folder / block.options["caption"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.parent.name == "versions" and path.exists():
            assert same_code(path, source), f"{where}: {path.read_text()}"
        elif "pyobject" in block.options or "start-at" in block.options:
            text = path.read_text()
            first, end = span_of(text, block.options)
            lines = text.splitlines()
            lines[first:end] = shown_of(block)
            path.write_text("\n".join(lines) + "\n")
        else:
            path.write_bytes(source.read_bytes())

    def compare(self, state: Path) -> None:
        """Look whether the folder has the files of a state, and no others."""
        wanted = {path.relative_to(state) for path in state.rglob("*") if path.is_file()}
        got = {path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file()}
        assert {str(path) for path in got if not LEFT_BY_COMMANDS.search(str(path))} == {
            str(path) for path in wanted if not LEFT_BY_COMMANDS.search(str(path))
        }
        for path in wanted:
            if LEFT_BY_COMMANDS.search(str(path)):
                continue
            if path.parent.name == "versions":
                assert same_code(self.folder / path, state / path), path
            else:
                assert (self.folder / path).read_text() == (state / path).read_text(), path

    # Commands

    def try_command(self, command: str, wanted: str, where: str) -> None:
        """Type a command, and compare what it prints."""
        for word in set(COPIED.findall(command)):
            found = re.findall(re.escape(word) + r"[\w+/=.-]*", self.seen)
            assert found, f"{where}: nothing was printed that begins with {word!r}"
            command = command.replace(f"{word}...", found[-1])
        for port in re.findall(r"127\.0\.0\.1:(\d+)", command):
            command = command.replace(f"127.0.0.1:{port}", f"127.0.0.1:{self.port(port)}")
        words = command.split()
        if words[0] == "framework" and "run" in words:
            got = self.serve(command, words)
        elif words[:2] == ["curl", "-N"]:
            output = self.home / f"{secrets.token_hex(4)}.out"
            output.touch()
            self.type(f"{command} > {output} 2>&1 &")
            self.streams.append((where, output, wanted))
            self.wait_for("\n", output)
            return
        else:
            got = self.type(command)
        got = self.plain(got)
        self.seen += got
        assert is_answer(wanted, got), f"{where}: $ {command}\nwanted:\n{wanted}\ngot:\n{got}"

    def wait_for(self, text: str, output: Path) -> None:
        """Wait until what runs in another terminal has printed a text."""
        deadline = time.monotonic() + SECONDS
        while text not in output.read_text():
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.05)

    def plain(self, text: str) -> str:
        """Return an answer with the ports of the pages, and no colours."""
        for port, actual in self.ports.items():
            text = text.replace(f"127.0.0.1:{actual}", f"127.0.0.1:{port}")
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def port(self, port: str) -> int:
        """Return the free port that is used in the place of one of the pages."""
        return self.ports.setdefault(port, free_port())

    def serve(self, command: str, words: list[str]) -> str:
        """Start a development server in another terminal; the one that has its port is stopped before."""
        port = words[words.index("--port") + 1] if "--port" in words else "5000"
        self.stop(port)
        actual = self.port(port)
        command = command.replace(f"--port {port}", "") + f" --port {actual}"
        output = self.home / f"server-{port}.out"
        output.write_text("")
        self.servers[port] = int(self.type(f"{command} > {output} 2>&1 < /dev/null &\necho $!").split()[-1])
        self.wait_for("Press CTRL+C", output)
        return output.read_text()

    def stop(self, port: str) -> None:
        """Stop a server, if it runs, and wait until its port is free."""
        if port not in self.servers:
            return
        self.type(f"kill {self.servers[port]}; wait {self.servers.pop(port)}")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", self.ports[port])) != 0

    def type(self, command: str) -> str:
        """Type a command into the shell, and return what it prints."""
        mark = secrets.token_hex(8)
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"{{ {command}\n}} < /dev/null\necho {mark}\n".encode())
        self.shell.stdin.flush()
        got, deadline = b"", time.monotonic() + SECONDS
        while f"{mark}\n".encode() not in got:
            ready, _, _ = select.select([self.shell.stdout], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{command} does not end. It has printed: {got.decode()}"
            piece = os.read(self.shell.stdout.fileno(), 65536)
            assert piece, f"The shell has ended: {got.decode()}"
            got += piece
        return got.decode().replace(f"{mark}\n", "")
