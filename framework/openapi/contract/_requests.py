"""The judgement of the document on a request that was sent: valid, not valid, or nothing that can be known.

Judged are the parameters in query, headers and cookies, and bodies of JSON and forms; of variables of the path only
whether they fit. What OpenAPI has no words for
(undeclared names in the query, a scalar that is given twice) makes a request neither valid nor invalid.
Not here: what is made of it (``openapi.contract._contract``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from ...fast import json as fast_json
from ...fast.strict import lexical
from ...http.request import is_json_type
from ...http.semantics import FORM_TYPES
from ...typing import JSONObject
from ..schema import DELIMITERS, Fault, Validator, written_path

if t.TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage
    from werkzeug.wrappers import Request


class ValidationResult(t.NamedTuple):
    """The document's judgement of a request."""

    valid: bool | None
    """``None`` where the document has no words for what was sent."""

    reasons: tuple[str, ...] = ()
    """Its faults: ``body $.name: is missing.``"""


def content_of(file: FileStorage) -> bytes:
    """The content of a file."""
    file.stream.seek(0)
    return file.stream.read()


class Sent:
    """Judges the requests of one document.

    :param document: The document.
    :param max_depth: The deepest nesting of a JSON body that is read.
    """

    def __init__(self, document: JSONObject, max_depth: int) -> None:
        self._validator = Validator(document)
        self._max_depth = max_depth

    def judge(
        self, operation: JSONObject, request: Request, body: bytes | None, path: cabc.Iterable[object] = ()
    ) -> ValidationResult:
        """Say what the document makes of a request.

        :param operation: The Operation Object.
        :param request: The request.
        :param body: Its whole body; ``None`` when it is not known any more.
        :param path: The values of the variables in its path, in their order.
        """
        reasons: list[str] = []
        unsure = False
        query = False
        for parameter in operation.get("parameters", ()):
            query = query or parameter["in"] == "query"
            if parameter["in"] == "path":
                continue
            verdict = self._parameter(parameter, request)
            reasons.extend(verdict.reasons)
            unsure = unsure or verdict.valid is None
        unsure = unsure or not self._path_fits(operation, path)
        if query:
            known = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
            unsure = unsure or any(name not in known for name in request.args)
        if "requestBody" in operation:
            verdict = self._body(operation["requestBody"], request, body)
            reasons.extend(verdict.reasons)
            unsure = unsure or verdict.valid is None
        return ValidationResult(False if reasons else None if unsure else True, tuple(reasons))

    def _path_fits(self, operation: JSONObject, values: cabc.Iterable[object]) -> bool:
        """Return whether the variables of the path are what their parameters describe.

        The routing has judged the path by then, and a schema for its variables may refuse more. Their texts are not
        known any more, so that what does not fit makes a request neither valid nor invalid.
        """
        described = [each for each in operation.get("parameters", ()) if each["in"] == "path"]
        for parameter, value in zip(described, values, strict=False):
            schema = self._validator.resolve(parameter.get("schema", {}))
            text = value if isinstance(value, str) else str(value)
            if self._validator.faults(schema, self.read(text, schema)):
                return False
        return True

    def _parameter(self, parameter: JSONObject, request: Request) -> ValidationResult:
        name, where = parameter["name"], parameter["in"]
        schema = self._validator.resolve(parameter.get("schema", {}))
        if where == "query":
            texts = request.args.getlist(name)
        elif where == "header":
            texts = request.headers.getlist(name)
        else:
            texts = request.cookies.getlist(name)
        if not texts:
            return (
                ValidationResult(False, (f"{where} {name}: is missing.",))
                if parameter.get("required")
                else ValidationResult(True)
            )
        value: object
        if "array" in self.types(schema):
            if not parameter.get("explode", where == "query"):
                text = texts[0]
                texts = text.split(DELIMITERS.get(parameter.get("style", "form"), ",")) if text else []
                texts = [piece.strip() for piece in texts] if where == "header" else texts
            value = [self.read(text, schema.get("items", {})) for text in texts]
        elif len(texts) > 1 or "object" in self.types(schema):
            return ValidationResult(None)
        else:
            value = self.read(texts[0], schema)
        return self._told(f"{where} {name}", self._validator.faults(schema, value))

    def _told(self, where: str, faults: list[Fault]) -> ValidationResult:
        def place(fault: Fault) -> str:
            path = written_path(fault.at)
            return f"{where} {path}" if where in ("body", "form") else where + path[1:]

        return ValidationResult(not faults, tuple(f"{place(fault)}: {fault.message}" for fault in faults))

    def _body(self, described: JSONObject, request: Request, body: bytes | None) -> ValidationResult:
        described = self._validator.resolve(described)
        if body is None:
            return ValidationResult(None)
        if not body:
            return (
                ValidationResult(False, ("body: is missing.",)) if described.get("required") else ValidationResult(True)
            )
        if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            return ValidationResult(None)
        content: cabc.Mapping[str, JSONObject] = described["content"]
        media_type = request.mimetype
        media = content.get(media_type)
        if media is None:
            if is_json_type(media_type) and any(is_json_type(each) for each in content):
                return ValidationResult(None)
            return ValidationResult(False, (f"body: {media_type or 'no media type'} is not {' or '.join(content)}.",))
        schema = media.get("schema", {})
        if is_json_type(media_type):
            try:
                value = fast_json.decode(body, max_depth=self._max_depth)
            except fast_json.JSONError as error:
                return ValidationResult(False, (f"body: {error}",))
            return self._told("body", self._validator.faults(schema, value))
        if media_type in FORM_TYPES:
            with request:  # closes the files that are parsed here a second time
                return self._form(self._validator.resolve(schema), media.get("encoding", {}), request)
        return ValidationResult(None)

    def _form(self, schema: JSONObject, encoding: JSONObject, request: Request) -> ValidationResult:
        if "properties" not in schema:
            return ValidationResult(None)
        value: dict[str, object] = {}
        unsure = False
        for name in {*request.form, *request.files}:
            member = self._validator.resolve(schema["properties"].get(name, {}))
            kind = encoding.get(name, {}).get("contentType", "")
            # What a file really is, the document cannot say.
            unsure = unsure or (bool(kind) and kind != "application/json")
            files = [file for file in request.files.getlist(name) if file.filename or file.stream.read(1)]
            fields, contents = request.form.getlist(name), [content_of(file) for file in files]
            # A file counts by its bytes: so each is a character here.
            texts = [*fields, *(content.decode("latin-1") for content in contents)]
            if not texts:
                continue  # of an input where no file was chosen
            is_list = "array" in self.types(member)
            if len(texts) > 1 and not is_list:
                return ValidationResult(None)
            if kind == "application/json":
                try:
                    written = [*(text.encode() for text in fields), *contents]
                    parts = [fast_json.decode(text, max_depth=self._max_depth) for text in written]
                except fast_json.JSONError as error:
                    return ValidationResult(False, (f"form $.{name}: {error}",))
                whole = is_list and len(parts) == 1 and isinstance(parts[0], list)
                value[name] = parts if is_list and not whole else parts[0]
            elif is_list:
                value[name] = [self.read(text, member.get("items", {})) for text in texts]
            else:
                value[name] = self.read(texts[0], member)
        verdict = self._told("form", self._validator.faults(schema, value))
        return ValidationResult(None) if unsure and verdict.valid else verdict

    def types(self, schema: object) -> set[str]:
        """The types that a schema names, those of its choices included."""
        schema = self._validator.resolve(schema)
        if not isinstance(schema, dict):
            return set()
        kinds = schema.get("type", ())
        found = {kinds} if isinstance(kinds, str) else set(kinds)
        for word in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(word, ()):
                found |= self.types(part)
        return found

    def read(self, text: str, schema: object) -> object:
        """The value that a text in a parameter or header stands for, by the types of its schema; otherwise the text."""
        kinds = self.types(schema)
        if "string" in kinds:
            return text
        if kinds & {"integer", "number"} and len(text) <= lexical.MAX_DIGITS:
            if lexical.is_integer(text):
                return int(text)
            if "number" not in kinds:
                return text  # "1e2" and "1.0" are no integers in a parameter: see fast.lexical
            try:
                return float(lexical.number(text))
            except (ValueError, OverflowError):
                return text
        if "boolean" in kinds:
            return {"true": True, "false": False}.get(text, text)
        return text
