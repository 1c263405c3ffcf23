"""The JSON Schema of an inventory file, as an editor needs it."""

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from envsync.inventory.shape import EnvironmentShape


class _EditorSchema(GenerateJsonSchema):
    """A JSON Schema as an editor needs it: a key is there with a value, or is not there."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - an override
        return False


def schema() -> dict[str, object]:
    """Return the JSON Schema of an inventory file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **EnvironmentShape.model_json_schema(schema_generator=_EditorSchema),
        "title": "envsync inventory",
    }
