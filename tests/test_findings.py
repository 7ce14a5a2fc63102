"""Findings have three forms: lines for people, JSON, and SARIF for code scanning."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from framework.findings import Finding, as_json, as_sarif, counts, docs_url, line_of, text_of
from tests.sarif import check_sarif


class NamedRule(t.NamedTuple):
    """A rule as SARIF needs it."""

    name: str
    code: str
    level: t.Literal["error", "warning", "advice"] = "warning"
    summary: str = "A lamp is on."
    why: str = "It burns."
    remedy: str = "Switch it off."
    docs: str = "https://lamps.invalid/rules#lamp"


LAMP = Finding(
    "lamp-on",
    "The lamp\n  is on.",
    level="warning",
    file=os.path.abspath("shop/a b.py"),
    line=3,
    code="L1",
    place="LAMP",
    why="It burns.",
    remedy="Switch it off.",
    docs="docs/lamps.html#lamp-on",
)


def test_a_finding_is_a_line_and_its_reasons_are_below():
    """The line has place, number, name and level; an error has no level, and what is not known leaves no line."""
    assert line_of(LAMP) == f"{os.path.join('shop', 'a b.py')}:3: L1 lamp-on: warning: The lamp is on."
    assert text_of(LAMP).splitlines()[1:] == [
        "    Why: It burns.",
        "    Remedy: Switch it off.",
        "    See: docs/lamps.html#lamp-on",
    ]
    assert text_of(Finding("lamp-on", "On.", ("paths", "/a"))) == "#/paths/~1a: lamp-on: On."
    assert line_of(LAMP._replace(file="")) == "LAMP: L1 lamp-on: warning: The lamp is on."


@pytest.mark.parametrize(
    ("level", "failing"),
    [("error", {"error"}), ("warning", {"error", "warning"}), ("advice", {"error", "warning", "advice"})],
)
def test_a_level_counts_with_all_worse_ones(level, failing):
    """``--fail-level`` names the mildest level that makes a check fail; what is silenced never does."""
    every = [LAMP._replace(level=each) for each in ("error", "warning", "advice")]

    assert {each.level for each in every if counts(each, level)} == failing
    assert not any(counts(each._replace(silenced="Known."), level) for each in every)


def test_json_has_the_findings_and_the_silenced_ones_apart():
    """Members that are not known are left out, and only what counts is counted."""
    made = as_json([LAMP, LAMP._replace(silenced="Known.", file="", at=("info",))])

    assert (made["error"], made["warning"], made["advice"]) == (0, 1, 0)
    assert made["findings"][0]["file"] == os.path.join("shop", "a b.py")
    assert "at" not in made["findings"][0]
    assert made["silenced"][0]["silenced"] == "Known."
    assert made["silenced"][0]["at"] == "#/info"
    assert "file" not in made["silenced"][0]


def test_sarif_describes_rules_and_places():
    """Each result names its rule by id and index, relative files are below the root, others are whole URLs."""
    outside = LAMP._replace(file=os.path.abspath(os.sep + "elsewhere.py"), line=0)
    plain = Finding("struct", "Odd.", ("paths", "/a"), "advice")
    log = as_sarif([LAMP, outside, plain, LAMP._replace(silenced="Known.")], [NamedRule("lamp-on", "L1")])
    results = check_sarif(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]

    assert [each["ruleId"] for each in results] == ["L1", "L1", "struct", "L1"]
    assert [each["level"] for each in results] == ["warning", "warning", "note", "warning"]
    assert results[0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "shop/a%20b.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 3},
    }
    assert results[1]["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": pathlib.Path(outside.file).as_uri()
    }
    assert results[2]["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "#/paths/~1a"}]}]
    assert results[3]["suppressions"] == [{"kind": "external", "justification": "Known."}]
    assert rules[0]["helpUri"] == "https://lamps.invalid/rules#lamp"
    assert rules[0]["name"] == "LampOn"
    assert "helpUri" not in rules[1]


@pytest.mark.parametrize(
    ("docs", "base", "url"),
    [
        ("https://lamps.invalid/x", "", "https://lamps.invalid/x"),
        ("docs/serve/check.html#s001", "", ""),
        ("docs/serve/check.html#s001", "https://docs.invalid/a/", "https://docs.invalid/a/serve/check.html#s001"),
    ],
)
def test_pages_have_a_url_where_the_documentation_has_an_address(docs, base, url):
    """SARIF takes absolute URLs alone: a page of the docs has one below their address, or none."""
    assert docs_url(docs, base) == url
