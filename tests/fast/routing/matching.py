"""Random maps and paths, and the comparison of a matcher with werkzeug's own.

Everything is drawn from a seeded generator, so a seed names a map and its paths for good.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import random
import re
import typing as t

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import (
    BaseConverter,
    IntegerConverter,
    Map,
    RequestRedirect,
    Rule,
    UnicodeConverter,
    ValidationError,
)


class EvenConverter(IntegerConverter):
    """Refuses odd numbers as a converter should, and counts how often it is asked."""

    asked = 0

    def to_python(self, value: str) -> t.Any:
        EvenConverter.asked += 1
        number = super().to_python(value)
        if number % 2:
            raise ValidationError
        return number


class MoodyConverter(BaseConverter):
    """Fails on some texts with an error that is not a refusal."""

    def to_python(self, value: str) -> t.Any:
        if value == "b":
            raise ValueError(value)
        return value.upper()


class ListConverter(BaseConverter):
    """Takes any number of segments, and makes a list of them."""

    regex = r"[a-z1/]+"
    part_isolating = False

    def to_python(self, value: str) -> t.Any:
        return value.split("/")


class EagerConverter(UnicodeConverter):
    """Is asked before all others."""

    weight = 10


class BrokenConverter(BaseConverter):
    """Cannot be compiled."""

    regex = "[a-"


CONVERTERS: dict[str, type[BaseConverter]] = {
    "even": EvenConverter,
    "moody": MoodyConverter,
    "list": ListConverter,
    "eager": EagerConverter,
    "broken": BrokenConverter,
}

UUID_TEXT = "12345678-1234-1234-1234-123456789aBc"

# Converter with arguments -> texts for it, good ones first.
VARIABLES: dict[str, list[str]] = {
    "": ["a", "b", "xyz", "42"],
    "string(length=2):": ["ab", "11", "a", "abc"],
    "string(minlength=2, maxlength=3):": ["ab", "abc", "a", "abcd"],
    "string(minlength=0):": ["", "a"],
    "int:": ["1", "42", "007", "1" * 5000, "-1", "x"],
    "int(min=3):": ["3", "42", "2", "1"],
    "int(max=5):": ["5", "1", "6", "42"],
    "int(fixed_digits=2):": ["42", "07", "1", "142"],
    "int(signed=True):": ["-3", "42", "1", "--1"],
    "int(signed=True, min=-2):": ["-2", "42", "1", "-3"],
    "float:": ["1.5", "0.25", "1", "1."],
    "float(signed=True, max=2):": ["-1.5", "2.0", "2.5", "1"],
    "uuid:": [UUID_TEXT, UUID_TEXT.replace("-", "")],
    "any(a, b, 'c.d'):": ["a", "c.d", "b", "cxd"],
    "any(items, a):": ["a", "items", "b"],
    "path:": ["a/b", "a", "a/b/1", "1/a/", "b\nc"],
    "even:": ["2", "42", "1", "7"],
    "moody:": ["a", "b", "42"],
    "list:": ["a/b", "ab", "1/a"],
    "eager:": ["a", "42", "b"],
    "broken:": ["a", "b"],
}
RARE = {"broken:", "string(minlength=0):", "list:", "moody:"}
COMMON = [kind for kind in VARIABLES if kind not in RARE]
FIXED = ["a", "b", "items", "a", "b", "items", "1", "x42", "v1.0", "caf\u00e9", "c(d"]
METHODS: list[list[str] | None] = [
    None,
    ["GET"],
    ["GET"],
    ["POST"],
    ["GET", "PUT"],
    ["PUT", "DELETE"],
    ["get", "OPTIONS"],
    [],
]
ASKED = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get", "BREW"]
DOMAINS = ["", "", "", "api", "www", "<user>", "<user>.api"]
HOSTS = ["example.org", "example.org:8080", "<name>.example.org"]


def draw_rule(rng: random.Random, domains: list[str], wild: bool) -> dict[str, t.Any]:
    """Draw the arguments of a rule.

    :param wild: whether it may have what makes a match a redirect or leave it to werkzeug.
    """
    segments: list[str] = []
    names = iter("pqrstuvwxyz")
    for _ in range(rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4])):
        segments.append(_draw_segment(rng, names))
    text = "/" + "/".join(segments)
    if segments and rng.random() < 0.3:
        text += "/"
    if rng.random() < 0.03:
        text = text.replace("/", "//", 1) if rng.random() < 0.3 else text[:1] + text[1:].replace("/", "//", 1)
    variables = re.findall(r"(\w+)>", text)
    drawn: dict[str, t.Any] = {"string": text, "endpoint": rng.choice("ABCDEFGHIJ"), "methods": rng.choice(METHODS)}
    if rng.random() < 0.25:
        drawn["strict_slashes"] = rng.choice([True, False])
    if rng.random() < 0.15:
        drawn["merge_slashes"] = rng.choice([True, False])
    if rng.random() < 0.05:
        drawn["build_only"] = True
    if rng.random() < 0.15:
        drawn["defaults"] = {rng.choice([*variables, "p", "extra"]): rng.choice([1, "a", 42])}
    domain = rng.choice(domains)
    drawn["subdomain"] = domain
    if wild:
        if rng.random() < 0.04:
            drawn["redirect_to"] = "somewhere"
        if rng.random() < 0.06:
            drawn["alias"] = True
        if rng.random() < 0.06:
            drawn.update(websocket=True, methods=rng.choice([None, ["GET"]]))
    return drawn


def _draw_segment(rng: random.Random, names: cabc.Iterator[str]) -> str:
    """Draw one segment: fixed, a variable, or both."""
    chance = rng.random()
    if chance < 0.45:
        return rng.choice(FIXED)
    variable = f"<{_draw_kind(rng)}{next(names)}>"
    if chance < 0.85:
        return variable
    return rng.choice(["v{}", "{}.json", "{}-{}", "{}.{}", "{}{}", "a{}b", "x{}", "x4{}", "(+{}"]).format(
        variable, f"<{_draw_kind(rng)}{next(names)}>"
    )


def _draw_kind(rng: random.Random) -> str:
    """Draw a converter with its arguments."""
    return rng.choice(sorted(RARE)) if rng.random() < 0.06 else rng.choice(["", "", "int:", "int:", *COMMON])


def draw_map(rng: random.Random, ordered: type[Map]) -> tuple[Map, bool]:
    """Draw a map.

    :param ordered: the class of a map that knows the order of its rules.
    :return: the map, and whether a matcher must decide all plain paths without a redirect.
    """
    wild = rng.random() < 0.6
    known = rng.random() < 0.5
    hosts = rng.random() < 0.08
    domains = HOSTS[: rng.choice([1, 2, 3])] if hosts else DOMAINS[: rng.choice([1, 1, 1, 4, 5, 6, 7])]
    url_map = (ordered if known else Map)(
        strict_slashes=rng.random() < 0.6,
        merge_slashes=rng.random() < 0.8,
        redirect_defaults=rng.random() < 0.7,
        host_matching=hosts,
        default_subdomain="www" if rng.random() < 0.05 else "",
        converters=CONVERTERS,
    )
    drawn = [draw_rule(rng, domains, wild) for _ in range(rng.choice([1, 2, 3, 4, 5, 6, 8, 10, 14]))]
    # Rules that share a beginning are where order and weight tell.
    for _ in range(rng.choice([0, 1, 2, 3])):
        near = dict(rng.choice(drawn), methods=rng.choice(METHODS), endpoint=rng.choice("ABCDEFGHIJ"))
        head, _, last = near["string"].rpartition("/")
        variable = f"<{_draw_kind(rng)}z>"
        last = rng.choice([variable, variable, last, last, last, f"{last}/", "b", f"x{variable}", f"x4{variable}"])
        near["string"] = f"{head}/{last}"
        if not near.get("websocket"):
            drawn.append(near)
    if rng.random() < 0.3:
        # Rules of one state told apart by methods and bounds alone, or of one regex and several weights.
        twins = [("int(max=5):", ["GET"]), ("int(min=3):", ["PUT"]), ("int:", ["POST"])]
        if rng.random() < 0.4:
            twins = [("eager:", ["PUT"]), ("int:", ["GET"]), ("", ["GET"])]
        head = rng.choice(drawn)["string"].rpartition("/")[0]
        for kind, methods in twins:
            drawn.append({"string": f"{head}/<{kind}z>", "endpoint": rng.choice("ABC"), "methods": methods})
        rng.shuffle(drawn)
    plain = known
    for arguments in drawn:
        if hosts:
            arguments["host"] = arguments.pop("subdomain", domains[0])
        else:
            arguments.setdefault("subdomain", "")
        rule = Rule(arguments.pop("string"), **arguments)
        try:
            url_map.add(rule)
        except (SyntaxError, ValueError, LookupError):
            # A variable twice: such a map cannot be made.
            return draw_map(rng, ordered)
        special = rule.redirect_to or rule.alias or rule.websocket or rule.defaults or "broken" in rule.rule
        plain = plain and not special and "<" not in (rule.host or rule.subdomain or "")
    return url_map, plain


def draw_path(rng: random.Random, rule: Rule) -> str:
    """Draw a path as text, mostly from a rule."""
    if rng.random() < 0.2:
        pool = [*FIXED, *(text for texts in VARIABLES.values() for text in texts), "zzz", ""]
        return "/" + "/".join(rng.choice(pool) for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4])))

    def fill(match: re.Match[str]) -> str:
        texts = VARIABLES.get(match[1] or "", ["a"])
        return rng.choice(texts[:2]) if rng.random() < 0.85 else rng.choice(texts)

    path = re.sub(r"<(\w+(?:\(.*?\))?:)?\w+>", fill, rule.rule)
    chance = rng.random()
    if chance < 0.1:
        path = path.rstrip("/")
    elif chance < 0.25:
        path += "/"
    elif chance < 0.3:
        path = path.replace("/", "//", 1)
    elif chance < 0.35:
        segments = path.split("/")
        segments[rng.randrange(len(segments))] = rng.choice(FIXED)
        path = "/".join(segments)
    elif chance < 0.38:
        path += "\n"
    elif chance < 0.4:
        path = path.replace("1", "\u0663")
    return path


def draw_host(rng: random.Random, url_map: Map, rule: Rule) -> str | None:
    """Draw a subdomain or a host, mostly one of a rule."""
    own = (rule.host if url_map.host_matching else rule.subdomain) or ""
    if rng.random() < 0.85:
        return None if own == url_map.default_subdomain and rng.random() < 0.7 else re.sub("<.*?>", "joe", own)
    if url_map.host_matching:
        return rng.choice(["example.org", "example.org:8080", "x.example.org", "other.org"])
    return rng.choice([None, "", "api", "www", "joe", "joe.api", "<invalid>"])


def draw_method(rng: random.Random, rule: Rule) -> str:
    """Draw a method, mostly one of a rule."""
    return rng.choice(sorted(rule.methods)) if rule.methods and rng.random() < 0.6 else rng.choice(ASKED)


def answer_of_werkzeug(url_map: Map, host: str | None, path: str, method: str) -> tuple[str, t.Any]:
    """Ask werkzeug, and name the kind of its answer."""
    if url_map.host_matching:
        adapter = url_map.bind(host or "nobody.org")
    else:
        adapter = url_map.bind("example.org", subdomain=host)
    try:
        return "hit", adapter.match(path, method, return_rule=True)
    except RequestRedirect:
        return "redirect", None
    except NotFound:
        return "404", set()
    except MethodNotAllowed as error:
        return "405", set(error.valid_methods or ())
    except HTTPException as error:
        return type(error).__name__, None
    except Exception as error:
        return "error", (type(error), error.args)


def answer_of(matcher: t.Any, host: str | None, path: str, method: str) -> tuple[str, t.Any]:
    """Ask a matcher, and name the kind of its answer in the same words."""
    try:
        found = matcher.match(host, path, method)
    except ValueError as error:
        return "error", (type(error), error.args)
    if found is None:
        return "aside", None
    if isinstance(found, tuple):
        return "hit", found
    return ("405" if found.methods else "404"), set(found.methods)


def compare(url_map: Map, plain: bool, matcher: t.Any, question: tuple[str | None, str, str]) -> str:
    """Ask both, and fail where they differ.

    :param plain: whether stepping aside needs a reason.
    :param question: host, path as the server hands it on (latin-1), method.
    :return: the kind of the matcher's answer.
    """
    host, path, method = question
    EvenConverter.asked = 0
    got, found = answer_of(matcher, host, path, method)
    asked, EvenConverter.asked = EvenConverter.asked, 0
    decoded = path.encode("latin-1").decode("utf-8", "replace")
    wanted, expected = answer_of_werkzeug(url_map, host, decoded, method)
    told = (
        f"{question!r} on {[(r.rule, r.methods) for r in url_map.iter_rules()]}: {got} {found}, not {wanted} {expected}"
    )
    if got == "aside":
        reason = wanted == "redirect" or "//" in path or not path.isascii() or not path.startswith("/")
        assert reason or not plain or (url_map.host_matching and host is None), f"No reason to step aside. {told}"
        return got
    assert got == wanted, told
    assert asked == EvenConverter.asked, f"A converter was asked {asked} times. {told}"
    if got != "hit":
        assert found == expected, told
        return got
    (rule, values), (right_rule, right_values) = found, expected
    assert rule is right_rule, told
    assert list(values.items()) == list(right_values.items()), told
    assert list(map(type, values.values())) == list(map(type, right_values.values())), told
    # What the caller does to the values is no matter of the next request.
    values["spoiled"] = True
    return got


def run(matcher_class: t.Any, ordered: type[Map], seeds: cabc.Iterable[int]) -> collections.Counter[str]:
    """Compare a matcher with werkzeug on one random map for each seed, 60 paths each.

    :return: how often which kind of answer was given.
    """
    counts: collections.Counter[str] = collections.Counter()
    for seed in seeds:
        rng = random.Random(seed)
        url_map, plain = draw_map(rng, ordered)
        rules = list(url_map.iter_rules())
        matcher = matcher_class(url_map)
        for _ in range(60):
            rule = rng.choice(rules)
            path = draw_path(rng, rule)
            if not path.isascii():
                # The bytes of the text, or one time in three bytes that are no UTF-8 at all.
                wire = path.encode("latin-1", "replace") if rng.random() < 0.33 else path.encode()
                path = wire.decode("latin-1")
            question = (draw_host(rng, url_map, rule), path, draw_method(rng, rule))
            try:
                counts[compare(url_map, plain, matcher, question)] += 1
            except AssertionError as error:
                error.add_note(f"The map is that of seed {seed}.")
                raise
    return counts
