"""``loads`` and ``permission``: the object that an operation is about, and whether the user may.

The object is found before the handler runs, and the permission looks at it before the handler gets it. Not here: who
the user is (``marks.security._requires``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import inspect
import typing as t

from ...errors import APIError, Forbidden, NotFound, SetupError
from ...helpers import nonblocking
from ...texts import message
from ..base import BY_PLACE, REPLAY, Call, Key, Mark, Phase, Plan, Record, Step, Steps, marks_of
from ..raises import error_outcome, own_error
from ..values import ValueMark
from ._errors import PermissionDenied
from ._requires import PublicMark, access_of, check_place, refusal, refuser, takes

if t.TYPE_CHECKING:
    from ...context import Context
    from ..providers import LoadedMark

    PermissionFunction: t.TypeAlias = cabc.Callable[..., object]

_T = t.TypeVar("_T")

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

LOADED: t.Final = Key[dict[str, object]]("loaded objects")
"""The objects that ``loads`` found, by their names in the handler, in ``Call.notes``."""


class LoadsMark(ValueMark[t.Any]):
    """The object that the operation is about; see :func:`loads`."""

    if t.TYPE_CHECKING:
        # By name, an object goes to whatever handler takes it.
        def __call__(self, target: _T) -> _T: ...

    def __init__(self, loader: PermissionFunction, as_kwarg: str | None, error: type[APIError]) -> None:
        self.loader = loader
        self.as_kwarg = as_kwarg
        self.error = error

    def __repr__(self) -> str:
        return f"loads({name_of(self.loader)})"

    @functools.cached_property
    def provided(self) -> LoadedMark | None:
        """The mark that makes the object, where the loader is a provider."""
        if not any(mark.sources for mark in marks_of(self.loader)):
            return None
        from ..providers import loaded  # PERF: where it is needed

        return loaded(self.loader, self.as_kwarg, Key[object](f"the object of {name_of(self.loader)}"))

    def companions(self) -> tuple[Mark, ...]:
        return () if self.provided is None else (self.provided,)

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        same = any(isinstance(mark, LoadsMark) and mark.as_kwarg == self.as_kwarg for mark in inner)
        return inner if same and self.as_kwarg is not None else (self, *inner)

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        for other in others:
            if isinstance(other, LoadsMark) and other.as_kwarg == self.as_kwarg is not None:
                raise SetupError(f"{where} loads two objects as {self.as_kwarg!r}. Give one another name.")

    def run(self, plan: Plan) -> Steps:
        if self.provided is not None:
            yield Step(Phase.LOAD, self.judge(self.provided.key))
            return
        variables = frozenset(plan.rule.arguments or ())
        names = self.values_of(plan, variables)
        dropped = names - taken_by(plan.handler)
        as_kwarg, error, loader = self.as_kwarg, self.error, plan.ensure_sync(self.loader)
        slot = plan.take_slot() if as_kwarg is None else 0
        passed = as_kwarg is not None and takes(plan.handler, as_kwarg)
        plan.dropped |= dropped
        if as_kwarg is not None:
            plan.names.add(as_kwarg)

        def load(ctx: Context, call: Call) -> None:
            values = call.view_args
            found = loader(**{name: values[name] for name in names if name in values})
            if found is None:
                if REPLAY in call.notes:
                    return  # the first request may have removed it; the handler is not called again
                raise error()
            call.object = found
            if dropped:
                call.kwargs = {name: value for name, value in call.kwargs.items() if name not in dropped}
            if as_kwarg is None:
                call.arguments[slot] = found
                return
            call.notes.setdefault(LOADED, {})[as_kwarg] = found
            if passed:
                call.kwargs = {**call.kwargs, as_kwarg: found}

        yield Step(Phase.LOAD, load)

    def judge(self, key: Key[object]) -> cabc.Callable[[Context, Call], None]:
        """Return what looks at the object that a provider has made."""
        as_kwarg, error = self.as_kwarg, self.error

        def look(ctx: Context, call: Call) -> None:
            call.object = found = call.notes.get(key)
            if found is None and REPLAY not in call.notes:
                raise error()
            if as_kwarg is not None:
                call.notes.setdefault(LOADED, {})[as_kwarg] = found

        return nonblocking(look)

    def values_of(self, plan: Plan, variables: frozenset[str]) -> frozenset[str]:
        """The values of the path that the loader takes.

        :raises SetupError: It needs others.
        """
        try:
            told = inspect.signature(self.loader).parameters
        except ValueError:
            raise SetupError(f"{self!r} cannot tell what {self.loader!r} takes. Put a function around it.") from None
        if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in told.values()):
            return variables
        lacking = [
            each.name
            for each in told.values()
            if each.default is inspect.Parameter.empty
            and each.kind is not inspect.Parameter.VAR_POSITIONAL
            and (each.kind not in _BY_NAME or each.name not in variables)
        ]
        if lacking or self.as_kwarg in variables:
            wrong = f"asks for {lacking[0]!r}" if lacking else f"is passed on as {self.as_kwarg!r}"
            raise SetupError(
                f"{self!r} of {plan.called} {wrong}, and the path {plan.rule.rule!r} has the variables"
                f" {', '.join(sorted(variables)) or 'none'}. Name the parameters of the loader after variables"
                " of the path, and choose an 'as_kwarg' that is not one of them."
            )
        return frozenset(each.name for each in told.values() if each.kind in _BY_NAME) & variables

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        yield error_outcome(self.error)


@t.overload
def loads(
    loader: cabc.Callable[..., cabc.Coroutine[object, object, _T | None]],
    *,
    as_kwarg: None = None,
    error: type[APIError] = NotFound,
) -> ValueMark[_T]: ...
@t.overload
def loads(
    loader: cabc.Callable[..., _T | None], *, as_kwarg: None = None, error: type[APIError] = NotFound
) -> ValueMark[_T]: ...
@t.overload
def loads(loader: PermissionFunction, *, as_kwarg: str, error: type[APIError] = NotFound) -> LoadsMark: ...
def loads(loader: PermissionFunction, *, as_kwarg: str | None = None, error: type[APIError] = NotFound) -> LoadsMark:
    """Find the object that the operation is about, and pass it to the handler.

    The loader is called after the inputs have been checked, and before permissions and preconditions, which look at
    the object. A value of the path that it takes is passed on to the handler only if the handler names it too.

    :param loader: Takes variables of the path by their names, may be asynchronous; returns the object, or ``None``. It
        may have :func:`provides` above it, and then takes these values too: the session of the request, for instance.
    :param as_kwarg: The name by which a handler that takes it gets the object. Default: by position, in the order of
        the marks.
    :param error: What is raised for ``None``.
    """
    if not callable(loader):
        raise SetupError(f"loads got {loader!r}, which cannot be called. Give a function that finds the object.")
    return LoadsMark(loader, as_kwarg, own_error(error))


class PermissionMark(Mark):
    """A permission that the user must have; see :func:`permission`."""

    def __init__(
        self, check: PermissionFunction, of: str | None, name: str, error: type[Forbidden] | type[NotFound]
    ) -> None:
        self.check = check
        self.of = of
        self.name = name
        self.error = error
        self.hides = issubclass(error, NotFound)

    def __repr__(self) -> str:
        return f"permission({self.name})"

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        return inner if self in inner or any(isinstance(mark, PublicMark) for mark in inner) else (self, *inner)

    def inherit(self, own: tuple[Mark, ...]) -> tuple[Mark, ...]:
        return self.merge(own)

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        if any(isinstance(other, PublicMark) for other in others):
            raise SetupError(f"{where} carries both {self!r} and public: a public operation knows no user. Drop one.")

    def run(self, plan: Plan) -> Steps:
        loaded = [mark for mark in plan.marks if isinstance(mark, LoadsMark)]
        if any(isinstance(mark, PublicMark) for mark in plan.marks):
            raise SetupError(
                f"{plan.called} asks for {self!r} below a public mark, so that no user is known."
                " Give it 'requires' too, or drop the permission."
            )
        asks_object = takes_object(self.check)
        unknown = not loaded if self.of is None else all(mark.as_kwarg != self.of for mark in loaded)
        is_given = (
            self.of is not None
            and any(self.of in mark.names_given for mark in plan.marks)
            and takes(plan.handler, self.of)
        )
        if asks_object and unknown and not is_given:
            raise SetupError(
                f"{self!r} of {plan.called} looks at {'an object' if self.of is None else repr(self.of)},"
                " and nothing loads it. Give the handler loads(loader), or the check the user alone; an object of a"
                " provider goes to the handler by that name."
            )
        check, of, access = plan.ensure_sync(self.check), self.of, access_of(plan)
        refuse = None if access is None else refuser(plan, access)

        def permit(ctx: Context, call: Call) -> None:
            user = ctx.user
            if not asks_object:
                allowed = check(user)
            else:
                if is_given:
                    found = call.kwargs[t.cast(str, of)]
                else:
                    found = call.object if of is None else (call.notes.get(LOADED) or {}).get(of)
                if found is None and REPLAY in call.notes:
                    return
                allowed = check(user, found)
            if allowed:
                return
            if user is None and access is not None and refuse is not None and not self.hides:
                raise refuse(access.mark.missing, ())  # nobody yet: who says who it is may be allowed
            if self.error is PermissionDenied:
                raise PermissionDenied(message("permission_denied.name", name=self.name), permission=self.name)
            raise self.error()

        yield Step(Phase.PERMISSION, permit)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        check_place(self, plan)
        yield error_outcome(self.error)
        access = access_of(plan)
        if access is not None and access.mark.optional and not self.hides:
            yield refusal(access.mark.missing)


def permission(
    check: PermissionFunction,
    *,
    of: str | None = None,
    name: str | None = None,
    error: type[Forbidden] | type[NotFound] = PermissionDenied,
) -> PermissionMark:
    """Ask whether the user may, before the handler runs.

    Several may be on a handler and around it: all of them must allow. A method that overrides one with this mark
    has it too; only :data:`public` drops it.

    :param check: Takes the user (``None`` for no user), or the user and the object that ``loads`` has found; may be
        asynchronous. What is not true refuses.
    :param of: Which object, by its ``as_kwarg``, where several are loaded, or by the name that ``provides`` gives it.
        Default: that of the innermost ``loads``.
    :param name: What the user lacks, named in the 403. Default: the name of the function.
    :param error: What is raised instead: your own 403, or a 404 where the client must not learn of the object.
    :raises SetupError: The error is neither.
    """
    if not (isinstance(error, type) and issubclass(error, (Forbidden, NotFound))):
        raise SetupError(
            f"{error!r} is not an answer to a missing permission. Give a subclass of Forbidden or NotFound."
        )
    if not callable(check):
        raise SetupError(f"permission got {check!r}, which cannot be called. Give a function of the user.")
    return PermissionMark(check, of, name or name_of(check), error)


def anyone(user: object) -> bool:
    """The check that allows everybody, to say by ``permission(anyone)`` that no other was forgotten."""
    return True


class PolicyMark(Mark):
    """Whatever loads an object has to say who may; see :data:`permissions_required`."""

    def __repr__(self) -> str:
        return "permissions_required"

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        return inner if self in inner else (self, *inner)

    def inherit(self, own: tuple[Mark, ...]) -> tuple[Mark, ...]:
        return self.merge(own)

    def run(self, plan: Plan) -> Steps:
        loaded = [mark for mark in plan.marks if isinstance(mark, LoadsMark)]
        said = any(isinstance(mark, (PermissionMark, PublicMark)) for mark in plan.marks)
        if loaded and not said:
            raise SetupError(
                f"{plan.called} ({plan.address}) loads an object by {loaded[-1]!r}, and"
                " says nothing on who may. Give it permission(check); permission(anyone) if every user may, public if"
                " everybody."
            )
        return ()


permissions_required: t.Final = PolicyMark()
"""For ``Router(marks=[...])`` and ``App(marks=[...])``: an operation below that loads an object, and has neither a
``permission`` nor ``public``, is an error at start-up."""


def takes_object(check: PermissionFunction) -> bool:
    """Return whether a check looks at the object: it takes two values."""
    try:
        told = inspect.signature(check).parameters.values()
    except ValueError:  # written in C
        return True
    return sum(each.kind in BY_PLACE for each in told) > 1 or any(
        each.kind is inspect.Parameter.VAR_POSITIONAL for each in told
    )


def taken_by(handler: PermissionFunction) -> frozenset[str]:
    """The names that a handler takes; those it takes all together by ``**`` are not among them."""
    return frozenset(name for name, each in inspect.signature(handler).parameters.items() if each.kind in _BY_NAME)


def name_of(function: object) -> str:
    """Return what a function is called."""
    return str(getattr(function, "__name__", None) or type(function).__name__)
