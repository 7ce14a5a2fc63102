"""The contract: each answer is compared with what the operation and the document declare."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from . import _blame
    from ._blame import shown_path as shown_path
    from ._blame import source_of_class as source_of_class
    from ._contract import Contract as Contract
    from ._contract import ContractMiddleware as ContractMiddleware
    from ._contract import violation as violation
    from ._exchange import Exchange as Exchange
    from ._exchange import exchange_of as exchange_of
    from ._exchange import finished_body as finished_body
    from ._exchange import mimetype as mimetype
    from ._exchange import part_decoder as part_decoder
    from ._exchange import reads_body as reads_body

    blame = _blame
else:
    __getattr__ = lazy(
        __name__,
        {
            "_blame": "shown_path source_of_class",
            "_contract": "Contract ContractMiddleware violation",
            "_exchange": "Exchange exchange_of finished_body mimetype part_decoder reads_body",
        },
        "blame",
    )
