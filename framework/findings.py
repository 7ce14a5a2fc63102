"""Findings: what a check reports, and its forms for people, for programs and for code scanning (SARIF 2.1.0).

``framework check`` and ``framework openapi check`` both report findings, in the same three forms.
Not here: what is checked (``serve.check``, ``openapi.lint``).
Floor 0.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import functools
import importlib.metadata
import os
import pathlib
import typing as t
import urllib.parse

from .typing import JSONObject

Pointer: t.TypeAlias = tuple[str | int, ...]
Severity: t.TypeAlias = t.Literal["error", "warning", "advice"]

SEVERITIES: t.Final[tuple[Severity, ...]] = ("error", "warning", "advice")
"""The levels of findings, the worst first."""

SARIF_SCHEMA: t.Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_SARIF_LEVELS: t.Final[cabc.Mapping[str, str]] = {"error": "error", "warning": "warning", "advice": "note"}


class Finding(t.NamedTuple):
    """One thing that should be different."""

    rule: str
    """The name of the rule, in kebab case."""
    message: str
    """The fault; its remedy too where :attr:`remedy` is empty."""
    at: Pointer = ()
    """The place in the document; empty where it is about the application."""
    level: Severity = "error"
    """``"advice"`` if it may well be right as it is."""
    file: str = ""
    """The place in the source; empty where it is not known."""
    line: int = 0
    code: str = ""
    """The number of the rule, like ``S001``; empty for rules without one."""
    place: str = ""
    """The place in words, for a finding without a file."""
    why: str = ""
    """The harm that the fault does."""
    remedy: str = ""
    docs: str = ""
    """The page and anchor of the documentation, or a whole URL."""
    silenced: str = ""
    """The reason for which it does not count; empty if it counts."""

    @property
    def advice(self) -> bool:
        """Return whether it may well be right as it is."""
        return self.level == "advice"


class DescribedRule(t.Protocol):
    """A rule, as far as SARIF describes it."""

    @property
    def name(self) -> str:
        """The name, in kebab case."""

    @property
    def code(self) -> str:
        """The number; empty for rules without one."""

    @property
    def level(self) -> Severity:
        """The level of its findings, unless they say otherwise."""

    @property
    def summary(self) -> str:
        """The fault, in one sentence."""

    @property
    def why(self) -> str:
        """The harm that the fault does."""

    @property
    def remedy(self) -> str:
        """The way to mend the fault."""

    @property
    def docs(self) -> str:
        """The page and anchor of the documentation, or a whole URL."""


def counts(finding: Finding, fail_level: Severity) -> bool:
    """Return whether a finding makes a check fail.

    :param fail_level: The mildest level that does.
    """
    return not finding.silenced and SEVERITIES.index(finding.level) <= SEVERITIES.index(fail_level)


def shown_path(file: str) -> str:
    """A file as a reader of a message finds it: relative to where the program runs, if it is below."""
    try:
        relative = os.path.relpath(file)
    except ValueError:
        return file
    return file if relative.startswith("..") else relative


def written(at: Pointer) -> str:
    """A place as a reference writes it (RFC 6901): ``#/paths/~1pets/get``."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in at)


def place_of(finding: Finding) -> str:
    """Return file and line of a finding, otherwise its place in words or in the document."""
    if finding.file:
        return f"{shown_path(finding.file)}:{finding.line}"
    return finding.place or written(finding.at)


def line_of(finding: Finding) -> str:
    """A finding as one line: ``shop/pets.py:41: rule: message``, with the place in the document where the source is
    not known."""
    level = "" if finding.level == "error" else f"{finding.level}: "
    name = f"{finding.code} {finding.rule}".lstrip()
    return f"{place_of(finding)}: {name}: {level}{' '.join(finding.message.split())}"


def text_of(finding: Finding) -> str:
    """A finding for people: its line, and below it why it matters, the remedy and the page, as far as it has them."""
    parts = (("Why", finding.why), ("Remedy", finding.remedy), ("See", finding.docs))
    return "\n".join([line_of(finding), *(f"    {title}: {' '.join(text.split())}" for title, text in parts if text)])


def as_json(findings: cabc.Iterable[Finding]) -> JSONObject:
    """Findings for programs: those that count, how many there are of each level, and the silenced ones."""
    listed = list(findings)
    found = collections.Counter(each.level for each in listed if not each.silenced)
    return {
        **{level: found[level] for level in SEVERITIES},
        "findings": [_as_object(each) for each in listed if not each.silenced],
        "silenced": [_as_object(each) for each in listed if each.silenced],
    }


