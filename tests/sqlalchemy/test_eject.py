"""``framework eject``: the code of a router of ``crud``. That it behaves the same is tested with ``crud``."""

from __future__ import annotations

import ast
import enum
import importlib.util
import itertools
import json
import os
import pathlib
import subprocess
import sys

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import orm

from framework import Bearer, Router, requires
from framework.cli import FrameworkGroup
from framework.errors import SetupError
from framework.sqlalchemy import CrudMethods, Database, crud, eject
from tests.sqlalchemy import cruds, odd_cruds

ROOT = pathlib.Path(__file__).parents[2]
ALL = [(module, name) for module in (cruds, odd_cruds) for name in module.ROUTERS]


def imported(text, folder, name):
    """Return the router of printed code, from a module in a folder."""
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"printed_{folder.name}_{name}", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.router


def run(*words):
    """Run a tool in the folder of the project, over printed code."""
    env = {**os.environ, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "programs")}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch):
    """The current folder, by which imports are sorted."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("line_length", [88, 120])
def test_the_document_is_the_same(tmp_path, line_length):
    """An application with the printed modules has the document of ``crud``, byte for byte."""
    for number, module in enumerate((cruds, odd_cruds)):
        routers = {name: getattr(module, name) for name in module.ROUTERS if name != "few"}
        printed = {}
        for name, router in routers.items():
            text = eject(router, line_length=line_length)
            printed[name] = imported(text, tmp_path, f"{name}{number}_{line_length}")
        before, after = (
            cruds.make_app("sqlite://", each) if module is cruds else odd_cruds.make_app(each.values())
            for each in (routers, printed)
        )
        assert json.dumps(after.openapi) == json.dumps(before.openapi)
        for app in (before, after):
            app.shutdown()


def test_types_and_names_that_clash_behave_the_same(tmp_path):
    """Printed fields of each type load and dump what those of ``crud`` do, whatever names the model has."""
    values = {"uuid": "0123456789abcdef0123456789abcdef", "fields": "a", "validate": True, "decimal": "1.5"}
    values |= {"size": "LARGE", "day": "2026-01-02", "time": "12:30:00", "local": "2026-01-02T03:04:05", "small": 7}
    values |= {"big": 2**40, "ratio": 0.5, "blob": {"a": [1]}, "word": "one", "dt": "2026-01-02T03:04:05Z"}
    answers = []
    for routers in (
        [odd_cruds.sessions],
        [imported(eject(odd_cruds.sessions), tmp_path, "sessions")],
        [odd_cruds.pages],
        [imported(eject(odd_cruds.pages), tmp_path, "pages")],
    ):
        app = odd_cruds.make_app(routers)
        client = app.test_client()
        headers = {"Authorization": "Bearer ann"}
        found = []
        for method, path, body in (
            ("POST", "/pages", {**values, "small": 2**15}),
            ("POST", "/pages", {**values, "size": "HUGE", "fields": "abcdef", "word": "three", "decimal": "1000"}),
            ("POST", "/pages", {**values, "dt": "0001-01-01T00:00:00Z"}),
            ("POST", "/sessions", {"session": "a", "data": " kept "}),
            ("GET", "/sessions/a", None),
            ("PATCH", "/sessions/a", {"data": " kept "}),
            ("PUT", "/sessions/a", {}),
            ("DELETE", "/sessions/a", None),
            ("PATCH", "/sessions/a", {"data": " "}),
            ("GET", "/sessions/a", None),
            ("GET", "/sessions", None),
        ):
            if any(path.startswith(router.url_prefix) for router in routers):
                answer = client.open(path, method=method, json=body, headers=headers)
                text = answer.get_data(as_text=True).partition('"request_id"')[0]
                found.append((answer.status_code, text, answer.headers.get("Location")))
        answers.append(found)
        app.shutdown()

    assert answers[0] == answers[1]
    assert answers[2] == answers[3]
    assert [status for status, *_ in answers[2]] == [422, 422, 422]
    assert [status for status, *_ in answers[0]] == [201, 200, 200, 422, 409, 200, 404, 200]


@pytest.mark.extended
def test_the_code_is_as_written_by_hand(tmp_path):
    """It is formatted, sorted, without a fault of the linter, typed, and has no private name."""
    for length in (88, 120):
        folder = tmp_path / str(length)
        folder.mkdir()
        for module, name in ALL:
            text = eject(getattr(module, name), line_length=length)
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
            names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
            imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
            private = [each for node in imports for each in node.module.split(".") if each.startswith("_")]
            assert private == ["__future__"]
            assert not names & {"crud", "CrudMethods"}
        settings = ["--config", str(ROOT / "pyproject.toml"), "--line-length", str(length), "--no-cache", str(folder)]
        for words in (["format", "--diff"], ["check"]):
            done = run("ruff", *words, *settings)
            assert done.returncode == 0, done.stdout + done.stderr

    # A column that is called like an attribute of Schema is refused by mypy, by hand too.
    files = [str(tmp_path / "120" / f"{name}.py") for _, name in ALL if name != "pages"]
    done = run("mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), "--follow-imports=silent", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def _without_source():
    namespace = {"CrudMethods": CrudMethods, "__name__": __name__}
    exec("class Other(CrudMethods): pass", namespace)
    return namespace["Other"]


def _from_elsewhere():
    class Other(CrudMethods):
        """Another part."""

    Other.select = lambda self: sa.select(self.model)
    return Other


def _with_init():
    class Other(CrudMethods):
        def __init__(self, model):
            super().__init__(model)

    return Other


def _with_closure(hidden="hidden"):
    class Other(CrudMethods):
        def select(self):
            return super().select().where(cruds.LogEntry.text != hidden)

    return Other


@pytest.mark.parametrize(
    "make,text",
    [
        (_without_source, "no source. Write it in a module"),
        (_from_elsewhere, "'select' was put there from elsewhere. Write the method in the class"),
        (_with_init, "has an __init__, which gets the model. Take it away"),
        (_with_closure, "'select' uses 'hidden' of the function around the class. Define both in the module"),
    ],
)
def test_parts_that_cannot_be_copied_are_named(make, text):
    """A class whose source is not all of it is refused, with what to do."""
    options = {"shown": ["id"], "writable": ["text"], "versioned": False, "name": "other"}
    router = crud(cruds.LogEntry, cruds.db, methods=make(), **options)

    with pytest.raises(SetupError, match=text):
        eject(router)


@pytest.mark.extended
def test_arguments_that_cannot_be_copied_are_named():
    """What the module of the call does not have is refused, with what to do."""
    tokens, local_db = Bearer(lambda token: token), Database("sqlite://")
    options = {"shown": ["id"], "writable": ["text"], "versioned": False, "name": "other"}

    class Local(orm.declarative_base()):
        __tablename__ = "local"

        id = orm.mapped_column(sa.Integer, primary_key=True)
        kind = orm.mapped_column(sa.Enum(enum.Enum("Kind", "A B")))

    local = {**options, "shown": ["id", "kind"], "writable": []}
    calls = {
        "uses 'tokens', which is a name within a function": crud(
            cruds.LogEntry, cruds.db, operation_marks={"show": [requires(tokens)]}, **options
        ),
        "uses 'local_db', which is a name within a function": crud(cruds.LogEntry, local_db, **options),
        "cannot import the model": crud(Local, cruds.db, **{**local, "shown": ["id"]}),
        "cannot print the enumeration of Local.kind": crud(Local, cruds.db, **local),
        "marks of crud.LogEntry.: it is not written in the call": crud(
            cruds.LogEntry, cruds.db, **{**options, "marks": [requires(tokens)]}
        ),
    }
    for text, router in calls.items():
        with pytest.raises(SetupError, match=text):
            eject(router)
    with pytest.raises(
        SetupError, match=r"which crud\(\) has not made. Its code is where it is written. Name a router"
    ):
        eject(Router("plain"))


SHOP = """\
import sqlalchemy as sa
from sqlalchemy import orm

