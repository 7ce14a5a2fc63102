"""``requires`` and ``public``: who may call an operation, and with which credentials.

Not here: how credentials are read (``marks.security._schemes``), what a user may do with an object
(``marks.security._permissions``), the proof against forged requests (``marks.security._csrf``). Floor 4."""

from __future__ import annotations

import collections.abc as cabc
import inspect
import typing as t

from marshmallow import fields

from ...errors import SetupError, Unauthorized
from ...texts import message
from ...tokens import TokenError, TokenMaker
from ..base import Call, Header, Key, Mark, Outcome, Phase, Plan, Record, Security, Step, Steps
from ._csrf import csrf_records, csrf_step, is_guarded
from ._errors import CredentialsInvalid, CredentialsMissing, ScopesMissing
from ._schemes import EVERY_SCOPE, MALFORMED, Alternatives, Grant, Scheme

if t.TYPE_CHECKING:
    from ...context import Context

FORCED: t.Final[str] = "framework.user"
"""The key of the environment for the sender of a request without credentials: a :class:`Grant` that the test client has
put there. No header of a client gets there."""

_GRANTED: t.Final = Key[cabc.Container[str]]("granted scopes")
_ACCESS: t.Final = Key["Access | None"]("access")


class AccessMark(Mark):
    """``requires`` and ``public``: of both the one nearest to the handler counts."""

    schemes: tuple[Scheme, ...] = ()

    @property
    def decides(self) -> bool:
        """Return whether what is around it does not matter any more."""
        return True

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        decided = any(isinstance(mark, AccessMark) and mark.decides for mark in inner)
        return inner if decided else (self, *inner)

    def inherit(self, own: tuple[Mark, ...]) -> tuple[Mark, ...]:
        return self.merge(own)

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        for other in others:
            if isinstance(other, AccessMark):
                raise SetupError(
                    f"{where} carries both {self!r} and {other!r}, and only one of them can hold. Take one away; join"
                    " schemes of which one is enough with |."
                )

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        check_place(self, plan)
        return ()


class PublicMark(AccessMark):
    """The operation is open to everybody; see :data:`public`."""

    def __repr__(self) -> str:
        return "public"


public: t.Final = PublicMark()
"""Opens what a ``requires`` further out, or on the overridden method, has closed, and drops its permissions."""


class Access(t.NamedTuple):
    """The schemes and scopes that the ``requires`` marks of an operation demand together."""

    schemes: tuple[Scheme, ...]
    scopes: tuple[str, ...]
    mark: RequiresMark


class RequiresMark(AccessMark):
    """A restriction of who may call the operation; see :func:`requires`."""

    def __init__(
        self,
        schemes: tuple[Scheme, ...],
        scopes: tuple[str, ...],
        optional: bool,
        as_kwarg: str | None,
        csrf: bool,
        errors: tuple[type[Unauthorized], type[Unauthorized]],
    ) -> None:
        self.schemes = schemes
        self.scopes = scopes
        self.optional = optional
        self.as_kwarg = as_kwarg
        self.csrf = csrf
        self.missing, self.invalid = errors

    def __repr__(self) -> str:
        said = [repr(Alternatives(self.schemes))] if self.schemes else []
        said += [f"scopes={list(self.scopes)}"] if self.scopes else []
        return f"requires({', '.join(said)})"

    @property
    def decides(self) -> bool:
        return bool(self.schemes)

    def run(self, plan: Plan) -> Steps:
        access = access_of(plan)
        if access is None or access.mark is not self:
            return
        if self.as_kwarg in (plan.rule.arguments or ()):
            raise SetupError(
                f"{plan.called} would get the user as {self.as_kwarg!r}, the name of a variable of"
                f" {plan.rule.rule!r}. Give 'as_kwarg' another name."
            )
        if self.as_kwarg is not None:
            plan.names.add(self.as_kwarg)
        for scheme in access.schemes:
            maker = getattr(scheme.verify, "__self__", None)
            if isinstance(maker, TokenMaker) and not maker.has_own_key and not plan.config["SECRET_KEY"]:
                raise SetupError(
                    f"{scheme!r} of {plan.called} reads tokens of {maker!r}, which has no key. Set the 'SECRET_KEY' of"
                    " the application to something long, random and secret, or give the maker a 'secret_key'."
                )
        yield Step(Phase.AUTHENTICATE, authenticator(plan, access))
        if access.scopes:
            yield Step(Phase.SCOPES, scopes_check(plan, access))
        if self.csrf and is_guarded(plan, access.schemes):
            yield csrf_step(plan, access.schemes)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        yield from super().document(plan)
        access = access_of(plan)
        if access is None or access.mark is not self:
            return
        for scheme in access.schemes:
            described = scheme.describe(plan.config)
            yield Security(scheme.name, described, access.scopes, self.optional, scheme.example)
            yield from scheme.outcomes(plan.config)
        if not self.optional:
            yield refusal(self.missing)
        if not self.optional or any(scheme.csrf != "token" for scheme in access.schemes):
            yield refusal(self.invalid)
        if access.scopes:
            how = (Header("WWW-Authenticate", fields.String(), message("headers.www_authenticate.scopes"), status=403),)
            needed = ", ".join(f"`{scope}`" for scope in access.scopes)
            text = message("responses.scopes" if len(access.scopes) > 1 else "responses.scope", scopes=needed)
            yield Outcome(403, error=ScopesMissing, description=text, headers=how)
        if self.csrf and is_guarded(plan, access.schemes):
            yield from csrf_records(plan, access.schemes, self.optional)


