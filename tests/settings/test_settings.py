"""Typed settings: what each source says, which one counts, and what is wrong."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import logging
import os
import pathlib
import pickle
import subprocess
import sys
import typing as t
from dataclasses import dataclass

import pytest
from marshmallow import validate

from framework import App, Resource, response
from framework.cli.config import config_command
from framework.config import SettingError
from framework.errors import SetupError
from framework.settings import Secret, current_settings, load_settings


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Mail:
    host: str = "localhost"
    port: t.Annotated[int, validate.Range(min=1, max=65535)] = 25
    password: Secret | None = None


class Shop:
    """The settings of a shop."""

    database_url: str
    page_size: t.Annotated[int, validate.Range(min=1, max=100)] = 20
    debug_mail: bool = False
    origins: list[str] = dataclasses.field(default_factory=list)
    level: Level = Level.LOW
    rates: dict[str, float] = dataclasses.field(default_factory=dict)
    opened: dt.date | None = None
    data: pathlib.Path = pathlib.Path("data")
    api_key: t.Annotated[Secret, validate.Length(max=8)] | None = None
    mail: Mail = dataclasses.field(default_factory=lambda: load_settings(Mail, environ={}))


URL = {"DATABASE_URL": "sqlite://"}


def test_each_type_is_read_from_a_variable():
    """Texts of the environment become what the annotations say."""
    made = load_settings(
        Shop,
        environ={
            "DATABASE_URL": "postgresql://me@db/shop",
            "PAGE_SIZE": " 50 ",
            "DEBUG_MAIL": "yes",
            "ORIGINS": "https://a.example, https://b.example",
            "LEVEL": "high",
            "RATES": '{"eur": 1.5}',
            "OPENED": "2026-11-30",
            "DATA": "/srv/data",
            "API_KEY": "k-1",
            "MAIL__HOST": "mail.example",
            "MAIL__PORT": "587",
        },
    )

    assert made.database_url == "postgresql://me@db/shop"
    assert (made.page_size, made.debug_mail) == (50, True)
    assert made.origins == ["https://a.example", "https://b.example"]
    assert (made.level, made.rates) == (Level.HIGH, {"eur": 1.5})
    assert (made.opened, made.data) == (dt.date(2026, 11, 30), pathlib.Path("/srv/data"))
    assert made.api_key == Secret("k-1")
    assert (made.mail.host, made.mail.port, made.mail.password) == ("mail.example", 587, None)


def test_what_is_not_set_has_its_default():
    """A variable that is not there, or empty, leaves the default; a list of one is made anew each time."""
    first, second = (load_settings(Shop, environ={**URL, "PAGE_SIZE": "", "ORIGINS": ""}) for _ in range(2))

    assert (first.page_size, first.origins, first.mail.port) == (20, [], 25)
    assert first.origins is not second.origins


def test_the_order_of_the_sources(tmp_path):
    """Arguments come before the environment, that before files of _FILE, .env, TOML and the default."""
    (tmp_path / "size").write_text("3\n")
    (tmp_path / ".env").write_text("SHOP_PAGE_SIZE=4\n")
    (tmp_path / "shop.toml").write_text('page_size = 5\ndatabase_url = "sqlite://"\n')
    environ = {"SHOP_PAGE_SIZE": "2", "SHOP_PAGE_SIZE_FILE": str(tmp_path / "size")}
    files = {"dotenv": tmp_path / ".env", "toml": tmp_path / "shop.toml", "prefix": "SHOP"}
    seen = []

    seen.append(load_settings(Shop, {"page_size": 1}, environ=environ, **files).page_size)
    seen.append(load_settings(Shop, environ=environ, **files).page_size)
    del environ["SHOP_PAGE_SIZE"]
    seen.append(load_settings(Shop, environ=environ, **files).page_size)
    seen.append(load_settings(Shop, environ={}, **files).page_size)
    (tmp_path / ".env").unlink()
    seen.append(load_settings(Shop, environ={}, **files).page_size)
    (tmp_path / "shop.toml").write_text('database_url = "sqlite://"\n')
    seen.append(load_settings(Shop, environ={}, **files).page_size)

    assert seen == [1, 2, 3, 4, 5, 20]


def test_toml_has_types_of_its_own(tmp_path):
    """Dates, lists and tables of TOML are taken as they are; a text is no number there, nor a number a text."""
    file = tmp_path / "shop.toml"
    file.write_text(
        'database_url = "sqlite://"\nopened = 2026-11-30\norigins = ["https://a.example"]\n'
        "[rates]\neur = 1.5\n[mail]\nport = 465\n"
    )

    made = load_settings(Shop, environ={}, toml=file)
    assert (made.opened, made.origins) == (dt.date(2026, 11, 30), ["https://a.example"])
    assert (made.rates, made.mail.port) == ({"eur": 1.5}, 465)

    file.write_text('database_url = 7\npage_size = "7"\n[mail]\nport = 1.5\n')
    with pytest.raises(SettingError) as caught:
        load_settings(Shop, environ={}, toml=file)
    assert str(caught.value).count(str(file)) == 3


def test_all_faults_are_named_at_once(tmp_path):
    """Each has the member, the source and what to do; a secret is not shown."""
    (tmp_path / "shop.toml").write_text("page_sise = 3\n[mail]\nprot = 1\n")
    environ = {
        "SHOP_PAGE_SIZE": "500",
        "SHOP_DEBUG_MAIL": "perhaps",
        "SHOP_DATABSE_URL": "sqlite://",
        "SHOP_MAIL__PORT": "none",
        "SHOP_MAIL__PASSWORD_FILE": "/nowhere/password",
        "SHOP_API_KEY": "shown-to-nobody",
        "SHOP_RATES": "{",
        "SHOP_OTHER": "is not ours",
    }

    with pytest.raises(SettingError) as caught:
        load_settings(Shop, environ=environ, prefix="SHOP", toml=tmp_path / "shop.toml")

    text = str(caught.value)
    first, *faults = text.splitlines()
    assert first == "The settings Shop cannot be made:"
    missing = "  database_url is missing. Set SHOP_DATABASE_URL, or SHOP_DATABASE_URL_FILE to the path of a file"
    assert f"{missing} that holds it." in faults
    assert any("page_size: '500' (environment variable SHOP_PAGE_SIZE) is refused: " in each for each in faults)
    assert any("debug_mail: 'perhaps'" in each for each in faults)
    assert any("mail.port: 'none' (environment variable SHOP_MAIL__PORT)" in each for each in faults)
    assert any("mail.password: the file that SHOP_MAIL__PASSWORD_FILE names cannot be read" in each for each in faults)
    assert any("rates: '{'" in each and "Not valid JSON" in each for each in faults)
    assert any("api_key: *** (environment variable SHOP_API_KEY)" in each for each in faults)
    assert any("'page_sise'" in each and "Did you mean 'page_size'?" in each for each in faults)
    assert any("'prot'" in each and "Did you mean 'port'?" in each for each in faults)
    assert "  The variable SHOP_DATABSE_URL is not a setting. Did you mean SHOP_DATABASE_URL?" in faults
    assert "shown-to-nobody" not in text
    assert "SHOP_OTHER" not in text


def test_arguments_may_be_values_or_texts():
    """Code gives what the annotation says, or the text of it; a name that is no member is refused."""
    made = load_settings(
        Shop, {"database_url": "sqlite://", "opened": dt.date(2026, 1, 1), "api_key": Secret("k"), "page_size": "7"}
    )
    assert (made.opened, made.api_key, made.page_size) == (dt.date(2026, 1, 1), Secret("k"), 7)

    with pytest.raises(SettingError, match="'pages' in the arguments is not a setting"):
        load_settings(Shop, {"database_url": "sqlite://", "pages": 3}, environ={})
    with pytest.raises(SettingError, match="page_size"):
        load_settings(Shop, {"database_url": "sqlite://", "page_size": 0}, environ={})


@pytest.mark.parametrize(
    ("annotation", "words"),
    [(bytes, "bytes"), (complex, "complex"), (t.Union[int, str], "union")],
)
def test_a_member_that_cannot_be_expressed_is_named(annotation, words):
    """A class with an annotation that no text can be is refused with class, member and remedy."""
    cls = type("Wrong", (), {"__annotations__": {"member": annotation}})

    with pytest.raises(SetupError, match="member") as caught:
        load_settings(cls, environ={})
    assert words in str(caught.value)


def test_a_class_without_members_is_refused():
    """An empty class has nothing to fill."""
    with pytest.raises(SetupError, match="it has no members"):
        load_settings(type("Empty", (), {}), environ={})


def test_a_class_that_holds_itself_is_refused():
    """Settings have an end, and the message names the member that has none."""

    class Outer:
        size: int = 3

    Outer.__annotations__["inner"] = Outer | None
    Outer.inner = None

    with pytest.raises(SetupError, match=r"Outer\.inner.* would hold itself"):
        load_settings(Outer, environ={})


def test_a_refusal_repeats_no_secret():
    """A validator that repeats what it refuses does not carry a secret into the message."""

    class Wrong:
        smtp_password: t.Annotated[str, validate.Regexp("[0-9]+", error="{input} has no digit")]

    with pytest.raises(SettingError) as caught:
        load_settings(Wrong, environ={"SMTP_PASSWORD": "hunter"})
    assert "*** has no digit" in str(caught.value)
    assert "hunter" not in str(caught.value)


def test_a_default_of_none_needs_the_type():
    """None as a default of a type without None is a fault of the class."""

    class Wrong:
        size: int = None

    with pytest.raises(SetupError, match=r"Write '\| None' behind the type"):
        load_settings(Wrong, environ={})


def test_secrets_are_not_shown(caplog):
    """Neither a representation, nor a text, nor a log, nor a pickle has a secret or the password of a URL."""
    made = load_settings(
        Shop,
        environ={
            "DATABASE_URL": "postgresql://me:s3cret@db/shop",
            "API_KEY": "s3cret",
            "MAIL__PASSWORD": "s3cret",
        },
    )
    logging.getLogger("shop").warning("%s %r %s", made, made.mail, made.api_key)

    for text in (repr(made), str(made), f"{made.api_key}", f"{made.api_key!r:>20}", caplog.text):
        assert "s3cret" not in text
    assert "***" in repr(made)
    assert "page_size=20" in repr(made)
    with pytest.raises(TypeError):
        pickle.dumps(made.api_key)
    assert made.api_key.value == "s3cret"
    assert made.api_key != Secret("other")


@dataclass(frozen=True)
class Frozen:
    token: Secret
    size: int = 3


@dataclass(slots=True, kw_only=True)
class Slotted:
    size: int = 3
    name: str


@pytest.mark.parametrize(
    ("cls", "environ", "wanted"),
    [(Frozen, {"TOKEN": "a"}, "Frozen(token=***, size=3)"), (Slotted, {"NAME": "x"}, "Slotted(size=3, name='x')")],
)
def test_dataclasses_are_taken_as_they_are(cls, environ, wanted):
    """A dataclass of any kind is filled, and shows no secret."""
    made = load_settings(cls, environ=environ)

    assert isinstance(made, cls)
    assert repr(made) == wanted
    assert App("x", settings=made).settings.size == 3


class WithBuiltIn:
    secret_key: Secret
    trusted_hosts: list[str] | None = None
    greeting: str = "hello"


def app_of(**environ):
    return App(
        "shop", static_folder=None, settings=load_settings(WithBuiltIn, environ={"SECRET_KEY": "k" * 20, **environ})
    )


def test_a_member_of_a_built_in_name_is_that_setting():
    """There is one store: what one says, the other has; other members are in the settings alone."""
    app = app_of(TRUSTED_HOSTS="a.example,b.example", GREETING="good day")

    assert app.config["SECRET_KEY"] == "k" * 20
    assert app.config.source("SECRET_KEY") == "environment variable SECRET_KEY"
    assert list(app.config["TRUSTED_HOSTS"]) == ["a.example", "b.example"]
    assert "GREETING" not in app.config
    app.config["SECRET_KEY"] = "another"
    assert app.settings.secret_key == Secret("another")
    app.settings.secret_key = Secret("a third")
    assert app.secret_key == "a third"
    assert app.settings.greeting == "good day"
    assert isinstance(app.settings, WithBuiltIn)
    assert "another" not in repr(app.settings)


def test_a_built_in_setting_keeps_its_rules():
    """A value that the built-in setting does not take is refused, with where it comes from."""

    class Wrong:
        deadline: float = 1.0

    with pytest.raises(SettingError, match=r"DEADLINE.*environment variable DEADLINE"):
        App("x", settings=load_settings(Wrong, environ={"DEADLINE": "-1"}))


def test_the_class_alone_is_refused():
    """An application takes settings, and not their class."""
    with pytest.raises(SetupError, match=r"settings=load_settings\(WithBuiltIn\)"):
        App("x", settings=WithBuiltIn)


def test_handlers_read_them():
    """``current_settings`` gives those of the application that answers, and refuses another class."""
    app = app_of(GREETING="good day")

    @app.route("/")
    class Greeting(Resource):
        @response(200)
        def get(self):
            return {"greeting": current_settings(WithBuiltIn).greeting}

    assert app.test_client().get("/").json == {"greeting": "good day"}
    with app.app_context(), pytest.raises(SetupError, match="has no settings of Shop"):
        current_settings(Shop)
    with App("y").app_context(), pytest.raises(SetupError, match="it was given none"):
        current_settings(Shop)
    with pytest.raises(RuntimeError):
        current_settings(Shop)


def test_the_command_shows_them():
    """``framework config`` has the members with their sources, and masks secrets."""

    class Own:
        secret_key: Secret
        size: int = 3
        token: Secret | None = None
        mail: Mail = dataclasses.field(default_factory=lambda: load_settings(Mail, environ={}))

    environ = {"SECRET_KEY": "k" * 20, "TOKEN": "t0ken", "MAIL__PORT": "99"}
    app = App("x", settings=load_settings(Own, environ=environ))
    output = app.test_cli_runner().invoke(config_command, []).output
    lines = {line.split()[0]: line for line in output.splitlines()}

    assert "environment variable SECRET_KEY" in lines["SECRET_KEY"]
    assert lines["size"].split() == ["size", "3", "default"]
    assert lines["token"].split(None, 2)[1:] == ["***", "environment variable TOKEN"]
    assert lines["mail.port"].split(None, 2)[1:] == ["99", "environment variable MAIL__PORT"]
    assert "secret_key" not in lines
    assert "t0ken" not in output
    assert "k" * 20 not in output
    changed = app.test_cli_runner().invoke(config_command, ["--changed"]).output
    assert "mail.port" in changed
    assert "size" not in changed
    assert "value   99" in app.test_cli_runner().invoke(config_command, ["mail.port"]).output
    assert "Unknown setting: sizes" in app.test_cli_runner().invoke(config_command, ["sizes"]).output


def test_who_uses_none_loads_none():
    """An application without typed settings imports neither the package nor what it stands on."""
    code = (
        "import sys, framework; app = framework.App('x'); app.freeze();"
        "print([name for name in sys.modules if name.startswith(('framework.settings', 'tomllib'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert ran.stdout.strip() == "[]"
