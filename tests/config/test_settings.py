"""Settings are typed: a wrong value is found where it is written, and no secret is shown."""

from __future__ import annotations

import copy
import datetime as dt
import json
import logging
import pathlib
import pickle
import re
import tomllib
import types
import warnings

import pytest

import framework
from framework import App
from framework.config import SETTINGS, Config, SettingError, SettingWarning
from framework.config._kinds import Anything, Kind, mask_urls, shown
from framework.config._settings import FOREIGN, is_near, nearest
from framework.errors import SetupError
from framework.tokens import TokenMaker

WRONG = {
    "DEBUG": "perhaps",
    "TESTING": 2,
    "SECRET_KEY": "",
    "SECRET_KEY_FALLBACKS": "old key",
    "SERVER_NAME": "https://example.org/",
    "APPLICATION_ROOT": "shop",
    "PREFERRED_URL_SCHEME": "https://",
    "TRUSTED_HOSTS": "example.org",
    "SILENCED_CHECKS": ["debug-on"],
    "SESSION_COOKIE_NAME": "a b",
    "SESSION_COOKIE_SAMESITE": "lax",
    "SESSION_COOKIE_HTTPONLY": None,
    "PERMANENT_SESSION_LIFETIME": "a month",
    "CSRF_HEADER": "X Token",
    "CSRF_TRUSTED_ORIGINS": "https://app.example.org",
    "MAX_CONTENT_LENGTH": -1,
    "MAX_JSON_LENGTH": "1 MiB",
    "MAX_JSON_DEPTH": 0,
    "MAX_COOKIE_SIZE": 1.5,
    "REQUEST_ENCODINGS": ["gzip", "deflate"],
    "STORE_URL": "mysql://user:hunter2@db/0",
    "STORE_TIMEOUT": 0,
    "CLIENT_TENANT": "X-Tenant",
    "RATELIMIT_STRATEGY": "fixed",
    "RATELIMIT_WHEN_AWAY": "maybe",
    "RATELIMIT_MAX_KEYS": 0,
    "IDEMPOTENCY_LEASE": float("nan"),
    "IDEMPOTENCY_LIFETIME": True,
    "SEND_FILE_MAX_AGE_DEFAULT": [],
    "UNKNOWN": "ignore",
    "STRICT_TRANSPORT_SECURITY": "soon",
    "API_TITLE": 1,
    "API_SERVERS": {"url": "https://example.org"},
    "API_CONTACT": "ann@example.org",
    "OPENAPI_VERSION": "3",
    "OPENAPI_JSON_PATH": "openapi.json",
    "DOCS_PATH": "",
    "DOCS_MARKS": "public",
    "DOCS_CHANGELOG": "openapi.json",
    "DOCS_COLOR": "red; } body { display: none",
    "DOCS_LISTED": "perhaps",
    "DOCS_LOGO": "javascript:alert(1)",
    "DOCS_PERSIST_AUTHORIZATION": "perhaps",
    "FAST_PATH": "fast",
    "CONTRACT": "on",
    "CONTRACT_SAMPLE": 1.1,
    "DRAIN_DELAY": -1,
    "DRAIN_TIMEOUT": 0,
}

CONVERTED = [
    ("MAX_CONTENT_LENGTH", "10", 10),
    ("MAX_CONTENT_LENGTH", 16e6, 16_000_000),
    ("MAX_CONTENT_LENGTH", None, None),
    ("STORE_TIMEOUT", "0.5", 0.5),
    ("TESTING", "false", False),
    ("TESTING", "0", False),
    ("TESTING", "on", True),
    ("TESTING", 1, True),
    ("DEBUG", None, None),
    ("FAST_PATH", "compare", "compare"),
    ("PERMANENT_SESSION_LIFETIME", "3600", 3600),
    ("PERMANENT_SESSION_LIFETIME", dt.timedelta(days=1), dt.timedelta(days=1)),
    ("SECRET_KEY", b"\x00" * 32, b"\x00" * 32),
    ("SECRET_KEY_FALLBACKS", ["a", b"b"], ["a", b"b"]),
    ("SESSION_COOKIE_SAMESITE", "None", "None"),
    ("API_VERSION", "2", "2"),
]