def requires(
    scheme: Scheme | Alternatives | None = None,
    *,
    scopes: cabc.Iterable[str] = (),
    optional: bool = False,
    as_kwarg: str | None = None,
    csrf: bool = True,
    missing: type[Unauthorized] = CredentialsMissing,
    invalid: type[Unauthorized] = CredentialsInvalid,
) -> RequiresMark:
    """Authenticate the request, before anything else of it is looked at.

    For a handler, a class, a router or the application; the nearest one counts. A method that overrides one with this
    mark has it too, until it says otherwise by its own ``requires`` or by :data:`public`.

    :param scheme: How requests are authenticated: a scheme, or several of which one is enough, ``bearer | session``.
        Of these the first one counts whose credentials are there.
        Left out, those of the next ``requires`` further out hold, and ``scopes`` are added to the ones given there.
    :param scopes: What the credentials must be good for, all of it. ``verify`` then returns a ``Grant``.
    :param optional: Whether requests without credentials pass too, with ``None`` as the user. Credentials that are not
        good are refused all the same, except for cookies, which browsers send by themselves.
    :param as_kwarg: The name by which a handler that takes it gets the user. Default: it asks ``current_user``.
    :param csrf: Whether unsafe methods need a proof, where a browser sends the credentials by itself.
    :param missing: The error for no credentials.
    :param invalid: The error for wrong ones.
    :raises SetupError: It is not a scheme.
    """
    if scheme is None:
        schemes: tuple[Scheme, ...] = ()
    elif isinstance(scheme, Alternatives):
        schemes = scheme.schemes
    elif isinstance(scheme, Scheme):
        schemes = (scheme,)
    else:
        raise SetupError(
            f"{scheme!r} is not a security scheme. Give one like Bearer(verify), or several joined with |."
        )
    if isinstance(scopes, str):
        raise SetupError(f"'scopes' is the text {scopes!r}. Give a list, like scopes=[{scopes!r}].")
    for cls in (missing, invalid):
        if not (isinstance(cls, type) and issubclass(cls, Unauthorized)):
            raise SetupError(f"{cls!r} is not a 401 error. Give a subclass of framework.errors.Unauthorized.")
    return RequiresMark(schemes, tuple(scopes), optional, as_kwarg, csrf, (missing, invalid))


def check_place(mark: Mark, plan: Plan) -> None:
    """Refuse a mark that protects nothing in its place.

    :raises SetupError: It is on a hook or an error handler, whose marks are documented and do not run.
    """
    if not any(each is mark for each in plan.marks):
        raise SetupError(
            f"{mark!r} is on a hook or an error handler, where it protects nothing. Give it to"
            " Router(marks=[...]) or App(marks=[...]), for all operations below."
        )


def takes(handler: cabc.Callable[..., object], name: str) -> bool:
    """Return whether a handler can be passed a value by that name."""
    told = inspect.signature(handler).parameters
    return name in told or any(each.kind is inspect.Parameter.VAR_KEYWORD for each in told.values())


def refusal(error: type[Unauthorized]) -> Outcome:
    """The outcome of a 401."""
    how = Header("WWW-Authenticate", fields.String(), message("headers.www_authenticate"), status=401, required=True)
    return Outcome(401, error=error, headers=(how,))


def access_of(plan: Plan) -> Access | None:
    """Return what an operation asks for; ``None`` where it is open.

    :raises SetupError: It asks for scopes, and nothing says by which scheme.
    """
    if _ACCESS not in plan.notes:
        plan.notes[_ACCESS] = find_access(plan)
    return plan.notes[_ACCESS]


def find_access(plan: Plan) -> Access | None:
    """The same, found out."""
    marks = [mark for mark in plan.marks if isinstance(mark, AccessMark)]
    if not marks or isinstance(marks[-1], PublicMark):
        return None
    scopes: list[str] = []
    for mark in reversed(marks):
        if isinstance(mark, RequiresMark):
            scopes = [*mark.scopes, *(scope for scope in scopes if scope not in mark.scopes)]
        if mark.schemes:
            for scheme in mark.schemes:
                scheme.check_scopes(scopes)
            return Access(mark.schemes, tuple(scopes), t.cast(RequiresMark, marks[-1]))
        if isinstance(mark, PublicMark):
            break
    raise SetupError(
        f"{plan.called} carries {marks[-1]!r}, and nothing around it says by which scheme. Give it one,"
        " or give requires(scheme) to its class, router or application."
    )


