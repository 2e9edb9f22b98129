#!/usr/bin/env python3
"""Speaks with `offercast conformance`: a question a line, an answer a line."""

import json
import sys

import board
import contract


def describe(_) -> dict:
    return {"projection": {}, "switching": "at_boundary"}


def render(question: dict) -> dict:
    channel, sku = question["channel"], question["sku"]
    try:
        claims = contract.project(channel, sku, question["facts"], question["terms"], question.get("until"))
        return {"artefact": board.render(claims).encode().hex()}
    except (board.NotRepresentable, contract.Refused) as error:
        return {"not_representable": str(error)}


def read_back(question: dict) -> dict:
    try:
        return {"claims": board.read_back(bytes.fromhex(question["artefact"]).decode())}
    except (board.Unreadable, UnicodeDecodeError) as error:
        return {"unreadable": str(error)}


ANSWERS = {"describe": describe, "render": render, "read_back": read_back}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(ANSWERS[asked["type"]](asked)), flush=True)
