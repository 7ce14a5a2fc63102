"""The rooms of the package: who may import whom, and what a serving process never loads."""

from __future__ import annotations

import ast
import copy
import functools
import io
import itertools
import pathlib
import pickle
import subprocess
import sys
import tokenize
import typing as t

import pytest

import framework
from framework.http import semantics
from framework.sentinel import MISSING

PACKAGE = pathlib.Path(framework.__file__).parent
MAX_LINES = 600

# Every module, from the ground up. A module imports from a lower floor, or from one that stands before it on its own.
TABLE = """\
typing sentinel docstrings issues errors middleware signals kinds settings config fields debughelpers

fast.converters fast.patterns fast.trie fast.matcher
fast.wire fast.bounds fast.coding fast.lexical fast.strict_dates fast.strict_fields fast.hints fast.text fast.strict
fast.published
fast.codegen fast.internals fast.compare fast.reading fast.rows fast.plain
fast.load_checks fast.load_values fast.load_members fast.load_code fast.load_plan
fast.kinds fast.dump_values fast.dump_code fast.dump_plan
fast.merging fast.canary fast.dump fast.load fast.body_code fast.body
fast

stores.base stores.memory stores.redis stores.counters
http.semantics http.reading http.multipart http.sniffing http.request http.response http.media
http.shortening http.problem http.tagged http.idempotency http.conditional http.ranges http.events
http.authorization http.csrf http.versions

lifetime pump namespace context afterwards hooks ctx globals json.provider json json.tag uploads wrappers helpers
sessions tokens logging

marks.base marks.links marks.schemas marks.shapes marks.raises marks.negotiation marks.refusals marks.schemes
marks.csrf marks.security marks.permissions marks.doc
marks.multipart marks.bodies marks.inputs marks.arguments marks.responses
marks.asked marks.select_rows marks.selects marks.collections marks.cursors marks.envelopes marks.wrapping
marks.pages marks.pagination
marks.choices marks.lists marks.filters marks.sorts marks.narrowing marks.sparse marks.streams
marks.reloading marks.patches
marks.cors
marks.clients marks.caching marks.security_headers marks.tags marks.conditions marks.etags marks.downloads
marks.outgoing marks.older marks.versions
marks.shared marks.retirement marks.meters marks.limits marks.claims marks.idempotency

views resources.witness resources.around resources.operation resources.signatures resources.resource
resources.pairs resources.assembly
resources.links resources.scaffold resources.lost resources.declared resources.router resources.versions

regions pipeline app.base app.url app.templates app.serve app.failures app.dispatch app.documents app.app

templating asgi
openapi.regexes openapi.jsonschema openapi.examples openapi.decimals openapi.validators openapi.members
openapi.components
openapi.faults openapi.formats openapi.validation openapi.backtracking
openapi.paths openapi.links openapi.answers openapi.outgoing openapi.operations openapi.servers openapi.document
openapi.catalogue openapi.html openapi.curl openapi.plain openapi.pages
openapi.sent openapi.blame openapi.exchange openapi.remedies
openapi.contract openapi.shapes openapi.changes openapi.diff_words openapi.diff_flow openapi.diff openapi.versions
openapi.sources
openapi.findings openapi.lint_flow openapi.lint_values openapi.lint openapi.raised openapi.own_code openapi.check
cli.envfiles cli.refusals cli.discovery cli.misses cli.script cli.server cli.options cli.documents cli.diff
cli.routes cli.config cli.run cli.shell cli.openapi cli.explain cli.retired cli.group cli
testing.runner testing.coverage testing.client testing testing.plugin
"""
FLOORS = TABLE.split("\n\n")
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}
PLACE = {name: place for place, name in enumerate(" ".join(FLOORS).split())}
FRONT = {"", "__main__"}
EMPTY = {"app", "http", "marks", "openapi", "resources", "stores"}

# The doors: what is looked up when it is used, by the module and the function it stands in.
DOORS = {
    ("app.documents", "Documents.document"): {"openapi.document"},
    ("app.documents", "docs_view.view"): {"openapi.pages"},
    ("app.base", "AppBase.cli"): {"cli.group"},
    ("app.serve", "Serve.run"): {"cli.server"},
    ("app.serve", "Serve.test_client"): {"testing"},
    ("app.serve", "Serve.test_cli_runner"): {"testing"},
    ("app.serve", "Serve.test_request_context"): {"testing"},
    ("app.templates", "Templates.create_jinja_environment"): {"templating"},
    ("app.templates", "Templates.create_global_jinja_loader"): {"templating"},
    ("marks.outgoing", "Outgoing._body"): {"openapi.outgoing"},
    ("pipeline", "make_contract"): {"openapi.contract"},
    ("resources.scaffold", "Scaffold.cli"): {"cli.group"},
    ("resources.scaffold", "Scaffold.jinja_loader"): {"templating"},
}

PROXIES = {"request", "g", "session", "current_app", "current_user"}


class Import(t.NamedTuple):
    """One import of a module of the package by another."""

    source: str
    function: str
    target: str
    names: frozenset[str]


@functools.cache
def modules() -> dict[str, pathlib.Path]:
    """The modules by their names within the package; the front door is ``""``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@functools.cache
def tree_of(name: str) -> ast.Module:
    """The syntax of a module."""
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def is_type_checking(node: ast.AST) -> bool:
    """Whether a node is ``if TYPE_CHECKING:``, under either name."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("t.TYPE_CHECKING", "TYPE_CHECKING")


