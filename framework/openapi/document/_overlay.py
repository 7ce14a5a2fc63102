"""Overlays: changes of a document that are kept in a file (Overlay Specification 1.1).

Not here: how the file is read as JSON or YAML, which the commands do.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import re
import typing as t

from ...errors import SetupError
from ...typing import JSONObject

if t.TYPE_CHECKING:
    from jsonpath import JSONPathEnvironment

_ACTIONS: t.Final = ("update", "copy", "remove")
_KNOWN: t.Final = re.compile(r"1\.[01]\.\d+")


class OverlayError(SetupError):
    """An overlay cannot be applied: it is not one, or an action of it does not fit the document."""


def apply_overlay(document: JSONObject, overlay: cabc.Mapping[str, t.Any], name: str = "The overlay") -> JSONObject:
    """Return a document with the changes of an overlay (Overlay Specification 1.1, section 4.4).

    An action that selects nothing is an error here, where the specification passes over it: a document that has changed
    would silently lose what the overlay is for.

    :param document: The document; it is not changed.
    :param overlay: The overlay, as JSON has it.
    :param name: Its name, for messages.
    :raises OverlayError: It is not an overlay of version 1.0 or 1.1, an action selects nothing, or its value does not
        fit what it selects.
    :raises ImportError: The library ``python-jsonpath`` is not installed.
    """
    made = copy.deepcopy(document)
    for number, action in enumerate(actions_of(overlay, name)):
        Action(made, action, f"{name}: actions[{number}]").apply()
    return made


def actions_of(overlay: cabc.Mapping[str, t.Any], name: str) -> list[JSONObject]:
    """Return the actions of an overlay.

    :raises OverlayError: It is not one.
    """
    version = overlay.get("overlay") if isinstance(overlay, cabc.Mapping) else None
    if not isinstance(version, str) or not _KNOWN.fullmatch(version):
        raise OverlayError(f"{name}: the version {version!r} is not known. Write 'overlay: 1.1.0' at its top.")
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions or not all(isinstance(each, dict) for each in actions):
        raise OverlayError(f"{name} has no list of actions. Give 'actions', each with 'target' and 'update'.")
    return actions


class Action:
    """One action of an overlay.

    :param document: The document, which it changes.
    :param action: The Action Object.
    :param where: Its place, for messages.
    """

    def __init__(self, document: JSONObject, action: cabc.Mapping[str, t.Any], where: str) -> None:
        self.document = document
        self.action = action
        self.target = str(action.get("target", ""))
        self.where = f"{where} ({self.target})"

    def apply(self) -> None:
        """Change the document.

        :raises OverlayError: It cannot be done.
        """
        given = [word for word in _ACTIONS if word in self.action and (word != "remove" or self.action[word] is True)]
        if len(given) != 1:
            raise OverlayError(f"{self.where} must have one of 'update', 'copy' and 'remove: true'.")
        places = self.select(self.target)
        if not places:
            raise OverlayError(f"{self.where} selects nothing in the document. Correct the target, or drop the action.")
        if given == ["remove"]:
            # From the end, so that the places before it stay.
            for place in sorted(places, key=order_of, reverse=True):
                self.remove(place)
            return
        value = self.action["update"] if given == ["update"] else self.source()
        for place in places:
            self.change(place, copy.deepcopy(value))

    def select(self, path: str) -> list[tuple[str | int, ...]]:
        """Return the places that a JSONPath (RFC 9535) selects.

        :raises OverlayError: It is not one.
        """
        from jsonpath.exceptions import JSONPathError

        try:
            return [tuple(found.parts) for found in environment().finditer(path, self.document)]
        except JSONPathError as error:
            said = str(error.args[0]) if error.args else type(error).__name__  # str() of one at the end may fail
            raise OverlayError(f"{self.where}: {path!r} is not a JSONPath (RFC 9535): {said}.") from None

    def source(self) -> object:
        """Return the value that ``copy`` selects.

        :raises OverlayError: It does not select one value.
        """
        places = self.select(str(self.action["copy"]))
        if len(places) != 1:
            raise OverlayError(f"{self.where}: 'copy' selects {len(places)} values. Let it select one.")
        return value_at(self.document, places[0])

    def remove(self, place: tuple[str | int, ...]) -> None:
        """Take a value out of what it is in.

        :raises OverlayError: It is the document.
        """
        if not place:
            raise OverlayError(f"{self.where} would remove the document as a whole.")
        del value_at(self.document, place[:-1])[place[-1]]

    def change(self, place: tuple[str | int, ...], value: object) -> None:
        """Merge a value into an object, append it to a list, or let it take the place of another value.

        :raises OverlayError: They do not fit.
        """
        known = value_at(self.document, place)
        if isinstance(known, list):
            known.append(value)
        elif isinstance(known, dict) and isinstance(value, dict):
            merge(known, value)
        elif isinstance(known, dict) or isinstance(value, (dict, list)):
            kinds = ("an object", "another value") if isinstance(known, dict) else ("a value", "an object or a list")
            raise OverlayError(f"{self.where} selects {kinds[0]}, and would put {kinds[1]} there.")
        else:
            value_at(self.document, place[:-1])[place[-1]] = value


def environment() -> JSONPathEnvironment:
    """Return what reads JSONPath by the standard.

    :raises ImportError: The library is not installed.
    """
    try:
        from jsonpath import JSONPathEnvironment
    except ImportError:
        raise ImportError(
            "Overlays need the library python-jsonpath, and it is not installed. Run 'pip install python-jsonpath'."
        ) from None
    return JSONPathEnvironment(strict=True)


def order_of(place: tuple[str | int, ...]) -> list[tuple[int, str]]:
    """Return a key by which places can be sorted: indexes of one list by their number."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in place]


def value_at(document: JSONObject, place: tuple[str | int, ...]) -> t.Any:
    """Return the value at a place."""
    value: t.Any = document
    for part in place:
        value = value[part]
    return value


def merge(known: JSONObject, more: JSONObject) -> None:
    """Merge an object into another one, in place: objects are merged, lists joined, other values replaced."""
    for name, value in more.items():
        there = known.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            merge(there, value)
        elif isinstance(there, list) and isinstance(value, list):
            there.extend(value)
        else:
            known[name] = value
