"""The sets of methods, statuses and media types that HTTP defines, as the framework looks them up.

Not here: the methods of Flask's views (``views.http_method_funcs`` is made of these), those of a Path Item Object
(``openapi.document._paths``).
Floor 2.
"""

from __future__ import annotations

import typing as t

METHODS: t.Final = ("GET", "HEAD", "QUERY", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
"""The methods of RFC 9110, RFC 5789 and RFC 10008 that a view may serve, in the order of listings."""
KNOWN_METHODS: t.Final = frozenset({*METHODS, "CONNECT"})
"""The methods that standards name."""
SAFE: t.Final = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "TRACE"})
"""The methods that change nothing (RFC 9110, section 9.2.1; RFC 10008, section 2)."""
GETS: t.Final = frozenset({"GET", "HEAD"})
"""The methods that the address alone tells what to send."""
SELECTS: t.Final = frozenset({"GET", "QUERY"})
"""The methods whose answer a client may narrow down, put in order and take in parts."""
READS: t.Final = GETS | SELECTS
"""The methods whose answer represents what was asked for, so that caches and 304 are for them."""

BODILESS: t.Final = frozenset({204, 205, 304})
"""The statuses from 200 on whose answers have no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5)."""
LENGTHLESS: t.Final = frozenset({204, 304})
"""Those of them whose answers do not state a length either (section 8.6)."""

JSON: t.Final = "application/json"
URL_ENCODED: t.Final = "application/x-www-form-urlencoded"
MULTIPART: t.Final = "multipart/form-data"
FORM_TYPES: t.Final = (URL_ENCODED, MULTIPART)
"""The media types of forms."""
