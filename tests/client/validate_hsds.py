"""Validates documents and rows against the official schemas of HSDS, with a public validator.

Arguments: the folder of the schemas; a folder with `services.json`, or with tables. Prints how many were valid, and
every fault.
"""

import csv
import json
import pathlib
import sys

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

folder, exported = map(pathlib.Path, sys.argv[1:3])
schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json") if path.name != "openapi.json"}
registry = Registry().with_resources(
    (name, Resource.from_contents(schema, default_specification=DRAFT202012)) for name, schema in schemas.items()
)
# Tables by the schema of their rows. What the standard does not have yet is not checked.
TABLES = {
    "organizations": "organization", "programs": "program", "services": "service", "locations": "location",
    "service_at_location": "service_at_location", "addresses": "address", "contacts": "contact", "phones": "phone",
    "schedules": "schedule", "service_areas": "service_area", "languages": "language", "funding": "funding",
    "accessibility": "accessibility", "cost_options": "cost_option", "required_documents": "required_document",
    "organization_identifiers": "organization_identifier", "taxonomies": "taxonomy",
    "taxonomy_terms": "taxonomy_term", "attributes": "attribute",
}  # fmt: skip


def validator(name):
    return Draft202012Validator(schemas[f"{name}.json"], registry=registry, format_checker=FormatChecker())


def typed(schema, row):
    """A row of a table: numbers as numbers, and what is empty is missing, unless it is required."""
    numbers = {name for name, rule in schema["properties"].items() if rule.get("type") == "number"}
    required = schema.get("required", [])
    return {
        name: float(cell) if name in numbers else cell for name, cell in row.items() if cell != "" or name in required
    }


def things():
    document = exported / "services.json"
    if document.exists():
        for service in json.loads(document.read_text()):
            yield "service", service
    for path in sorted(exported.glob("*.csv")):
        name = TABLES.get(path.stem)
        if name:
            with path.open(encoding="utf-8", newline="") as table:
                for row in csv.DictReader(table):
                    yield name, typed(schemas[f"{name}.json"], row)


valid, faults = 0, []
for name, thing in things():
    found = [f"{name} {error.json_path}: {error.validator}" for error in validator(name).iter_errors(thing)]
    valid += not found
    faults += found
print(json.dumps({"valid": valid, "faults": sorted(set(faults))}))