def writers(tmp_path, monkeypatch):
    """All ways of writing one setting."""

    def from_object(config, name, value):
        config.from_object(type("Settings", (), {name: value}))

    def from_pyfile(config, name, value):
        (tmp_path / "settings.py").write_text(f"import datetime\nnan = float('nan')\n{name} = {value!r}\n")
        config.from_pyfile(tmp_path / "settings.py")

    def from_envvar(config, name, value):
        (tmp_path / "named.py").write_text(f"import datetime\nnan = float('nan')\n{name} = {value!r}\n")
        monkeypatch.setenv("SETTINGS_FILE", str(tmp_path / "named.py"))
        config.from_envvar("SETTINGS_FILE")

    def from_file(config, name, value):
        (tmp_path / "settings.json").write_text("{}")
        config.from_file(tmp_path / "settings.json", load=lambda file: {**json.load(file), name: value})

    return {
        "assignment": lambda config, name, value: config.__setitem__(name, value),
        "update": lambda config, name, value: config.update({name: value}),
        "update by keyword": lambda config, name, value: config.update(**{name: value}),
        "or": lambda config, name, value: config.__ior__({name: value}),
        "setdefault": lambda config, name, value: (config.pop(name, None), config.setdefault(name, value)),
        "from_mapping": lambda config, name, value: config.from_mapping({name: value}),
        "from_object": from_object,
        "from_pyfile": from_pyfile,
        "from_envvar": from_envvar,
        "from_file": from_file,
    }


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_found_where_it_is_written(name, tmp_path, monkeypatch):
    """Every way of writing refuses it with key, value, source and what is taken instead; nothing is written."""
    for way, write in writers(tmp_path, monkeypatch).items():
        config = Config(tmp_path, {key: setting.default for key, setting in SETTINGS.items()})
        with pytest.raises(SettingError) as caught:
            write(config, name, WRONG[name])
        text = str(caught.value)
        assert text.startswith(f"Invalid value of the setting {name}: "), way
        assert f"Set {SETTINGS[name].takes.said}." in text
        assert "hunter2" not in text
        assert config.get(name) == SETTINGS[name].default or way == "setdefault"


@pytest.mark.parametrize(("name", "given", "kept"), CONVERTED)
def test_what_is_clear_is_converted(name, given, kept, tmp_path, monkeypatch):
    """Text that is a number or a yes becomes one, whoever writes it."""
    for write in writers(tmp_path, monkeypatch).values():
        config = Config(tmp_path)
        write(config, name, given)
        assert (config[name], type(config[name])) == (kept, type(kept))


def test_every_setting_has_a_kind_that_takes_its_default():
    """A setting that takes anything at all says so; each other one refuses an object of an unknown class."""
    assert len(SETTINGS) > 60
    for name, setting in SETTINGS.items():
        assert isinstance(setting.takes, Kind)
        assert not isinstance(setting.takes, Anything), name
        assert setting.takes.check(setting.default) == setting.default
        with pytest.raises((ValueError, TypeError)):
            setting.takes.check(object())


def test_the_environment(monkeypatch):
    """Variables are read by the kind of their setting: a key of digits stays text, wrong ones are named."""
    for name, value in {
        "SECRET_KEY": "1234567890",
        "API_VERSION": "1.0",
        "API_TITLE": '"Pets"',
        "SECRET_KEY_FALLBACKS": '["old", "older"]',
        "MAX_CONTENT_LENGTH": "10",
        "TESTING": "yes",
        "CONTRACT": "null",
        "API_CONTACT__name": "Ann",
        "OWN": "1",
    }.items():
        monkeypatch.setenv(f"FRAMEWORK_{name}", value)
    config = App("a").config
    config.from_prefixed_env()

    assert (config["SECRET_KEY"], config["API_VERSION"], config["API_TITLE"]) == ("1234567890", "1.0", "Pets")
    assert config["SECRET_KEY_FALLBACKS"] == ["old", "older"]
    assert (config["MAX_CONTENT_LENGTH"], config["TESTING"], config["CONTRACT"], config["OWN"]) == (10, True, None, 1)
    assert config["API_CONTACT"] == {"name": "Ann"}

    monkeypatch.setenv("FRAMEWORK_MAX_CONTENT_LENGTH", "10 MB")
    with pytest.raises(SettingError, match=r"MAX_CONTENT_LENGTH: '10 MB' \(environment variable FRAMEWORK_MAX_CONT"):
        config.from_prefixed_env()


@pytest.mark.parametrize("keys", ["old", "o", [""], ["good", ""], [1], ["good", None], {"a": 1}])
def test_fallback_keys_are_keys(keys, monkeypatch):
    """Text in place of a list, of which each letter would be a key, and empty members are refused."""
    app = App("a")
    with pytest.raises(SettingError, match="a list of keys, none of them empty") as caught:
        app.config["SECRET_KEY_FALLBACKS"] = keys
    assert "good" not in str(caught.value)

    monkeypatch.setenv("FRAMEWORK_SECRET_KEY_FALLBACKS", keys if isinstance(keys, str) else json.dumps(keys))
    with pytest.raises(SettingError, match="SECRET_KEY_FALLBACKS"):
        app.config.from_prefixed_env()


