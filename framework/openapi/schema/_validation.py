"""Judge JSON values by the schemas of a document, and say in words what is wrong.

A schema is turned into functions once; a value then costs some microseconds per member. Known are the words of JSON
Schema 2020-12 that ``openapi.document._components`` writes, and those that a field's metadata may add
(``jsonschema.WORDS``); ``format`` is judged where the standard library or the framework can. ``closed=True`` refuses
members that no part of the schema names, even where the schema is open: for answers, where a member that the document
does not name is one that it keeps silent about. Not here: what a document is made of, and who is to blame
(``openapi.contract._contract``). Floor 7."""

from __future__ import annotations

import collections.abc as cabc
import math
import typing as t

from ...typing import JSONObject
from ._faults import ARTICLES, TYPES, Fault, Path, equal, has_repetition, lookup, nearest, shown
from ._formats import FORMATS, compile_pattern
from ._words import JSONSchema

Seen: t.TypeAlias = "set[str] | None"
KeywordCheck: t.TypeAlias = cabc.Callable[[object, Path, "list[Fault]", Seen], None]
Root: t.TypeAlias = cabc.Callable[[object, Path, "list[Fault]"], None]

_ALL = "\0all"  # in a set of seen members: any member is known
_IN_PLACE = ("allOf", "anyOf", "oneOf")


