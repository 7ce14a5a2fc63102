"""The OpenAPI document as YAML, and read from either form.

PERF: a separate module, for importing the library takes as long as making a document of 100 operations.
Not here: the document, and its JSON (``_build``).
Floor 7.
"""

from __future__ import annotations

import json

import yaml

from ...typing import JSONObject


def to_yaml(document: JSONObject) -> str:
    """Write a document as YAML, in its own order."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and each value in its place instead of as an alias."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)


def from_text(text: str) -> object:
    """Return what a text says, JSON or YAML.

    :raises ValueError: It is neither.
    """
    try:
        return json.loads(text)
    except ValueError:
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error