@pytest.mark.parametrize(
    "words",
    [
        {"secret_key": ""},
        {"secret_key": b""},
        {"secret_key": 1},
        {"secret_key": "good", "fallbacks": "old"},
        {"secret_key": "good", "fallbacks": [""]},
        {"fallbacks": ["old"]},
    ],
)
def test_a_token_maker_has_keys(words):
    """An empty key, which anybody can sign with, and fallbacks that are text are refused."""
    with pytest.raises(SetupError, match="TokenMaker"):
        TokenMaker("login", **words)


def test_what_was_changed_in_place_is_found_at_freeze():
    """A member that was added to a list, or written past the checks, is found before the first request."""
    app = App("a")
    app.config["SECRET_KEY_FALLBACKS"] = ["old"]
    app.config["SECRET_KEY_FALLBACKS"].append("")
    dict.__setitem__(app.config, "MAX_JSON_DEPTH", "deep")

    with pytest.raises(SettingError) as caught:
        app.freeze()
    assert re.findall(r"setting (\w+):", str(caught.value)) == ["SECRET_KEY_FALLBACKS", "MAX_JSON_DEPTH"]
    assert f"{__file__}:" in str(caught.value)


def test_defaults_of_a_class_are_checked_at_freeze():
    """An application class whose default is wrong says so."""

    class Own(App):
        default_config = {**App.default_config, "MAX_JSON_DEPTH": "5", "CONTRACT": "on"}

    with pytest.raises(SettingError, match=r"CONTRACT: 'on' \(default\)"):
        Own("a").freeze()


def test_attributes_are_checked():
    """Attributes of the application are settings: they take the same values."""
    app = App("a")
    for name, value in (
        ("secret_key", ""),
        ("testing", "perhaps"),
        ("permanent_session_lifetime", "long"),
        ("debug", 5),
    ):
        with pytest.raises(SettingError):
            setattr(app, name, value)


def test_settings_of_a_document_are_checked():
    """A document's own settings take the same values."""
    with pytest.raises(SettingError, match="OPENAPI_VERSION"):
        App("a").add_document("other", settings={"OPENAPI_VERSION": "3"})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SECERT_KEY", "SECRET_KEY"),
        ("MAX_JSON_LENGHT", "MAX_JSON_LENGTH"),
        ("SESSION_COOKIE_SAMESIT", "SESSION_COOKIE_SAMESITE"),
        ("STORE_URI", "STORE_URL"),
        ("DOC_PATH", "DOCS_PATH"),
    ],
)
def test_a_misspelt_name_warns(name, meant, tmp_path, monkeypatch):
    """A name near a built-in one warns with "did you mean", in the file that wrote it."""
    monkeypatch.setenv(f"FRAMEWORK_{name}", "x")
    for write in (lambda c: c.update({name: "x"}), lambda c: c.from_prefixed_env(), lambda c: c.__setitem__(name, "x")):
        with pytest.warns(SettingWarning, match=f"Did you mean '{meant}'") as caught:
            write(App("a").config)
        assert [warning.filename for warning in caught] == [__file__]


def test_names_of_ones_own_are_free():
    """Settings of the application and of extensions neither warn nor change."""
    value = object()
    config = App("a").config
    for name in (
        "MAIL_SERVER",
        "DATABASE_URL",
        "SQLALCHEMY_DATABASE_URI",
        "SHOP_NAME",
        "TEST_KEY",
        "CELERY",
        "X",
        "lower",
    ):
        config[name] = value
        assert config[name] is value
    config[1] = 2
    assert config[1] == 2


@pytest.mark.parametrize("name", FOREIGN)
def test_settings_of_others_say_what_to_do(name):
    """A setting of flask-smorest, Flask-Limiter or an older Flask warns, and says what to set."""
    assert name not in SETTINGS
    with pytest.warns(SettingWarning, match=name):
        App("a").config[name] = "x"


def test_no_built_in_name_is_near_to_a_foreign_one():
    """A misspelling leads to one name; the built-in names themselves never warn."""
    assert [nearest(name) for name in ("SECRET_KEYS", "HELLO", "SESSIONS")] == ["SECRET_KEY", None, None]
    assert is_near("ab", "ba", 1)
    assert not is_near("abc", "cba", 1)


