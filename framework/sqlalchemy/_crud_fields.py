"""Fields of columns for ``crud``, as code: what makes them again.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import typing as t

from marshmallow import validate
from marshmallow.validate import Validator

from .. import fields
from ._crud_code import Called, Import, Passed, import_of, made

if t.TYPE_CHECKING:
    from ..fields import AnyField
    from ._crud_code import Code

_PARTS: t.Final[cabc.Mapping[type, tuple[str, ...]]] = {
    validate.Length: ("min", "max", "equal"),
    validate.Range: ("min", "max", "min_inclusive", "max_inclusive"),
    validate.OneOf: ("choices",),
}
"""The arguments of validators, each kept in an attribute of its name."""
_UNSET: t.Final[cabc.Mapping[str, object]] = {
    "min": None,
    "max": None,
    "equal": None,
    "min_inclusive": True,
    "max_inclusive": True,
}


def name_in(module: str, name: str, attribute: str) -> Import:
    """Return a name in one of the modules that the framework has for users: ``fields.String``."""
    owner = fields if name == "fields" else validate
    return Import(getattr(owner, attribute), module, name, attribute)


def described(field: AnyField, where: str) -> Code:
    """Return the code of a field: that which makes one like it, or the field itself where there is none.

    :param where: Where it is from, for messages.
    """
    found = _call_of(field, where)
    if found is not None and alike(made(found), field):
        return found
    return Passed(field, f"the field of {where} ({type(field).__name__})")


def with_required(node: Code, required: bool) -> Code:
    """Return the code of the same field, required or not.

    :param node: The code of a field.
    """
    if isinstance(node, Called):
        others = {name: each for name, each in node.kwargs.items() if name != "required"}
        return node._replace(kwargs={"required": True, **others} if required else others)
    field: AnyField = copy.copy(t.cast("t.Any", node).value)
    field.required = required
    return t.cast("Passed", node)._replace(value=field)


def _call_of(field: AnyField, where: str) -> Called | None:
    name = type(field).__name__
    if getattr(fields, name, None) is not type(field):
        return None
    args: list[Code] = []
    options: dict[str, Code] = {}
    if isinstance(field, fields.Enum):
        args.append(import_of(field.enum) or Passed(field.enum, f"the enumeration of {where}"))
    elif isinstance(field, fields.List):
        args.append(described(field.inner, where))
    elif isinstance(field, fields.Decimal):
        if field.places is not None:
            args.append(-int(field.places.as_tuple().exponent))
        if field.as_string:
            options["as_string"] = True
    for each, usual in (("required", False), ("allow_none", False), ("dump_only", False)):
        if getattr(field, each) is not usual:
            options[each] = getattr(field, each)
    rules = [_rule_of(each) for each in field.validators]
    if rules:
        options["validate"] = rules[0] if len(rules) == 1 else rules
    if field.metadata:
        options["metadata"] = dict(field.metadata)
    return Called(name_in("framework", "fields", name), tuple(args), options)


def _rule_of(rule: object) -> Code:
    """Return the code of a validator."""
    if isinstance(rule, validate.Regexp):
        return Called(name_in("framework", "validate", "Regexp"), (rule.regex.pattern,))
    names = _PARTS.get(type(rule))
    if names is None:
        return Passed(rule, f"the validator {rule!r}")
    values = {name: getattr(rule, name) for name in names}
    wanted = {name: value for name, value in values.items() if name not in _UNSET or value != _UNSET[name]}
    return Called(name_in("framework", "validate", type(rule).__name__), (), wanted)


def alike(one: object, other: object) -> bool:
    """Return whether two fields, validators or values do the same."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (fields.Field, Validator)):
        mine, its = _state_of(one), _state_of(other)
        return mine.keys() == its.keys() and all(alike(value, its[name]) for name, value in mine.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(t.cast("list[object]", other)) and all(map(alike, one, t.cast("list[object]", other)))
    return one == other


def _state_of(value: object) -> dict[str, object]:
    return {name: each for name, each in vars(value).items() if name not in ("validate", "_creation_index")}
