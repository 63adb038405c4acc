"""JSON schemas of what described.py names, each under one name."""

from typing import Any

from pydantic import TypeAdapter

from atrisys.wire.described import Answer, Command, Done, Page, Part, Several

REF = "#/components/schemas/"
NOTHING: dict[str, Any] = {"type": "object", "maxProperties": 0}


class Schemas:
    """The named ones so far, and how to describe more with them."""

    def __init__(self) -> None:
        self.named: dict[str, dict[str, Any]] = {}

    def of(self, *kinds: Any) -> dict[str, Any]:
        """What has the fields of all these kinds."""
        found = [self._of_one(kind) for kind in kinds]
        return found[0] if len(found) == 1 else {"allOf": found}

    def of_answers(self, answers: tuple[Answer, ...], *, takes_arrays: bool) -> dict[str, Any]:
        """One of these whole answers; of what takes arrays also the one to them."""
        several = [self._of_answer(answer) for answer in answers]
        several += [NOTHING] if any(answer.or_nothing for answer in answers) else []
        several += [self.of(Several)] if takes_arrays else []
        return several[0] if len(several) == 1 else {"anyOf": several}

    def _of_answer(self, answer: Answer) -> dict[str, Any]:
        if answer.shape == "page":
            return {"allOf": [self.of(Page), _object(collection={"type": "array", "items": self.of(*answer.kinds)})]}
        if answer.shape == "done":
            return self.of(Done, *answer.more)
        if answer.shape == "object":
            return self.of(*answer.kinds)
        row = self.of(*answer.kinds)
        return {"allOf": [self.of(Command, *answer.more), _object(**{answer.key: row, "data": row})]}

    def parameters(self, words: type[Part]) -> list[dict[str, Any]]:
        """A query's words, of which none must be said."""
        fields = _plain(TypeAdapter(words).json_schema(mode="serialization"))["properties"]
        return [
            {"name": name, "in": "query", "description": schema.pop("description", ""), "schema": schema}
            for name, schema in fields.items()
        ]

    def _of_one(self, kind: Any) -> dict[str, Any]:
        schema = _plain(TypeAdapter(kind).json_schema(mode="serialization", ref_template=f"{REF}{{model}}"))
        for name, part in schema.pop("$defs", {}).items():
            self._keep(name, part)
        return self._keep(kind.__name__, schema) if "properties" in schema else schema

    def _keep(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        name = name.removesuffix("Out")
        if self.named.setdefault(name, schema) != schema:
            raise ValueError(f"Two kinds of objects are called {name}.")
        return {"$ref": f"{REF}{name}"}


def _object(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": fields}


def _plain(schema: Any) -> Any:
    """A schema with the wire's names, and without what Python says of defaults: what is there is there."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if ref := schema.get("$ref"):
        return {"$ref": ref.removesuffix("Out")}
    plain = {key: _plain(value) for key, value in schema.items() if key != "default"}
    if isinstance(fields := plain.get("properties"), dict):
        plain["properties"] = {_wire_name(name): field for name, field in fields.items()}
        plain["required"] = [_wire_name(name) for name in plain.get("required", ())]
    return plain


def _wire_name(name: str) -> str:
    return "class" if name == "cytomineClass" else name
