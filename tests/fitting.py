"""Whether an answer is as the API describes it: no field missing, none unheard of, none of another kind."""

from collections.abc import Iterator
from typing import Any

KINDS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


class Description:
    """The document of `/api/openapi.json`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths, self._schemas = document["paths"], document["components"]["schemas"]

    def of_answer(self, method: str, path: str) -> dict[str, Any] | None:
        """What the route says of its answer; None where it says nothing."""
        said = self.paths[path][method.lower()]["responses"].get("200", {})
        return said.get("content", {}).get("application/json", {}).get("schema") or None

    def misfits(self, value: Any, schema: dict[str, Any], place: str = "") -> list[str]:
        """What of a value does not fit, by its place in it."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            several = [self.misfits(value, one, place) for one in schema["anyOf"]]
            return min(several, key=len)
        if "allOf" in schema:
            found = [self._misfits(value, self._resolved(one), place) for one in schema["allOf"]]
            return [*(one for some in found for one in some), *self._unheard(value, schema["allOf"], place)]
        return [*self._misfits(value, schema, place), *self._unheard(value, [schema], place)]

    def _misfits(self, value: Any, schema: dict[str, Any], place: str) -> list[str]:
        kind = schema.get("type")
        if kind and (not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind in ("integer", "number"))):
            return [f"{place}: {value!r} is no {kind}"]
        if value not in schema.get("enum", [value]) or value != schema.get("const", value):
            return [f"{place}: {value!r} is none of {schema}"]
        found: list[str] = []
        if isinstance(value, list) and "prefixItems" in schema:
            pairs = zip(value, schema["prefixItems"], strict=True)
            found += [one for item, said in pairs for one in self.misfits(item, said, f"{place}[]")]
        elif isinstance(value, list):
            found += [one for item in value for one in self.misfits(item, schema.get("items", {}), f"{place}[]")]
        elif isinstance(value, dict):
            found += [f"{place}.{name} is missing" for name in schema.get("required", ()) if name not in value]
            fields = schema.get("properties", {}).items()
            known = [(name, said) for name, said in fields if name in value]
            found += [one for name, said in known for one in self.misfits(value[name], said, f"{place}.{name}")]
        return found

    def _unheard(self, value: Any, schemas: list[dict[str, Any]], place: str) -> Iterator[str]:
        """Fields that nobody speaks of. (A reference stands there a second time, as `…Id`: see wire/fields.py.)"""
        schemas = list(self._flat(schemas))
        if not isinstance(value, dict) or any(one.get("additionalProperties") for one in schemas):
            return
        known = {name for one in schemas for name in one.get("properties", {})}
        if not known and not any("maxProperties" in one for one in schemas):
            return
        for name in value:
            if name not in known and name.removesuffix("Id") not in known:
                yield f"{place}.{name} is unheard of"

    def _flat(self, schemas: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for one in map(self._resolved, schemas):
            if "allOf" in one:
                yield from self._flat(one["allOf"])
            else:
                yield one

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        return self._schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
