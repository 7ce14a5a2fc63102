"""The texts of an application in its languages: ``app.texts``.

Not here: the texts themselves (``texts._english`` and its translations), and who sends them (``http.problem``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import difflib
import functools
import string
import typing as t

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from .. import _docstrings as docstrings
from ..config import SettingError
from ..errors import APIError, ValidationFailed, count_fields
from ..issues import CODES, ErrorText
from ._english import ENGLISH
from ._message import MessageText

if t.TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

DEFAULT: t.Final = "en"
"""The language of the texts in the code."""
SHIPPED: t.Final = ("de", "en", "fr")
"""The languages that have all texts of the framework."""
MAX_ACCEPT_LANGUAGE: t.Final = 1_000
"""A longer ``Accept-Language`` is not read."""
ISSUES: t.Final = "issues."
"""The beginning of the keys of field messages, before their code."""

_BY_CODE: t.Final = frozenset({"Not a valid {obj_type}.", "Not a valid {awareness} {obj_type}."})
"""Templates of marshmallow that say the same for several codes."""
_NEAR: t.Final = 5


class Translation:
    """The texts of one language. Call it with a text of the framework.

    :param texts: The texts of the application.
    :param language: A language tag, like ``"de"``.
    :param headers: The headers of an error in this language.
    """

    def __init__(self, texts: Texts, language: str, headers: cabc.Sequence[tuple[str, str]] = ()) -> None:
        self.texts = texts
        self.language = language
        self.headers = tuple(headers)

    def __repr__(self) -> str:
        return f"<Translation {self.language!r}>"

    def template(self, key: str) -> str:
        """Return the text of a key with its placeholders."""
        return self.texts.find(key, self.language) or ENGLISH[key]

    def __call__(self, text: str) -> str:
        """Return a text in this language; one that has no translation stays as it is."""
        if isinstance(text, MessageText):
            source, values = text.source or str(text), text.values
        else:
            source, values = text, {}
        key = source if source in ENGLISH else _keys().get(source, "")
        if isinstance(text, ErrorText) and (source in _BY_CODE or (not key and text.code not in CODES)):
            key = ISSUES + text.code
            values = {**text.params, **values}
        template = self.texts.find(key, self.language) if key else None
        nested = any(isinstance(value, MessageText) for value in values.values())
        if template is None or (template == ENGLISH.get(key) and not nested):
            return str(text)
        if not values:
            return template
        try:
            return template.format(
                **{name: self(value) if isinstance(value, MessageText) else value for name, value in values.items()}
            )
        except (LookupError, ValueError, AttributeError, TypeError):  # an unchecked text from elsewhere
            return str(text)

    def of_class(self, cls: type[APIError]) -> str:
        """Return what the document says of an error class: the text of its ``error_code``, or its docstring."""
        return self._named(cls) or docstrings.published(cls, fields=False)

    def detail(self, error: HTTPException, cls: type[APIError] | None) -> str | None:
        """Return the ``detail`` of an error.

        :param error: The error.
        :param cls: The class of the framework that it belongs to, where there is one.
        """
        description = error.description
        if isinstance(error, ValidationFailed) and error.is_counted and isinstance(error.errors, cabc.Mapping):
            return count_fields(t.cast("dict[str, t.Any]", error.errors), error.is_cut, self.template)
        if not description:
            return None
        if cls is not None and description is type(error).description:
            return self.usual(cls)
        return self(description)

    def usual(self, cls: type[APIError]) -> str:
        """Return the ``detail`` of an error that says nothing more than its class."""
        for base in cls.__mro__:
            own = vars(base).get("description")
            if isinstance(own, MessageText):
                return self(own)
            if issubclass(base, APIError) and (found := self._named(base)) is not None:
                return found
            if own is not None:
                return str(own)
        return ""

    def _named(self, cls: type[APIError]) -> str | None:
        """Return the text of an ``error_code``; an application's class does not get a text of the framework's."""
        key = cls.error_code
        if not is_ours(cls) and key in class_keys(ours=True) and key not in self.texts.own(self.language):
            return None
        return self.texts.find(key, self.language)


class Texts:
    """The texts that customers read, by key and language.

    :meth:`find` is made to be overridden, for texts from elsewhere, such as the catalogues of gettext: set
    ``App.texts_class`` to a subclass.

    :param config: The settings of the application: ``TEXTS`` and ``LANGUAGES``.
    """

    def __init__(self, config: cabc.Mapping[str, t.Any]) -> None:
        self._config = config
        self.languages: tuple[str, ...] = ()
        """The languages of errors, the default first; empty where ``Accept-Language`` is not read."""
        self._own: dict[str, dict[str, str]] = {}
        self._translations: dict[str, Translation] = {}

    def find(self, key: str, language: str) -> str | None:
        """Return the text of a key in a language, with its placeholders; ``None`` where there is none.

        Override it for texts from elsewhere, and call the base for the others. It is asked for errors, and when the
        document is built.

        :param key: A key of :data:`framework.texts.ENGLISH`, an ``error_code``, or ``issues.`` and a code.
        :param language: One of :attr:`languages`, or ``"en"``.
        """
        found = self.own(language).get(key)
        return shipped(language).get(key) if found is None else found

    def say(self, text: str, language: str | None = None) -> str:
        """Return a text of the framework in a language.

        :param text: Such as the description of an error, or a message of ``errors``. Other texts are returned as they
            are.
        :param language: One of :attr:`languages`. Default: the first of them.
        """
        return self.translation(language)(text)

    def negotiate(self, header: str | None) -> str:
        """Return the language to answer in (RFC 9110, section 12.5.4; RFC 4647, section 3.4).

        :param header: The value of ``Accept-Language``, if there is one.
        """
        if not header or len(header) > MAX_ACCEPT_LANGUAGE or len(self.languages) < 2:
            return self.languages[0] if self.languages else DEFAULT
        return lookup(header, self.languages)

    def missing(self, language: str) -> list[str]:
        """Return the keys of the framework that have no text in a language. Check in a test that there are none."""
        self.load()
        return sorted(key for key in {*ENGLISH, *class_keys(ours=True)} if self.find(key, language) is None)

    def own(self, language: str) -> cabc.Mapping[str, str]:
        """Return the texts that the setting ``TEXTS`` has for a language."""
        return self._own.get(language, {})

    # For the framework

    def chosen(self, environ: cabc.Mapping[str, t.Any] | None) -> Translation:
        """Return the texts of the language that a request asks for."""
        return self.translation(self.negotiate((environ or {}).get("HTTP_ACCEPT_LANGUAGE")))

    @property
    def is_plain(self) -> bool:
        """True if every text is that of the code."""
        return not self.languages and not self._own and type(self).find is Texts.find

    def load(self) -> None:
        """Read the settings and check them.

        :raises SettingError: A key, a placeholder or a language is not known.
        """
        try:
            self._load()
        except SettingError as error:
            source = getattr(self._config, "source", None)
            name = str(error).partition(" ")[0]
            raise SettingError(f"{error} ({source(name)})" if source is not None else str(error)) from None

    def _load(self) -> None:
        languages = tuple(self._config["LANGUAGES"] or ())
        first = languages[0] if languages else DEFAULT
        own: dict[str, dict[str, str]] = {}
        for name, given in (self._config["TEXTS"] or {}).items():
            if isinstance(given, cabc.Mapping):
                if name not in {*languages, DEFAULT}:
                    raise SettingError(
                        f"TEXTS has texts in the language {name!r}, which LANGUAGES does not name. Known languages:"
                        f" {', '.join(languages) or DEFAULT}."
                    )
                own.setdefault(name, {}).update({key: checked(key, text, name) for key, text in given.items()})
            else:
                own.setdefault(first, {})[name] = checked(name, given, first)
        foreign = [each for each in languages if each not in own and primary(each) not in SHIPPED]
        if foreign and type(self).find is Texts.find:
            raise SettingError(
                f"LANGUAGES has {foreign[0]!r}, and there are no texts in it. Set TEXTS = {{{foreign[0]!r}: {{...}}}}."
                f" Languages of the framework: {', '.join(SHIPPED)}."
            )
        self.languages, self._own, self._translations = languages, own, {}

    def translation(self, language: str | None = None) -> Translation:
        """Return the texts of one language.

        :param language: Default: the first of :attr:`languages`.
        """
        language = language or (self.languages[0] if self.languages else DEFAULT)
        made = self._translations.get(language)
        if made is None:
            headers = [("Content-Language", language)] if self.languages else []
            headers += [("Vary", "Accept-Language")] if len(self.languages) > 1 else []
            made = self._translations[language] = Translation(self, language, headers)
        return made


def checked(key: t.Any, text: t.Any, language: str) -> str:
    """Return a text of the setting ``TEXTS``.

    :raises SettingError: Its key is not known, or it has a placeholder that the key does not fill in.
    """
    where = f"TEXTS has for {key!r} ({language})"
    if not isinstance(text, str):
        raise SettingError(f"{where} {text!r}, which is not a text.")
    if key in class_keys():
        return text  # nothing is filled in
    code = str(key).removeprefix(ISSUES) if str(key).startswith(ISSUES) else ""
    near = difflib.get_close_matches(str(key), [*ENGLISH, *class_keys()], _NEAR)
    if key not in ENGLISH and (not code or "." in code or code in CODES or near_code(code)):
        known = f"Known keys like it: {', '.join(near)}." if near else "Known keys: see framework.texts.ENGLISH."
        raise SettingError(f"TEXTS has the unknown key {key!r} ({language}). {known}")
    try:
        given = placeholders(text)
    except ValueError as error:
        raise SettingError(
            f"{where} {text!r}, which is not a template: {error}. Write {{{{ and }}}} for braces."
        ) from None
    wrong = (
        given - placeholders(ENGLISH[key]) if key in ENGLISH else {each for each in given if not each.isidentifier()}
    )
    if wrong:
        known = ", ".join(f"{{{each}}}" for each in sorted(placeholders(ENGLISH.get(key, "")))) or "none"
        raise SettingError(f"{where} the unknown placeholder {{{min(wrong)}}}. Known placeholders: {known}.")
    return text


def near_code(code: str) -> bool:
    """Return whether a code of the application is a misspelling of one of the framework's."""
    return bool(difflib.get_close_matches(code, CODES, 1, 0.85))


