"""The data from which the script of the pages makes the form that tries an operation.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json

from ...http.semantics import MULTIPART, URL_ENCODED
from ...typing import JSONObject
from ..schema import DELIMITERS
from ._reading import DocumentedOperation, Reading
from ._samples import body_value, streams
from ._values import file_names, followed, has_example, kind_of, schema_of, text, texts


def call_data(reading: Reading, operation: DocumentedOperation, base: str) -> JSONObject:
    """Return an operation for the script; members are short, for each operation of a page has it.

    :param base: The address in front of its path.
    :return: ``m`` method, ``p`` path, ``u`` base, ``i`` inputs, ``b`` bodies, ``s`` security, ``e`` true for a stream.
    """
    value = operation.value
    made: JSONObject = {"m": operation.method, "p": operation.path, "u": base.rstrip("/")}
    inputs = [parameter_data(each, reading.schemas) for each in value.get("parameters", ())]
    bodies = [
        body_data(media_type, media, reading.schemas)
        for media_type, media in value.get("requestBody", {}).get("content", {}).items()
    ]
    security = [list(each) for each in reading.security_of(value)]
    found = {"i": inputs, "b": bodies, "s": security, "e": streams(value)}
    return {**made, **{key: each for key, each in found.items() if each}}


def parameter_data(parameter: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> JSONObject:
    """Return a parameter: ``n`` name, ``i`` place, ``r`` required, ``v`` value, ``c`` choices, ``d`` how a list is
    written: its separator, empty where the name is repeated."""
    schema = followed(schema_of(parameter), schemas)
    made: JSONObject = {"n": parameter["name"], "i": parameter["in"]}
    is_list = kind_of(schema) == "array"
    if parameter.get("required"):
        made["r"] = 1
    if parameter.get("required") or has_example(parameter, schemas):
        made["v"] = ",".join(texts(parameter, schemas))
    if "enum" in schema:
        made["c"] = [text(each) for each in schema["enum"]]
    elif kind_of(schema) == "boolean":
        made["c"] = ["true", "false"]
    if is_list and parameter["in"] == "query" and parameter.get("explode", True):
        made["d"] = ""
    elif is_list:
        made["d"] = DELIMITERS.get(parameter.get("style", ""), ",")
    return made


def body_data(media_type: str, media: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> JSONObject:
    """Return a body: ``t`` media type, and ``v`` its text, or ``f`` the fields of a form: name, value, whether it is a
    file (1) or several (2), whether it is required."""
    schema = followed(media.get("schema", {}), schemas)
    if media_type in (MULTIPART, URL_ENCODED) and schema.get("properties"):
        files, required = file_names(schema, schemas), schema.get("required", ())
        example = body_value(media, schemas)
        values = example if isinstance(example, dict) else {}
        fields = [
            [
                name,
                "" if name in files or name not in values else text(values[name]),
                (2 if kind_of(member) == "array" else 1) if name in files else 0,
                int(name in required),
            ]
            for name, member in schema["properties"].items()
        ]
        return {"t": media_type, "f": fields}
    if media_type.endswith("json") or media_type.startswith("text/") or media_type == URL_ENCODED:
        value = body_value(media, schemas)
        is_text = isinstance(value, str) and not media_type.endswith("json")
        return {"t": media_type, "v": value if is_text else json.dumps(value, ensure_ascii=False, indent=2)}
    return {"t": media_type, "f": 1}


def scheme_data(reading: Reading) -> JSONObject:
    """Return the security schemes: ``t`` type, ``i`` place, ``n`` name, ``x`` how the value is written."""
    return {
        name: {
            key: value
            for key, value in {
                "t": scheme.get("type") if scheme.get("type") != "http" else scheme.get("scheme", "").lower(),
                "i": scheme.get("in"),
                "n": scheme.get("name"),
                "x": scheme.get("x-example"),
            }.items()
            if value
        }
        for name, scheme in reading.schemes.items()
    }
