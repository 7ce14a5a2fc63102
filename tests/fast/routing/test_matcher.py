"""The matcher gives the answer of werkzeug's MapAdapter or steps aside."""

from __future__ import annotations

import concurrent.futures
import copy
import os
import typing as t
import uuid

import pytest
from werkzeug.routing import BaseConverter, Map, Rule, Subdomain, Submount, ValidationError

from framework.fast.routing import Matcher, Miss, OrderedMap, names_in
from tests.fast.routing.matching import run


def get(string: str, endpoint: str | None = None, **options: t.Any) -> Rule:
    """Make a GET rule whose endpoint is its text."""
    return Rule(string, endpoint=endpoint or string, **{"methods": ["GET"], **options})


def ask(rules: list[t.Any], path: str, method: str = "GET", host: str | None = None, **options: t.Any) -> t.Any:
    """Ask a matcher; a hit as endpoint and values, a miss as a sorted list."""
    found = Matcher(Map(copy.deepcopy(rules), **options)).match(host, path, method)
    if isinstance(found, Miss):
        return sorted(found.methods)
    return found and (found[0].endpoint, found[1])


def test_random_maps_are_matched_as_werkzeug_matches_them():
    """On random maps and paths every decided answer is werkzeug's, and most are decided."""
    counts = run(Matcher, OrderedMap, range(700))

    assert counts.total() == 42_000
    assert counts["hit"] > 9_000
    assert counts["404"] > 10_000
    assert counts["405"] > 1_500
    assert counts["error"] > 30


@pytest.mark.fuzz
def test_many_random_maps_are_matched_as_werkzeug_matches_them():
    """The same on a million questions that the usual run does not ask."""
    first = int.from_bytes(os.urandom(4)) + 1_000
    counts = run(Matcher, OrderedMap, range(first, first + 17_000))

    assert counts["hit"] > 200_000, f"seeds from {first}"


def test_a_hit_gives_the_rule_itself_and_new_values():
    """A match is the map's own rule with a dictionary of its own."""
    rule = get("/pets", defaults={"page": 1})
    matcher = Matcher(Map([rule]))
    first, second = matcher.match(None, "/pets", "GET"), matcher.match(None, "/pets", "GET")

    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert first[0] is rule
    assert first[1] == {"page": 1}
    assert first[1] is not second[1]


@pytest.mark.parametrize(
    ("string", "path", "values"),
    [
        ("/", "/", {}),
        ("/a/<x>", "/a/b", {"x": "b"}),
        ("/<int:x>/<float:y>", "/42/0.5", {"x": 42, "y": 0.5}),
        ("/<uuid:x>", f"/{uuid.UUID(int=5)}", {"x": uuid.UUID(int=5)}),
        ("/<any(a, 'b c'):x>", "/b c", {"x": "b c"}),
        ("/<path:x>", "/a/b", {"x": "a/b"}),
        ("/<path:x>/edit", "/a/b/edit", {"x": "a/b"}),
        ("/v<int:x>.<y>", "/v3.json", {"x": 3, "y": "json"}),
        ("/<x>", "/a\n", {"x": "a\n"}),
    ],
)
def test_each_kind_of_rule_is_decided_here(string, path, values):
    """Rules of built-in converters need no help from werkzeug, whatever their form."""
    assert ask([get(string)], path) == (string, values)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "BREW"])
def test_a_rule_without_methods_takes_any(method):
    """No methods means all methods, the invented ones too."""
    rules = [Rule("/a", endpoint="a"), Rule("/b/<x>", endpoint="b")]

    assert ask(rules, "/a", method) == ("a", {})
    assert ask(rules, "/b/1", method) == ("b", {"x": "1"})


def test_head_follows_get_and_methods_are_read_in_any_case():
    """HEAD is a method of each GET rule, and the case of a method's name does not count."""
    assert ask([get("/a")], "/a", "HEAD") == ("/a", {})
    assert ask([get("/a")], "/a", "get") == ("/a", {})


def test_a_miss_is_404_and_a_wrong_method_has_all_methods_of_the_path():
    """The methods of a 405 come from every rule that the path fits."""
    rules = [get("/a/<int:x>"), get("/a/<y>", methods=["PUT"]), get("/a/b", methods=["DELETE"])]

    assert ask(rules, "/b") == []
    assert ask(rules, "/a/1", "POST") == ["GET", "HEAD", "PUT"]
    assert ask(rules, "/a/b", "POST") == ["DELETE", "PUT"]
    assert ask(rules, "/a/b", "PUT") == ("/a/<y>", {"y": "b"})


def test_a_refusing_converter_ends_the_search():
    """Werkzeug looks no further when a converter refuses, and neither does the matcher."""
    rules = [get("/<int(max=3):x>"), get("/<y>")]

    assert ask(rules, "/4") == []
    assert ask(rules, "/a") == ("/<y>", {"y": "a"})


