"""A check, when the application freezes, that a handler can be called with what its rule and its marks pass.

Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import types
import typing as t

from ..errors import SetupError
from ..marks.base import BY_PLACE, Mark, Plan, marks_of
from ..views import MethodView, View
from .operation import Operation, place_of

if t.TYPE_CHECKING:
    from ..marks.security import RequiresMark
    from ..typing import Application
    from .scaffold import Scaffold

_EMPTY = inspect.Parameter.empty


def check_signature(app: Scaffold, plan: Plan, view: object, routers: tuple[str, ...]) -> None:
    """Refuse a handler that cannot be called with what its rule and its marks pass.

    :raises SetupError: A parameter is missing, too many, called otherwise, or in the wrong place.
    """
    if plainly_fits(plan, view):
        return
    try:
        told = list(inspect.signature(plan.handler, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):  # written in C
        return
    if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in told):
        return
    view_class: type[View] | None = getattr(view, "view_class", None)
    places = [each for each in told if each.kind in BY_PLACE]
    values = set(plan.rule.arguments or ())
    if view_class is not None and (not places or places[0].name in values):
        first = f"begins with {places[0].name!r}, a variable of {plan.rule.rule!r}" if places else "takes nothing"
        raise SetupError(
            f"{plan.called} is a method, and {first}. Let 'self' be its first parameter.{asked(plan, told)}"
        )
    own = told[view_class is not None :]
    free = [each for each in places[view_class is not None :] if each.name not in values]
    if len(free) < plan.slots:
        raise SetupError(
            f"{plan.called} takes {len(free)} of the {plan.slots} values that its marks pass by position"
            f" ({', '.join(repr(each.name) for each in free) or 'none'}). Give it a parameter for each, in the order of"
            f" the marks, before the variables of {plan.rule.rule!r}.{asked(plan, own)}"
        )
    if may_change_values(app, plan, view, routers):
        return
    by_place, by_name = places[view_class is not None :][: plan.slots], values - plan.dropped
    early = next((each for each in by_place if each.name in by_name), None)
    if early is not None:
        raise SetupError(
            f"{plan.called} takes {early.name!r}, a variable of {plan.rule.rule!r}, before the values that its marks"
            f" pass by position. Put these first.{asked(plan, own)}"
        )
    rest = [each for each in own if each not in by_place]
    check_names(plan, rest, by_name, own)


def plainly_fits(plan: Plan, view: object) -> bool:
    """Return whether a handler surely takes what it is passed: one without defaults and other special parameters."""
    # PERF: 4 us, where asking inspect takes 100, of ten thousand handlers one second.
    handler = plan.handler
    if type(handler) is not types.FunctionType or vars(handler).get("__signature__") is not None:
        return False
    code = handler.__code__
    if code.co_flags & _SPECIAL or code.co_kwonlyargcount or code.co_posonlyargcount or handler.__defaults__:
        return False
    names, values = code.co_varnames[: code.co_argcount], set(plan.rule.arguments or ())
    if getattr(view, "view_class", None) is not None:
        if not names or names[0] in values:
            return False
        names = names[1:]
    by_place, rest = names[: plan.slots], set(names[plan.slots :])
    if len(by_place) < plan.slots or not values.isdisjoint(by_place):
        return False
    by_name = values - plan.dropped
    return by_name <= rest <= by_name | plan.names


_SPECIAL: t.Final = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def check_names(
    plan: Plan, rest: list[inspect.Parameter], by_name: set[str], own: cabc.Sequence[inspect.Parameter]
) -> None:
    """Refuse a handler whose parameters are not the values that it gets by name.

    :raises SetupError: One is too many, or one is missing.
    """
    takes_all = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in rest)
    names = {each.name for each in rest if each.kind is not inspect.Parameter.POSITIONAL_ONLY}
    surplus = [
        each.name
        for each in rest
        if each.default is _EMPTY
        and each.kind is not inspect.Parameter.VAR_KEYWORD
        and (each.kind is inspect.Parameter.POSITIONAL_ONLY or each.name not in by_name | plan.names)
    ]
    missing = sorted(by_name - names) if not takes_all else []
    if surplus:
        raise SetupError(
            f"{plan.called} takes {surplus[0]!r}, and nothing passes it: neither the rule {plan.rule.rule!r} nor a"
            f" mark. Take it away, or call it like what is passed.{asked(plan, own)}"
        )
    if missing:
        raise SetupError(
            f"{plan.called} does not take {missing[0]!r}, a variable of {plan.rule.rule!r}. Give it a parameter of that"
            f" name.{asked(plan, own)}"
        )


def asked(plan: Plan, told: cabc.Sequence[inspect.Parameter]) -> str:
    """The signature that rule and marks ask for, as a sentence with a space in front."""
    values = [name for name in sorted(plan.rule.arguments or ()) if name not in plan.dropped]
    known = [each.name for each in told if each.name not in values and each.name not in plan.names]
    known = [name for name in known if name != "self"][: plan.slots]
    known += [f"value{number}" for number in range(len(known) + 1, plan.slots + 1)]
    named = [each.name for each in told if each.name in plan.names]
    method = "." in plan.called.rpartition("<locals>.")[2]
    name = plan.called.rpartition(".")[2] if plan.called.isprintable() else "view"
    return f" It is called like {name}({', '.join([*(['self'] if method else []), *known, *values, *named])})."


def may_change_values(app: Scaffold, plan: Plan, view: object, routers: tuple[str, ...]) -> bool:
    """Return whether code of the application may add to the values that the handler gets by name, or take some away."""
    view_class: type[View] | None = getattr(view, "view_class", None)
    if plan.names_open or any(is_own(mark) for mark in plan.marks) or is_decorated(view, view_class):
        return True
    scopes = (None, *routers)
    if any(app.url_value_preprocessors.get(scope) for scope in scopes):
        return True
    return any(touches_values(hook) for scope in scopes for hook in app.before_request_funcs.get(scope, ()))


_OF_FRAMEWORK: t.Final = ("framework.marks.", "framework.sockets.", "framework.versions.")


def is_own(mark: Mark) -> bool:
    """Return whether a mark is a user's, with steps or context managers of which it is not known what they pass."""
    faces = (type(mark).run, type(mark).around)
    return not all(face.__module__.startswith(_OF_FRAMEWORK) for face in faces)