def placeholders(template: str) -> set[str]:
    """Return the names that a template fills in.

    :raises ValueError: It is malformed.
    """
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@functools.cache
def _keys() -> dict[str, str]:
    """Return the keys of field messages by their English templates, in which marshmallow has them."""
    return {text: key for key, text in ENGLISH.items() if key.startswith(ISSUES)}


def class_keys(*, ours: bool = False) -> set[str]:
    """Return the ``error_code`` of each error class.

    :param ours: Only those of the framework.
    """
    found: set[str] = set()
    waiting: list[type[APIError]] = APIError.__subclasses__()
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if not ours or is_ours(cls):
            found.add(cls.error_code)
    return found


def is_ours(cls: type) -> bool:
    """Return whether a class is one of the framework's."""
    return cls.__module__.partition(".")[0] == __name__.partition(".")[0]


def primary(language: str) -> str:
    """Return the first subtag of a language tag: ``de`` for ``de-AT``."""
    return language.partition("-")[0].lower()


@functools.cache
def shipped(language: str) -> cabc.Mapping[str, str]:
    """Return the texts of the framework in a language; an unused language is not imported."""
    name = primary(language)
    if name == "de":
        from ._german import GERMAN

        return GERMAN
    if name == "fr":
        from ._french import FRENCH

        return FRENCH
    return ENGLISH if name == DEFAULT else {}


@functools.lru_cache(maxsize=256)
def lookup(header: str, languages: tuple[str, ...]) -> str:
    """Return the language that a header wants most; the first one where it wants none of them.

    For each range, in the order of their weights: the language itself, then a shorter one (``de`` for ``de-CH``), then
    a longer one (``de-AT`` for ``de``). A weight of 0 excludes a language.
    """
    ranges = [(tag.lower(), weight) for tag, weight in parse_accept_header(header, LanguageAccept)]
    refused = {tag for tag, weight in ranges if not weight}
    left = [each for each in languages if not refused & set(shorter(each.lower()))]
    for tag, weight in ranges:
        if not weight:
            continue
        if tag == "*" and left:
            return left[0]
        for each in shorter(tag):
            for language in left:
                if language.lower() == each:
                    return language
        for language in left:
            if language.lower().startswith(f"{tag}-"):
                return language
    return languages[0]


def shorter(tag: str) -> cabc.Iterator[str]:
    """Return a language tag, and each that it begins with (RFC 4647, section 3.4)."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
        if len(tag) > 1 and tag[-2] == "-":  # a single letter introduces what follows
            tag = tag[:-2]
