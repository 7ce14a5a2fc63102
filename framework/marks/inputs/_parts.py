"""The parts of a request on the way to their schemas: sources of the values, and refused names.

Not here: the mark itself (``marks.inputs._arguments``), what strictness means (``fast.strict._schema``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import functools
import typing as t

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError

from ..._sentinel import MISSING
from ...errors import BadRequest, Messages, ValidationFailed
from ...fast.bounds import UNKNOWN_FIELD, Bounds, limited
from ...fast.collector import LARGE, without_collector
from ...fast.load import loader, prepare
from ...fast.strict import (
    Rules,
    described,
    from_multidict,
    from_values,
    parameter_name,
    reader,
    strict,
    unknown_message,
)
from ...http.reading import QueryValues, query_values
from ...issues import issue
from ..base import Call, Parameter, Phase, Plan, Step
from ._multipart import multipart_source

if t.TYPE_CHECKING:
    from ...context import Context
    from ...fields import AnyField

MISSING_BODY: t.Final = issue("required.body")

InputReader: t.TypeAlias = cabc.Callable[["Context", Call], tuple[object, Messages]]
"""The raw values of one location for a schema, and what is wrong already (a scalar given twice)."""


def _json(ctx: Context, call: Call) -> tuple[object, Messages]:
    return ({} if call.body is MISSING else call.body), {}


def _path(ctx: Context, call: Call) -> tuple[object, Messages]:
    values = ctx.view_args or {}
    return {name: value if isinstance(value, str) else str(value) for name, value in values.items()}, {}


def source_of(location: str, schema: Schema, plan: Plan) -> InputReader:
    """Return what gives the raw values of a location for a schema."""
    if location == "json":
        return _json
    if location == "path":
        return _path
    if location in ("multipart", "files"):
        return multipart_source(schema, location, plan)
    if location == "query" and plan.reads_environ:
        wanted = reader(schema)
        return lambda ctx, call: from_values(wanted, query_of(ctx, call))
    if location == "query":
        return lambda ctx, call: from_multidict(schema, args_of(ctx))
    return lambda ctx, call: from_multidict(schema, part_of(ctx, location, location))


def part_of(ctx: Context, attribute: str, location: str) -> t.Any:
    """Return a part of the request by the name of the request's attribute.

    :raises ValidationFailed: It cannot be read, and is not a body, for which a 400 is declared.
    """
    try:
        return getattr(ctx.request, attribute)
    except BadRequest as error:
        if location not in ("query", "cookies"):
            raise
        raise unreadable(location, error) from error


def args_of(ctx: Context) -> t.Any:
    """Return the query string as the request has it; see :func:`part_of`."""
    return part_of(ctx, "args", "query")


def unreadable(location: str, error: BadRequest) -> ValidationFailed:
    """Make the refusal of a declared part that is not UTF-8, or has too many values."""
    return ValidationFailed({location: {"_schema": [error.description]}})


def query_of(ctx: Context, call: Call) -> QueryValues:
    """Return the values of the query string, parsed once for all marks.

    :raises ValidationFailed: They cannot be read.
    """
    if call.query is None:
        try:
            call.query = query_values(ctx.request_environ, ctx.app.config["MAX_QUERY_PARTS"])
        except BadRequest as error:
            raise unreadable("query", error) from error
    return call.query


GROUPS = {"json": "json", "query": "query", "form": "form", "files": "form", "multipart": "form"}
"""The locations in which undeclared names are refused, not headers and cookies; a form and its files are one body."""

LOCATION_SHOWN = {"multipart": "form"}
"""The locations that messages call by another name, the one that clients know."""


class LocatedSchema:
    """One schema at one location, ready to load.

    :param schema: The user's schema.
    :param location: One of ``fast.strict._schema.LOCATIONS``.
    :param unknown: What the mark says on undeclared names, or ``None``.
    :param plan: The operation in the making.
    :param alone: Whether no other part of the operation reads this location.
    :param texts: Whether the values of a JSON body are texts, for it was written in another media type.
    """

    def __init__(
        self, schema: Schema, location: str, unknown: str | None, plan: Plan, alone: bool, texts: bool = False
    ) -> None:
        self.location = location
        self.texts = texts
        exact = strict(
            schema,
            "form" if texts else location,
            unknown=t.cast(t.Any, unknown),
            # The rule decides which variables a path has: a schema may name some of them.
            default_unknown="exclude" if location == "path" else plan.config["UNKNOWN"],
            rules=Rules.from_config(plan.config),
        )
        self.refuses_unknown = location in GROUPS and exact.unknown == RAISE
        self.judges_alone = location == "json" and alone
        if self.refuses_unknown and not self.judges_alone:
            exact.unknown = EXCLUDE  # judged over all parts of the location together, see Undeclared
        self.schema = exact
        self.bounds = Bounds.from_config(plan.config)
        self._body_reader: cabc.Callable[[bytes], object] | None = None
        self._source = source_of(location, exact, plan)
        self._load = loader(exact, fast=plan.fast, compare=plan.compare, max_errors=self.bounds.enough)

    def body_reader(self, plan: Plan) -> cabc.Callable[[bytes], object]:
        """Return what loads the text of a body that this schema reads alone."""
        if self._body_reader is None:
            from ...fast.load import body_reader  # PERF: 8 ms that an import need not wait for

            self._body_reader = body_reader(
                self.schema,
                fast=plan.fast and not plan.compare,
                max_depth=plan.config["MAX_JSON_DEPTH"],
                max_members=plan.config["MAX_JSON_MEMBERS"],
            )
        return self._body_reader

    @property
    def names(self) -> set[str]:
        """The names that a client may write here."""
        return {parameter_name(name, field, self.location) for name, field in self.schema.load_fields.items()}

    def load(self, ctx: Context, call: Call) -> object:
        """The loaded value.

        :raises ValidationFailed: The schema refuses.
        """
        data, wrong = self._source(ctx, call)
        try:
            if self.location == "json" and call.length is not None and call.length > LARGE:
                value = without_collector(self._load, data)
            else:
                value = self._load(data)
        except ValidationError as error:
            messages, is_cut = described(t.cast(t.Any, error).normalized_messages(), self.schema, self.bounds)
            raise self._refusal({**messages, **wrong}, is_cut) from error
        if wrong:
            raise self._refusal(wrong)
        return value

    def _refusal(self, messages: Messages, is_cut: bool = False) -> ValidationFailed:
        if self.location == "headers":  # named as clients write them
            names = {
                field.data_key or name: parameter_name(name, field, "headers")
                for name, field in self.schema.load_fields.items()
            }
            messages = {names.get(name, name): found for name, found in messages.items()}
        wrong = {LOCATION_SHOWN.get(self.location, self.location): messages}
        return ValidationFailed(wrong, schema=self.schema, is_cut=is_cut)


PLACES: dict[str, str] = {"query": "query", "path": "path", "header": "headers", "cookie": "cookies"}
"""The location of ``arguments`` that goes with each location of a parameter."""


def parameter_steps(parameters: cabc.Iterable[Parameter], plan: Plan) -> cabc.Iterator[Step]:
    """The steps that hold parameters which marks declare, and do not check themselves, against their fields.

    :param parameters: All parameters of the operation.
    :param plan: The operation in the making; the names in the query are noted as declared.
    """
    found: dict[str, dict[str, AnyField]] = {}
    for parameter in parameters:
        if parameter.checked:
            continue
        field = copy.copy(parameter.field)
        field.data_key, field.load_only, field.dump_only = parameter.name, True, False
        fields = found.setdefault(PLACES[parameter.location], {})
        fields[f"parameter_{len(fields)}"] = field
        if parameter.location == "query":
            plan.query_names.add(parameter.name)
    for location, fields in found.items():
        part = LocatedSchema(Schema.from_dict(fields, name="ParametersSchema")(), location, EXCLUDE, plan, alone=False)
        plan.preparations.append(functools.partial(prepare, part.schema))

        def check(ctx: Context, call: Call, load: cabc.Callable[..., object] = part.load) -> None:
            load(ctx, call)

        yield Step(Phase.INPUTS, check)


class Undeclared:
    """The names of a query string, form or JSON object that no mark of the operation declares.

    :param parts: All parts of one group.
    """

    def __init__(self, parts: cabc.Sequence[LocatedSchema], plan: Plan) -> None:
        self._names: dict[str, set[str]] = {"query": set(), "form": set(), "files": set(), "json": set()}
        for part in parts:
            for location in ("form", "files") if part.location == "multipart" else (part.location,):
                self._names[location] |= part.names
        self._bounds = parts[0].bounds
        self._also = plan.query_names  # other marks may still add to it
        self._reads_environ = plan.reads_environ

    def check_query(self, ctx: Context, call: Call) -> None:
        """Refuse undeclared names of the query string."""
        given = query_of(ctx, call) if self._reads_environ else args_of(ctx)
        if not given.keys() <= self._names["query"]:
            self._refuse("query", [name for name in given if name not in self._also])

    def check_form(self, ctx: Context, call: Call) -> None:
        """Refuse undeclared names of a form, files included; a file that is sent as text is none."""
        self._refuse("form", ctx.request.form)
        self._refuse("files", ctx.request.files)

    def check_json(self, ctx: Context, call: Call) -> None:
        """Refuse undeclared members of a JSON object that several marks read."""
        if isinstance(call.body, dict):
            self._refuse("json", call.body)

    def check(self, group: str) -> cabc.Callable[[Context, Call], None]:
        """The check of a group."""
        return {"query": self.check_query, "form": self.check_form, "json": self.check_json}[group]

    def _refuse(self, location: str, given: cabc.Iterable[str]) -> None:
        names = self._names[location]
        unknown = [name for name in given if name not in names]
        if not unknown:
            return
        # Looking for a near name takes time, so only the first few get a hint.
        wrong = {
            name: [
                UNKNOWN_FIELD.with_text(unknown_message(name, names)) if number < self._bounds.hints else UNKNOWN_FIELD
            ]
            for number, name in enumerate(unknown[: self._bounds.enough])
        }
        messages, is_cut = limited(wrong, self._bounds)
        raise ValidationFailed({location: messages}, is_cut=is_cut)
