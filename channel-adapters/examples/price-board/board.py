"""The price board: plain text, one block for each product, and its reader.

`render` and `read_back` share no code on purpose: a mistake in one is seen by
the other. A block is

    90290981  Gouda cheese, 250 g
      319.90 RUB per piece, 10.00 % tax included
      regular price: 399.90
      ...
"""

import re
from unicodedata import category

# Control characters, and separators of lines and paragraphs.
BREAKING = {"Cc", "Cs", "Zl", "Zp"}
UNITS = {"piece": "piece", "kilogram": "kilogram", "litre": "litre", "metre": "metre", "hour": "hour"}


class NotRepresentable(Exception):
    """Terms that a line of text cannot say; the item is held."""


class Unreadable(Exception):
    """A block that does not say what a block says."""


# --- Writing -----------------------------------------------------------------


def render(claims: dict) -> str:
    """The block that shows these claims."""
    for key, text in claims.items():
        if not text or text != text.strip() or any(category(char) in BREAKING for char in text):
            raise NotRepresentable(f"{key} cannot stand in a line of text")
    basis, points = claims["tax"].split(" ")
    tax = f"{int(points) // 100}.{int(points) % 100:02} % tax {'included' if basis == 'included' else 'to be added'}"
    unit = UNITS.get(claims["sale_unit"])
    if unit is None:
        raise NotRepresentable(f"sold by the {claims['sale_unit']}")
    lines = [f"{claims['sku']}  {claims['name']}", f"{claims['price']} {claims['currency']} per {unit}, {tax}"]
    for key, before in [
        ("regular", "regular price: "),
        ("prior", "lowest price of 30 days: "),
        ("reduction", "reduced by percent: "),
        ("unit_price", "price per measure: "),
        ("quantities", "sold by "),
        ("deposit", "deposit: "),
        ("until", "until: "),
    ]:
        if key in claims:
            lines.append(before + claims[key])
    for key in sorted(claims):
        field, _, which = key.partition(".")
        if field == "conditional":
            lines.append(f"with {which}: {claims[key]}")
        elif field == "reference":
            lines.append(f"reference price ({which}): {claims[key]}")
        elif field in ("offer", "promotion"):
            lines.append(f"{field} {which}: {claims[key]}")
        elif field == "order":
            lines.append(f"order, {which}: {claims[key]}")
        elif field == "warning":
            lines.append(f"WARNING {which}: {claims[key]}")
    return "\n  ".join(lines) + "\n"


# --- Reading -----------------------------------------------------------------

AMOUNT = r"\d+(?:\.\d+)?"
HEAD = re.compile(r"([A-Za-z0-9._-]{1,64})  (\S.*)")
PRICE = re.compile(
    rf"  (?P<price>{AMOUNT}) (?P<currency>[A-Z]{{3}}) per (?P<unit>\w+), "
    r"(?P<whole>\d+)\.(?P<hundredths>\d\d) % tax (?P<basis>included|to be added)"
)
OTHERS = [
    (re.compile(rf"  regular price: ({AMOUNT})"), "regular"),
    (re.compile(rf"  lowest price of 30 days: ({AMOUNT})"), "prior"),
    (re.compile(r"  reduced by percent: (\d+)"), "reduction"),
    (re.compile(rf"  price per measure: ({AMOUNT}/{AMOUNT} \w+)"), "unit_price"),
    (re.compile(rf"  sold by ((?:minimum {AMOUNT} )?step {AMOUNT}|minimum {AMOUNT})"), "quantities"),
    (re.compile(rf"  deposit: ({AMOUNT})"), "deposit"),
    (re.compile(r"  until: (\S+Z)"), "until"),
    (re.compile(rf"  with (?P<which>\S+): ({AMOUNT})"), "conditional"),
    (re.compile(rf"  reference price \((?P<which>\S+)\): ({AMOUNT})"), "reference"),
    (re.compile(r"  offer (?P<which>\S+?): (.+)"), "offer"),
    (re.compile(r"  order, (?P<which>\S+?): (.+)"), "order"),
    (re.compile(r"  WARNING (?P<which>\S+?): (.+)"), "warning"),
    (re.compile(r"  promotion (?P<which>\S+?): (.+)"), "promotion"),
]


def read_back(block: str) -> dict:
    """The claims that a reader takes from a block."""
    lines = block.split("\n")
    if len(lines) < 3 or lines.pop() != "":
        raise Unreadable("not a whole block")
    head, price = HEAD.fullmatch(lines[0]), PRICE.fullmatch(lines[1])
    if not head or not price:
        raise Unreadable(f"no product and price in {lines[:2]}")
    basis = "included" if price["basis"] == "included" else "excluded"
    claims = {
        "sku": head[1],
        "name": head[2],
        "price": price["price"],
        "currency": price["currency"],
        "sale_unit": price["unit"],
        "tax": f"{basis} {int(price['whole'] + price['hundredths'])}",
    }
    for line in lines[2:]:
        key, text = read_line(line)
        if key in claims:
            raise Unreadable(f"says {key} twice")
        claims[key] = text
    return claims


def read_line(line: str) -> tuple[str, str]:
    for pattern, field in OTHERS:
        if match := pattern.fullmatch(line):
            which = match.groupdict().get("which")
            return (f"{field}.{which}" if which else field), match.groups()[-1]
    raise Unreadable(f"a line that means nothing: {line!r}")


# --- The whole board -----------------------------------------------------------

VIEW = "=== "


def whole(blocks: dict) -> str:
    """The file: blocks by view and SKU."""
    parts = []
    for view in sorted({view for view, _ in blocks}):
        parts.append(f"{VIEW}{view}\n")
        parts += [f"\n{blocks[key]}" for key in sorted(blocks) if key[0] == view]
        parts.append("\n")
    return "".join(parts)


def split(text: str) -> list[tuple[str, str]]:
    """View and block of everything that a file shows."""
    found, view = [], None
    for part in text.split("\n\n"):
        if not part.strip("\n"):
            continue
        if part.startswith(VIEW):
            view = part.removeprefix(VIEW).strip("\n")
            continue
        if view is None:
            raise Unreadable("a block before any view")
        found.append((view, part.rstrip("\n") + "\n"))
    return found
