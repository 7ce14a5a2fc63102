"""The rooms of the package: who may import whom, and what a serving process never loads."""

from __future__ import annotations

import ast
import collections
import contextlib
import copy
import functools
import graphlib
import importlib
import io
import itertools
import pathlib
import pickle
import re
import runpy
import subprocess
import sys
import tokenize
import tomllib
import typing as t

import pytest

import framework
from framework._sentinel import MISSING
from framework.http import semantics

PACKAGE = pathlib.Path(framework.__file__).parent
DRAW = PACKAGE.parent / "docs" / "draw.py"
FRONT = {"", "__main__"}

# The floor of each room; what is not named stands on the ground.
FLOORS = {
    "fast": 1,
    **dict.fromkeys(("http", "stores"), 2),
    **dict.fromkeys(
        (
            *(
                "_async_parts",
                "_background",
                "_coroutines",
                "_producer",
                "_signing",
                "hooks",
                "teardown",
                "context",
                "ctx",
                "globals",
                "helpers",
                "record",
                "json",
            ),
            *("logging", "sessions", "settings", "tokens", "uploads", "wrappers"),
        ),
        3,
    ),
    "marks": 4,
    **dict.fromkeys(("resources", "versions", "views"), 5),
    "app": 6,
    **dict.fromkeys(
        (
            "asgi",
            "auth",
            "channels",
            "cli",
            "dev",
            "mcp",
            "observe",
            "openapi",
            "serve",
            "sockets",
            "sqlalchemy",
            "templating",
            "testing",
            "webhooks",
        ),
        7,
    ),
}

# Imports for types alone of a higher floor.
TYPES_FROM_ABOVE = 13

# ``Any`` per 1,000 lines of the package.
ANY = 9

QUOTED_ANY = re.compile(r"\bAny\b")

PROXIES = {"request", "g", "session", "current_app", "current_user"}


class Import(t.NamedTuple):
    """One import of a module of the package by another."""

    source: str
    function: str
    target: str
    names: frozenset[str]
    typed: bool


@functools.cache
def modules() -> dict[str, pathlib.Path]:
    """The modules by their names within the package; the front door is ``""``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@functools.cache
def packages() -> set[str]:
    """The modules that are packages."""
    return {name for name, path in modules().items() if path.name == "__init__.py"}


@functools.cache
def tree_of(name: str) -> ast.Module:
    """The syntax of a module."""
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def floor_of(name: str) -> int:
    """The number of the floor on which a module stands."""
    return FLOORS.get(name.partition(".")[0], 0)


def is_type_checking(node: ast.AST) -> bool:
    """Whether a node is ``if TYPE_CHECKING:``, under either name."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("t.TYPE_CHECKING", "TYPE_CHECKING")


def imports_of(name: str) -> list[Import]:
    """The imports of a module, within functions too, and those for types alone."""
    found: list[Import] = []
    package = name if name in packages() else name.rpartition(".")[0]

    def visit(node: ast.AST, function: str, typed: bool) -> None:
        if is_type_checking(node):
            for child in t.cast(ast.If, node).body:
                visit(child, function, True)
            for child in t.cast(ast.If, node).orelse:
                visit(child, function, typed)
            return
        if isinstance(node, ast.ImportFrom):
            found.extend(from_import(name, package, node, function, typed))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "framework":
                    found.append(Import(name, function, alias.name.partition(".")[2], frozenset(), typed))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            function = f"{function}.{node.name}".lstrip(".")
        for child in ast.iter_child_nodes(node):
            visit(child, function, typed)

    visit(tree_of(name), "", False)
    return found


