"""The settings of an application: how they are read, and that a write is told."""

from __future__ import annotations

import json
import tomllib
import types

import pytest

from framework.config import DEFAULTS, SETTINGS, Config, ConfigAttribute

TEST_KEY = "module"
secret = "lower case"


@pytest.fixture
def config(tmp_path):
    """A configuration whose files lie in a temporary folder."""
    return Config(tmp_path, {"KEPT": 1})


class Base:
    """A configuration class."""

    TEST_KEY = "base"

    @property
    def COMPUTED(self):
        """A setting that exists on instances."""
        return f"{self.TEST_KEY}!"


class Child(Base):
    """One that inherits."""

    OTHER = 2


def test_defaults_are_where_the_settings_start():
    """A configuration starts as a copy of its defaults."""
    defaults = {"A": 1}
    config = Config("/", defaults)
    config["A"] = 2

    assert defaults == {"A": 1}
    assert Config("/") == {}


def test_from_object_takes_upper_case_names(config):
    """Only upper-case names of a module become settings."""
    module = types.ModuleType("settings")
    module.TEST_KEY = "module"
    module.secret = "lower"
    module.Mixed = "mixed"

    config.from_object(module)

    assert config == {"KEPT": 1, "TEST_KEY": "module"}


def test_from_object_takes_inherited_names(config):
    """A class brings the settings of its bases."""
    config.from_object(Child)

    assert config["TEST_KEY"] == "base"
    assert config["OTHER"] == 2


def test_from_object_evaluates_properties_of_instances(config):
    """A property becomes a setting where an instance is given."""
    config.from_object(Base())

    assert config["COMPUTED"] == "base!"


def test_from_object_imports_a_path(config):
    """A string is an import path, to a module or to an object in one."""
    config.from_object("framework.config")

    assert config["DEFAULTS"] is DEFAULTS

    config.clear()
    config.from_object("framework.config:Config")

    assert config == {}


def test_from_object_with_a_wrong_path_fails(config):
    """An import path that leads nowhere is an ImportError."""
    with pytest.raises(ImportError, match="no_such_module"):
        config.from_object("no_such_module.Config")


def test_from_pyfile_runs_the_file(config, tmp_path):
    """A Python file gives its upper-case names, relative to the root path, and knows its own path."""
    (tmp_path / "settings.cfg").write_text("SECRET_KEY = 'x' * 3\nhere = 1\nFILE = __file__\n")

    assert config.from_pyfile("settings.cfg") is True
    assert config["SECRET_KEY"] == "xxx"
    assert config["FILE"] == str(tmp_path / "settings.cfg")
    assert "here" not in config


def test_from_pyfile_reads_the_declared_encoding(config, tmp_path):
    """A coding cookie in the file counts."""
    (tmp_path / "settings.py").write_bytes("# -*- coding: latin-1 -*-\nTEST_VALUE = 'föö'\n".encode("latin-1"))
    config.from_pyfile("settings.py")

    assert config["TEST_VALUE"] == "föö"


def test_missing_file_says_what_it_was_for(config, tmp_path):
    """A missing file is an OSError that names the file and the purpose."""
    with pytest.raises(OSError) as caught:
        config.from_pyfile("missing.cfg")

    assert str(caught.value).startswith("[Errno 2] Unable to load configuration file (No such file or directory):")
    assert caught.value.filename == str(tmp_path / "missing.cfg")


@pytest.mark.parametrize("name", ["missing.cfg", ".", "file.txt/inside.cfg"])
def test_silent_passes_over_missing_files(config, tmp_path, name):
    """With ``silent`` a missing file is not an error, also where a folder stands or a file is the folder."""
    (tmp_path / "file.txt").write_text("")

    assert config.from_pyfile(name, silent=True) is False
    assert config.from_file(name, json.load, silent=True) is False
    assert config == {"KEPT": 1}


def test_silent_does_not_hide_other_failures(config, tmp_path):
    """A file that is there and cannot be opened is an error all the same."""
    (tmp_path / "loop.cfg").symlink_to("loop.cfg")

    with pytest.raises(OSError, match="Unable to load configuration file"):
        config.from_pyfile("loop.cfg", silent=True)


def test_silent_does_not_hide_mistakes_in_the_file(config, tmp_path):
    """``silent`` is about missing files only."""
    (tmp_path / "settings.py").write_text("A = 1/0\n")

    with pytest.raises(ZeroDivisionError):
        config.from_pyfile("settings.py", silent=True)