def is_decorated(view: object, view_class: type[View] | None) -> bool:
    """Return whether something is between the view and the handler that may call it otherwise."""
    if view_class is None:
        return False
    if getattr(view, "innermost", None) is not view:
        return True
    return issubclass(view_class, MethodView) and view_class.dispatch_request is not MethodView.dispatch_request


def touches_values(hook: object) -> bool:
    """Return whether a ``before_request`` function may change the values from the path."""
    if type(hook) is not types.FunctionType:
        return True
    codes = [hook.__code__]
    for code in codes:
        if "view_args" in code.co_names:
            return True
        codes += [each for each in code.co_consts if type(each) is types.CodeType]
    return False


def check_users(app: Application, operations: cabc.Iterable[Operation]) -> None:
    """Say of a ``requires`` with ``as_kwarg`` that no handler takes the user by that name.

    :raises SetupError: It is on a handler.
    """
    operations = [operation for operation in operations if operation.security]
    if not operations:
        return
    from ..marks.security import RequiresMark, takes  # PERF: an application that asks for no user does not load it

    taken: dict[int, tuple[RequiresMark, list[Operation], bool]] = {}
    for operation in operations:
        marks = [mark for mark in operation.marks if isinstance(mark, RequiresMark) and mark.as_kwarg is not None]
        for mark in marks:
            found = taken.setdefault(id(mark), (mark, [], any(mark is each for each in marks_of(operation.handler))))
            if takes(operation.handler, t.cast(str, mark.as_kwarg)):
                found[1].append(operation)
            elif found[2]:
                raise SetupError(
                    f"{operation.handler.__qualname__} ({place_of(operation.handler)}) carries {mark!r} with"
                    f" as_kwarg={mark.as_kwarg!r}, and takes no {mark.as_kwarg!r}. Give it a parameter of that name, or"
                    " leave 'as_kwarg' out and use current_user."
                )
    for mark, users, _ in taken.values():
        if not users:
            app.logger.warning(
                "%r passes the user as %r, and no handler below it takes a parameter of that name.", mark, mark.as_kwarg
            )
