"""``eject``: a router of ``crud`` as the code that one would write by hand.

Not here: the description that is printed (``sqlalchemy._crud``), code of the user (``sqlalchemy._eject_source``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import keyword
import sys
import typing as t
import uuid

from ..errors import SetupError
from ..resources.router import Router
from ._crud import DESCRIBED, CrudCode, CrudMethods
from ._crud_code import Called, Import, Local, OperationCode, Passed, ResourceCode, SchemaCode
from ._eject_layout import INDENT, CodePiece, Group, broken, flat, literal
from ._eject_names import NameTable
from ._eject_source import UserClass, UserModule, call_at, expression, part_of

if t.TYPE_CHECKING:
    from ._crud_code import Code

PARTS: t.Final = ("select", "find", "create", "update", "delete")
_TAKES_VALUES: t.Final = ("find", "create", "update")
_PART_TEXTS: t.Final = {
    "select": "Return the rows that there are.",
    "find": "Return the row of a primary key.",
    "create": "Return a new row, which is in the session.",
    "update": "Return a row with new values.",
    "delete": "Remove a row.",
}
_OWN: t.Final = frozenset(
    {"router", "flush", "queries", "query", "session", "data", "self", "name", "value", "error", "key", "location"}
)
"""The names that the printed module has in any case."""


def eject(router: Router, *, line_length: int = 88) -> str:
    """Return the code of a router that ``crud`` has made: a module with the same schemas, resources and document.

    :param router: The router.
    :param line_length: The most characters of a line.
    :raises SetupError: ``crud`` has not made it, or a part of it has no code that can be written down.
    """
    code = DESCRIBED.get(router)
    if code is None:
        raise SetupError(
            f"eject got the router {router.name!r}, which crud() has not made. Its code is where it is written. Name"
            " a router of crud."
        )
    return EjectedModule(router, code, line_length).text()


class EjectedModule:
    """The module of a router, in the making.

    :param router: The router.
    :param code: What it was made of.
    :param width: The most characters of a line.
    """

    def __init__(self, router: Router, code: CrudCode, width: int) -> None:
        self._router = router
        self._code = code
        self._width = width
        facts = code.facts
        function, at, scope = code.called
        hidden = {*function.co_varnames, *function.co_cellvars, *function.co_freevars}
        self._module = UserModule(scope, hidden)
        self._call = call_at(self._module, function, at)
        self._copied = self._classes()
        self._variable = facts.words.replace(" ", "_")
        if self._variable in {*_OWN, *facts.key} or keyword.iskeyword(self._variable):
            self._variable = next(each for each in ("row", "found", "db_row") if each not in facts.key)
        self._session = "session" if "session" not in facts.key else "db_session"
        self._data = "data" if "data" not in facts.key else "values"
        self._base = f"{facts.title}Parts"
        defined = [each.name for each in code.schemas]
        defined += [each.name for each in code.resources] + [each.name for each in self._copied]
        fields = {name for each in code.schemas for name in each.members} & {"fields", "validate", "dt", "decimal"}
        loader = code.handlers.loader.name
        self._names = NameTable({*_OWN, *defined, *fields, self._variable, self._base, loader}, facts.name)
        self._overridden = {
            name for name in PARTS if getattr(type(code.handlers.methods), name) is not getattr(CrudMethods, name)
        }

    def text(self) -> str:
        """Return the module."""
        facts = self._code.facts
        items = [("", self.piece(self._router.name)), ("url_prefix=", self.piece(self._router.url_prefix))]
        items.append(("description=", self.piece(self._router.description)))
        if self._code.marks:
            items.append(("marks=", self._argument("marks", what="marks")))
        router = Group(f"{self._names.use('framework', 'Router')}(", items, ")")
        blocks = [broken("router = ", router, "", "", self._width)]
        blocks += [self._schema(each) for each in self._code.schemas]
        operations = {each.name for resource in self._code.resources for each in resource.operations}
        blocks += self._parts()
        if operations & {"patch", "replace", "delete"}:
            blocks.append(self._flush())
        if operations & {"show", "patch", "replace", "delete"}:
            blocks.append(self._loader())
        blocks += [self._resource(each) for each in self._code.resources]
        head = [f'"""{facts.plural.capitalize()}: schemas, queries and resources."""', ""]
        body = [*self._names.lines(self._width), "", *blocks[0]]
        for block in blocks[1:]:
            body += ["", "", *block]
        return "\n".join([*head, *body]) + "\n"

    # Expressions.

    def piece(self, code: Code) -> CodePiece:
        """Return an expression.

        :raises SetupError: It has no code that can be written down.
        """
        if isinstance(code, (SchemaCode, Local)):
            return code.name
        if isinstance(code, Import):
            name = self._names.use(code.module, code.name)
            return f"{name}.{code.attribute}" if code.attribute else name
        if isinstance(code, Called):
            function = self.piece(code.function)
            items = [("", self.piece(each)) for each in code.args]
            items += [(f"{name}=", self.piece(each)) for name, each in code.kwargs.items()]
            return Group(f"{flat(function)}(", items, ")")
        if isinstance(code, Passed):
            found = self._passed(code)
            return f"{flat(found)}.{code.attribute}" if code.attribute else found
        if isinstance(code, list):
            return Group("[", [("", self.piece(each)) for each in code], "]", is_display=True)
        if isinstance(code, tuple):
            return Group("(", [("", self.piece(each)) for each in code], ")", is_display=True)
        if isinstance(code, dict):
            return Group("{", [(f"{self.line(name)}: ", self.piece(each)) for name, each in code.items()], "}", True)
        found_literal = literal(code, self._names.use)
        if found_literal is None:
            raise SetupError(f"eject cannot print {code!r}. Write the schema, and give it to crud() as schema=...")
        return found_literal

    def line(self, code: Code) -> str:
        """Return an expression in one line."""
        return flat(self.piece(code))

    @property
    def model(self) -> str:
        """The name of the model.

        :raises SetupError: It cannot be imported.
        """
        model = self._code.facts.model
        module, path = model.__module__, model.__qualname__
        if getattr(sys.modules.get(module), path, None) is not model:
            raise SetupError(
                f"eject cannot import the model {path!r} from {module!r}. Define it in a module, outside of functions."
            )
        return self._names.use(module, path)

    def _passed(self, code: Passed) -> CodePiece:
        """Return what ``crud`` was called with.

        :raises SetupError: It cannot be found, or not be written in the module.
        """
        if not code.place:
            raise SetupError(
                f"eject cannot print {code.argument}: there is no code that makes it. Write a schema, and give it to"
                " crud() as schema=... or bodies=..."
            )
        name = self._module.name_of(code.value)
        if name is not None and name not in self._module.hidden:
            return self._module.use(name, self._names, code.argument)
        top = self._module.name.partition(".")[0]
        if code.place == ("database",):
            for module in [each for key, each in sys.modules.items() if key.partition(".")[0] == top]:
                other = UserModule(vars(module)) if module is not None else None
                if other is not None and (name := other.name_of(code.value)) is not None:
                    return other.use(name, self._names, code.argument)
        return self._argument(*code.place, what=code.argument)

    def _argument(self, *place: str | int, what: str) -> CodePiece:
        """Return an argument of the call of ``crud``, as it is written there."""
        position = 1 if place == ("database",) else None
        found = None if self._call is None else part_of(self._call, place, position)
        if found is None:
            raise SetupError(
                f"eject cannot print {what} of crud({self._code.facts.name}): it is not written in the call. Write it"
                " there, or give it a name in the module of the call."
            )
        return expression(found, self._module, self._names, what)

    # Schemas.

    def _schema(self, code: SchemaCode) -> list[str]:
        base = self._names.use("framework", "Schema") if code.base is None else self.line(code.base)
        lines = [f"class {code.name}({base}):", f'{INDENT}"""{code.text}"""']
        if code.members or code.requires_all:
            lines.append("")
        for name, each in code.members.items():
            lines += broken(f"{name} = ", self.piece(each), "", INDENT, self._width)
        if code.requires_all:
            fields, missing = self._names.use("framework", "fields"), self._names.use("marshmallow", "missing")
            field = ("field_obj: ", f"{fields}.Field[{self._names.use('typing')}.Any]")
            body = [
                "super().on_bind_field(field_name, field_obj)",
                f"field_obj.load_default = {missing}",
                "field_obj.required = True",
            ]
            head = [("", "self"), ("field_name: ", "str"), field]
            lines += self._function("on_bind_field", head, "None", "Require each field.", body, INDENT)
        return lines

    def _function(
        self,
        name: str,
        parameters: cabc.Sequence[tuple[str, CodePiece]],
        result: str,
        text: str,
        body: cabc.Iterable[str | tuple[str, CodePiece]],
        indent: str = "",
    ) -> list[str]:
        """Return a function.

        :param body: Its lines, or statements that may be broken.
        """
        inner = indent + INDENT
        lines = broken("def ", Group(f"{name}(", parameters, ")"), f" -> {result}:", indent, self._width)
        lines.append(f'{inner}"""{text}"""' if "\n" not in text else f'{inner}"""{text}\n{inner}"""')
        for each in body:
            lines += [f"{inner}{each}"] if isinstance(each, str) else broken(*each, "", inner, self._width)
        return lines

    # The parts of operations.

    def _classes(self) -> list[UserClass]:
        """Return the classes with parts of operations, the base first.

        :raises SetupError: One of them cannot be copied.
        """
        found = []
        for cls in type(self._code.handlers.methods).__mro__:
            if issubclass(cls, CrudMethods) and cls is not CrudMethods:
                if "__init__" in vars(cls):
                    raise SetupError(
                        f"eject cannot print the class {cls.__name__}: it has an __init__, which gets the model. Take"
                        " it away, or write the resource by hand."
                    )
                found.append(UserClass(cls))
        return found[::-1]

    def _parts(self) -> list[list[str]]:
        """Return the classes with parts of operations, if some are overridden."""
        if not self._copied:
            return []
        mentioned = set().union(*(each.mentioned for each in self._copied))
        source = "".join(each.source for each in self._copied)
        above = {name for name in PARTS if f"super().{name}" in source}
        needed = {name for name in PARTS if name in above or (name in mentioned and name not in self._overridden)}
        if "find" in needed and "select" not in self._overridden:
            needed.add("select")
        blocks = [self._base_class(needed, "model" in mentioned)] if needed or "model" in mentioned else []
        replaced: dict[type[object], str] = {CrudMethods: self._base if blocks else ""}
        for each in self._copied:
            blocks.append(each.text(self._names, replaced).splitlines())
            replaced[each.cls] = each.name
        blocks.append([f"queries = {self._copied[-1].name}()"])
        return blocks

    def _base_class(self, needed: cabc.Collection[str], with_model: bool) -> list[str]:
        """Return the base of these classes: what they take from it.

        :param needed: The parts.
        :param with_model: Whether it has the model as an attribute.
        """
        model = self.model
        lines = [f"class {self._base}:", f'{INDENT}"""The usual parts of operations."""']
        if with_model:
            lines += ["", f"{INDENT}model = {model}"]
        for name in PARTS:
            if name in needed:
                lines += ["", *self._part(name)]
        return lines

    def _part(self, name: str) -> list[str]:
        """Return a method of the base."""
        model, any_ = self.model, f"{self._names.use('typing')}.Any" if name != "delete" else ""
        mapping = f"{self._names.use('collections.abc')}.Mapping[str, {any_}]" if name in _TAKES_VALUES else ""
        given: list[tuple[str, CodePiece]] = [("", "self")]
        if name != "select":
            given.append(("session: ", f"{self._names.use('sqlalchemy', 'orm')}.Session"))
        result = model
        body: list[str | tuple[str, CodePiece]]
        if name == "select":
            result, body = f"{self._names.use('sqlalchemy')}.Select[{any_}]", [*self._select()]
        elif name == "find":
            given.append(("key: ", mapping))
            result = f"{model} | None"
            body = self._find("self.select()", {each: f'key["{each}"]' for each in self._code.facts.key}, "session")
        elif name == "create":
            given.append(("data: ", mapping))
            body = [f"row = {model}(**data)", "session.add(row)", "return row"]
        elif name == "update":
            given += [("row: ", model), ("data: ", mapping)]
            body = ["for name, value in data.items():", f"{INDENT}setattr(row, name, value)", "return row"]
        else:
            given.append(("row: ", model))
            result, body = "None", ["session.delete(row)"]
        return self._function(name, given, result, _PART_TEXTS[name], body, INDENT)

    def _select(self) -> list[str]:
        return [f"return {self._names.use('sqlalchemy')}.select({self.model})"]

    def _find(self, select: str | None, key: cabc.Mapping[str, str], session: str) -> list[str | tuple[str, CodePiece]]:
        """Return the body of a function that finds a row.

        :param select: What has the rows. Default: the table.
        :param key: The values of the key.
        """
        model, facts = self.model, self._code.facts
        texts = [value for name, value in key.items() if facts.column(name, "...").type.python_type is str]
        lines: list[str | tuple[str, CodePiece]] = []
        if texts:
            condition = " or ".join(f'"\\0" in {each}' for each in texts)
            lines += [f"if {condition}:", f"{INDENT}return None  # no text of a database has that character"]
        if select is None:
            values = [("", each) for each in key.values()]
            whole: CodePiece = values[0][1] if len(values) == 1 else Group("(", values, ")", is_display=True)
            return [*lines, ("return ", Group(f"{session}.get(", [("", model), ("", whole)], ")"))]
        conditions = [("", f"{model}.{name} == {value}") for name, value in key.items()]
        lines.append(("query = ", Group(f"{select}.where(", conditions, ")")))
        return [*lines, f"return {session}.scalars(query).unique().one_or_none()"]

    def _flush(self) -> list[str]:
        """Return the function that sends what was changed."""
        if self._code.handlers.versioned:
            message = self._names.use("framework.texts", "message")
            error = self._names.use("framework.errors", "PreconditionFailed")
            given: list[tuple[str, CodePiece]] = [
                ("", Group(f"{message}(", [("", '"precondition_failed.changed"')], ")"))
            ]
            why = "has changed"
        else:
            error = self._names.use("framework.errors", "NotFound")
            given, why = [], "has removed"
        stale = self._names.use("sqlalchemy.orm.exc", "StaleDataError")
        raised = broken("raise ", Group(f"{error}(", given, ")"), " from error", INDENT * 2, self._width)
        body = ["try:", f"{INDENT}session.flush()", f"except {stale} as error:"]
        body += [line.removeprefix(INDENT) for line in raised]
        text = f"Send what was changed.\n\n{INDENT}:raises {error}: Another request {why} the row meanwhile."
        session = ("session: ", f"{self._names.use('sqlalchemy', 'orm')}.Session")
        return self._function("flush", [session], "None", text, body)

    def _loader(self) -> list[str]:
        """Return the function that finds the row of a path."""
        facts, session = self._code.facts, self._session
        provides = self._names.use("framework", "provides")
        decorator = Group(f"{provides}(", [("", self.piece(self._code.handlers.session))], ")")
        kinds = {name: facts.column(name, "...").type.python_type for name in facts.key}
        shown = {name: kind.__name__ for name, kind in kinds.items()}
        shown |= {name: f"{self._names.use('uuid')}.UUID" for name, kind in kinds.items() if kind is uuid.UUID}
        key = {name: name for name in facts.key}
        body: list[str | tuple[str, CodePiece]]
        if "find" in self._overridden:
            values = [(f'"{name}": ', name) for name in facts.key]
            items: list[tuple[str, CodePiece]] = [("", session), ("", Group("{", values, "}", is_display=True))]
            body = [("return ", Group("queries.find(", items, ")"))]
        else:
            body = self._find("queries.select()" if "select" in self._overridden else None, key, session)
        parameters = [(f"{session}: ", f"{self._names.use('sqlalchemy', 'orm')}.Session")]
        parameters += [(f"{name}: ", kind) for name, kind in shown.items()]
        text = f"Return the {facts.words} that the path names."
        return [
            *broken("@", decorator, "", "", self._width),
            *self._function(self._code.handlers.loader.name, parameters, f"{self.model} | None", text, body),
        ]

    # Resources.

    def _resource(self, code: ResourceCode) -> list[str]:
        items = [("", self.piece(code.rule)), ("endpoint=", self.piece(code.endpoint))]
        lines = broken("@", Group("router.route(", items, ")"), "", "", self._width)
        lines.append(f"class {code.name}({self._names.use('framework', 'Resource')}):")
        for number, each in enumerate(code.operations):
            lines += [""] if number else []
            for mark in each.marks:
                lines += broken("@", self.piece(mark), "", INDENT, self._width)
            lines += self._handler(each)
        return lines

    def _handler(self, code: OperationCode) -> list[str]:
        """Return the method of an operation."""
        row, model, overridden = self._variable, self.model, self._overridden
        any_ = f"{self._names.use('typing')}.Any" if code.name in ("list", "create", "patch", "replace") else ""
        session, data = self._session, self._data
        kind = f"{self._names.use('sqlalchemy', 'orm')}.Session"
        given: list[tuple[str, CodePiece]] = [("", "self"), (f"{session}: ", kind)]
        body: list[str | tuple[str, CodePiece]]
        result = model
        if code.name not in ("list", "create"):
            given.append((f"{row}: ", model))
        if code.name in ("create", "patch", "replace"):
            given.append((f"{data}: ", f"dict[str, {any_}]"))
        if code.name == "list":
            result = f"{self._names.use('sqlalchemy')}.Select[{any_}]"
            body = ["return queries.select()"] if "select" in overridden else [*self._select()]
        elif code.name == "create":
            if "create" in overridden:
                body = [f"{row} = queries.create({session}, {data})"]
            else:
                body = [f"{row} = {model}(**{data})", f"{session}.add({row})"]
            body.append(f"{session}.flush()  # the database gives it its key")
            if self._code.handlers.has_item:
                key = [(f"{name}=", f"{row}.{name}") for name in self._code.facts.key]
                url_for = self._names.use("framework", "url_for")
                body.append(("location = ", Group(f"{url_for}(", [("", '".item"'), *key], ")")))
                result = f"tuple[{model}, int, dict[str, str]]"
                body.append(f'return {row}, 201, {{"Location": location}}')
            else:
                body.append(f"return {row}")
        elif code.name in ("patch", "replace"):
            if "update" in overridden:
                body = [f"{row} = queries.update({session}, {row}, {data})"]
            else:
                body = [f"for name, value in {data}.items():", f"{INDENT}setattr({row}, name, value)"]
            body += [f"flush({session})", f"return {row}"]
        elif code.name == "delete":
            result = "None"
            body = [f"queries.delete({session}, {row})" if "delete" in overridden else f"{session}.delete({row})"]
            body.append(f"flush({session})")
        else:
            body = [f"return {row}"]
        return self._function(code.verb, given, result, code.text, body, INDENT)
