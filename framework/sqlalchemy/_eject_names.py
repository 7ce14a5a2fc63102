"""The imports and names of a module that is printed.

Not here: the code that needs them (``sqlalchemy._eject``).
Floor 7.
"""

from __future__ import annotations

import builtins
import collections.abc as cabc
import importlib.util
import pathlib
import re
import sys
import typing as t

from ._eject_layout import Group, broken

_USUAL: t.Final = {"typing": "t", "sqlalchemy": "sa", "datetime": "dt", "collections.abc": "cabc"}
"""The names by which modules are imported as a whole."""


class NameTable:
    """The names of a module: those that it defines, and those that it imports.

    :param reserved: The names that it defines, or has for parameters.
    :param model: The name of the model, which gets another one where a class of resources has it.
    """

    def __init__(self, reserved: cabc.Iterable[str], model: str) -> None:
        self._taken = {*reserved, *dir(builtins)} - {"id", "type"}
        self._model = model
        self._names: dict[tuple[str, str], str] = {}

    def use(self, module: str, name: str = "", wanted: str = "") -> str:
        """Return the name of an import, which is made where it is new.

        :param module: The module.
        :param name: What is imported from it. Default: itself.
        :param wanted: The name that it should have.
        """
        key = (module, name)
        if key not in self._names:
            made = wanted or name or _USUAL.get(module, module)
            if made.partition(".")[0] in self._taken:
                made = self._free(module, name)
            self._names[key] = made
            self._taken.add(made.partition(".")[0])
        return self._names[key]

    def _free(self, module: str, name: str) -> str:
        """Return a name that is not taken."""
        top = module.partition(".")[0]
        if not name:
            found = module.replace(".", "_")
            found = f"{found}_module" if found in self._taken else found
        elif name[:1].isupper():
            found = f"{name}Model" if name == self._model else f"{top.title().replace('_', '')}{name}"
        else:
            found = f"{top}_{name}"
        while found in self._taken:
            found += "_"
        return found

    def lines(self, width: int) -> list[str]:
        """Return the imports, sorted by sections.

        :param width: The most characters of a line.
        """
        sections: dict[int, list[tuple[tuple[object, ...], list[str]]]] = {}
        together: dict[str, list[str]] = {}
        for (module, name), local in self._names.items():
            found = sections.setdefault(section_of(module), [])
            if not name:
                line = f"import {module}" if local == module else f"import {module} as {local}"
                found.append(((0, natural(module)), [line]))
            elif local == name:
                together.setdefault(module, []).append(name)
            else:
                key = (1, natural(module), member_key(name))
                found.append((key, [f"from {module} import {name} as {local}"]))
        for module, names in together.items():
            names.sort(key=member_key)
            line = f"from {module} import {', '.join(names)}"
            lines = [line]
            if len(line) > width:
                group = Group("(", [("", name) for name in names], ")", is_display=True)
                lines = broken(f"from {module} import ", group, "", "", width)
            sections.setdefault(section_of(module), []).append(((1, natural(module), member_key(names[0])), lines))
        made = ["from __future__ import annotations"]
        for section in sorted(sections):
            made.append("")
            for _, lines in sorted(sections[section], key=lambda each: each[0]):
                made += lines
        return made


def natural(text: str) -> tuple[tuple[bool, object], ...]:
    """Return the key by which names are sorted: without case, numbers by their value."""
    parts = re.findall(r"\d+|\D+", text.lower())
    return tuple((not part.isdigit(), int(part) if part.isdigit() else part) for part in parts)


def member_key(name: str) -> tuple[object, ...]:
    """Return the key of a name within its import: constants, classes, others."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return (kind, natural(name), name)


def section_of(module: str) -> int:
    """Return the section of an import: the standard library, installed packages, the project in the current folder."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return 1
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:
        spec = None
    places = [] if spec is None else [spec.origin or "", *(spec.submodule_search_locations or ())]
    here = pathlib.Path.cwd()
    for place in filter(None, places):
        path = pathlib.Path(place)
        if path.is_relative_to(here) and not {"site-packages", "dist-packages"} & set(path.parts):
            return 3
    return 2