def from_import(name: str, package: str, node: ast.ImportFrom, function: str, typed: bool) -> list[Import]:
    """What one ``from ... import ...`` imports of the package."""
    if node.level == 0:
        if (node.module or "").split(".")[0] != "framework":
            return []
        base = (node.module or "").partition(".")[2]
    else:
        parts = package.split(".") if package else []
        base = ".".join([*parts[: len(parts) - (node.level - 1)], *([node.module] if node.module else [])])
    found: dict[str, set[str]] = {}
    for alias in node.names:
        inner = f"{base}.{alias.name}".lstrip(".")
        if inner in modules():
            found.setdefault(inner, set())
        else:
            found.setdefault(base, set()).add(alias.name)
    return [Import(name, function, target, frozenset(names), typed) for target, names in found.items()]


@functools.cache
def everything() -> list[Import]:
    """All run-time imports within the package."""
    return [item for name in modules() for item in imports_of(name) if not item.typed]


@functools.cache
def typed_only() -> list[Import]:
    """All imports within the package that exist for types alone, but those of the fronts, which repeat their table."""
    return [item for name in modules() if name not in packages() for item in imports_of(name) if item.typed]


@functools.cache
def tables() -> dict[str, dict[str, str]]:
    """The name of each package with a front, and its public names with the modules that define them."""
    found = {}
    for name in sorted(packages()):
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lazy" and len(node.args) > 1:
                if isinstance(node.args[1], ast.Dict):
                    by_module = ast.literal_eval(node.args[1])
                else:
                    by_module = framework._LATER
                found[name] = {each: module for module, names in by_module.items() for each in names.split()}
                spaces = ast.literal_eval(node.args[2]) if len(node.args) > 2 else ""
                found[name] |= {each: f"_{each}" for each in spaces.split()}
    return found


# Rooms and floors


def test_a_package_has_one_public_module():
    """A module whose name begins with an underscore is imported by modules of its own package alone."""
    wrong = []
    for item in [*everything(), *typed_only()]:
        parts = item.target.split(".")
        for place, part in enumerate(parts):
            home = ".".join(parts[:place])
            package = item.source if item.source in packages() else item.source.rpartition(".")[0]
            if part.startswith("_") and part != "__main__" and home and f"{package}.".find(f"{home}.") != 0:
                wrong.append(f"{item.source} imports {item.target}")

    assert wrong == []


def test_inner_packages_have_one_public_module():
    """In a package within a room, each module but the front is private."""
    public = [
        name
        for name in modules()
        if name.count(".") == 2 and not name.rpartition(".")[2].startswith("_") and name not in packages()
    ]

    assert public == []


def test_a_front_says_the_same_to_people_and_to_type_checkers():
    """Each name that a front looks up when it is used is there, and stands among the imports for types."""
    assert len(tables()) > 15
    for name, table in tables().items():
        front = importlib.import_module(f"framework.{name}".rstrip("."))
        typed = {
            alias.asname or alias.name.removeprefix("_")
            for node in ast.walk(tree_of(name))
            if is_type_checking(node)
            for each in t.cast(ast.If, node).body
            if isinstance(each, ast.ImportFrom)
            for alias in each.names
        }

        assert typed == set(table), name
        for each, module in table.items():
            defined = importlib.import_module(f".{module}", front.__name__)
            assert getattr(front, each) is getattr(defined, each, defined)


def test_nothing_imports_in_a_circle():
    """The modules can be imported one after the other: what happens at import has an order."""
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for item in everything():
        if item.function or item.source in packages():
            continue
        fronts = tables().get(item.target, {})
        graph[item.source].add(item.target)
        for each in item.names:
            if each in fronts:
                graph[item.source].add(f"{item.target}.{fronts[each]}".lstrip("."))

    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(modules())


def contracts() -> list[dict[str, t.Any]]:
    """The contracts of import-linter, which ``make check`` holds."""
    with (PACKAGE.parent / "pyproject.toml").open("rb") as file:
        return t.cast("list[dict[str, t.Any]]", tomllib.load(file)["tool"]["importlinter"]["contracts"])


