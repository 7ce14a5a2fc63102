# ruff: noqa: E501
"""The comparison with marshmallow is sharp: each fault put into the compiler is found by the generator aimed at it.

A mutant is a copy of ``framework.fast`` with one piece of text replaced, run in a process of its own.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.extended

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "framework"

#: Module, the text, what replaces it, and the generator that must find it.
MUTANTS: dict[str, tuple[str, str, str, str]] = {
    "subclasses of str are dumped as they are": ("dump._values", 'f"type({var}) is str")', 'f"isinstance({var}, str)")', "dump:String"),
    "booleans are integers": ("dump._values", 'f"type({var}) is int", _as', 'f"isinstance({var}, int)", _as', "dump:Integer"),
    "decimals keep their exponent": ("dump._values", "if 'E' not in {text}", "if True", "dump:DecimalString"),
    "decimals in rows keep their exponent": ("dump._rows", 'if CAPITAL_E not in text else', "if True else", "dump:DecimalString"),
    "exponents of dicts are looked for in capitals": ("dump._dumper", 'if rows.CAPITAL_E not in text else', "if True else", "dump:DecimalString"),
    "small exponents are no exponents": ("dump._rows", "E[+-][0-9]+", "E[+][0-9]+", "dump:DecimalString"),
    "exponents in lists are kept": ("dump._rows", 'value[number] = format(each, "f")', "pass", "dump:ListDecimal"),
    "any time zone goes to the encoder": ("dump._values", "tzinfo is None or", "tzinfo is not MISSING or", "dump:DateTime"),
    "UTC is written as Z": ("dump._values", ".replace(b'Z', b'+00:00')", "", "dump:DateTime"),
    "NaN becomes null": ("dump._values", "finite if to_json and not as_string", "finite if False", "dump:Float"),
    "NaN in a raw value becomes null": ("dump._rows", "{str, int, bool, type(None)}", "{str, int, bool, type(None), float}", "dump:Raw"),
    "naive datetimes lose their Z": ("dump._values", '.tzinfo is None", (naive,))', '.tzinfo is None", text)', "dump:OwnDateTime"),
    "seconds of an offset are lost": ("dump._values", "not {var}.utcoffset() % {minute}", "True", "dump:OwnDateTime"),
    "offsets of zero are written as Z": ("dump._values", "or {_whole_minutes(writer, var)})", "or {var}.tzinfo is not None)", "dump:DateTime"),
    "items are not followed by attributes": ("dump._reading", 'f"except {_NO_ITEM}:", *indented(lines)]', 'f"except {_NO_ITEM}:", f"    {target} = MISSING"]', "dump:String"),
    "all errors of items are absence": ("dump._reading", '"(KeyError, IndexError, TypeError, AttributeError)"', '"Exception"', "stored"),
    "rows of one list are alike": ("dump._reading", "all(map(operator.is_, map(parts.layout, rows), itertools.repeat(layout)))", "True", "stored"),
    "computed attributes are in the dict": ("dump._reading", 'elif not hasattr(kind, "__set__") and not hasattr(kind, "__delete__"):', "else:", "stored"),
    "what is not loaded is missing": ("dump._code", "if value is MISSING and is_loaded:", "if False:", "stored"),
    "nested objects have all in the dict": ("dump._plan", "if loaded.issuperset(names):", "if True:", "stored"),
    "a member's own value is not asked": ("_plain", '("name", "value", "__getattribute__")', "()", "dump:EnumSpoken"),
    "methods of dict are not values": ("dump._reading", "frozenset(dir(dict))", "frozenset()", "dump:String"),
    "objects with keys are read by attribute": ("dump._reading", '"__getitem__" in vars(base)', "False", "dump:String"),
    "None is an object": ("dump._reading", "*(type(None), type(ma.missing), bool,", "*(bool,", "mixes"),
    "missing values are dumped": ("dump._code", 'f"    {gaps} = True"', '"    pass"', "dump:String"),
    "defaults are not called": ("dump._code", "if callable(value):", "if False:", "dump:String"),
    "a list item is not told from a string": ("dump._code", 'f"    if type({item}) is not {exact}:"', '"    if False:"', "dump:List"),
    "nested hooks of dumping are passed over": ("dump._plan", "not made.compilable or made.has_hooks", "not made.compilable", "dump:NestedHooks"),
    "post_dump is passed over": ("dump._plan", "        if hooks[POST_DUMP]:", "        if False:", "dump:NestedHooks"),
    "all objects of a list are alike": ("dump._code", 'f"    if type({obj}) is not cls:"', '"    if False:"', "mixes"),
    "booleans are loaded as integers": ("load._values", 'return LoadRecipe(f"type({var}) is int", int,', 'return LoadRecipe(f"isinstance({var}, int)", int,', "load:Integer"),
    "floats overflow": ("load._values", " and -{limit} < {var} < {limit}", "", "load:Float"),
    "NaN is a number": ("load._values", " and {low} < {var} < {high} or", " or", "load:Float"),
    "NaN is a decimal": ("load._values", 'f"{make}(str({var}))", f"{var}.is_finite()"', 'f"{make}(str({var}))", ""', "load:Decimal"),
    "aware datetimes are naive": ("load._values", 'after = f"{var}.tzinfo is None"', 'after = ""', "load:NaiveDateTime"),
    "missing is a raw value": ("load._values", " and {var} is not {writer.bind(ma.missing, 'MISSING')}", "", "load:Raw"),
    "surrogates are strict": ("load._values", "not {surrogate}({var})", "True", "json:String"),
    "any ISO date is strict": ("load._values", "is_{kind.__name__}')}({var}) is not None\" if _is_strict(field)", "is_{kind.__name__}')}({var}) is not None\" if False", "json:Date"),
    "strict texts are read by int": ("load._values", "writer.bind(lexical.integer", "writer.bind(int", "query:Integer"),
    "strict patterns match the beginning": ("load._checks", '"fullmatch" if isinstance', '"match" if isinstance', "json:String"),
    "bounds are inclusive": ("load._checks", "sign if inclusive else sign + '='", "sign", "load:Integer"),
    "a text may be too long by one": ("load._checks", ' <= {validator.max}"', ' <= {validator.max + 1}"', "load:String"),
    "Equal is not asked": ("load._checks", 'return [f"{var} == ', 'return [f"True or {var} == ', "load:String"),
    "valid data is lost": ("load._code", "error.valid_data or MISSING\",", "MISSING\",", "load:Nested"),
    "valid items are lost": ("load._members", "if error.valid_data is not None:", "if False:", "load:ListPart"),
    "unknown names are not counted": ("load._code", '"    known -= 1",', '"    pass",', "shapes"),
    "partial has no effect": ("load._code", "if partial is not True:", "if True:", "shapes"),
    "validators run twice": ("load._code", "            field._validate(value)", "            field._validate(value) or field._validate(value)", "load:String"),
    "None is always allowed": ("load._code", " if self.field.allow_none else []", "", "load:String"),
    "dotted names are names": ("load._code", 'if "." in target', "if False", "load:String"),
    "functions before and after are passed over": ("load._code", 'return bool(getattr(field, "pre_load", None)', 'return False and bool(getattr(field, "pre_load", None)', "load:String"),
    "a default is not called": ("load._code", "if not callable(field.load_default):", "if True:", "load:String"),
    "errors have an index always": ("load._plan", "index if has_index else None", "index", "shapes"),
    "post_load is passed over": ("load._plan", "and postprocess and self.has_post_load", "and False", "load:NestedHooks"),
    "validators of schemas are passed over": ("load._plan", "if errors or self.has_validators:", "if errors:", "load:NestedHooks"),
    "messages of one name are not merged": ("load._plan", "return messages if len(messages) == len(errors) else None", "return messages", "shapes"),
    "messages have no index": ("load._plan", "if index is None and name != SCHEMA}", "if name != SCHEMA}", "shapes"),
    "messages of the schema are not merged": ("load._plan", "if index is None and name != SCHEMA}", "if index is None}", "load:Nested"),
    "partial spreads into strict nested schemas": ("load._plan", "            if is_end:", "            if False:", "shapes:json"),
    "the policy of a nested field is passed over": ("load._plan", "unknown=field.unknown", "unknown=None", "load:NestedInclude"),
    "names given twice are passed over": ("load._body", """body.count(b'"') == 2 * strings or _has_all_names(rows, body)""", "True", "texts"),
    "escaped colons are not counted": ("load._body", r'b"\\u003" not in body and ', "", "texts"),
    "doubtful values of a body are taken": ("load._body_code", '"    raise NotTaken"] if test', '"    pass"] if test', "body:String"),
    "the decoder is not asked for types": ("load._body_code", "kind: t.Any = found.json or t.Any", "kind: t.Any = t.Any", "body:Integer"),
    "the decoder does not count characters": ("load._body_code", "max_length=equal if exact else high", "max_length=None", "body:String"),
    "the decoder counts wrongly": ("load._body_code", "min_length=equal if exact", "min_length=0 if exact", "body:String"),
    "other validators than the length are lost": ("load._body_code", "[*validators[:number], *validators[number + 1 :]]", "[]", "body:String"),
    "what was read is not tested": ("load._body_code", "found.rest if found.json else found.test", "'' if found.json else found.test", "body:OwnDateTime"),
    "numbers are counted as strings": ("load._body_code", '"    strings -= 1"]', '"    pass"]', "texts"),
    "None is counted as a string": ("load._body_code", 'f"    strings -= {place.strings}"', '"    pass"', "texts"),
    "None in a list is counted as a string": ("load._body_code", '" - value.count(None)"', '""', "texts"),
    "what is absent is counted": ("load._body_code", 'absent = [f"strings -= {strings}"]', "absent = ['pass']", "texts"),
    "partial has no effect on bodies": ("load._body_code", "if self.partial is not True and field.load_default", "if field.load_default", "texts"),
    "what is required may be absent in bodies": ("load._body_code", "if field.required and self.partial", "if False and self.partial", "texts"),
    "partial names have no effect on bodies": ("load._body_code", "if self.partial not in (None, True, False):", "if False:", "texts"),
    "partial spreads into strict nested bodies": ("load._body_code", "None if stops_partial(nested) else self.partial", "self.partial", "texts"),
    "mail addresses end with one letter": ("load._checks", "[A-Za-z]{2,}+", "[A-Za-z]{1,}+", "json:Email"),
    "a part of a mail address may be too long": ("load._checks", "_LABEL_ROOM = 64", "_LABEL_ROOM = 640", "json:Email"),
    "a space is the T of a date-time": ("load._values", "[0-9]{2}T(", "[0-9]{2}[T ](", "json:OwnDateTime"),
    "nested mappings are dicts": ("dump._code", 'f"type({var}) is dict" if kind', 'f"isinstance({var}, dict)" if kind', "dump:Nested"),
    "nested dicts are read by attribute": ("dump._code", "inner = _Scope(schema, var, kind,", "inner = _Scope(schema, var, reading.ATTRIBUTES,", "dump:Nested"),
}  # fmt: skip


def _run(package: pathlib.Path, generator: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(package), str(HERE)])
    return subprocess.run(
        [sys.executable, str(HERE / "pairs.py"), generator],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture
def package(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with a copy of the rooms that the compiler needs."""
    for name in ("fast", "texts"):
        shutil.copytree(PACKAGE / name, tmp_path / "framework" / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "framework" / "__init__.py").touch()
    for name in ("_lazy.py", "fields.py", "issues.py"):
        shutil.copy(PACKAGE / name, tmp_path / "framework")
    return tmp_path


@pytest.mark.parametrize("fault", list(MUTANTS))
def test_fault_is_found(package: pathlib.Path, fault: str) -> None:
    """The generator aimed at a fault finds it, as a difference and not as a crash of its own."""
    module, text, replacement, generator = MUTANTS[fault]
    path = package / "framework" / "fast" / f"{module.replace('.', '/')}.py"
    source = path.read_text()
    assert text in source, f"Aim this mutant anew: {module} has changed."
    path.write_text(source.replace(text, replacement))

    done = _run(package, generator)

    assert done.returncode == 3, done.stdout[-2000:] + done.stderr[-2000:]


def test_no_fault_is_found_where_none_is(package: pathlib.Path) -> None:
    """The copy without a fault passes the generators, so a fault is what fails them."""
    for generator in sorted({generator for *_, generator in MUTANTS.values()}):
        done = _run(package, generator)

        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
