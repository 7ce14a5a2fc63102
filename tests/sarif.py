"""Hold a SARIF log to what the schema of version 2.1.0 demands of the members that are used."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

LEVELS = {"none", "note", "warning", "error"}


def check_sarif(log: t.Any) -> list[t.Any]:
    """Check a log, and return the results of its run."""
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert all(each["uri"].endswith("/") for each in run["originalUriBaseIds"].values())
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert driver["semanticVersion"]
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert set(rule) <= {
            *("id", "name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"),
            "properties",
        }
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in LEVELS
        assert "helpUri" not in rule or urlsplit(rule["helpUri"]).scheme
        for word in ("fullDescription", "help"):
            assert word not in rule or set(rule[word]) == {"text"}
    for result in run["results"]:
        check_result(result, rules, run)
    return t.cast("list[t.Any]", run["results"])


def check_result(result: t.Any, rules: t.Any, run: t.Any) -> None:
    """Check one result."""
    assert set(result) <= {"ruleId", "ruleIndex", "level", "message", "locations", "suppressions"}
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in LEVELS
    assert result["message"]["text"]
    for location in result.get("locations", ()):
        assert location.keys() <= {"physicalLocation", "logicalLocations"}
        physical = location.get("physicalLocation")
        if physical is not None:
            artifact = physical["artifactLocation"]
            assert ("uriBaseId" in artifact) is (not urlsplit(artifact["uri"]).scheme)
            assert artifact.get("uriBaseId", "SRCROOT") in run["originalUriBaseIds"]
            assert "\\" not in artifact["uri"]
            assert physical["region"]["startLine"] >= 1
        assert all(each["fullyQualifiedName"] for each in location.get("logicalLocations", ()))
    for suppression in result.get("suppressions", ()):
        assert suppression["kind"] in ("inSource", "external")
        assert suppression["justification"]