class Validator:
    """The schemas of one document as functions.

    :param document: Where references lead, all of them of the form ``#/...``.
    :param closed: Whether members that no schema names are refused.
    """

    def __init__(self, document: JSONObject, *, closed: bool = False) -> None:
        self._document = document
        self._closed = closed
        self._by_ref: dict[str, KeywordCheck] = {}
        self._roots: dict[int, tuple[JSONSchema, Root]] = {}

    def faults(self, schema: JSONSchema, value: object) -> list[Fault]:
        """Return what is wrong with a value; empty when all is well.

        :param schema: A schema of the document, or one whose references lead into it. It must not be changed
            afterwards.
        :param value: A value as JSON has it.
        """
        kept = self._roots.get(id(schema))
        if kept is None:
            kept = self._roots[id(schema)] = (schema, self._root(schema))
        found: list[Fault] = []
        kept[1](value, (), found)
        return found

    def resolve(self, schema: t.Any) -> t.Any:
        """Follow references to what is not one."""
        for _ in range(100):
            if not isinstance(schema, dict) or "$ref" not in schema:
                break
            schema = lookup(self._document, schema["$ref"])
        return schema

    # Making functions

    def _root(self, schema: JSONSchema) -> Root:
        """The check of a whole value: with the rule for undeclared members, where that applies."""
        check = self._compile(schema)
        if not self._closed or not self._names_members(schema, ()):
            return lambda value, at, found: check(value, at, found, None)

        def root(value: object, at: Path, found: list[Fault]) -> None:
            if type(value) is not dict:
                check(value, at, found, None)
                return
            seen: set[str] = set()
            check(value, at, found, seen)
            if _ALL not in seen:
                for name in value.keys() - seen:
                    found.append(Fault((*at, name), "is not in the schema.", "closed"))

        return root

    def _names_members(self, schema: JSONSchema, refs: tuple[str, ...]) -> bool:
        """Return whether a schema, or one that speaks of the same value, has ``properties``."""
        if not isinstance(schema, dict):
            return False
        ref = schema.get("$ref")
        if ref is not None and ref not in refs and self._names_members(lookup(self._document, ref), (*refs, ref)):
            return True
        if "properties" in schema:
            return True
        return any(self._names_members(part, refs) for word in _IN_PLACE for part in schema.get(word, ()))

    def _compile(self, schema: JSONSchema) -> KeywordCheck:
        if schema is True or schema == {}:
            return _nothing
        if schema is False:
            return lambda value, at, found, seen: found.append(Fault(at, "must not be there.", "false"))
        parts: list[KeywordCheck] = []
        if "$ref" in schema:
            parts.append(self._reference(schema["$ref"]))
        for words, make in _MAKERS:
            if any(word in schema for word in words):
                made = make(self, schema)
                if made is not None:
                    parts.append(made)
        if not parts:
            return _nothing
        if len(parts) == 1:
            return parts[0]
        several = tuple(parts)

        def run(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            for part in several:
                part(value, at, found, seen)

        return run

    def _reference(self, ref: str) -> KeywordCheck:
        """The check of a component, compiled at its first use, so that it may refer to itself."""

        def follow(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            check = self._by_ref.get(ref)
            if check is None:
                check = self._by_ref[ref] = self._compile(lookup(self._document, ref))
            check(value, at, found, seen)

        return follow

    def _type(self, schema: JSONObject) -> KeywordCheck | None:
        kinds = schema.get("type")
        names = [kinds] if isinstance(kinds, str) else list(kinds or ())
        if schema.get("nullable") is True and names:
            names.append("null")
        tests = tuple(TYPES[name] for name in names if name in TYPES)
        if not tests:
            return None
        wanted = " or ".join(ARTICLES.get(name, name) for name in names)

        if len(tests) == 1:
            (test,) = tests

            def one(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
                if not test(value):
                    found.append(Fault(at, f"{shown(value)} is not {wanted}.", "type"))

            return one

        def several(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if not any(test(value) for test in tests):
                found.append(Fault(at, f"{shown(value)} is not {wanted}.", "type"))

        return several

    def _values(self, schema: JSONObject) -> KeywordCheck:
        allowed = list(schema["enum"]) if "enum" in schema else [schema["const"]]
        if "const" in schema and "enum" in schema:
            allowed = [value for value in allowed if equal(value, schema["const"])]
        if schema.get("nullable") is True:
            allowed.append(None)
        # Texts are looked up, all else is compared: true is not 1 here, and 1.0 is.
        texts = frozenset(value for value in allowed if isinstance(value, str))
        others = [value for value in allowed if not isinstance(value, str)]
        choices = ", ".join(shown(value) for value in allowed[:20])
        message = f"is not {choices}." if len(allowed) == 1 else f"is none of {choices}."

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if isinstance(value, str):
                if value in texts:
                    return
            elif any(equal(value, other) for other in others):
                return
            found.append(Fault(at, f"{shown(value)} {message}", "enum"))

        return check

    def _number(self, schema: JSONObject) -> KeywordCheck | None:
        least, most = schema.get("minimum"), schema.get("maximum")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if above is True:
            above, least = least, None
        if below is True:
            below, most = most, None
        step = schema.get("multipleOf")
        limits = [
            (limit, word, text, fails)
            for limit, word, text, fails in (
                (least, "minimum", "is below the minimum of", lambda value, limit: value < limit),
                (most, "maximum", "is above the maximum of", lambda value, limit: value > limit),
                (above, "exclusiveMinimum", "is not above", lambda value, limit: value <= limit),
                (below, "exclusiveMaximum", "is not below", lambda value, limit: value >= limit),
                (step, "multipleOf", "is not a multiple of", _is_no_multiple),
            )
            if limit is not None and limit is not False
        ]

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                for limit, word, text, fails in limits:
                    if fails(value, limit):
                        found.append(Fault(at, f"{shown(value)} {text} {limit}.", word))

        return check if limits else None

    def _text(self, schema: JSONObject) -> KeywordCheck | None:
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        pattern = None if "pattern" not in schema else compile_pattern(schema["pattern"])
        form = schema.get("format")
        fits = None if form is None else FORMATS.get(form)

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if not isinstance(value, str):
                return
            if not least <= len(value) <= most:
                found.append(Fault(at, _length(value, "characters", least, most), "minLength"))
            if pattern is not None and pattern.search(value) is None:
                found.append(Fault(at, f"{shown(value)} does not match the pattern {schema['pattern']}.", "pattern"))
            if fits is not None and not fits(value):
                found.append(Fault(at, f"{shown(value)} is not of the format {form!r}.", "format"))

        return check if pattern or fits or least or most != math.inf else None

    def _array(self, schema: JSONObject) -> KeywordCheck:
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        places = [self._root(part) for part in schema.get("prefixItems", ())]
        rest = self._root(schema["items"]) if "items" in schema else None
        contains = self._compile(schema["contains"]) if "contains" in schema else None
        at_least, at_most = schema.get("minContains", 1), schema.get("maxContains", math.inf)
        unique = bool(schema.get("uniqueItems"))

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if not isinstance(value, list):
                return
            if not least <= len(value) <= most:
                found.append(Fault(at, _length(value, "items", least, most), "minItems"))
            for index, place in enumerate(places[: len(value)]):
                place(value[index], (*at, index), found)
            if rest is not None:
                for index in range(len(places), len(value)):
                    rest(value[index], (*at, index), found)
            if unique and has_repetition(value):
                found.append(Fault(at, "has an item twice.", "uniqueItems"))
            if contains is not None:
                count = sum(not self._tried(contains, item, at) for item in value)
                if not at_least <= count <= at_most:
                    found.append(Fault(at, f"{count} of its items are of the kind it must contain.", "contains"))

        return check

    def _object(self, schema: JSONObject) -> KeywordCheck:
        members = {name: self._root(part) for name, part in schema.get("properties", {}).items()}
        patterns = [
            (compile_pattern(text), self._root(part)) for text, part in schema.get("patternProperties", {}).items()
        ]
        extra = schema.get("additionalProperties")
        others = self._root(extra) if isinstance(extra, dict) else None
        names = self._compile(schema["propertyNames"]) if "propertyNames" in schema else None
        required: tuple[str, ...] = tuple(schema.get("required", ()))
        least, most = schema.get("minProperties", 0), schema.get("maxProperties", math.inf)
        dependent = schema.get("dependentRequired", {})
        is_open = extra is True or others is not None

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if not isinstance(value, dict):
                return
            for name in required:
                if name not in value:
                    found.append(Fault((*at, name), "is missing.", "required"))
            if seen is not None:
                seen.update(members)
                if is_open:
                    seen.add(_ALL)
            for name, member in value.items():
                known = members.get(name)
                if known is not None:
                    known(member, (*at, name), found)
                matched = known is not None
                for pattern, part in patterns:
                    if pattern is not None and pattern.search(name):
                        matched = True
                        if seen is not None:
                            seen.add(name)
                        part(member, (*at, name), found)
                if matched:
                    continue
                if extra is False:
                    found.append(Fault((*at, name), "is not in the schema.", "additionalProperties"))
                    if seen is not None:
                        seen.add(name)  # told once is enough
                elif others is not None:
                    others(member, (*at, name), found)
            if names is not None:
                for name in value:
                    names(name, (*at, name), found, None)
            if not least <= len(value) <= most:
                found.append(Fault(at, _length(value, "members", least, most), "minProperties"))
            for name, needed in dependent.items():
                if name in value:
                    for other in needed:
                        if other not in value:
                            found.append(Fault((*at, other), f"is missing beside {name!r}.", "dependentRequired"))

        return check

    def _all(self, schema: JSONObject) -> KeywordCheck:
        parts = [self._compile(part) for part in schema["allOf"]]

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            for part in parts:
                part(value, at, found, seen)

        return check

    def _any(self, schema: JSONObject) -> KeywordCheck:
        return self._choice(schema, "anyOf")

    def _one(self, schema: JSONObject) -> KeywordCheck:
        return self._choice(schema, "oneOf")

    def _choice(self, schema: JSONObject, word: str) -> KeywordCheck:
        """``anyOf`` and ``oneOf``: try each, keep what those that fit have seen."""
        parts = [(self._compile(part), self._names_members(part, ())) for part in schema[word]]

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            fitting = 0
            failed: list[list[Fault]] = []
            for part, names_members in parts:
                trial: list[Fault] = []
                mine: Seen = None if seen is None else set()
                part(value, at, trial, mine)
                if trial:
                    failed.append(trial)
                    continue
                fitting += 1
                if seen is not None and mine is not None:
                    seen |= mine if names_members else {_ALL}
                elif word == "anyOf":
                    return  # nothing more can be learnt
            if not fitting:
                found.extend(nearest(value, at, failed))
                if seen is not None:
                    seen.add(_ALL)  # what it might have been is not known
            elif fitting > 1 and word == "oneOf":
                found.append(Fault(at, f"fits {fitting} of the choices, and must fit one.", word))

        return check

    def _not(self, schema: JSONObject) -> KeywordCheck:
        inner = self._compile(schema["not"])

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if not self._tried(inner, value, at):
                found.append(Fault(at, f"{shown(value)} is one of those that are ruled out.", "not"))

        return check

    def _condition(self, schema: JSONObject) -> KeywordCheck:
        test = self._compile(schema["if"])
        then, otherwise = self._compile(schema.get("then", True)), self._compile(schema.get("else", True))

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            trial: list[Fault] = []
            mine: Seen = None if seen is None else set()
            test(value, at, trial, mine)
            if not trial and seen is not None and mine is not None:
                seen |= mine
            (otherwise if trial else then)(value, at, found, seen)

        return check

    def _dependent(self, schema: JSONObject) -> KeywordCheck:
        parts = {name: self._compile(part) for name, part in schema["dependentSchemas"].items()}

        def check(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
            if isinstance(value, dict):
                for name, part in parts.items():
                    if name in value:
                        part(value, at, found, seen)

        return check

    @staticmethod
    def _tried(check: KeywordCheck, value: object, at: Path) -> list[Fault]:
        trial: list[Fault] = []
        check(value, at, trial, None)
        return trial


_MAKERS: tuple[tuple[tuple[str, ...], cabc.Callable[[Validator, JSONObject], KeywordCheck | None]], ...] = (
    (("type",), Validator._type),
    (("enum", "const"), Validator._values),
    (("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), Validator._number),
    (("minLength", "maxLength", "pattern", "format"), Validator._text),
    (("minItems", "maxItems", "items", "prefixItems", "uniqueItems", "contains"), Validator._array),
    (
        (
            *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
            *("minProperties", "maxProperties", "dependentRequired"),
        ),
        Validator._object,
    ),
    (("allOf",), Validator._all),
    (("anyOf",), Validator._any),
    (("oneOf",), Validator._one),
    (("not",), Validator._not),
    (("if",), Validator._condition),
    (("dependentSchemas",), Validator._dependent),
)


def _nothing(value: object, at: Path, found: list[Fault], seen: Seen) -> None:
    """The check of a schema that takes everything."""


def _length(value: cabc.Sized, unit: str, least: float, most: float) -> str:
    bound = f"at least {least}" if len(value) < least else f"at most {most}"
    return f"{shown(value)} has {len(value)} {unit}, and must have {bound}."


def _is_no_multiple(value: float, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step != 0
    quotient = value / step
    return not math.isfinite(quotient) or abs(quotient - round(quotient)) > 1e-9
