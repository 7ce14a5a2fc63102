"""The marks that remember clients: rate limits and idempotency keys."""

from __future__ import annotations

import typing as t

from ..._lazy import lazy

if t.TYPE_CHECKING:
    from ._clients import Address as Address
    from ._clients import By as By
    from ._clients import User as User
    from ._clients import identity as identity
    from ._clients import key_function as key_function
    from ._clients import tenant_function as tenant_function
    from ._idempotency import AnswerNotKept as AnswerNotKept
    from ._idempotency import IdempotencyKeyInvalid as IdempotencyKeyInvalid
    from ._idempotency import IdempotencyKeyMissing as IdempotencyKeyMissing
    from ._idempotency import IdempotencyKeyReused as IdempotencyKeyReused
    from ._idempotency import IdempotencyUnavailable as IdempotencyUnavailable
    from ._idempotency import Idempotent as Idempotent
    from ._idempotency import OutcomeUnknown as OutcomeUnknown
    from ._idempotency import RequestInProgress as RequestInProgress
    from ._idempotency import TransactionalStore as TransactionalStore
    from ._idempotency import give as give
    from ._idempotency import idempotent as idempotent
    from ._limits import Limit as Limit
    from ._limits import RateLimitExceeded as RateLimitExceeded
    from ._limits import RateLimitUnavailable as RateLimitUnavailable
    from ._limits import limit as limit
    from ._stores import guard_of as guard_of
    from ._stores import once as once
    from ._stores import redis_store as redis_store
    from ._stores import store_url as store_url
else:
    __getattr__ = lazy(
        __name__,
        {
            "_clients": "Address By User identity key_function tenant_function",
            "_idempotency": (
                "AnswerNotKept IdempotencyKeyInvalid IdempotencyKeyMissing IdempotencyKeyReused "
                "IdempotencyUnavailable Idempotent OutcomeUnknown RequestInProgress TransactionalStore give idempotent"
            ),
            "_limits": "Limit RateLimitExceeded RateLimitUnavailable limit",
            "_stores": "guard_of once redis_store store_url",
        },
    )