def test_rules_of_one_state_are_converted_by_their_own_converter():
    """Two rules that differ only in converter arguments keep their own bounds."""
    rules = [get("/<int:x>"), get("/<int(min=3):x>", methods=["PUT"])]

    assert ask(rules, "/1") == ("/<int:x>", {"x": 1})
    assert ask(rules, "/1", "PUT") == ["GET", "HEAD"]


def test_a_redirect_is_left_to_werkzeug():
    """What may be a redirect steps aside: slashes, defaults, aliases and redirect_to."""
    assert ask([get("/a/")], "/a") is None
    assert ask([get("/a/b")], "/a//b") is None
    assert ask([get("/<path:x>/")], "/a/b") is None
    assert ask([get("/a", redirect_to="b")], "/a") is None
    assert ask([get("/a", "e"), get("/b", "e", alias=True)], "/b") is None
    assert ask([get("/all", "e", defaults={"x": 1}), get("/<int:x>", "e")], "/1") is None


def test_what_is_near_a_redirect_is_still_decided():
    """Stepping aside holds for the answer in question, not for the rules around it."""
    rules = [get("/a/"), get("/all", "e", defaults={"x": 1}), get("/n/<int:x>", "e"), get("/b/c", redirect_to="d")]

    assert ask(rules, "/a/") == ("/a/", {})
    assert ask(rules, "/all") == ("e", {"x": 1})
    assert ask(rules, "/b") == []
    assert ask(rules, "/n/x") == []
    assert ask([get("/a/", strict_slashes=False)], "/a") == ("/a/", {})
    assert ask([get("/n/<int:x>", "e"), get("/all", "e", defaults={"x": 1})], "/n/1", redirect_defaults=False) == (
        "e",
        {"x": 1},
    )


def test_odd_paths_are_left_to_werkzeug():
    """Text that is not ASCII, and what does not begin with a slash, step aside."""
    rules = [get("/<x>"), get("/\u00e9"), get("/a")]

    for path in ["/\u00e9", "/\u0663", "*", "a"]:
        assert ask(rules, path) is None
    assert ask(rules, "/a", "") is None


def test_a_websocket_rule_is_never_matched():
    """A websocket rule steps aside where it alone would answer, and nowhere else."""
    rules = [get("/ws", websocket=True), get("/both", "ws", websocket=True), get("/both")]

    assert ask(rules, "/ws") is None
    assert ask(rules, "/both") == ("/both", {})
    assert ask(rules, "/no") == []


def test_a_rule_for_building_only_is_not_matched():
    """``build_only`` rules are unknown paths."""
    assert ask([get("/a", build_only=True)], "/a") == []


def test_subdomains_are_told_apart():
    """Each literal subdomain has its own rules; ``None`` is the default one."""
    rules = [get("/a"), Subdomain("api", [get("/b"), Submount("/v1", [get("/c")])])]

    assert ask(rules, "/a") == ("/a", {})
    assert ask(rules, "/a", host="api") == []
    assert ask(rules, "/v1/c", host="api") == ("/c", {})
    assert ask(rules, "/a", host="<invalid>") == []
    assert ask([get("/a"), get("/b", subdomain="api")], "/b", default_subdomain="api") == ("/b", {})


def test_a_subdomain_with_variables_leaves_misses_to_werkzeug():
    """Where a domain is a pattern only a match in a literal one is certain."""
    rules = [get("/a"), get("/b", subdomain="<user>")]

    assert ask(rules, "/a", host="") == ("/a", {})
    assert ask(rules, "/b", host="") is None
    assert ask(rules, "/b", host="joe") is None


def test_hosts_are_told_apart():
    """With host matching the host decides, with its port; without a host nothing is decided."""
    rules = [get("/a", host="example.org"), get("/b", host="example.org:8080")]

    assert ask(rules, "/a", host="example.org", host_matching=True) == ("/a", {})
    assert ask(rules, "/a", host="example.org:8080", host_matching=True) == []
    assert ask(rules, "/a", host="other.org", host_matching=True) == []
    assert ask(rules, "/a", host_matching=True) is None


class SlugConverter(BaseConverter):
    """Refuses, fails or answers, and notes that it was asked."""

    asked: t.ClassVar[list[str]] = []

    def to_python(self, value: str) -> t.Any:
        self.asked.append(value)
        if value == "refuse":
            raise ValidationError
        if value == "fail":
            raise ValueError("no refusal")
        return value.upper()


def test_a_converter_of_the_user_is_asked_once():
    """Its answer, its refusal and its failure are those of ``to_python``, asked one time."""
    SlugConverter.asked.clear()
    rules = [get("/<slug:x>/<int:y>")]

    assert ask(rules, "/a/1", converters={"slug": SlugConverter}) == ("/<slug:x>/<int:y>", {"x": "A", "y": 1})
    assert ask([get("/<slug:x>")], "/refuse", converters={"slug": SlugConverter}) == []
    with pytest.raises(ValueError, match="no refusal"):
        ask([get("/<slug:x>")], "/fail", converters={"slug": SlugConverter})
    assert SlugConverter.asked == ["a", "refuse", "fail"]