from framework import App
from framework.sqlalchemy import Database, crud


class Base(orm.DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(20))
    version: orm.Mapped[int] = orm.mapped_column()
    __mapper_args__ = {"version_id_col": version}


db = Database("sqlite://", metadata=Base.metadata)
items = crud(Item, db, shown=["id", "name"], writable=["name"])
app = App("shop")
app.register_router(items)
"""
_numbers = itertools.count()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The folder of a project, and the name of its module."""
    name = f"shop{next(_numbers)}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / f"{name}.py").write_text(SHOP, encoding="utf-8")
    yield name
    for each in [each for each in sys.modules if each.startswith((name, "printed_items"))]:
        del sys.modules[each]


def test_the_command_prints_and_writes(shop, tmp_path):
    """A router is named by its name or its module; lines are as long as ruff has them; no file is written over."""
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 80\n", encoding="utf-8")
    runner, group = CliRunner(), FrameworkGroup()
    printed = runner.invoke(group, ["--app", shop, "eject", "item"])
    written = runner.invoke(group, ["eject", f"{shop}:items", "--output", "printed_items.py"])
    again = runner.invoke(group, ["eject", f"{shop}:items", "-o", "printed_items.py"])
    wider = runner.invoke(group, ["--app", shop, "eject", "item", "--line-length", "120"]).output

    text = (tmp_path / "printed_items.py").read_text(encoding="utf-8")
    assert (printed.exit_code, written.exit_code, again.exit_code) == (0, 0, 1)
    assert printed.output == text
    assert max(map(len, text.splitlines())) <= 80 < max(map(len, wider.splitlines()))
    assert f"from {shop} import Item as ItemModel\nfrom {shop} import db\n" in text
    assert "exists. Remove it" in again.output


def test_the_module_takes_the_place_of_the_call(shop, tmp_path):
    """With an import in the place of the call the application has the same document."""
    command = [sys.executable, "-m", "framework", "--app", shop]
    before = subprocess.check_output([*command, "openapi"])
    text = subprocess.check_output([*command, "eject", "item"])
    (tmp_path / "printed_items.py").write_bytes(text)
    source = SHOP.replace(
        'items = crud(Item, db, shown=["id", "name"], writable=["name"])',
        "from printed_items import router as items",
    )
    (tmp_path / f"{shop}.py").write_text(source, encoding="utf-8")

    assert subprocess.check_output([*command, "openapi"]) == before


@pytest.mark.parametrize(
    "router,text",
    [
        ("items", "Unknown router 'items'. Known routers: item."),
        ("{shop}:app", "is not a router. Give the name of one that crud() has made."),
        ("nowhere:items", "Could not import 'nowhere'. Check the name and the current folder."),
    ],
)
def test_what_is_not_a_router_is_refused(shop, router, text):
    """The command says what it knows."""
    done = CliRunner().invoke(FrameworkGroup(), ["--app", shop, "eject", router.format(shop=shop)])

    assert done.exit_code == 2
    assert text in done.output