def imports_of(name: str) -> list[Import]:
    """The run-time imports of a module, within functions too."""
    found: list[Import] = []
    package = name if modules()[name].name == "__init__.py" else name.rpartition(".")[0]

    def visit(node: ast.AST, function: str) -> None:
        if is_type_checking(node):
            for child in t.cast(ast.If, node).orelse:
                visit(child, function)
            return
        if isinstance(node, ast.ImportFrom):
            found.extend(from_import(name, package, node, function))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "framework":
                    found.append(Import(name, function, alias.name.partition(".")[2], frozenset()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            function = f"{function}.{node.name}".lstrip(".")
        for child in ast.iter_child_nodes(node):
            visit(child, function)

    visit(tree_of(name), "")
    return found


def from_import(name: str, package: str, node: ast.ImportFrom, function: str) -> list[Import]:
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
    return [Import(name, function, target, frozenset(names)) for target, names in found.items()]


def in_functions(item: Import) -> bool:
    """Whether an import stands within a function, so that it happens when that is called."""
    return item.function != ""


@functools.cache
def everything() -> list[Import]:
    """All run-time imports within the package."""
    return [item for name in modules() for item in imports_of(name)]


def doors() -> dict[tuple[str, str], set[str]]:
    """The imports of higher floors, which happen within functions."""
    found: dict[tuple[str, str], set[str]] = {}
    for item in everything():
        if in_functions(item) and (item.source in FRONT or FLOOR.get(item.target, 9) > FLOOR.get(item.source, 9)):
            found.setdefault((item.source, item.function), set()).add(item.target)
    return found


# Floors


def test_every_module_has_a_floor():
    """Each module of the package stands on one floor, and no name there is of a module that is gone."""
    names = set(modules()) - FRONT - EMPTY

    assert names == set(FLOOR)
    assert len(PLACE) == sum(len(floor.split()) for floor in FLOORS)


def test_inner_packages_are_empty():
    """The ``__init__`` of an inner package holds nothing, except where it is a room of its own."""
    assert {name for name in EMPTY if name in modules() and modules()[name].read_text().strip()} == set()


def test_nothing_imports_upward():
    """At import, a module knows lower floors and earlier rooms of its own floor only, so there is no cycle."""
    upward = [
        f"{item.source} imports {item.target}"
        for item in everything()
        if item.source not in FRONT
        and not in_functions(item)
        and PLACE.get(item.target, -1) >= PLACE.get(item.source, 999)
    ]

    assert upward == []


def test_nothing_imports_the_front_door():
    """No module looks through the front door, which would load everything."""
    assert [item for item in everything() if item.target in FRONT | EMPTY and item.source != "__main__"] == []


def test_doors_are_in_the_table():
    """Whatever looks up a higher floor when it is used stands in the table, and nothing else does."""
    assert doors() == DOORS


def test_imports_in_functions_are_doors_or_point_down():
    """Within functions too, nothing of the same floor is imported against the order of the rooms."""
    sideways = [
        f"{item.source}:{item.function} imports {item.target}"
        for item in everything()
        if in_functions(item)
        and item.source in FLOOR
        and FLOOR[item.source] == FLOOR[item.target]
        and PLACE[item.target] >= PLACE[item.source]
    ]

    assert sideways == []


def test_modules_say_their_floor():
    """Each module opens with a docstring that names the floor it stands on."""
    silent = [
        name for name, floor in FLOOR.items() if f"Floor {floor}: " not in (ast.get_docstring(tree_of(name)) or "")
    ]

    assert silent == []


def test_the_parser_sees_what_is_there():
    """The imports are really found: known ones of each form are among them."""
    found = {(item.source, item.target) for item in everything()}

    assert ("app.app", "app.dispatch") in found
    assert ("context", "signals") in found
    assert ("app.dispatch", "http.problem") in found
    assert ("json", "json.provider") in found
    assert ("context", "app.app") not in found


# The current request


def test_low_floors_do_not_know_the_request():
    """Words, machines, HTTP, marks and operations are given what they need and import no proxy."""
    wrong = [
        (item.source, sorted(item.names & PROXIES))
        for item in everything()
        if item.names & PROXIES and FLOOR.get(item.source, 9) in (0, 1, 2, 4, 5)
    ]

    assert wrong == []


def test_floors_below_the_context_do_not_know_it():
    """Words, machines and HTTP import the context in no way, not even for types."""
    lower = {name for name, floor in FLOOR.items() if floor in (1, 2)}
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


def test_modules_hold_one_idea():
    """A module stays under the limit of lines; a longer one most likely holds two ideas."""
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}

    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


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
    defined = {"http.semantics": set(semantics.__dict__), "openapi.paths": {"PATH_ITEM_METHODS"}}
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
    """What stands for no value is :data:`framework.sentinel.MISSING`; no module makes an object for it."""
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
    "DateTime": "the strict twin of the field, which messages and tracebacks of generated code call by its name",
    "Meta": "the inner class by which marshmallow reads the options of a schema",
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

    assert kinds <= {"Expr", "ImportFrom", "Import", "Assign", "If", "FunctionDef"}
    assert [node.name for node in tree_of("").body if isinstance(node, ast.FunctionDef)] == ["__getattr__"]
    assert bare == []


def test_what_the_front_door_looks_up_later():
    """Each name that the front door looks up when it is used is there, in a module of the table."""
    for name, module in framework._LATER.items():
        assert module in FLOOR
        assert getattr(framework, name) is getattr(sys.modules[f"framework.{module}"], name)


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
