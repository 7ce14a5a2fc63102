"""Who is asking: the marks ``login_required`` and ``login_optional``.

Each gives the handler the user as its first argument, answers 401 before anything else of the request is looked at,
and tells the document of both.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from framework.context import Context
from framework.marks.base import Call, Mark, Outcome, Phase, Plan, Record, Security, Step

from .database import get_session
from .errors import LoginRequired
from .models import User
from .security import read_token

SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "The word `Token`, a space, and the token that registration and login give: `Token xxx.yyy.zzz`",
}


class LoginMark(Mark):
    """The user who sends the request, read from the header ``Authorization: Token ...``.

    :param required: Whether a request without a token is refused; the user is ``None`` where it is not. A token that
        is there and is not good is refused always: whoever sends one should hear that it has expired.
    """

    phase = Phase.AUTHENTICATE

    def __init__(self, *, required: bool) -> None:
        self.required = required

    def __repr__(self) -> str:
        return "login_required" if self.required else "login_optional"

    def run(self, plan: Plan) -> cabc.Iterable[Step]:
        place = plan.take_slot()

        def authenticate(ctx: Context, call: Call) -> None:
            header = ctx.request.headers.get("Authorization")
            if header is None and self.required:
                raise LoginRequired("is missing")
            call.arguments[place] = None if header is None else user_of(header)

        return [Step(self.phase, authenticate)]

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        security = Security("Token", SCHEME, optional=not self.required, example="Token TOKEN")
        return [security, Outcome(401, error=LoginRequired)]


def user_of(header: str) -> User:
    """The user whose token the header carries.

    :raises LoginRequired: It carries none that is good, or its user is gone.
    """
    scheme, _, token = header.partition(" ")
    user_id = read_token(token.strip()) if scheme.lower() == "token" else None
    user = None if user_id is None else get_session().get(User, user_id)
    if user is None:
        raise LoginRequired("is invalid or has expired")
    return user


login_required: t.Final = LoginMark(required=True)
login_optional: t.Final = LoginMark(required=False)
