"""``framework types``: TypedDicts for what the schemas of a module load and dump."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import pathlib
import runpy
import subprocess
import sys
import typing as t
import uuid

import pytest
from click.testing import CliRunner

from framework.cli import cli
from tests.typing.good import pet_schemas

GOOD = pathlib.Path(pet_schemas.__file__).parent


@pytest.fixture
def run(monkeypatch):
    """Call the command; modules that it imports and folders that it adds do not outlive the test."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))

    def call(*arguments: object):
        return CliRunner().invoke(cli, ["types", *map(str, arguments)])

    return call


def written(tmp_path, text, name="shop_schemas"):
    """A module with schemas, in a folder of its own."""
    path = tmp_path / f"{name}.py"
    path.write_text(f"from framework import Schema, fields, validate\n\n{text}")
    return path


def test_types_go_to_standard_output(run, tmp_path):
    """Without --output nothing is written but the text."""
    path = written(tmp_path, "class PetSchema(Schema):\n    name = fields.String(required=True)\n")

    done = run(path)

    assert done.exit_code == 0
    assert "class PetLoad(t.TypedDict):" in done.output
    assert "    name: str" in done.output
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [path.name]


def test_the_checked_types_are_up_to_date():
    """The file that type checkers see in the typing programs is what the command writes today."""
    command = [sys.executable, "-m", "framework", "types", "pet_schemas", "-o", "pet_schema_types.py", "--check"]
    done = subprocess.run(command, cwd=GOOD, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr


def test_check_shows_what_changed(run, tmp_path):
    """A stale file is not changed: the difference is shown, with the command that writes it, and the exit code is 1."""
    path, target = (
        written(tmp_path, "class PetSchema(Schema):\n    name = fields.String()\n"),
        tmp_path / "pet_types.py",
    )
    assert run(path, "-o", target).exit_code == 0
    assert run(path, "-o", target, "--check").exit_code == 0
    before = target.read_text().replace("t.NotRequired[str]", "int")
    target.write_text(before)

    done = run(path, "-o", target, "--check")

    assert done.exit_code == 1
    assert "-    name: int\n+    name: t.NotRequired[str]\n" in done.output
    assert f"Run 'framework types {path} --output {target}'" in done.output
    assert target.read_text() == before


def test_a_file_that_is_not_there_is_not_up_to_date(run, tmp_path):
    """--check does not write the file."""
    path = written(tmp_path, "class PetSchema(Schema):\n    name = fields.String()\n")

    assert run(path, "-o", tmp_path / "none.py", "--check").exit_code == 1
    assert not (tmp_path / "none.py").exists()


@pytest.mark.parametrize(
    "arguments, exit_code, words",
    [
        (["shop_that_is_not_there"], 2, "Could not import 'shop_that_is_not_there'"),
        (["tests.cli", "--check"], 2, "give it with --output"),
        (["tests.cli"], 1, "has no schemas"),
    ],
)
def test_wrong_uses_are_explained(run, arguments, exit_code, words):
    """A module that is missing or has no schemas, and a check of nothing, are mistakes with a message."""
    done = run(*arguments)

    assert done.exit_code == exit_code
    assert words in done.output


def test_a_schema_with_arguments_is_refused(run, tmp_path):
    """It cannot be known what a schema has that is made with arguments."""
    text = "class PetSchema(Schema):\n    def __init__(self, size):\n        super().__init__()\n"

    done = run(written(tmp_path, text))

    assert done.exit_code == 1
    assert "PetSchema cannot be made without arguments" in done.output


def test_names_are_used_once(run, tmp_path):
    """Two schemas whose names differ in their ending alone get types of their own."""
    text = "class Pet(Schema):\n    a = fields.String()\n\nclass PetSchema(Schema):\n    b = fields.String()\n"

    done = run(written(tmp_path, text))

    assert "class PetLoad(" in done.output
    assert "class PetLoad2(" in done.output


def fits(value: object, kind: t.Any, names: dict[str, t.Any]) -> bool:
    """Whether a value is of a written type."""
    if isinstance(kind, t.ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, str):
        kind = eval(kind, names)
    origin, given = t.get_origin(kind), t.get_args(kind)
    if kind is t.Any:
        return True
    if origin is t.NotRequired:
        return fits(value, given[0], names)
    if t.is_typeddict(kind):
        hints = t.get_type_hints(kind, names)
        return (
            isinstance(value, dict)
            and value.keys() <= hints.keys()
            and kind.__required_keys__ <= value.keys()
            and all(fits(value[key], hints[key], names) for key in value)
        )
    if origin is t.Literal:
        return value in given
    if origin is list:
        return isinstance(value, list) and all(fits(each, given[0], names) for each in value)
    if origin is tuple:
        return isinstance(value, tuple) and all(map(fits, value, given, [names] * len(given)))
    if origin is dict:
        return isinstance(value, dict) and all(
            fits(key, given[0], names) and fits(each, given[1], names) for key, each in value.items()
        )
    if given:
        return any(fits(value, each, names) for each in given)
    if isinstance(value, enum.Enum):
        return type(value).__qualname__ == kind.__qualname__
    return value is kind or isinstance(value, type(None) if kind is None else kind)


OWNER = {"name": "Ann", "since": None, "password": "secret", "friend": {"name": "Bob", "password": "secret"}}
PET = {
    "name": "Rex",
    "size": "small",
    "kind": "CAT",
    "kind_value": "dog",
    "bornAt": "2020-01-01T00:00:00Z",
    "weight": "1.25",
    "price": "9.99",
    "address": "::1",
    "age": 60,
    "owner": OWNER,
    "previous": [{"name": "Ann"}],
    "owner_names": ["Ann"],
    "notes": {"a": 1, "b": None},
    "place": [1.5, 2],
    "tags": "a,b",
    "anything": [1],
    "other": {"kind": "cat"},
}
SMALL = {"name": "Rex", "size": "large", "kind": "DOG", "owner": {"name": "Ann", "password": "secret"}}


@pytest.mark.parametrize("data", [PET, SMALL], ids=["all", "required"])
def test_types_tell_the_truth(monkeypatch, data):
    """What a schema really loads and dumps is of the written types."""
    monkeypatch.syspath_prepend(GOOD)
    monkeypatch.setitem(sys.modules, "pet_schemas", pet_schemas)
    names = {**runpy.run_path(str(GOOD / "pet_schema_types.py")), "pet_schemas": pet_schemas}
    schema = pet_schemas.PetSchema()

    loaded = schema.load(data)
    sent = {**loaded, "id": uuid.uuid4(), "stamp": dt.datetime.now(dt.UTC)}
    dumped = schema.dump(sent)

    assert fits(loaded, names["PetLoad"], names), loaded
    assert fits(dumped, names["PetDump"], names), dumped
    assert not fits({**loaded, "weight": 1.5}, names["PetLoad"], names)
    assert not fits({**dumped, "kind": "COW"}, names["PetDump"], names)
    assert isinstance(loaded["weight"], decimal.Decimal | None)


def test_keys_that_are_no_names_are_written_otherwise(monkeypatch):
    """A member that Python cannot name is in a TypedDict all the same."""
    monkeypatch.syspath_prepend(GOOD)
    names = runpy.run_path(str(GOOD / "pet_schema_types.py"))
    schema = pet_schemas.HeaderSchema()

    assert names["HeaderLoad"].__required_keys__ == {"request_id", "from"}
    assert names["HeaderDump"].__required_keys__ == {"X-Request-ID"}
    assert fits(schema.load({"X-Request-ID": "1"}), names["HeaderLoad"], names)
    assert fits(schema.dump({"request_id": "1"}), names["HeaderDump"], names)


def test_other_commands_do_not_load_the_writer():
    """Who never writes types does not pay for it."""
    code = "import sys, framework.cli; print('framework.cli.typeddicts' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert ran.stdout.strip() == "False", ran.stderr