def test_doors_stand_within_functions():
    """A higher floor that is looked up when it is used, as the contract of the floors allows, is not loaded before."""
    doors = {tuple(line.split(" -> ")) for line in contracts()[0]["ignore_imports"]}
    found = collections.defaultdict(set)
    for item in everything():
        found[f"framework.{item.source}", f"framework.{item.target}"].add(item.function)

    assert len(doors) > 5
    assert {door for door in doors if not found[door] or "" in found[door]} == set()


def test_every_room_has_a_floor():
    """The contract of the floors names each room once."""
    named = [
        room.strip().removeprefix("framework.")
        for line in contracts()[0]["layers"]
        for room in line.replace("|", ":").split(":")
    ]
    rooms = {name.partition(".")[0] for name in modules()} - FRONT

    assert sorted(named) == sorted(rooms)


def test_modules_say_their_floor():
    """Each module opens with a docstring that names the floor it stands on."""
    silent = [
        name
        for name in modules()
        if name not in FRONT | packages() and f"Floor {floor_of(name)}." not in (ast.get_docstring(tree_of(name)) or "")
    ]

    assert silent == []


def test_few_types_come_from_above():
    """A lower floor names a protocol, not a room above it; the exceptions are counted."""
    upward = sorted(
        {
            (item.source, item.target)
            for item in typed_only()
            if floor_of(item.target) > floor_of(item.source) and item.target not in FRONT
        }
    )

    assert len(upward) <= TYPES_FROM_ABOVE, upward


def test_nothing_imports_the_front_door():
    """No module looks through the front door, which would load everything."""
    assert [item for item in everything() if item.target in FRONT and item.source not in FRONT] == []


def test_the_parser_sees_what_is_there():
    """The imports are really found: known ones of each form are among them."""
    found = {(item.source, item.target) for item in everything()}

    assert ("app._app", "app._answers") in found
    assert ("context", "signals") in found
    assert ("app._app", "http.problem") in found
    assert ("json", "json.provider") in found
    assert ("context", "app") not in found


# The current request


def test_low_floors_do_not_know_the_request():
    """Words, machines, HTTP, marks and operations are given what they need and import no proxy."""
    wrong = [
        (item.source, sorted(item.names & PROXIES))
        for item in everything()
        if item.names & PROXIES and item.source not in FRONT and floor_of(item.source) in (0, 1, 2, 4, 5)
    ]

    assert wrong == []


def test_floors_below_the_context_do_not_know_it():
    """Words, machines and HTTP import the context in no way, not even for types."""
    lower = {name for name in modules() if floor_of(name) in (1, 2)}
    typed = [
        name
        for name in lower
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.ImportFrom) and (node.module in ("context", "globals", "ctx", "framework.context"))
    ]

    assert typed == []


def test_only_doors_name_proxies_inside():
    """Inside the framework the context is passed or asked for: only Flask's import paths touch the proxies."""
    users = {item.source for item in everything() if item.names & PROXIES}

    assert users <= {"", "globals"}


# Size and tone


def test_functions_are_short():
    """A function has fewer than 80 lines."""
    long = [
        f"{name}: {node.name}"
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and t.cast(int, node.end_lineno) - node.lineno >= 80
    ]

    assert long == []


def test_users_mistakes_are_no_assertions():
    """No module uses ``assert``: it vanishes with ``-O``, and a user's mistake deserves a message."""
    found = [name for name in modules() if any(isinstance(node, ast.Assert) for node in ast.walk(tree_of(name)))]

    assert found == []


