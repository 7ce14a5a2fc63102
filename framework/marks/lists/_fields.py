"""Fields of query parameters that take names or values with commas between them.

Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

import marshmallow as ma
from marshmallow import ValidationError, validate

from ... import fields
from ...fast.strict import choices_of, unknown_message
from ...issues import ErrorText, issue


class Pieces(fields.DelimitedList):
    """A list in one text, of a bounded length: a longer one is refused before any of it is looked at.

    :param inner: The field of each piece.
    :param most: How many there may be.
    """

    def __init__(self, inner: fields.AnyField, most: int, **kwargs: t.Any) -> None:
        super().__init__(inner, validate=validate.Length(min=1, max=most), **kwargs)
        self.most = most

    def _deserialize(
        self, value: object, attr: str | None, data: cabc.Mapping[str, t.Any] | None, **kwargs: object
    ) -> list[object]:
        if isinstance(value, str) and value.count(self.delimiter) >= self.most:
            raise ValidationError(issue("too_long", min=1, max=self.most))
        if value == "":  # one piece, and an empty one: what stands for nothing is to leave the parameter out
            return ma.fields.List._deserialize(self, [""], attr, data, **kwargs)
        return super()._deserialize(value, attr, data, **kwargs)


class Known(validate.OneOf):
    """One of the names that there are; the message for another says which one is near.

    :param names: The names.
    :param text: The message for another.
    """

    def __init__(self, names: cabc.Iterable[str], text: str) -> None:
        super().__init__(list(names), error=text)
        self.text = text

    def __call__(self, value: str) -> str:
        if value not in self.choices:
            names = t.cast("list[str]", self.choices)
            text = unknown_message(value, names, self.text)
            raise ValidationError(ErrorText(text, "not_one_of", **choices_of(None, names)).with_text(text))
        return value
