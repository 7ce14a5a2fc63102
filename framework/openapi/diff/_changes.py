"""The changes between two schemas, judged in one direction.

What a client sends must be taken as before: a request may only become wider. What a client reads must be as before: an
answer may only become narrower; members are the exception, for clients pass over those that they do not know.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import enum
import typing as t

from ..schema import equal, shown
from ._rules import SchemaShape, Shapes, is_narrower, reference_of, references, same_components

_DEEPEST = 100


class Level(enum.StrEnum):
    """The weight of a change for clients."""

    BREAKING = "breaking"
    RISKY = "risky"
    """No client has to be changed for it, but one that checks or counts on more than its types may notice."""
    COMPATIBLE = "compatible"


@dataclasses.dataclass(kw_only=True)
class Change:
    """One change, with all the places where it shows."""

    level: Level
    code: str
    """The kind of change: ``request-property-required``."""
    message: str
    place: str
    """The place within the operation: ``request body $.age``, ``response 200 $[].id``, or empty for the operation."""
    operations: list[str]
    """``GET /pets/{pet_id}``, all of them."""
    component: str | None = None
    """The component in which it happened."""
    member: str | None = None
    """The member of that component."""
    source: str | None = None
    """File and line that caused it, and the name there; where the new document is that of a live
    application."""


@dataclasses.dataclass(frozen=True, slots=True)
class ChangeLocation:
    """The place of the comparison in both documents."""

    operation: str
    part: str
    """``request body``, ``response 200``, ``query page``."""
    way: t.Literal["request", "response"]
    is_error: bool = False
    """An answer of 400 or more: that another error joins is not a break."""
    path: str = "$"
    component: str | None = None
    member: str | None = None

    def down(self, step: str, member: str | None = None) -> ChangeLocation:
        """One step into the value; a member is noted as that of the component it is declared in."""
        told = member if self.member is None or member is None else f"{self.member}.{member}"
        return dataclasses.replace(self, path=self.path + step, member=told if member else self.member)

    def within(self, component: str | None) -> ChangeLocation:
        """Now in a component."""
        return self if component is None else dataclasses.replace(self, component=component, member=None)

    @property
    def place(self) -> str:
        """As it is shown."""
        return self.part if self.path == "$" else f"{self.part} {self.path}"


class Changes:
    """Compares the schemas of two documents and gathers what changed; one change that shows in several operations once.

    :param old: The shapes of the old document.
    :param new: Those of the new one.
    :param same: The references that lead to the same in both; found out unless given.
    """

    def __init__(self, old: Shapes, new: Shapes, same: set[str] | None = None) -> None:
        self.old = old
        self.new = new
        self.found: dict[tuple[object, ...], Change] = {}
        self._open: list[tuple[object, ...]] = []
        self._cut = _DEEPEST + 1
        self._done: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
        self._recorders: list[list[tuple[object, ...]]] = []
        self._same = same_components(old.document, new.document) if same is None else same

    def is_same(self, schema: object) -> bool:
        """Return whether a schema that is the same in both documents means the same in both."""
        return not isinstance(schema, SchemaShape) and references(schema) <= self._same

    def add(self, level: Level, code: str, message: str, spot: ChangeLocation) -> None:
        """Note a change."""
        where: tuple[object, ...] = (spot.component, spot.member)
        if spot.component is None:
            where = (spot.operation, spot.place)
        key = (level, code, message, spot.way if spot.part else "", *where)
        if key not in self.found:
            self.found[key] = Change(
                level=level,
                code=code,
                message=message,
                place=spot.place,
                operations=[],
                component=spot.component,
                member=spot.member,
            )
        self.shows(key, spot)

    def narrowed(self, code: str, message: str, spot: ChangeLocation) -> None:
        """Less is let through: a break of requests."""
        level = Level.BREAKING if spot.way == "request" else Level.COMPATIBLE
        self.add(level, f"{spot.way}-{code}", message, spot)

    def widened(self, code: str, message: str, spot: ChangeLocation, *, level: Level = Level.BREAKING) -> None:
        """More is let through: a break of answers; among errors a risk."""
        if spot.way == "request":
            level = Level.COMPATIBLE
        elif spot.is_error and level is Level.BREAKING:
            level = Level.RISKY
        self.add(level, f"{spot.way}-{code}", message, spot)

    def schema(self, old: object, new: object, spot: ChangeLocation) -> None:
        """Compare two schemas."""
        if old == new and self.is_same(old):
            return
        known = (reference_of(old), reference_of(new), spot.way, spot.is_error)
        if None not in known and known in self._done:
            # The same two components as elsewhere: what changed there shows here too.
            for change in self._done[known]:
                self.shows(change, spot)
            return
        key = (id(old), id(new), spot.way)
        if key in self._open or len(self._open) > _DEEPEST:
            self._cut = min(self._cut, self._open.index(key) if key in self._open else 0)
            return  # it contains itself
        self._open.append(key)
        recorded: list[tuple[object, ...]] = []
        self._recorders.append(recorded)
        try:
            one, other = self.old.of(old), self.new.of(new)
            self.shape(one, other, spot.within(other.name or one.name))
        finally:
            self._open.pop()
            self._recorders.pop()
        # What was left out for containing something that is still open is not known wholly.
        if self._cut >= len(self._open):
            self._cut = _DEEPEST + 1
            if None not in known:
                self._done[known] = recorded

    def shows(self, key: tuple[object, ...], spot: ChangeLocation) -> None:
        """Note that a change shows in an operation too."""
        change = self.found[key]
        if spot.operation and spot.operation not in change.operations:
            change.operations.append(spot.operation)
        for recorder in self._recorders:
            recorder.append(key)

    def shape(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare two shapes."""
        if old.choices or new.choices:
            self.choices(old, new, spot)
        if bool(old.choices) != bool(new.choices):
            self.notes(old, new, spot)
            return  # all else was compared with the choices
        if not self.types(old, new, spot):
            return  # nothing in common: the rest says nothing more
        self.enum(old, new, spot)
        self.bounds(old, new, spot)
        self.rules(old, new, spot)
        if "object" in old.types & new.types:
            self.members(old, new, spot)
        if "array" in old.types & new.types:
            self.items(old, new, spot)
        self.notes(old, new, spot)

    # Values

    def types(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> bool:
        """Compare the types; whether any is left in common."""
        gone, come = old.types - new.types, new.types - old.types
        before, after = names(old.types), names(new.types)
        if gone == {"null"}:
            self.narrowed("not-nullable", "null is no longer allowed.", spot)
        elif gone and (not come or spot.way == "request"):
            self.narrowed("type-narrowed", f"The type was {before}, and is {after}.", spot)
        if come == {"null"}:
            self.widened("nullable", "null is possible now.", spot)
        elif come and (not gone or spot.way == "response"):
            self.widened("type-widened", f"The type was {before}, and is {after}.", spot)
        return bool((old.types & new.types) - {"null"}) or old.types == new.types

    def enum(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare the choices of values."""
        if old.enum is None:
            if new.enum is not None:
                self.narrowed("enum-added", f"Only these values are left: {listed(new.enum)}.", spot)
        elif new.enum is None:
            self.widened("enum-removed", f"Other values than {listed(old.enum)} are possible now.", spot)
        else:
            gone = [value for value in old.enum if not any(equal(value, each) for each in new.enum)]
            come = [value for value in new.enum if not any(equal(value, each) for each in old.enum)]
            if gone:
                self.narrowed("enum-narrowed", f"No longer possible: {listed(gone)}.", spot)
            if come:
                self.widened("enum-widened", f"Possible now: {listed(come)}.", spot)

    def bounds(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare limits of numbers and lengths."""
        for word, before, after, lower in (
            ("minimum", old.lower, new.lower, True),
            ("maximum", old.upper, new.upper, False),
            *(
                (word, limit(old.counts.get(word)), limit(new.counts.get(word)), word.startswith("min"))
                for word in dict.fromkeys([*old.counts, *new.counts])
            ),
        ):
            if before == after:
                continue
            text = f"The {word} was {written(before)}, and is {written(after)}."
            if is_narrower(before, after, lower=lower):
                self.narrowed(f"{word.lower()}-tightened", text, spot)
            else:
                self.widened(f"{word.lower()}-loosened", text, spot, level=Level.RISKY)

    def rules(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare the words that are compared as a whole."""
        for word in dict.fromkeys([*old.rules, *new.rules]):
            before, after = old.rules.get(word), new.rules.get(word)
            if before == after:
                continue
            text = f"{word} was {written(before)}, and is {written(after)}."
            if before is None:
                self.narrowed(f"{word.lower()}-added", text, spot)
            elif after is None:
                level = Level.BREAKING if word == "format" else Level.RISKY
                self.widened(f"{word.lower()}-removed", text, spot, level=level)
            elif word == "multipleOf" and is_multiple(before, after):
                self.widened("multipleof-loosened", text, spot, level=Level.RISKY)
            else:
                strict = spot.way == "request" or word in ("format", "contentMediaType", "contentEncoding")
                level = Level.BREAKING if strict else Level.RISKY
                self.add(level, f"{spot.way}-{word.lower()}-changed", text, spot)

    def notes(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare the words about a value."""
        if new.deprecated and not old.deprecated:
            self.add(Level.COMPATIBLE, f"{spot.way}-deprecated", "It is deprecated now.", spot)
        if spot.way == "request":
            self.default(old, new, spot)
        if old.discriminator != new.discriminator and old.discriminator is not None and new.discriminator is not None:
            text = f"The discriminator was {old.discriminator!r}, and is {new.discriminator!r}."
            self.add(Level.BREAKING, f"{spot.way}-discriminator-changed", text, spot)

    def default(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare the defaults."""
        if old.has_default and new.has_default:
            if not equal(old.default, new.default):
                text = f"An absent value stood for {shown(old.default)}, and stands for {shown(new.default)}."
                self.add(Level.BREAKING, "request-default-changed", text, spot)
        elif old.has_default != new.has_default:
            text = (
                f"An absent value stands for {shown(new.default)} now."
                if new.has_default
                else f"An absent value does not stand for {shown(old.default)} any more."
            )
            code = "request-default-added" if new.has_default else "request-default-removed"
            self.add(Level.RISKY, code, text, spot)

    # Objects and arrays

    def members(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare the members of objects."""
        before = self.visible(self.old, old, spot)
        after = self.visible(self.new, new, spot)
        for name, schema in before.items():
            inner = spot.down(f".{name}", name)
            if name in after:
                self.schema(schema, after[name], inner)
            elif spot.way == "request":
                fate = "refused" if new.is_closed else "not read any more"
                self.add(Level.BREAKING, "request-property-removed", f"The member {name!r} is {fate}.", inner)
            else:
                self.add(Level.BREAKING, "response-property-removed", f"The member {name!r} is gone.", inner)
        for name in after.keys() - before.keys():
            inner = spot.down(f".{name}", name)
            if spot.way == "request" and name in new.required:
                self.add(Level.BREAKING, "request-property-required", f"The new member {name!r} is required.", inner)
            else:
                self.add(Level.COMPATIBLE, f"{spot.way}-property-added", f"The member {name!r} is new.", inner)
        for name in sorted(before.keys() & after.keys()):
            inner = spot.down(f".{name}", name)
            if name in new.required and name not in old.required:
                self.narrowed("property-required", f"The member {name!r} was optional, and is required.", inner)
            elif name in old.required and name not in new.required:
                self.widened("property-optional", f"The member {name!r} was always there, and may be absent.", inner)
        self.extra(old, new, spot)

    def visible(self, shapes: Shapes, shape: SchemaShape, spot: ChangeLocation) -> dict[str, object]:
        """The members that a direction has: none that are ``readOnly`` in requests, or ``writeOnly`` in answers."""
        return {name: schema for name, schema in shape.properties.items() if shapes.of(schema).hidden_in != spot.way}

    def extra(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare what becomes of undeclared members."""
        if isinstance(old.extra, dict) and isinstance(new.extra, dict):
            self.schema(old.extra, new.extra, spot.down(".*"))
        elif old.extra == new.extra:
            return
        elif new.extra is False:
            self.narrowed("members-closed", "Members that are not declared are refused now.", spot)
        elif old.extra is False:
            self.add(Level.COMPATIBLE, f"{spot.way}-members-opened", "Other members are possible now.", spot)
        elif isinstance(new.extra, dict):
            self.narrowed("members-narrowed", "Members that are not declared must be of one kind now.", spot)
        else:
            self.widened("members-widened", "Members that are not declared may be anything now.", spot)

    def items(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare the items of arrays."""
        for index in range(max(len(old.places), len(new.places))):
            before = old.places[index] if index < len(old.places) else old.items
            after = new.places[index] if index < len(new.places) else new.items
            self.schema(before, after, spot.down(f"[{index}]"))
        if old.items is not True or new.items is not True:
            self.schema(old.items, new.items, spot.down("[]"))

    # Choices

    def choices(self, old: SchemaShape, new: SchemaShape, spot: ChangeLocation) -> None:
        """Compare the members of ``oneOf`` or ``anyOf``: each member must be among those of the other side."""
        before: list[object] = old.choices or [old]
        after: list[object] = new.choices or [new]
        request = spot.way == "request"
        used: list[int] = []
        for mine in before if request else after:
            theirs = after if request else before
            pair = self.pair(mine, theirs, spot, used)
            if pair is not None:
                used.append(pair)
                one, other = (mine, theirs[pair]) if request else (theirs[pair], mine)
                self.schema(one, other, spot)
            elif request:
                self.narrowed("choice-removed", f"The choice {self.label(self.old, mine)} is gone.", spot)
            else:
                self.widened("choice-added", f"The choice {self.label(self.new, mine)} is new.", spot)
        rest = [part for index, part in enumerate(after if request else before) if index not in used]
        for part in rest:
            if request:
                self.widened("choice-added", f"The choice {self.label(self.new, part)} is new.", spot)
            else:
                self.narrowed("choice-removed", f"The choice {self.label(self.old, part)} is gone.", spot)

    def pair(self, mine: object, theirs: list[object], spot: ChangeLocation, used: cabc.Collection[int]) -> int | None:
        """The member of the other side that one stands for: the same by name or tag, otherwise one that it fits."""
        request = spot.way == "request"
        own, other = (self.old, self.new) if request else (self.new, self.old)
        identity = identities(own, mine)
        for index, part in enumerate(theirs):
            if index not in used and identity & identities(other, part):
                return index
        for index, part in enumerate(theirs):
            one, two = (mine, part) if request else (part, mine)
            if not self.breaks(one, two, spot):
                return index
        return None

    def breaks(self, old: object, new: object, spot: ChangeLocation) -> bool:
        """Return whether one schema in place of another would break."""
        trial = Changes(self.old, self.new, self._same)
        trial._open = list(self._open)
        trial.schema(old, new, dataclasses.replace(spot, is_error=False))
        return any(change.level is Level.BREAKING for change in trial.found.values())

    def label(self, shapes: Shapes, part: object) -> str:
        """A choice by name."""
        shape = shapes.of(part)
        return shape.name or (part.get("title") if isinstance(part, dict) else None) or names(shape.types)


def identities(shapes: Shapes, part: object) -> set[tuple[object, ...]]:
    """Return what a choice is known by: its component, and the members that can have one value only."""
    shape = shapes.of(part)
    found: set[tuple[object, ...]] = {("name", shape.name)} if shape.name else set()
    for name, schema in shape.properties.items():
        inner = shapes.of(schema)
        if inner.enum is not None and len(inner.enum) == 1 and isinstance(inner.enum[0], (str, int)):
            found.add(("tag", name, inner.enum[0]))
    tags = {each for each in found if each[0] == "tag"}
    return tags or found


def is_multiple(before: t.Any, after: t.Any) -> bool:
    """Return whether all multiples of a number are multiples of another."""
    try:
        return bool(before % after == 0)
    except (TypeError, ZeroDivisionError):
        return False


def names(types: frozenset[str]) -> str:
    """Types for messages."""
    if len(types) >= 6:
        return "anything"
    shown_types = set(types)
    if "fraction" in shown_types:
        shown_types = shown_types - {"fraction", "integer"} | {"number"}
    return " or ".join(sorted(shown_types, key=lambda name: (name == "null", name))) or "nothing"


def limit(count: float | None) -> tuple[float, bool] | None:
    """A count as a limit."""
    return None if count is None else (count, False)


def written(value: object) -> str:
    """A limit or a rule for messages."""
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return f"{value[0]}{' (exclusive)' if value[1] else ''}"
    return shown(value)


def listed(values: list[object]) -> str:
    """Some values for messages."""
    return ", ".join(shown(value) for value in values[:10]) + (", ..." if len(values) > 10 else "")
