"""The fronts of packages: a public name is imported from the private module that defines it when it is first used.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import importlib
import sys


def lazy(
    package: str, modules: cabc.Mapping[str, str], spaces: str = "", renamed: cabc.Mapping[str, str] | None = None
) -> cabc.Callable[[str], object]:
    """Build the ``__getattr__`` of a package (PEP 562).

    :param package: The package's ``__name__``.
    :param modules: The names that each module of the package defines, separated by spaces.
    :param spaces: Names of modules that are public as a whole, each without its underscore.
    :param renamed: Names that a user of Flask may look for, each with the name that it has here.
    :return: A function that imports a name, and keeps it in the package, so that it runs once per name.
    """
    found = {name: module for module, names in modules.items() for name in names.split()}
    whole = frozenset(spaces.split())

    def __getattr__(name: str) -> object:
        if name in found:
            value = getattr(importlib.import_module(f".{found[name]}", package), name)
        elif name in whole:
            value = importlib.import_module(f"._{name}", package)
        elif renamed and name in renamed:  # an AttributeError would drop these words from 'from ... import ...'
            here = renamed[name]
            raise ImportError(f"{name!r} is called {here!r} here: from {package} import {here}", name=package)
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__