def test_nothing_prints():
    """No module prints: output is for logging, and for click in commands."""
    found = [
        name
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert found == []


def test_nothing_is_left_to_do():
    """No comment postpones work."""
    found = []
    for name, path in modules().items():
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            if token.type == tokenize.COMMENT and any(
                word in token.string for word in ("TODO", "FIXME", "XXX", "HACK")
            ):
                found.append((name, token.start[0]))

    assert found == []


# One definition


@functools.cache
def sets_of_http() -> dict[frozenset[t.Any], str]:
    """The sets of methods, statuses and media types, by their members."""
    found = {frozenset(value): name for name, value in vars(semantics).items() if isinstance(value, (tuple, frozenset))}
    return {**found, frozenset(map(str.lower, semantics.METHODS)): "PATH_ITEM_METHODS"}


def test_sets_of_http_are_written_once():
    """What HTTP says of methods, statuses and forms is looked up in one module, in no other is such a set written."""
    defined = {"http.semantics": set(semantics.__dict__), "openapi.document._paths": {"PATH_ITEM_METHODS"}}
    wrong = []
    for name in modules():
        for node in ast.walk(tree_of(name)):
            if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and all(isinstance(e, ast.Constant) for e in node.elts):
                known = sets_of_http().get(frozenset(t.cast(ast.Constant, each).value for each in node.elts))
            elif isinstance(node, ast.Constant) and node.value in semantics.FORM_TYPES:
                known = "FORM_TYPES"
            else:
                continue
            if known is not None and known not in defined.get(name, set()):
                wrong.append((name, node.lineno, known))

    assert wrong == []


def test_sentinels_are_one():
    """What stands for no value is :data:`framework._sentinel.MISSING`; no module makes an object for it."""
    made = [
        (name, node.lineno)
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "object"
    ]

    assert made == []
    assert copy.deepcopy(MISSING) is MISSING
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING
    assert repr(MISSING) == "MISSING"


def test_constants_are_defined_once():
    """No two modules define a constant of one name and one value, except for the aliases of annotations."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in modules():
        for node in tree_of(name).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            value = getattr(node, "value", None)
            for target in targets:
                if isinstance(target, ast.Name) and target.id.strip("_").isupper() and value is not None:
                    found.setdefault((target.id.strip("_"), ast.unparse(value)), []).append(name)
    twice = {key[0]: names for key, names in found.items() if len(names) > 1 and not is_alias(key)}

    assert twice == {}


def is_alias(key: tuple[str, str]) -> bool:
    """Whether a constant is a type variable, or marshmallow's own value under the name that generated code uses."""
    return key[1].startswith(("t.TypeVar", "t.ParamSpec")) or key[1] == "ma.missing"


# Names that two classes may have, with the reason.
SHARED_NAMES = {
    "Doc": "the record of a mark, and the description that users write in an annotation",
    "DateTime": "the strict twin of the field, which messages and tracebacks of generated code call by its name",
    "Meta": "the inner class by which marshmallow reads the options of a schema",
    "Missing": "the package's own, and that of annotations, which is marshmallow's at run time",
    "Nested": "the strict twin of the field, likewise",
    "Request": "the pure class of ``http`` is the base of the one that users see",
    "Response": "likewise",
}


def test_a_class_name_is_used_once():
    """One name means one class in the whole package; an alias of a type shares it with nothing but an equal alias."""
    found: dict[str, dict[str, str]] = {}
    for name in modules():
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, {})[f"{name}:{node.lineno}"] = f"class {name}:{node.lineno}"
            elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "t.TypeAlias":
                alias = ast.unparse(t.cast(ast.expr, node.value))
                found.setdefault(ast.unparse(node.target), {})[f"{name}:{node.lineno}"] = alias
    doubled = {name: list(places) for name, places in found.items() if len(set(places.values())) > 1}

    assert {name: places for name, places in doubled.items() if name not in SHARED_NAMES} == {}
    assert SHARED_NAMES.keys() <= doubled.keys()  # an exception that is not needed any more goes


def test_addresses_are_written_by_one():
    """What a message calls an operation, its method and path, comes from its record or its plan."""
    written = {"marks.base", "resources.operation"}  # and the ``repr`` of an operation
    wrong = []
    for name in modules():
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.JoinedStr):
                parts = [ast.unparse(each.value) for each in node.values if isinstance(each, ast.FormattedValue)]
                pairs = itertools.pairwise(parts)
                if any(a.endswith("method") and b.endswith("rule.rule") for a, b in pairs) and name not in written:
                    wrong.append((name, node.lineno))

    assert wrong == []


# The page on the architecture