def test_a_converter_replaced_later_changes_no_rule():
    """Rules keep the converter object that they were added with."""
    url_map = Map([get("/<int:x>")])
    url_map.converters["int"] = SlugConverter
    found = Matcher(url_map).match(None, "/5", "GET")

    assert isinstance(found, tuple)
    assert found[1] == {"x": 5}


def test_a_pattern_that_does_not_compile_is_left_to_werkzeug():
    """A broken converter disturbs the paths below it and no others."""

    class Broken(BaseConverter):
        regex = "[a-"

    rules = [get("/x/<broken:y>"), get("/a")]

    assert ask(rules, "/x/a", converters={"broken": Broken}) is None
    assert ask(rules, "/a", converters={"broken": Broken}) == ("/a", {})


def test_a_rule_class_that_reads_its_text_anew_is_left_to_werkzeug():
    """Nothing is decided where a rule may mean something else."""

    class Shouting(Rule):
        def compile(self) -> None:
            self.rule = self.rule.upper()
            super().compile()

    rules = [Shouting("/a", endpoint="a"), get("/b")]

    assert ask(rules, "/A") is None
    assert ask(rules, "/b") is None


def shuffled() -> list[Rule]:
    """Two patterns of one weight, the first of which belongs to an endpoint with rules of several kinds."""
    return [get("/x/<uuid:u>/<v>", "A"), get("/<string(length=1):u>", "A"), get("/<string:v>", "B")]


def test_an_order_that_is_not_known_is_left_to_werkzeug():
    """A plain map does not tell which of two rules was added first; an ordered one does."""
    assert ask(shuffled(), "/a") is None
    assert ask(shuffled(), "/x") is None
    assert ask(shuffled(), f"/x/{uuid.UUID(int=1)}/y") == ("A", {"u": uuid.UUID(int=1), "v": "y"})

    matcher = Matcher(OrderedMap(shuffled()))
    one, more = matcher.match(None, "/a", "GET"), matcher.match(None, "/aa", "GET")

    assert isinstance(one, tuple)
    assert isinstance(more, tuple)
    assert (one[0].endpoint, more[0].endpoint) == ("A", "B")


def test_rules_without_conflict_need_no_order():
    """Rules of one path and several methods are decided whatever their order."""
    rules = [
        get("/u/", "A", defaults={"x": None}),
        get("/u/", "A", methods=["POST"]),
        get("/u/<int:x>", "A", methods=["PUT"]),
    ]

    assert ask(rules, "/u/") == ("A", {"x": None})


def test_a_matcher_does_not_see_later_rules():
    """It answers for the rules that the map had when it was made."""
    url_map = Map([get("/a")])
    matcher = Matcher(url_map)
    url_map.add(get("/b"))

    assert isinstance(matcher.match(None, "/b", "GET"), Miss)
    assert not isinstance(Matcher(url_map).match(None, "/b", "GET"), Miss)


def test_an_ordered_map_is_a_map():
    """It keeps the order of adding, also for the rules of a factory, and lists the same rules."""
    url_map = OrderedMap([get("/b", "e"), Submount("/s", [get("/<x>", "e"), get("/c")])])

    assert [rule.rule for rule in url_map.added] == ["/b", "/s/<x>", "/s/c"]
    assert {id(rule) for rule in url_map.added} == {id(rule) for rule in url_map.iter_rules()}
    assert url_map.bind("example.org").match("/s/c") == ("/c", {})


def test_threads_may_share_a_matcher():
    """Values never leak from one request into another."""
    matcher = Matcher(Map([get("/<int:x>/<y>", defaults={"z": 0})]))

    def many(number: int) -> bool:
        for _ in range(300):
            found = matcher.match(None, f"/{number}/{number}", "GET")
            assert isinstance(found, tuple)
            if found[1] != {"x": number, "y": str(number), "z": 0}:
                return False
            found[1]["z"] = number
        return True

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(many, range(1, 33)))


@pytest.mark.parametrize(
    "rule",
    [
        "/pets/<any('<5', '>=5'):kind>",
        "/<a>/<int(min=3):b>-<path:c>",
        "/<any('a:b', 'c)d'):x>/<string(length=2):y>",
        "/plain",
        "/<uuid:id>/",
    ],
)
def test_variables_of_a_rule_are_those_of_werkzeug(rule):
    """Whatever stands in the arguments of a converter; there is one reader of a rule's text."""
    made = Rule(rule)
    Map([made])

    assert sorted(names_in(rule)) == sorted(made.arguments)
