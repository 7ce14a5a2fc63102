"""Versions of an API: where a request names one, what differs, and how operations are retired."""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._locations import HeaderVersion as HeaderVersion
    from ._locations import MediaTypeVersion as MediaTypeVersion
    from ._locations import PathPrefix as PathPrefix
    from ._locations import QueryVersion as QueryVersion
    from ._locations import UnknownVersion as UnknownVersion
    from ._locations import UnsupportedVersion as UnsupportedVersion
    from ._locations import VersionNotAcceptable as VersionNotAcceptable
    from ._marks import since as since
    from ._marks import until as until
    from ._regions import VersionMaps as VersionMaps
    from ._retirement import RetiredMark as RetiredMark
    from ._retirement import counts_of as counts_of
    from ._retirement import retired as retired
    from ._versions import Version as Version
    from ._versions import VersionLocation as VersionLocation
    from ._versions import Versions as Versions
else:
    __getattr__ = lazy(
        __name__,
        {
            "_locations": (
                "HeaderVersion MediaTypeVersion PathPrefix QueryVersion UnknownVersion UnsupportedVersion "
                "VersionNotAcceptable"
            ),
            "_marks": "since until",
            "_regions": "VersionMaps",
            "_retirement": "RetiredMark counts_of retired",
            "_versions": "Version VersionLocation Versions",
        },
    )