def test_the_drawing_is_of_this_code():
    """The drawing of floors, rooms and the road of a request is what ``docs/draw.py`` makes of the code."""
    ran = subprocess.run([sys.executable, DRAW, "--check"], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr


def branches(node: ast.AST) -> int:
    """The cyclomatic complexity of a function, as ruff's C901 counts it, without the functions inside."""
    number = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        number += isinstance(child, (ast.If, ast.For, ast.While, ast.ExceptHandler, ast.comprehension, ast.match_case))
        number += isinstance(child, ast.Try) and bool(child.orelse)
        number += branches(child)
    return number


def road() -> list[tuple[str, ast.AST]]:
    """The functions on the road of a request, as the drawing names them, and those that they make."""
    drawing = runpy.run_path(str(DRAW))
    found = []
    for file, name in drawing["ROAD"]:
        node: ast.AST = tree_of(file.removesuffix(".py").replace("/", "."))
        for part in name.split("."):
            node = next(each for each in ast.iter_child_nodes(node) if getattr(each, "name", None) == part)
        found += [(name, each) for each in ast.walk(node) if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return found


def test_the_road_of_a_request_is_simple():
    """No function on the road of a request has a complexity above 12."""
    assert len(road()) > 12
    assert {name: 1 + branches(node) for name, node in road() if branches(node) > 11} == {}


# Front door


def test_the_front_door_has_no_logic():
    """The front door imports names, and looks up templating; each import is an explicit re-export."""
    kinds = {type(node).__name__ for node in tree_of("").body}
    bare = [
        alias.name
        for node in tree_of("").body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
        if alias.asname != alias.name
    ]

    assert kinds <= {"Expr", "ImportFrom", "Import", "Assign", "If"}
    assert bare == ["lazy"]


def public_names() -> list[str]:
    """The names of the front door that are functions or classes of the framework."""
    return [
        name
        for name, value in vars(framework).items()
        if not name.startswith("_")
        and getattr(value, "__module__", "").startswith("framework")
        and callable(value)
        and name not in PROXIES
    ]


def test_front_door_names_are_explained():
    """Each function and class of the front door has a docstring whose first paragraph ends like a sentence."""
    first = {
        name: (getattr(framework, name).__doc__ or "").strip().split("\n\n")[0].rstrip() for name in public_names()
    }

    assert len(first) > 20
    assert [name for name, text in first.items() if not text.endswith((".", ":"))] == []


def test_unknown_names_of_the_front_door():
    """A name that the front door does not have is an AttributeError that says so."""
    with pytest.raises(AttributeError, match="module 'framework' has no attribute 'nonsense'"):
        framework.nonsense


def test_types_are_shipped():
    """The package tells type checkers that it is annotated, and all of its functions are."""
    bare = [
        f"{name}.{node.name}"
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is None
    ]

    assert (PACKAGE / "py.typed").is_file()
    assert bare == []


def uses_of_any(name: str) -> int:
    """Count the uses of ``typing.Any`` in a module; annotations in quotes count too, imports do not."""
    number = 0
    todo: list[ast.AST] = [tree_of(name)]
    while todo:
        for node in ast.walk(todo.pop()):
            number += isinstance(node, ast.Name) and node.id == "Any"
            number += isinstance(node, ast.Attribute) and node.attr == "Any"
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and QUOTED_ANY.search(node.value):
                with contextlib.suppress(SyntaxError):
                    todo.append(ast.parse(node.value, mode="eval"))
    return number


def keys_of_notes() -> list[tuple[str, str, int]]:
    """The keys under which notes are read and written: the module, the expression and the line."""
    found = []
    for name in modules():
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.Subscript):
                holder, key = node.value, node.slice
            elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
                holder, key = node.comparators[0], node.left
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                holder, key = node.func.value, node.args[0]
            else:
                continue
            if isinstance(holder, ast.Attribute) and ast.unparse(holder) in (
                *("call.notes", "plan.notes", "plan.shared", "self.plan.notes"),
            ):
                found.append((name, ast.unparse(key), node.lineno))
    return found


def test_notes_have_typed_keys():
    """What marks leave for one another is under a :class:`Key`, which says its type: no text, no class, no object."""
    made = {
        target.id
        for name in modules()
        for node in ast.walk(tree_of(name))
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and ast.unparse(node.value or node.target).startswith("Key[")
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }

    assert len(keys_of_notes()) > 30
    assert [each for each in keys_of_notes() if each[1] not in made and each[1].rpartition(".")[2] != "key"] == []


def test_any_is_rare():
    """Few values are of any type: what is only passed on is ``object``, what is known has its type."""
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in modules().values())
    found = {name: number for name in modules() if (number := uses_of_any(name))}

    assert found["fields"] > 0  # the aliases are seen
    assert sum(found.values()) * 1000 / lines <= ANY, sorted(found.items(), key=lambda item: -item[1])[:20]