SECRETS = {
    "SECRET_KEY": "a very secret thing",
    "SECRET_KEY_FALLBACKS": ["another very secret thing"],
    "STORE_URL": "redis://user:very%20secret@127.0.0.1/0",
    "RATELIMIT_STORE_URL": "redis://127.0.0.1/0?password=verysecret",
    "DATABASE_URL": "postgresql://ann:very:secret@db/shop",
    "MAIL_PASSWORD": "very secret",
    "MAIL": {"host": "mail", "password": "very secret", "url": "smtp://ann:very_secret@mail"},
    "STRIPE_API_KEY": "very secret",
    "BROKERS": ["amqp://ann:very_secret@one", "amqp://two"],
}


def test_no_secret_is_shown():
    """Neither the text of the settings nor a message shows a key, or a password in a URL."""
    config = App("a").config
    config.update(SECRETS)

    text = repr(config) + "".join(config.shown(name) for name in SECRETS)
    assert re.findall("very.{0,3}secret", text) == []
    assert "'postgresql://ann:***@db/shop'" in text
    assert "'host': 'mail'" in text
    assert config["SECRET_KEY"] == SECRETS["SECRET_KEY"]


def test_masks():
    """A password in a URL is masked wherever it is; other text stays."""
    assert (
        mask_urls("see redis://:pw@h/0 and https://tok@h, mail a@b")
        == "see redis://:***@h/0 and https://***@h, mail a@b"
    )
    assert shown("x", secret=True) == "***"
    assert shown(None, secret=True) == "None"


@pytest.mark.parametrize(("key", "told"), [("dev", True), ("x" * 15, True), ("x" * 16, False), (b"y" * 32, False)])
def test_a_weak_key_is_logged_once(key, told, caplog):
    """A key under 16 bytes is logged once, without the key, and never under TESTING."""
    app, tested = App("weak"), App("tested")
    app.config["SECRET_KEY"] = key
    tested.config.update(SECRET_KEY=key, TESTING=True)
    for each in (app, tested):
        each.freeze()
        each.config["API_TITLE"] = "Again"
        each.freeze()

    found = [record for record in caplog.records if "SECRET_KEY" in record.getMessage()]
    assert [(record.name, record.levelno) for record in found] == ([("weak", logging.WARNING)] if told else [])
    assert all(str(key) not in record.getMessage() for record in found if key != "dev")


def test_sources(tmp_path, monkeypatch):
    """Each setting knows where it was written: a file, a variable, an object, or a line of code."""
    (tmp_path / "settings.py").write_text("API_TITLE = 'File'\n")
    (tmp_path / "settings.toml").write_text("API_VERSION = '2'\n")
    monkeypatch.setenv("FRAMEWORK_MAX_JSON_DEPTH", "5")
    config = App("a").config
    config.from_pyfile(tmp_path / "settings.py")
    config.from_file(tmp_path / "settings.toml", load=tomllib.load, text=False)
    config.from_prefixed_env()
    config.from_object(types.SimpleNamespace(DOCS_PATH="/help"))
    config["OWN"] = 1

    assert config.source("API_TITLE") == f"file {tmp_path / 'settings.py'}"
    assert config.source("API_VERSION") == f"file {tmp_path / 'settings.toml'}"
    assert config.source("MAX_JSON_DEPTH") == "environment variable FRAMEWORK_MAX_JSON_DEPTH"
    assert config.source("DOCS_PATH") == "object SimpleNamespace"
    assert re.fullmatch(rf"{re.escape(__file__)}:\d+", config.source("OWN"))
    assert config.source("CONTRACT") == "default"


def test_settings_can_be_copied(tmp_path):
    """A copy and a pickle hold the same values, and are checked as well."""
    config = Config(tmp_path, {"A": 1})
    config["MAX_JSON_DEPTH"] = 5
    for made in (copy.copy(config), copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert (made, made.root_path) == (config, tmp_path)
        with pytest.raises(SettingError):
            made["MAX_JSON_DEPTH"] = 0


def test_the_documentation_tells_of_every_setting():
    """Each setting that the docs set or name in capitals is in the table, or is one of their examples' own."""
    root = pathlib.Path(framework.__file__).parents[1] / "docs"
    mine = re.compile(r'config\["([A-Z_]+)"\]')
    found = {name for path in root.rglob("*.rst") for name in mine.findall(path.read_text())}
    near = {name for name in found if name not in SETTINGS and nearest(name)}

    assert found & set(SETTINGS)
    assert near == set()
    assert ".. settings-table::" in (root / "config" / "config.rst").read_text()


def test_nothing_warns_by_default():
    """A new application writes no setting that warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        App("a").freeze()