def test_from_envvar_reads_the_named_file(config, tmp_path, monkeypatch):
    """An environment variable names the file to read."""
    (tmp_path / "settings.py").write_text("A = 1\n")
    monkeypatch.setenv("SETTINGS_FILE", str(tmp_path / "settings.py"))

    assert config.from_envvar("SETTINGS_FILE") is True
    assert config["A"] == 1


@pytest.mark.parametrize("value", [None, ""])
def test_from_envvar_without_variable_fails(config, monkeypatch, value):
    """A missing or empty variable is an error, or ``False`` with ``silent``."""
    monkeypatch.delenv("SETTINGS_FILE", raising=False)
    if value is not None:
        monkeypatch.setenv("SETTINGS_FILE", value)

    with pytest.raises(RuntimeError, match="'SETTINGS_FILE' is not set"):
        config.from_envvar("SETTINGS_FILE")
    assert config.from_envvar("SETTINGS_FILE", silent=True) is False


def test_from_envvar_names_a_missing_file(config, monkeypatch):
    """A variable that names a missing file fails as the file does."""
    monkeypatch.setenv("SETTINGS_FILE", "missing.cfg")

    with pytest.raises(OSError, match="Unable to load configuration file"):
        config.from_envvar("SETTINGS_FILE")
    assert config.from_envvar("SETTINGS_FILE", silent=True) is False


def test_from_file_as_text_and_bytes(config, tmp_path):
    """Data files are read with the function given, as text or as bytes."""
    (tmp_path / "a.json").write_text('{"A": [1], "b": 2}')
    (tmp_path / "b.toml").write_text('B = "toml"\n')

    assert config.from_file("a.json", json.load) is True
    assert config.from_file("b.toml", tomllib.load, text=False) is True
    assert config == {"KEPT": 1, "A": [1], "B": "toml"}


def test_from_mapping_takes_upper_case_keys(config):
    """A mapping, or pairs, and keyword arguments are taken, keyword arguments last."""
    assert config.from_mapping([("A", 0), ("b", 0)]) is True
    assert config["A"] == 0
    assert config.from_mapping({"A": 1, "b": 2}, A=3, C=4, d=5) is True
    assert config.from_mapping() is True
    assert config == {"KEPT": 1, "A": 3, "C": 4}


def test_from_mapping_takes_one_mapping(config):
    """A second positional argument is a TypeError."""
    with pytest.raises(TypeError):
        config.from_mapping({}, {})


def test_from_prefixed_env_parses_json(config, monkeypatch):
    """Values are JSON where they parse, text where they do not."""
    for name, value in {
        "FRAMEWORK_STRING": "value",
        "FRAMEWORK_BOOL": "true",
        "FRAMEWORK_INT": "1",
        "FRAMEWORK_FLOAT": "1.2",
        "FRAMEWORK_LIST": "[1, 2]",
        "FRAMEWORK_DICT": '{"k": "v"}',
        "NOT_FRAMEWORK_X": "1",
    }.items():
        monkeypatch.setenv(name, value)

    assert config.from_prefixed_env() is True
    assert config == {
        "KEPT": 1,
        "STRING": "value",
        "BOOL": True,
        "INT": 1,
        "FLOAT": 1.2,
        "LIST": [1, 2],
        "DICT": {"k": "v"},
    }


def test_from_prefixed_env_with_own_prefix_and_loads(config, monkeypatch):
    """Prefix and parser can be given; text that the parser refuses is kept."""
    monkeypatch.setenv("SHOP_A", "1")
    monkeypatch.setenv("SHOP_B", "true")
    config.from_prefixed_env("SHOP", loads=int)

    assert config["A"] == 1
    assert config["B"] == "true"


def test_from_prefixed_env_goes_into_dictionaries(config, monkeypatch):
    """Double underscores go into nested dictionaries, made where missing; the shortest name comes first."""
    monkeypatch.setenv("FRAMEWORK_EXIST__ok", "other")
    monkeypatch.setenv("FRAMEWORK_EXIST__inner__ik", "2")
    monkeypatch.setenv("FRAMEWORK_NEW__more__K", '{"k": false}')
    config["EXIST"] = {"ok": "value", "flag": True, "inner": {"ik": 1}}
    config.from_prefixed_env()

    assert config["EXIST"] == {"ok": "other", "flag": True, "inner": {"ik": 2}}
    assert config["NEW"] == {"more": {"K": {"k": False}}}


