"""The marks of security: schemes, requirements, permissions and CSRF protection."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._csrf import csrf_token as csrf_token
    from ._errors import CredentialsInvalid as CredentialsInvalid
    from ._errors import CredentialsMissing as CredentialsMissing
    from ._errors import CSRFFailed as CSRFFailed
    from ._errors import PermissionDenied as PermissionDenied
    from ._errors import ScopesMissing as ScopesMissing
    from ._permissions import anyone as anyone
    from ._permissions import loads as loads
    from ._permissions import permission as permission
    from ._permissions import permissions_required as permissions_required
    from ._requires import FORCED as FORCED
    from ._requires import RequiresMark as RequiresMark
    from ._requires import everything as everything
    from ._requires import public as public
    from ._requires import requires as requires
    from ._requires import takes as takes
    from ._schemes import MALFORMED as MALFORMED
    from ._schemes import Alternatives as Alternatives
    from ._schemes import APIKey as APIKey
    from ._schemes import Basic as Basic
    from ._schemes import Bearer as Bearer
    from ._schemes import Everything as Everything
    from ._schemes import Grant as Grant
    from ._schemes import OAuth2 as OAuth2
    from ._schemes import OpenIDConnect as OpenIDConnect
    from ._schemes import Scheme as Scheme
    from ._schemes import SchemeOptions as SchemeOptions
    from ._schemes import SessionAuth as SessionAuth
    from ._schemes import session_secret as session_secret
else:
    __getattr__ = lazy(
        __name__,
        {
            "_errors": "CSRFFailed CredentialsInvalid CredentialsMissing PermissionDenied ScopesMissing",
            "_csrf": "csrf_token",
            "_permissions": "anyone loads permission permissions_required",
            "_requires": "FORCED RequiresMark everything public requires takes",
            "_schemes": (
                "APIKey Alternatives MALFORMED Basic Bearer Everything Grant OAuth2 OpenIDConnect Scheme SessionAuth "
                "SchemeOptions session_secret"
            ),
        },
    )
