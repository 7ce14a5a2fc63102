"""Everything about the OpenAPI document: built, shown, held, compared and linted."""
