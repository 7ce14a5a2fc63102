"""Code of the user that is taken over: what ``crud`` was called with, and classes of parts.

Not here: the module that it is written to (``sqlalchemy._eject``).
Floor 7.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc as cabc
import inspect
import linecache
import re
import symtable
import sys
import textwrap
import types
import typing as t

from ..errors import SetupError
from ._eject_layout import CodePiece, Group, literal

if t.TYPE_CHECKING:
    from ._eject_names import NameTable

_SELF: t.Final = re.compile(r"(?:\bsuper\(\)|\bself)\.(\w+)")


class UserModule:
    """A module of the user, by its source.

    :param scope: Its globals.
    :param hidden: The local names of the function in it that code is taken from.
    """

    def __init__(self, scope: cabc.Mapping[str, object], hidden: cabc.Iterable[str] = ()) -> None:
        self.scope = scope
        self.hidden = frozenset(hidden)
        self.name = str(scope.get("__name__", ""))
        self._imports: dict[str, tuple[str, str, str]] = {}
        file = scope.get("__file__")
        source = "".join(linecache.getlines(file)) if isinstance(file, str) else ""
        self.tree = ast.parse(source)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    local = each.asname or each.name.partition(".")[0]
                    self._imports[local] = (each.name, "", each.asname or ("" if "." in each.name else local))
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                for each in node.names:
                    local = each.asname or each.name
                    self._imports[local] = (module, each.name, local)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = str(self.scope.get("__package__") or "").split(".")
        parts = package[: len(package) - node.level + 1]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def use(self, name: str, names: NameTable, what: str) -> str:
        """Return the name that an object of this module has in the new one, which imports it.

        :param name: A name in this module.
        :param names: The names of the new one.
        :param what: What needs it, for messages.
        :raises SetupError: The module does not have it.
        """
        if name in self.hidden:
            raise SetupError(
                f"eject cannot print {what}: it uses {name!r}, which is a name within a function. Define it in the"
                f" module {self.name!r}, outside of functions."
            )
        if name in self._imports:
            return names.use(*self._imports[name]).partition(".")[0]
        if name in self.scope:
            return names.use(self.name, name, name)
        if hasattr(builtins, name):
            return name
        raise SetupError(
            f"eject cannot print {what}: it uses {name!r}, which is not a name of the module {self.name!r}. Define it"
            " there, outside of functions."
        )

    def name_of(self, value: object) -> str | None:
        """Return the name of an object in this module, if it has one."""
        return next((name for name, each in self.scope.items() if each is value and not name.startswith("_")), None)

    def segment(self, node: ast.AST) -> str:
        """Return the source of a part of this module."""
        return ast.get_source_segment("".join(linecache.getlines(str(self.scope["__file__"]))), node) or ""


def call_at(module: UserModule, code: types.CodeType, at: int) -> ast.Call | None:
    """Return the call of a function, from its place in compiled code.

    :param module: The module of the call.
    :param code: The code.
    :param at: The index of the instruction.
    """
    position = next((each for number, each in enumerate(code.co_positions()) if number == at // 2), None)
    for node in ast.walk(module.tree):
        found = isinstance(node, ast.Call) and (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
        if found and found == position:
            return t.cast("ast.Call", node)
    return None


def part_of(call: ast.Call, place: cabc.Sequence[str | int], position: int | None = None) -> ast.expr | None:
    """Return an argument of a call, or an item of a display in it; ``None`` where it is not written there.

    :param place: The name of the argument, and the keys of the item.
    :param position: The place of the argument, if it has one.
    """
    found = next((each.value for each in call.keywords if each.arg == place[0]), None)
    if found is None and position is not None and position < len(call.args):
        found = call.args[position]
    for key in place[1:]:
        if isinstance(found, ast.Dict):
            keys = [each.value if isinstance(each, ast.Constant) else None for each in found.keys]
            found = found.values[keys.index(key)] if key in keys else None
        elif isinstance(found, (ast.List, ast.Tuple)) and isinstance(key, int) and key < len(found.elts):
            found = None if any(isinstance(each, ast.Starred) for each in found.elts) else found.elts[key]
        else:
            return None
    return found


def expression(node: ast.expr, module: UserModule, names: NameTable, what: str) -> CodePiece:
    """Return an expression of the user, with the names that it has in the new module.

    :param what: What it is, for messages.
    :raises SetupError: It cannot be printed.
    """

    def inner(each: ast.expr) -> CodePiece:
        return expression(each, module, names, what)

    if isinstance(node, ast.Name):
        return module.use(node.id, names, what)
    if isinstance(node, ast.Attribute) and isinstance(owner := inner(node.value), str):
        return f"{owner}.{node.attr}"
    if isinstance(node, ast.Constant) and (found := literal(node.value, names.use)) is not None:
        return found
    if isinstance(node, ast.Call) and isinstance(function := inner(node.func), str):
        items = [("", inner(each)) for each in node.args]
        items += [(f"{each.arg}=" if each.arg else "**", inner(each.value)) for each in node.keywords]
        return Group(f"{function}(", items, ")")
    if isinstance(node, (ast.List, ast.Tuple)):
        brackets = "[]" if isinstance(node, ast.List) else "()"
        return Group(brackets[0], [("", inner(each)) for each in node.elts], brackets[1], is_display=True)
    text = module.segment(node)
    if "\n" in text or not text:
        raise SetupError(
            f"eject cannot print {what}: the expression in line {node.lineno} of {module.name!r} is too long to be"
            " copied. Give it a name in that module, and use the name."
        )
    return renamed(text, module, names, what)


def renamed(source: str, module: UserModule, names: NameTable, what: str, own: cabc.Collection[str] = ()) -> str:
    """Return code with the names that objects of its module have in the new one.

    :param source: The code, not indented.
    :param module: The module that it is from.
    :param own: Names that the new module has.
    :raises SetupError: It uses a name that the module does not have.
    """
    table = symtable.symtable(source, "<eject>", "exec")
    wanted = {name: module.use(name, names, what) for name in sorted(_globals_of(table) - {*own})}
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    for node in sorted(
        (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Name)),
        key=lambda each: (each.lineno, each.col_offset),
        reverse=True,
    ):
        new = wanted.get(node.id, node.id)
        if new != node.id:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line[: node.col_offset] + new.encode() + line[node.end_col_offset :]
    return b"".join(lines).decode()


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    """Return the names that code takes from its module."""
    is_module = table.get_type() == "module"
    assigned = {each.get_name() for each in table.get_symbols() if each.is_assigned()} if is_module else set()
    found = {
        each.get_name() for each in table.get_symbols() if each.is_referenced() and (is_module or each.is_global())
    }
    for child in table.get_children():
        found |= _globals_of(child)
    return found - assigned


class UserClass:
    """A class of the user, as its source.

    :param cls: The class.
    :raises SetupError: Its source cannot be had, or is not all of it.
    """

    def __init__(self, cls: type[object]) -> None:
        self.cls = cls
        self.name = cls.__name__
        what = f"the class {self.name}"
        try:
            self.source = textwrap.dedent(inspect.getsource(cls))
            first = inspect.getsourcelines(cls)[1]
        except (OSError, TypeError):
            raise SetupError(f"eject cannot print {what}: it has no source. Write it in a module.") from None
        body = ast.parse(self.source).body[0]
        if not isinstance(body, ast.ClassDef):
            raise SetupError(f"eject cannot print {what}: its source is not a class statement. Write it as one.")
        self.body = body
        self.module = UserModule(vars(sys.modules[cls.__module__]))
        last = first + len(self.source.splitlines())
        for name, value in vars(cls).items():
            if not isinstance(value, types.FunctionType):
                continue
            code = value.__code__
            if not (first <= code.co_firstlineno < last and code.co_filename == inspect.getsourcefile(cls)):
                raise SetupError(
                    f"eject cannot print {what}: its {name!r} was put there from elsewhere. Write the method in the"
                    " class."
                )
            around = [each for each in code.co_freevars if each != "__class__"]
            if around:
                raise SetupError(
                    f"eject cannot print {what}: its {name!r} uses {around[0]!r} of the function around the"
                    " class. Define both in the module, outside of functions."
                )

    @property
    def mentioned(self) -> set[str]:
        """The attributes that its methods take from themselves or from their base."""
        return set(_SELF.findall(self.source))

    def text(self, names: NameTable, replaced: cabc.Mapping[type[object], str]) -> str:
        """Return its source, for the new module.

        :param replaced: Classes, and the names of those that take their place as bases.
        """
        edits: list[tuple[ast.expr, str]] = []
        for base in self.body.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            value: object = None
            path = ast.unparse(plain).split(".")
            value = self.module.scope.get(path[0])
            for name in path[1:]:
                value = getattr(value, name, None)
            if isinstance(value, type) and value in replaced:
                edits.append((base, replaced[value]))
        lines = self.source.splitlines(keepends=True)
        for node, new in reversed(edits):
            if node.lineno != node.end_lineno:
                raise SetupError(f"eject cannot print the class {self.name}: write its bases in one line.")
            line = lines[node.lineno - 1].encode()
            changed = line[: node.col_offset] + new.encode() + line[node.end_col_offset :]
            lines[node.lineno - 1] = changed.decode().replace("()", "", 1) if not new else changed.decode()
        source = "".join(lines)
        own = {*replaced.values(), *(each.__name__ for each in replaced)}
        return renamed(source, self.module, names, f"the class {self.name}", own).rstrip("\n")
