"""The sets of methods, statuses and media types that HTTP defines, as the framework looks them up.

Not here: the methods of Flask's views (``views.http_method_funcs`` is made of these), those of a Path Item Object
(``openapi.document._paths``).
Floor 2.
"""

from __future__ import annotations

import typing as t

METHODS: t.Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
"""The methods of RFC 9110 and RFC 5789 that a view may serve, in the order of listings."""
SAFE: t.Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""The methods that change nothing (RFC 9110, section 9.2.1)."""
READS: t.Final = frozenset({"GET", "HEAD"})
"""The methods whose answer represents the resource, so that caches, ranges and 304 are for them."""

BODILESS: t.Final = frozenset({204, 205, 304})
"""The statuses from 200 on whose answers have no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5)."""
LENGTHLESS: t.Final = frozenset({204, 304})
"""Those of them whose answers do not state a length either (section 8.6)."""

JSON: t.Final = "application/json"
URL_ENCODED: t.Final = "application/x-www-form-urlencoded"
MULTIPART: t.Final = "multipart/form-data"
FORM_TYPES: t.Final = (URL_ENCODED, MULTIPART)
"""The media types of forms."""
