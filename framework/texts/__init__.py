"""The texts that customers read, in one place: replaced by ``TEXTS``, translated for ``LANGUAGES``."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._english import ENGLISH as ENGLISH
    from ._message import MessageText as MessageText
    from ._message import listed as listed
    from ._message import message as message
    from ._message import sentences as sentences
    from ._texts import SHIPPED as SHIPPED
    from ._texts import Texts as Texts
    from ._texts import Translation as Translation
else:
    __getattr__ = lazy(
        __name__,
        {
            "_english": "ENGLISH",
            "_message": "MessageText listed message sentences",
            "_texts": "SHIPPED Texts Translation",
        },
    )
