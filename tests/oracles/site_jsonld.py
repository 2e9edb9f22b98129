#!/usr/bin/env python3
"""Reads the JSON-LD of the site's fragments with extruct, an independent
reader, and compares it with the claims that they must make. tests/run does so:

    cargo run -p offercast-site --example oracle_samples -- target/oracles/site
    python3 -m venv target/oracles/venv
    target/oracles/venv/bin/pip install -q -r tests/oracles/requirements.txt
    target/oracles/venv/bin/python tests/oracles/site_jsonld.py target/oracles/site

Arguments: a directory of FILE.html with FILE.json beside each, or one HTML
file and the JSON file of its expected claims. Prints each difference and the
number of files; exits 1 on a difference, 2 when there is nothing to compare.
"""

import datetime
import json
import pathlib
import sys

import extruct

STATED = {"sku", "name", "sale_unit", "currency", "price", "regular", "until"}
SALE_UNITS = {"C62": "piece", "KGM": "kilogram", "LTR": "litre", "MTR": "metre", "HUR": "hour"}
MEASURES = {"C62": "piece", "KGM": "kg", "LTR": "l", "MTR": "m", "MTK": "m2"}
STRUCK = "https://schema.org/StrikethroughPrice"


def claims_of(html):
    """What a search engine takes from the fragment."""
    found = extruct.extract(html, syntaxes=["json-ld"], uniform=True)["json-ld"]
    assert len(found) == 1, f"{len(found)} JSON-LD items"
    product = found[0]
    assert product["@type"] == "Product", product["@type"]
    offer = product["offers"]
    claims = {
        "sku": product["sku"],
        "currency": offer["priceCurrency"],
        "sale_unit": SALE_UNITS[offer["eligibleQuantity"]["unitCode"]],
    }
    if "name" in product:
        claims["name"] = product["name"]
    for specification in offer["priceSpecification"]:
        assert specification["priceCurrency"] == offer["priceCurrency"]
        claims[key_of(specification)] = specification["price"]
        if "validThrough" in specification:
            claims["until"] = specification["validThrough"]
            last_day = datetime.date.fromisoformat(offer["priceValidUntil"])
            end = datetime.datetime.fromisoformat(specification["validThrough"])
            assert abs(end.date() - last_day) <= datetime.timedelta(days=1), last_day
        if "valueAddedTaxIncluded" in specification:
            included = specification["valueAddedTaxIncluded"]
            claims["tax"] = "included" if included else "excluded"
        if "referenceQuantity" in specification:
            per = specification["referenceQuantity"]["valueReference"]
            claims["unit_price"] = f"{per['value']} {MEASURES[per['unitCode']]}"
    assert offer["price"] == claims["price"], "the Offer and its specification differ"
    return claims


def key_of(specification):
    """Which claim a price specification makes."""
    condition = []
    if "validForMemberTier" in specification:
        assert "priceType" not in specification
        condition.append(f"audience:{specification['validForMemberTier']['name']}")
    if "eligibleQuantity" in specification:
        condition.append(f"quantity:{specification['eligibleQuantity']['minValue']}")
    if condition:
        return f"conditional.{'+'.join(condition)}"
    return {None: "price", STRUCK: "regular"}[specification.get("priceType")]


def expected_of(claims):
    """The claims, or the part of them, that JSON-LD has a place for."""
    expected = {
        key: text
        for key, text in claims.items()
        if key in STATED or key.startswith("conditional.")
    }
    if "tax" in claims:
        expected["tax"] = claims["tax"].split(" ")[0]
    if "unit_price" in claims:
        expected["unit_price"] = claims["unit_price"].split("/")[1]
    return expected


def differences(html_path, json_path):
    """Names every claim that differs."""
    expected = expected_of(json.loads(json_path.read_text("utf-8")))
    try:
        shown = claims_of(html_path.read_text("utf-8"))
    except (AssertionError, KeyError, ValueError) as error:
        return [f"cannot be read: {error!r}"]
    return [
        f"{key}: JSON-LD says {shown.get(key)!r}, expected {expected.get(key)!r}"
        for key in sorted(shown.keys() | expected.keys())
        if shown.get(key) != expected.get(key)
    ]


def main(arguments):
    paths = [pathlib.Path(argument) for argument in arguments]
    if len(paths) == 1 and paths[0].is_dir():
        pairs = [(html, html.with_suffix(".json")) for html in sorted(paths[0].glob("*.html"))]
    elif len(paths) == 2:
        pairs = [tuple(paths)]
    else:
        pairs = []
    if not pairs:
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    for html, expected in pairs:
        for difference in differences(html, expected):
            failed += 1
            print(f"{html}: {difference}")
    print(f"{len(pairs)} fragments read, {failed} differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
