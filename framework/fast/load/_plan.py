"""The plan by which one schema instance loads data: its hooks in their order, and the generated function between.

Knows marshmallow schemas; what the function says is written in ``fast.load._code``.
Floor 1.
"""

from __future__ import annotations

import typing as t

import marshmallow as ma
from marshmallow.exceptions import SCHEMA
from marshmallow.types import UnknownOption

from ...fields import PartialOption
from ...issues import AnyMessages
from .. import _codegen as codegen
from .. import _plain as plain
from .._internals import POST_LOAD, PRE_LOAD, VALIDATES, VALIDATES_SCHEMA, ErrorStore, is_collection
from ..bounds import Full
from ._code import POLICIES, Errors, LoadCode, ObjectLoader
from ._making import MAPPINGS, MakingSchema, maker_of
from ._members import MemberLoader


class LoadPlan:
    """The plan by which one schema instance loads data."""

    def __init__(self, schema: ma.Schema) -> None:
        self.schema = schema
        self.load_fields = schema.load_fields
        self.compilable = self._is_compilable()
        hooks = schema._hooks
        self.has_pre_load = bool(hooks[PRE_LOAD])
        self.maker = maker_of(schema)
        self.has_post_load = bool(hooks[POST_LOAD]) and self.maker is None
        self.has_validators = bool(hooks[VALIDATES] or hooks[VALIDATES_SCHEMA])
        self.is_bare = not (self.has_pre_load or self.has_post_load or self.has_validators)
        self.make = None if self.maker is None or self.maker is MAPPINGS else self.maker.make
        self._functions: dict[str, ObjectLoader] = {}

    def _is_compilable(self) -> bool:
        names = [
            name
            for key, field in self.load_fields.items()
            for name in (key, field.data_key, field.attribute)
            if name is not None
        ]
        return plain.is_plain_schema(self.schema, plain.SCHEMA_LOAD_METHODS) and all(
            type(name) is str for name in names
        )

    def is_current(self) -> bool:
        """Return whether the schema still has the fields that this was made for."""
        return self.schema.load_fields is self.load_fields

    def prepare(self) -> None:
        """Generate the function for the schema's own policy."""
        if self.compilable and self.schema.unknown in POLICIES:
            self._made(self.schema.unknown)

    def load(
        self,
        data: t.Any,
        *,
        many: bool | None = None,
        partial: PartialOption = None,
        unknown: UnknownOption | None = None,
        postprocess: bool = True,
    ) -> object:
        """Load as ``schema.load`` does, or as ``schema.validate`` does without ``postprocess``.

        :raises ValidationError: As marshmallow raises it, after ``handle_error``.
        """
        schema = self.schema
        many = schema.many if many is None else bool(many)
        unknown = schema.unknown if unknown is None else unknown
        partial = schema.partial if partial is None else partial
        messages: AnyMessages = None
        result: t.Any = None
        processed = data
        if self.has_pre_load:
            try:
                processed = schema._invoke_load_processors(
                    PRE_LOAD, data, many=many, original_data=data, partial=partial, unknown=unknown
                )
            except ma.ValidationError as error:
                messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        if not messages:
            errors = Errors()
            is_whole = True
            load = self._functions.get(unknown) if partial is None else None
            try:
                if load is not None and not many and type(processed) is dict:
                    result = load(processed, None, errors, None)  # PERF: the usual case, 0.15 us sooner
                else:
                    result = self._values(processed, errors, many, partial, unknown)
            except Full:  # the schema's validators would only add to what is left out
                is_whole = False
            if errors or self.has_validators:
                messages = self._validated(result, data, errors, many, partial, unknown, is_whole)
            if not messages and postprocess and self.has_post_load:
                try:
                    result = schema._invoke_load_processors(
                        POST_LOAD, result, many=many, original_data=data, partial=partial, unknown=unknown
                    )
                except ma.ValidationError as error:
                    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
            if self.maker is not None and not messages and postprocess and (partial or self.make is not None):
                try:
                    result = self._instances(result, many, partial)
                except ma.ValidationError as error:
                    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        if messages:
            # PERF: held by a variable here, the exception would hold its own frame, and wait for the collector: 10 us.
            raise self._refusal(messages, data, result, many, partial)
        return result

    def _instances(self, values: t.Any, many: bool, partial: PartialOption) -> object:
        """Make the instances of an annotated class."""
        schema = t.cast(MakingSchema, self.schema)
        if partial or self.make is None:  # it is no instance, or a partial one
            return schema.framework_made_all(values, partial) if many else schema.framework_made(values, partial)
        if not many:
            return self.make(values)
        if self.maker is not None and self.maker.is_pure:
            return [self.make(each) for each in values]
        return schema.framework_made_all(values, partial)

    def _refusal(
        self, messages: AnyMessages, data: t.Any, result: t.Any, many: bool, partial: PartialOption
    ) -> ma.ValidationError:
        """Make the exception, after ``handle_error`` has seen it."""
        exception = ma.ValidationError(messages, data=data, valid_data=result)
        self.schema.handle_error(exception, data, many=many, partial=partial)
        return exception

    def _validated(
        self,
        result: t.Any,
        data: t.Any,
        errors: Errors,
        many: bool,
        partial: PartialOption,
        unknown: UnknownOption,
        is_whole: bool,
    ) -> object:
        """Run the schema's validators, where all of the data was looked at, and give all messages."""
        schema = self.schema
        validates = self.has_validators and is_whole
        if not validates and (messages := _by_name(errors)) is not None:
            return messages
        store = ErrorStore()
        for noted in errors:
            store.store_error(*noted)
        if not validates:
            return store.errors
        schema._invoke_field_validators(error_store=store, data=result, many=many)
        if schema._hooks[VALIDATES_SCHEMA]:
            field_errors = bool(store.errors)
            for pass_collection in (True, False):
                schema._invoke_schema_validators(
                    error_store=store,
                    pass_collection=pass_collection,
                    data=result,
                    original_data=data,
                    many=many,
                    partial=partial,
                    unknown=unknown,
                    field_errors=field_errors,
                )
        return store.errors

    # ------------------------------------------------------------------ values

    def _values(
        self, data: t.Any, errors: Errors, many: bool, partial: PartialOption, unknown: UnknownOption
    ) -> object:
        """Load without hooks; marshmallow itself takes what is not a dict or no list of them, and partial
        collections."""
        if unknown in POLICIES and (partial is None or partial is True or partial is False):
            load = self._functions.get(unknown) or self._made(unknown)
            if not many:
                if type(data) is dict:
                    return load(data, partial, errors, None)
            elif type(data) is list:
                has_index = self.schema.opts.index_errors
                return [
                    load(each, partial, errors, index if has_index else None)
                    if type(each) is dict
                    else self._any_value(each, errors, False, partial, unknown, index)
                    for index, each in enumerate(data)
                ]
        return self._any_value(data, errors, many, partial, unknown)

    def _any_value(
        self,
        data: t.Any,
        errors: Errors,
        many: bool,
        partial: PartialOption,
        unknown: UnknownOption,
        index: int | None = None,
    ) -> object:
        store = t.cast(t.Any, errors)
        return self.schema._deserialize(
            data, error_store=store, many=many, partial=partial, unknown=unknown, index=index
        )

    def _made(self, unknown: str) -> ObjectLoader:
        with codegen.LOCK:
            made = self._functions.get(unknown)
            if made is None:
                code = LoadCode(self.schema, unknown, nested=self._nested_loader, chosen=_chosen)
                made, text = code.function(f"load {type(self.schema).__name__}, unknown={unknown}")
                codegen.record(self.schema).texts.append(text)
                self._functions[unknown] = made
        return made

    @staticmethod
    def _nested_loader(field: ma.fields.Nested) -> MemberLoader:
        """Give the function that loads what a Nested field holds; the nested schema is looked up when it is called."""
        found: tuple[LoadPlan, bool] | None = None
        is_end = stops_partial(field)

        def load(value: t.Any, partial: PartialOption) -> object:
            nonlocal found
            if found is None:
                found = codegen.plan(field.schema, LoadPlan), bool(field.schema.many or field.many)
            plan, is_many = found
            if not plan.compilable or (is_many and not is_collection(value)):
                return field._deserialize(value, None, None, partial=partial)
            if is_end:
                partial = None
            unknown = field.unknown or plan.schema.unknown
            made = plan._functions.get(unknown) if plan.is_bare else None
            if made is None or type(value) is not dict or plan.schema.many or partial or plan.schema.partial:
                return plan.load(value, partial=partial, unknown=field.unknown)
            # PERF: what plan.load does where no code of users runs, 1 us sooner.
            errors = Errors()
            result = None
            try:
                result = made(value, partial, errors, None)
            except Full:
                pass
            if errors:
                messages = plan._validated(result, value, errors, False, partial, unknown, False)
                raise plan._refusal(messages, value, result, False, partial)
            if plan.make is not None:
                try:
                    return plan._instances(result, False, partial)
                except ma.ValidationError as error:
                    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
                raise plan._refusal(messages, value, result, False, partial)
            return result

        return load


def _chosen(schema: ma.Schema) -> MemberLoader:
    """Give the function that loads an object by a schema that a value chose."""

    def load(value: t.Any, partial: PartialOption) -> object:
        plan = codegen.plan(schema, LoadPlan)
        return plan.load(value, partial=partial) if plan.compilable else schema.load(value, partial=partial)

    return load


def _by_name(errors: Errors) -> dict[object, AnyMessages] | None:
    """Give the messages of one object's fields; ``None`` when some of them have to be merged.

    PERF: 2 us for three errors, where marshmallow's store, which copies and merges them, takes 7.
    """
    messages = {name: given for given, name, index in errors if index is None and name != SCHEMA}
    return messages if len(messages) == len(errors) else None


def stops_partial(field: ma.fields.Nested) -> bool:
    """Return whether ``partial`` of the outer schema does not reach into a nested one, as in strict schemas."""
    strict_plan = getattr(field, "strict_plan", None)
    return strict_plan is not None and bool(strict_plan.rules.nested_partial)