def test_from_prefixed_env_goes_by_name(config, monkeypatch):
    """Variables are taken in the order of their names, so a dictionary comes before what goes into it."""
    monkeypatch.setenv("FRAMEWORK_MAIL__port", "25")
    monkeypatch.setenv("FRAMEWORK_MAIL", '{"host": "a", "port": 1}')
    config.from_prefixed_env()

    assert config["MAIL"] == {"host": "a", "port": 25}


def test_from_prefixed_env_needs_dictionaries_on_the_way(config, monkeypatch):
    """A name that goes into a plain value is a TypeError that says which."""
    monkeypatch.setenv("FRAMEWORK_KEPT__inner", "2")

    with pytest.raises(TypeError, match="'FRAMEWORK_KEPT__inner': the setting 'KEPT' is 1"):
        config.from_prefixed_env()


def test_get_namespace(config):
    """The settings of one prefix come as a dictionary, trimmed and lower case by default."""
    config.from_mapping(FOO_OPTION_1="a", FOO_OPTION_2="b", BAR="c")

    assert config.get_namespace("FOO_") == {"option_1": "a", "option_2": "b"}
    assert config.get_namespace("FOO_", lowercase=False) == {"OPTION_1": "a", "OPTION_2": "b"}
    assert config.get_namespace("FOO_", trim_namespace=False) == {"foo_option_1": "a", "foo_option_2": "b"}


def test_repr_names_the_class():
    """The repr shows the class and the values."""
    assert repr(Config("/", {"A": 1})) == "<Config {'A': 1}>"


def test_config_attribute_reads_and_writes():
    """An attribute of the application is one of its settings, converted on reading."""

    class Holder:
        testing = ConfigAttribute("TESTING", get_converter=bool)

    holder = Holder()
    holder.config = Config("/", {"TESTING": 0})

    assert holder.testing is False
    assert isinstance(Holder.testing, ConfigAttribute)

    holder.testing = "yes"

    assert holder.config["TESTING"] is True  # what a setting takes is decided in one place
    assert holder.testing is True


WRITES = {
    "setitem": lambda c: c.__setitem__("A", 2),
    "delitem": lambda c: c.__delitem__("A"),
    "ior": lambda c: c.__ior__({"B": 1}),
    "update": lambda c: c.update({"B": 1}, C=2),
    "setdefault": lambda c: c.setdefault("B", 1),
    "pop": lambda c: c.pop("A"),
    "pop default": lambda c: c.pop("Z", None),
    "popitem": lambda c: c.popitem(),
    "clear": lambda c: c.clear(),
    "from_mapping": lambda c: c.from_mapping(B=1),
    "from_object": lambda c: c.from_object(Base),
    "from_prefixed_env": lambda c: c.from_prefixed_env(),
}


@pytest.mark.parametrize("name", WRITES)
def test_every_write_is_told(name, monkeypatch):
    """``on_change`` is called after each way of writing, when the new value is there."""
    monkeypatch.setenv("FRAMEWORK_A__b", "1")
    config = Config("/", {"A": {}})
    seen = []
    config.on_change = lambda: seen.append(dict(config))
    WRITES[name](config)

    assert seen
    assert seen[-1] == config


def test_reading_is_not_told():
    """``on_change`` is for writes only."""
    config = Config("/", {"A": 1})
    seen = []
    config.on_change = lambda: seen.append(1)
    config.get("A"), config["A"], "A" in config, config.get_namespace("A"), dict(config)

    assert not seen


def test_subclasses_see_each_key():
    """A subclass that overrides ``__setitem__`` is asked for each key that a reader brings."""

    class Loud(Config):
        def __setitem__(self, key, value):
            super().__setitem__(key, f"{value}!")

    config = Loud("/")
    config.from_mapping(A=1)

    assert config["A"] == "1!"


def test_the_table_is_complete():
    """Each setting has an upper-case name and one line of text that ends in a period."""
    for name, setting in SETTINGS.items():
        assert name.isupper()
        assert setting.text.endswith(".")
        assert "\n" not in setting.text
    assert {name: setting.default for name, setting in SETTINGS.items()} == DEFAULTS


def test_security_is_the_default():
    """The defaults that guard: cookies, limits, contract of input."""
    assert DEFAULTS["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert DEFAULTS["SESSION_COOKIE_HTTPONLY"] is True
    assert DEFAULTS["SESSION_COOKIE_SECURE"] is None
    assert DEFAULTS["MAX_CONTENT_LENGTH"] == 16 * 1024 * 1024
    assert DEFAULTS["MAX_JSON_LENGTH"] == 1024 * 1024
    assert DEFAULTS["UNKNOWN"] == "raise"
