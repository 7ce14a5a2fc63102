"""Class-based views: ``View`` and ``MethodView``.

Their values follow Flask's rules, unless the method carries a ``response`` mark. ``Resource`` builds on them.
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing as t

from werkzeug.routing import WebsocketMismatch

from . import context
from .errors import SetupError
from .http.semantics import METHODS
from .marks.base import ATTRIBUTE, Phase, marks_of

if t.TYPE_CHECKING:
    from werkzeug.routing import MapAdapter, Rule

    from . import typing as ft
    from .context import Context

_CALLED: t.Final = "framework.called"

http_method_funcs = frozenset(method.lower() for method in METHODS)


class View:
    """A view written as a class: subclass it, write :meth:`dispatch_request`, and register :meth:`as_view`."""

    methods: t.ClassVar[cabc.Collection[str] | None] = None
    """The HTTP methods. Default: GET."""

    provide_automatic_options: t.ClassVar[bool | None] = None
    """True if OPTIONS is answered by itself; ``None``: by the setting ``PROVIDE_AUTOMATIC_OPTIONS``."""

    decorators: t.ClassVar[list[cabc.Callable[..., object]]] = []
    """Applied to the view function that :meth:`as_view` makes, the first one first."""

    takes_upgrade: t.ClassVar[bool] = False
    """True if a request that asks for a WebSocket comes here too; other views answer it with a 400."""

    init_every_request: t.ClassVar[bool] = True
    """True if each request gets a new instance, so that what is put on ``self`` never leaks into another."""

    def dispatch_request(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Answer the request.

        :param kwargs: The values from the path.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no 'dispatch_request'. Write one.")

    @classmethod
    def as_view(cls, name: str, *class_args: object, **class_kwargs: object) -> ft.RouteCallable:
        """A view function for this class, to register with ``add_url_rule``.

        :param name: The name of the function, which is the endpoint.
        :param class_args: Passed to the class whenever an instance is made, as are ``class_kwargs``.
        """
        make: cabc.Callable[[], View] = cls
        if not cls.init_every_request:
            shared = cls(*class_args, **class_kwargs)

            def make() -> View:
                return shared

        elif class_args or class_kwargs:
            make = functools.partial(cls, *class_args, **class_kwargs)

        def innermost(*args: object, **kwargs: object) -> object:
            instance = make()
            ctx = context.current()
            operation = ctx.operation
            if operation is not None and operation.view_class is cls and not issubclass(cls, MethodView):
                return operation.run(ctx, kwargs, instance)
            value = ctx.app.ensure_sync(instance.dispatch_request)(*args, **kwargs)
            if overrides:
                check_called(ctx, cls)
            return value

        overrides = issubclass(cls, MethodView) and cls.dispatch_request is not MethodView.dispatch_request
        view: t.Any = innermost
        view.make_instance = make
        view.innermost = innermost
        view.__name__ = name
        view.__module__ = cls.__module__
        for decorator in cls.decorators:
            view = decorated(view, decorator, cls)
        # These go on the outermost function, where the application looks.
        view.__name__ = name
        view.__module__ = cls.__module__
        view.__doc__ = cls.__doc__
        view.view_class = cls
        view.methods = cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        return t.cast("ft.RouteCallable", view)


def find_rule(
    adapter: MapAdapter, views: cabc.Mapping[str, cabc.Callable[..., object]]
) -> tuple[Rule, cabc.Mapping[str, t.Any]]:
    """Return the rule of a request, and the values of its path.

    :param views: The view functions, by endpoint.
    :raises HTTPException: There is none, or it redirects; or the request asks for a WebSocket, and the view takes none.
    """
    try:
        return adapter.match(return_rule=True)
    except WebsocketMismatch:
        rule, values = adapter.match(return_rule=True, websocket=False)
        view_class = getattr(views.get(rule.endpoint), "view_class", None)
        if not getattr(view_class, "takes_upgrade", False):
            raise
        return rule, values


def decorated(view: t.Any, decorator: cabc.Callable[..., object], cls: type[View]) -> t.Any:
    """Apply one of the ``decorators`` of a class; marks of those before it stay, whatever it returns.

    :raises SetupError: It returns nothing that can be a view.
    """
    before = marks_of(view)
    made: t.Any = decorator(view)
    if not callable(made):
        raise SetupError(
            f"{decorator!r} in 'decorators' of {cls.__qualname__} returned {made!r}, which cannot be called. Let it"
            " return a function."
        )
    after = {id(mark) for mark in marks_of(made)}
    lost = tuple(mark for mark in before if id(mark) not in after)
    try:
        if lost:
            setattr(made, ATTRIBUTE, (*marks_of(made), *lost))
        made.__name__ = view.__name__
    except AttributeError:
        raise SetupError(
            f"{decorator!r} in 'decorators' of {cls.__qualname__} returned {made!r}, which can carry no attributes. Let"
            " it return a function."
        ) from None
    return made


class MethodView(View):
    """A view with one method for each HTTP method: ``def get(self)``, ``def post(self)``, ..."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" not in cls.__dict__:
            methods: set[str] = set()
            for base in cls.__bases__:
                methods.update(getattr(base, "methods", None) or ())
            methods.update(name.upper() for name in http_method_funcs if hasattr(cls, name))
            if methods:
                cls.methods = methods

    def dispatch_request(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Call the method for the request's HTTP method; HEAD falls back to ``get``."""
        ctx = context.current()
        operation = ctx.operation
        if operation is not None and operation.view_class is not None and isinstance(self, operation.view_class):
            if ctx.environ is not None:
                ctx.environ[_CALLED] = True
            return operation.run(ctx, kwargs, self)
        names = getattr(ctx.request.url_rule, "handlers", None) or {}
        name = names.get(ctx.request.method, ctx.request.method.lower())
        method = getattr(self, name, None)
        if method is None and name == "head":
            method = getattr(self, names.get("GET", "get"), None)
        if method is None:
            raise NotImplementedError(f"{type(self).__qualname__} has no method {name!r}. Write one.")
        return ctx.app.ensure_sync(method)(*args, **kwargs)


def check_called(ctx: Context, cls: type[View]) -> None:
    """Refuse the answer of an overridden ``dispatch_request`` that has skipped the marks of the operation.

    :raises TypeError: It answered by itself, where marks look at the request first: who sends it, what goes in.
    """
    operation = ctx.operation
    if operation is None or operation.view_class is not cls or ctx.environ is None or _CALLED in ctx.environ:
        return
    passed = [step for step in operation.steps if step.phase < Phase.HANDLER]
    if passed or operation.arounds:
        raise TypeError(
            f"{cls.__qualname__}.dispatch_request answered by itself, so that the marks of {operation!r} have not"
            " looked at the request. Call super().dispatch_request(...) in it; to refuse a request, raise an error."
        )
