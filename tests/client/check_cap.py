"""Checks documents of the Common Alerting Protocol 1.2: against its schema, and by the rules that the schema cannot express.

Arguments: the schema. Standard input: a JSON list of documents. Standard output: for each, what the schema says against it,
which rules it breaks, and what it says.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import xmlschema

SPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
UNUSABLE = re.compile(r"[\s,<&]")
POINT = r"-?\d+(\.\d+)?,-?\d+(\.\d+)?"


def content(element):
    """An element as its text, or as lists of what is in it."""
    if len(element) == 0:
        return element.text or ""
    inside = {}
    for child in element:
        inside.setdefault(child.tag.removeprefix(SPACE), []).append(content(child))
    return inside


def on_earth(point):
    latitude, longitude = map(float, point.split(","))
    return abs(latitude) <= 90 and abs(longitude) <= 180


def broken(alert):
    one = lambda name: alert.get(name, [None])[0]
    rules = []
    for name in ("identifier", "sender"):
        if not one(name) or UNUSABLE.search(one(name)):
            rules.append(f"{name} has a blank, a comma, < or &")
    times = [one("sent")] + [time for info in alert.get("info", []) for name in ("effective", "onset", "expires") for time in info.get(name, [])]
    for time in times:
        if not TIME.fullmatch(time or ""):
            rules.append("a time has no offset")
        elif time.endswith("+00:00"):
            rules.append("universal time is -00:00")
    scope, kind = one("scope"), one("msgType")
    if (scope == "Restricted") != ("restriction" in alert):
        rules.append("restriction exactly when restricted")
    if scope == "Private" and not (one("addresses") or "").strip():
        rules.append("addresses when private")
    if kind in ("Update", "Cancel", "Ack", "Error") and "references" not in alert:
        rules.append("an answer refers to something")
    for reference in (one("references") or "").split():
        parts = reference.split(",")
        if len(parts) != 3 or not all(parts) or not TIME.fullmatch(parts[2]):
            rules.append("references are sender,identifier,sent")
    languages = [info.get("language", ["en-US"])[0] for info in alert.get("info", [])]
    if len(languages) != len(set(languages)):
        rules.append("a language twice")
    for info in alert.get("info", []):
        for name in ("event", "headline"):
            if not info.get(name, [""])[0].strip():
                rules.append(f"{name} is empty")
        if "expires" in info and "effective" in info and info["expires"][0] <= info["effective"][0]:
            rules.append("it has expired when it takes effect")
        for area in info.get("area", []):
            for polygon in area.get("polygon", []):
                points = polygon.split(" ")
                if not all(re.fullmatch(POINT, point) and on_earth(point) for point in points):
                    rules.append("a polygon of points")
                elif len(points) < 4 or points[0] != points[-1]:
                    rules.append("a polygon is closed")
            for circle in area.get("circle", []):
                if not re.fullmatch(POINT + r" \d+(\.\d+)?", circle) or not on_earth(circle.split(" ")[0]):
                    rules.append("a circle is a centre and a radius")
    return rules


schema = xmlschema.XMLSchema(sys.argv[1])
answers = []
for document in json.load(sys.stdin):
    against = [error.reason for error in schema.iter_errors(document)]
    said = content(ElementTree.fromstring(document.encode()))
    answers.append({"schema": against, "rules": broken(said), "alert": said})
json.dump(answers, sys.stdout)