def _as_object(finding: Finding) -> JSONObject:
    members = finding._asdict()
    members["at"] = written(finding.at) if finding.at else ""
    members["file"] = shown_path(finding.file) if finding.file else ""
    return {name: value for name, value in members.items() if value}


def as_sarif(findings: cabc.Iterable[Finding], rules: cabc.Iterable[DescribedRule] = ()) -> JSONObject:
    """Findings for code scanning, as a SARIF 2.1.0 log of one run.

    Silenced findings are in it with their suppression. Paths are relative to where the program runs.

    :param rules: The rules that were applied. Rules that only a finding names are added.
    """
    described: list[JSONObject] = []
    indexes: dict[str, int] = {}
    for rule in rules:
        indexes.setdefault(rule.name, len(described))
        described.append(_sarif_rule(rule))
    results = []
    for finding in findings:
        if finding.rule not in indexes:
            indexes[finding.rule] = len(described)
            described.append(_sarif_rule_of(finding))
        index = indexes[finding.rule]
        results.append(_sarif_result(finding, described[index]["id"], index))
    driver = {"name": "framework", "semanticVersion": _version(), "rules": described}
    home = pathlib.Path.cwd().as_uri() + "/"
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": home}},
        "results": results,
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_rule(rule: DescribedRule) -> JSONObject:
    page = docs_url(rule.docs, _documentation())
    text = " ".join(part for part in (rule.why, rule.remedy, f"See {page or rule.docs}." if rule.docs else "") if part)
    return {
        "id": rule.code or rule.name,
        "name": _pascal(rule.name),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.why}".strip()},
        "help": {"text": text or rule.summary},
        **({"helpUri": page} if page else {}),
        "defaultConfiguration": {"level": _SARIF_LEVELS[rule.level]},
        "properties": {"tags": [rule.name]},
    }


def _sarif_rule_of(finding: Finding) -> JSONObject:
    page = docs_url(finding.docs, _documentation())
    return {
        "id": finding.code or finding.rule,
        "name": _pascal(finding.rule),
        "shortDescription": {"text": finding.rule},
        **({"helpUri": page} if page else {}),
        "defaultConfiguration": {"level": _SARIF_LEVELS[finding.level]},
    }


def _sarif_result(finding: Finding, rule_id: str, index: int) -> JSONObject:
    result: JSONObject = {
        "ruleId": rule_id,
        "ruleIndex": index,
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": " ".join(f"{finding.message} {finding.remedy}".split())},
    }
    location: JSONObject = {}
    if finding.file:
        location["physicalLocation"] = {
            "artifactLocation": _artifact(finding.file),
            "region": {"startLine": max(1, finding.line)},
        }
    named = finding.place or (written(finding.at) if finding.at else "")
    if named:
        location["logicalLocations"] = [{"fullyQualifiedName": named}]
    if location:
        result["locations"] = [location]
    if finding.silenced:
        result["suppressions"] = [{"kind": "external", "justification": finding.silenced}]
    return result


def _artifact(file: str) -> JSONObject:
    shown = shown_path(file)
    if os.path.isabs(shown):
        return {"uri": pathlib.Path(shown).as_uri()}
    return {"uri": urllib.parse.quote(pathlib.PurePath(shown).as_posix()), "uriBaseId": "SRCROOT"}


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def docs_url(docs: str, base: str) -> str:
    """Return the URL of a page of the documentation; empty where the page has no address on the web.

    :param docs: The page: a whole URL, or a path that begins with ``docs/``.
    :param base: The address that such a path is below; empty where there is none.
    """
    if not docs or "://" in docs:
        return docs
    return f"{base.rstrip('/')}/{docs.removeprefix('docs/')}" if base else ""


@functools.cache
def _documentation() -> str:
    """Return the address that the metadata of the package names as its documentation."""
    try:
        urls = importlib.metadata.metadata("framework").get_all("Project-URL") or ()
    except importlib.metadata.PackageNotFoundError:
        return ""
    named = dict(url.split(", ", 1) for url in urls if ", " in url)
    return str(named.get("Documentation", ""))


def _version() -> str:
    try:
        return importlib.metadata.version("framework")
    except importlib.metadata.PackageNotFoundError:
        return "0"
