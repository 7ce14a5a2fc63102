"""JSON by the current application's provider, with the functions of the :mod:`json` module.

Outside of an application context the functions behave as the default provider does, unsorted.
Floor 3.
"""

from __future__ import annotations

import typing as t

from .. import context
from ..http.tagged import plain
from .provider import dump_finite, load_bounded

if t.TYPE_CHECKING:
    from ..wrappers import Response


def dumps(obj: object, **kwargs: object) -> str:
    """Write a value as JSON text, by :meth:`app.json.dumps <framework.json.provider.JSONProvider.dumps>`.

    :param obj: The value.
    :param kwargs: Go to the provider.
    """
    ctx = context.current_or_none()
    if ctx is not None:
        return ctx.app.json.dumps(obj, **kwargs)
    kwargs.setdefault("default", plain)
    return dump_finite(obj, **kwargs)


def dump(obj: object, fp: t.IO[str], **kwargs: object) -> None:
    """Write a value as JSON text to a file, by :meth:`app.json.dump <framework.json.provider.JSONProvider.dump>`.

    :param obj: The value.
    :param fp: A file open for text, in UTF-8.
    :param kwargs: Go to the provider.
    """
    ctx = context.current_or_none()
    if ctx is not None:
        ctx.app.json.dump(obj, fp, **kwargs)
    else:
        fp.write(dumps(obj, **kwargs))


def loads(s: str | bytes, **kwargs: object) -> t.Any:
    """Read JSON text, by :meth:`app.json.loads <framework.json.provider.JSONProvider.loads>`.

    :param s: Text, or bytes in UTF-8.
    :param kwargs: Go to the provider.
    :raises ValueError: The text is not JSON.
    """
    ctx = context.current_or_none()
    return load_bounded(s, **kwargs) if ctx is None else ctx.app.json.loads(s, **kwargs)


def load(fp: t.IO[t.AnyStr], **kwargs: object) -> t.Any:
    """Read JSON text from a file, by :meth:`app.json.load <framework.json.provider.JSONProvider.load>`.

    :param fp: A file open for text or bytes.
    :param kwargs: Go to the provider.
    :raises ValueError: The text is not JSON.
    """
    ctx = context.current_or_none()
    return load_bounded(fp.read(), **kwargs) if ctx is None else ctx.app.json.load(fp, **kwargs)


def jsonify(*args: object, **kwargs: object) -> Response:
    """An answer with JSON, by :meth:`app.json.response <framework.json.provider.JSONProvider.response>`.

    One positional argument is the value itself, several are a list, keyword arguments are an object.

    :raises RuntimeError: No application is current.
    """
    return context.current().app.json.response(*args, **kwargs)