def authenticator(plan: Plan, access: Access) -> cabc.Callable[[Context, Call], None]:
    """The step that finds out who sends the request."""
    mark, schemes = access.mark, access.schemes
    optional, as_kwarg = mark.optional, mark.as_kwarg
    if as_kwarg is not None and not takes(plan.handler, as_kwarg):
        as_kwarg = None
    doors = [(scheme, scheme.read, plan.ensure_sync(scheme.verify)) for scheme in schemes]
    takes_header = any(scheme.uses_authorization for scheme in schemes)
    refuse = refuser(plan, access)
    plan.query_names.update(name for scheme in schemes for name in scheme.query_names)

    def find(ctx: Context) -> tuple[Scheme | None, t.Any]:
        wrong: list[tuple[Scheme, str]] = []
        for scheme, read, verify in doors:
            credentials = read(ctx)
            if credentials is None:
                continue
            why = ""
            if credentials is not MALFORMED:
                try:
                    user = verify(*credentials)
                except TokenError as error:
                    why = str(error.description)
                else:
                    who = user.user if type(user) is Grant else user
                    if who is not None and who is not False:
                        return scheme, user
            wrong.append((scheme, why))
            # A browser sends a cookie whether it is still good or not; all else is sent on purpose, and nobody shall
            # be taken for somebody else because that is bad.
            if scheme.csrf != "token":
                raise refuse(mark.invalid, wrong)
        if (wrong and not optional) or (takes_header and "HTTP_AUTHORIZATION" in ctx.request_environ):
            raise refuse(mark.invalid, wrong)
        if not optional:
            raise refuse(mark.missing, wrong)
        return None, None

    def authenticate(ctx: Context, call: Call) -> None:
        user = ctx.request_environ.get(FORCED)
        if type(user) is not Grant:
            ctx.scheme, user = find(ctx)
        if type(user) is Grant:
            user, scopes = user
            call.notes[_GRANTED] = scopes
        ctx.user = user
        if as_kwarg is not None:
            call.kwargs = {**call.kwargs, as_kwarg: user}

    return authenticate


def refuser(
    plan: Plan, access: Access
) -> cabc.Callable[[type[Unauthorized], cabc.Sequence[tuple[Scheme, str]]], Unauthorized]:
    """Return what makes the 401 of an operation, with a challenge for each scheme (RFC 9110, section 11.6.1)."""
    config, needed = plan.config, " ".join(access.scopes) or None
    plain = {scheme: scheme.challenge(config, needed) for scheme in access.schemes}

    bare = [("WWW-Authenticate", text) for text in dict.fromkeys(plain.values())]

    def refuse(cls: type[Unauthorized], wrong: cabc.Sequence[tuple[Scheme, str]]) -> Unauthorized:
        if not wrong:
            return cls(None, headers=bare)  # PERF: most have sent nothing
        why = dict(wrong)
        # Who has sent nothing is told no error code (RFC 6750, section 3.1).
        challenges = [
            scheme.challenge(config, needed, "invalid_token", why[scheme]) if scheme in why else text
            for scheme, text in plain.items()
        ]
        headers = [("WWW-Authenticate", text) for text in dict.fromkeys(challenges)]
        text = next((each for each in why.values() if each), None)
        # An error of one's own has its own words.
        return cls(text if cls is CredentialsInvalid else None, headers=headers)

    return refuse


def scopes_check(plan: Plan, access: Access) -> cabc.Callable[[Context, Call], None]:
    """The step that looks whether the credentials are good for the operation."""
    config, needed = plan.config, access.scopes

    def check(ctx: Context, call: Call) -> None:
        if ctx.user is None:
            return
        granted = call.notes.get(_GRANTED)
        if granted is None:
            raise TypeError(
                f"{ctx.scheme!r} did not say which scopes its credentials have, and {plan.called} asks"
                f" for {list(needed)}. Return Grant(user, scopes) from its function; EVERY_SCOPE stands for all."
            )
        missing = [scope for scope in needed if scope not in granted]
        if missing:
            named = ", ".join(map(repr, missing))
            headers = []
            if ctx.scheme is not None:
                told = ctx.scheme.challenge(config, " ".join(needed), "insufficient_scope")
                headers = [("WWW-Authenticate", told)] if 'error="insufficient_scope"' in told else []
            text = message("scopes_missing.several" if len(missing) > 1 else "scopes_missing.one", scopes=named)
            raise ScopesMissing(text, missing=missing, headers=headers)

    return check


def everything(user: object, scopes: cabc.Iterable[str] | None) -> Grant:
    """A grant for the test client: all scopes where none are named."""
    return Grant(user, EVERY_SCOPE if scopes is None else frozenset(scopes))
