"""What a typed user, ``g`` and application do not have."""

from typing import cast

import framework
from framework import App


class User:
    name = "Ann"


class Globals:
    user_agent: str


class PetApp(App):
    shop = "Rex & Co"


current_user: User = framework.current_user
g = cast(Globals, framework.g)
current_app = cast(PetApp, framework.current_app)


def wrong() -> None:
    current_user.nmae = 1  # error: attr-defined | AttributeAccessIssue
    g.user_agent = 1  # error: assignment | AttributeAccessIssue
    current_app.shop + 1  # error: operator | OperatorIssue UnusedExpression
    framework.current_app.route(1)  # error: arg-type | ArgumentType
