"""The marks that tell browsers what they may do: CORS and security headers."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._cors import CORS as CORS
    from ._security_headers import SecurityHeadersMark as SecurityHeadersMark
    from ._security_headers import security_headers as security_headers
else:
    __getattr__ = lazy(
        __name__,
        {
            "_cors": "CORS",
            "_security_headers": "SecurityHeadersMark security_headers",
        },
    )