# What a serving process loads

SERVE = """
import sys
import framework
from framework import App, Resource, Router, Schema, arguments, fields, response

class Pet(Schema):
    name = fields.String(required=True)

pets = Router("pets", url_prefix="/pets")

@pets.route("")
class Pets(Resource):
    @response(200, Pet(many=True))
    def get(self):
        return [{"name": "Rex"}]

    @arguments(Pet)
    @response(201, Pet)
    def post(self, pet):
        return pet

app = App("lean")
app.register_router(pets)

def ask(method, path, body=b""):
    import io
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "x",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
    }
    told = []
    text = b"".join(app(environ, lambda status, headers, exc_info=None: told.append(status)))
    return told[0], text

assert ask("GET", "/pets") == ("200 OK", b'[{"name":"Rex"}]'), ask("GET", "/pets")
assert ask("POST", "/pets", b'{"name": "Tom"}')[0] == "201 CREATED"
assert ask("POST", "/pets", b'{}')[0].startswith("422")
assert ask("GET", "/nothing")[0] == "404 NOT FOUND"
rooms = ["openapi", "testing", "cli", "templating"]
names = ["apispec", "click", "jinja2", *("framework." + room for room in rooms)]
found = [name for name in names if any(module == name or module.startswith(name + ".") for module in sys.modules)]
sys.stdout.write(",".join(found))
"""


def test_serving_is_lean():
    """A process that has served plain requests has loaded neither documents nor commands, templates or test tools."""
    ran = subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, timeout=30)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == ""


OTHER_FOLDERS = {
    "docs": {"_static", "api", "deploying", "examples", "patterns", "tutorial"},
    "tests": {"benchmarks", "sample", "seeds", "tutorial"},
}
"""The folders of docs and tests that belong to no package."""


@pytest.mark.parametrize("place", ["docs", "tests"])
def test_docs_and_tests_have_the_folders_of_the_package(place):
    """Each folder of the docs and of the tests is named like the package or the module that it is about."""
    root = PACKAGE.parent
    files = (root / place).rglob("*.rst" if place == "docs" else "test_*.py")
    folders = {path.parent.relative_to(root / place) for path in files}
    own = {folder for folder in folders if folder.parts and folder.parts[0] not in OTHER_FOLDERS[place]}

    assert len(own) > 10
    homes = {folder: (PACKAGE / folder / "__init__.py", PACKAGE / folder.with_suffix(".py")) for folder in sorted(own)}
    assert [str(folder) for folder, paths in homes.items() if not any(path.exists() for path in paths)] == []


def test_the_examples_of_every_page_run():
    """Each page with an example that can run is collected, in whatever folder it is."""
    root = PACKAGE.parent
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "docs"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    collected = {line.partition("::")[0] for line in ran.stdout.splitlines() if "::" in line}
    pages = {
        str(path.relative_to(root))
        for path in (root / "docs").rglob("*.rst")
        if re.search(r"^>>> |^\.\. code-block:: python", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(pages) > 50
    assert pages - collected == set()
