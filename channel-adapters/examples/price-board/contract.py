"""The contract of docs/CONTRACT.md: bytes, time, items, claims, digests.

Pure: no files, no network, no clock. Names are those of the contract.
"""

import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

VERSION = 1
MODULUS = 1 << 256
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_US = 86_400_000_000
WINDOW_DAYS = 9


class Refused(Exception):
    """Bytes that are not what the contract says; nothing was changed."""


# --- Bytes -------------------------------------------------------------------


def canonical(value) -> bytes:
    """RFC 8785, for the strings, integers, booleans, lists and objects there are."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # Python leaves DEL alone and escapes control characters as the RFC wants.
    return text.encode("utf-8")


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def hash_of(value) -> bytes:
    return sha256(canonical(value))


def parse(body: bytes):
    """JSON without what canonical JSON cannot have."""

    def no(what):
        raise Refused(f"a number that is not an integer: {what}")

    def unique(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Refused("a key occurs twice in an object")
        return found

    try:
        return json.loads(body, parse_float=no, parse_constant=no, object_pairs_hook=unique)
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from None


# --- Time --------------------------------------------------------------------

INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{6}))?Z")


def micros(text: str) -> int:
    """Microseconds since 1970 of an instant's one text."""
    match = INSTANT.fullmatch(text)
    if not match:
        raise Refused(f"{text!r} is not an instant")
    whole = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return (whole - EPOCH) // timedelta(microseconds=1) + int(match[2] or 0)


def instant(at_us: int) -> str:
    """The one text of an instant."""
    at = EPOCH + timedelta(microseconds=at_us)
    fraction = f".{at.microsecond:06}" if at.microsecond else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def horizon_of(at_us: int) -> int:
    return at_us // DAY_US


def window(horizon: int) -> tuple[int, int]:
    """Start, inclusive, and end, exclusive, in microseconds."""
    return horizon * DAY_US, (horizon + WINDOW_DAYS) * DAY_US


# --- Items -------------------------------------------------------------------


def check_timeline(segments: list, horizon: int) -> None:
    """Refuses what has not the canonical form."""
    start, end = window(horizon)
    if not any("terms" in segment for segment in segments):
        raise Refused("a timeline without terms")
    if "from" in segments[0] or "until" in segments[-1]:
        raise Refused("a timeline that does not span its window")
    last = None
    for segment, following in zip(segments, segments[1:]):
        if segment.get("until") is None or segment.get("until") != following.get("from"):
            raise Refused("a gap between segments")
        at = micros(segment["until"])
        if not start < at < end or (last is not None and at <= last):
            raise Refused("a boundary outside the window or out of order")
        if segment.get("terms") == following.get("terms"):
            raise Refused("neighbours that do not differ")
        last = at


def segment_at(segments: list, at_us: int):
    """The segment that holds; the caller checks the window."""
    found = None
    for segment in segments:
        if "from" in segment and micros(segment["from"]) > at_us:
            break
        found = segment
    return found


def timeline_in(item: dict, view: str):
    for shared in item.get("timelines", []):
        if view in shared["views"]:
            return shared["segments"]
    return None


def check_items(items: list, digest: str, horizon: int) -> None:
    """Refuses items whose hash, order or form is wrong."""
    hasher = hashlib.sha256()
    last = ""
    for item in items:
        hasher.update(canonical(item) + b"\n")
        sku = item["sku"]
        unknown = item.keys() - {"facts", "sku", "timelines"}
        if sku <= last or unknown:
            raise Refused(f"{sku}: out of order, or with unknown fields {sorted(unknown)}")
        last = sku
        try:
            check_views(item)
            for shared in item.get("timelines", []):
                check_timeline(shared["segments"], horizon)
        except Refused as error:
            raise Refused(f"{sku}: {error}") from None
    if hasher.hexdigest() != digest:
        raise Refused("the items do not have the hash that was announced")


def check_views(item: dict) -> None:
    timelines = item.get("timelines", [])
    if timelines and "facts" not in item:
        raise Refused("a tombstone with timelines")
    firsts = [shared["views"][0] for shared in timelines if shared["views"]]
    views = [view for shared in timelines for view in shared["views"]]
    ordered = all(shared["views"] == sorted(shared["views"]) for shared in timelines)
    if len(firsts) < len(timelines) or firsts != sorted(firsts) or not ordered or len(set(views)) < len(views):
        raise Refused("views out of order, twice, or none")


# --- Claims ------------------------------------------------------------------


def is_within(category: str, ancestor: str) -> bool:
    return category == ancestor or category.startswith(ancestor + "/")


def names(selector: dict, sku: str, facts: dict) -> bool:
    (kind, wanted), = selector.items()
    match kind:
        case "sku":
            return sku == wanted
        case "brand":
            return facts.get("brand") == wanted
        case "category":
            return is_within(facts["category"], wanted)
        case "tag":
            return wanted in facts.get("tags", [])
        case "attribute":
            return facts.get("attributes", {}).get(wanted["name"]) == wanted["value"]
    raise Refused(f"a selector by {kind}, which this adapter does not know")


def carries(channel: dict, sku: str, facts: dict) -> bool:
    assortment = channel.get("assortment", {})
    include, exclude = assortment.get("include", []), assortment.get("exclude", [])
    return (not include or any(names(one, sku, facts) for one in include)) and not any(
        names(one, sku, facts) for one in exclude
    )


def in_locale(texts: dict, locale: str):
    """The text of a locale, else of its language, else of the first locale."""
    for key in (locale, locale.split("-")[0]):
        if key in texts:
            return texts[key]
    return texts[min(texts)] if texts else None


def condition_text(condition: dict) -> str:
    return "+".join(f"{kind}:{condition[kind]}" for kind in sorted(condition))


def percent_text(points: int) -> str:
    text = f"{points // 100}.{points % 100:02}".rstrip("0").rstrip(".")
    return f"{text}%"


def reduction_text(reduction: dict) -> str:
    (kind, value), = reduction.items()
    return {"amount": f"-{value}", "price": f"={value}"}.get(kind) or f"-{percent_text(value)}"


def threshold_text(threshold: dict) -> str:
    return threshold["amount"] if "amount" in threshold else f"{threshold['quantity']}x"


def mechanic_text(mechanic: dict) -> str:
    (kind, does), = mechanic.items()
    match kind:
        case "bundle":
            return f"bundle {sum(part['quantity'] for part in does['parts'])} {does['price']}"
        case "buy_get":
            return f"buy_get {does['buy']} {does['get']} {percent_text(does['percent'])}"
        case "cheapest_free":
            return f"cheapest_free {does['of']}"
        case "delivery" | "order":
            return f"{kind} {reduction_text(does['reduction'])}"
        case "gift":
            return f"gift {does['sku']}"
        case "n_for_m":
            return f"n_for_m {does['buy']} {does['pay']}"
        case "n_for_price":
            return f"n_for_price {does['buy']} {does['price']}"
        case "tiered":
            steps = (f"{threshold_text(tier['from'])} {reduction_text(tier['reduction'])}" for tier in does["tiers"])
            return f"tiered {' | '.join(steps)}"
    raise Refused(f"a mechanic {kind}, which this adapter does not know")


def promotion_claim(promotion: dict, locale: str) -> str:
    terms = promotion["terms"]
    parts = [mechanic_text(terms["mechanic"])]
    if "minimum" in terms:
        parts.append("from " + threshold_text(terms["minimum"]))
    if "coupon" in terms:
        parts.append("coupon " + terms["coupon"]["code"])
    if "audience" in promotion:
        parts.append("audience " + promotion["audience"])
    parts += ["channel " + channel for channel in promotion.get("channels", [])]
    caps = terms.get("caps", {})
    parts += [f"{name} {caps[name]}" for name in ("amount", "applications", "units") if name in caps]
    for limit in terms.get("limits", []):
        parts.append(limit if isinstance(limit, str) else f"per_customer {limit['per_customer']}")
    bare = {name: value for name, value in promotion.items() if name != "labels"}
    label = in_locale(promotion.get("labels", {}), locale) or promotion["id"]
    return f"{', '.join(parts)} #{hash_of(bare).hex()[:8]}; {label}"


TERMS = {
    "conditional", "currency", "deposit", "hidden_in", "offers", "order", "price", "prior",
    "promotions", "reduction_percent", "references", "regular", "tax", "unit_price", "warnings",
}  # fmt: skip


def concern(channels: list, channel: dict) -> bool:
    """Whether selectors concern the channel; none at all concern every one."""
    own = ({"id": channel["id"]}, {"family": channel["family"]})
    return not channels or any(one in own for one in channels)


def visible_in(terms: dict, channel: dict) -> bool:
    """Whether the law lets the channel show the item."""
    return not any(concern(hidden.get("channels", []), channel) for hidden in terms.get("hidden_in", []))


def order_claims(order: dict, locale: str) -> dict:
    claims = {}
    if fee := order.get("delivery_fee"):
        free = fee.get("free_from")
        claims["order.delivery_fee"] = fee["amount"] + (f" free from {free}" if free else "")
    if "minimum_order" in order:
        claims["order.minimum_order"] = order["minimum_order"]
    if order.get("payment"):
        claims["order.payment"] = ",".join(order["payment"])
    if returns := order.get("returns"):
        claims["order.returns"] = str(returns["days"])
        if words := in_locale(returns.get("labels", {}), locale):
            claims["order.returns.words"] = words
    return claims


def all_claims(channel: dict, sku: str, facts: dict, terms: dict, until) -> dict:
    """Every claim that follows from terms that hold until `until`."""
    unknown = terms.keys() - TERMS
    if unknown:
        raise Refused(f"terms with unknown fields {sorted(unknown)}")
    locale, tax = channel["locale"], terms["tax"]
    claims = {
        "currency": terms["currency"],
        "price": terms["price"],
        "sale_unit": facts["sale_unit"],
        "sku": sku,
        "tax": f"{'included' if tax['included'] else 'excluded'} {tax['rate_bp']}",
    }
    content = in_locale(facts["content"], locale)
    if content:
        claims["name"] = content["name"]
    sold = [("minimum", "minimum_quantity"), ("step", "step")]
    if quantities := [f"{word} {facts[key]}" for word, key in sold if key in facts]:
        claims["quantities"] = " ".join(quantities)
    for key in ("deposit", "prior", "regular"):
        if key in terms:
            claims[key] = terms[key]
    if "reduction_percent" in terms:
        claims["reduction"] = str(terms["reduction_percent"])
    if "unit_price" in terms:
        price, per = terms["unit_price"]["amount"], terms["unit_price"]["per"]
        claims["unit_price"] = f"{price}/{per['quantity']} {per['unit']}"
    for price in terms.get("conditional", []):
        only = price["condition"].get("channel")
        if only is None or only == channel["id"]:
            claims["conditional." + condition_text(price["condition"])] = price["amount"]
    for reference in terms.get("references", []):
        claims["reference." + reference["kind"]] = reference["amount"]
    for offer in terms.get("offers", []):
        claims["offer." + offer["id"]] = in_locale(offer["labels"], locale) or offer["id"]
    for promotion in terms.get("promotions", []):
        claims["promotion." + promotion["id"]] = promotion_claim(promotion, locale)
    claims |= order_claims(terms.get("order", {}), locale)
    for warning in terms.get("warnings", []):
        if concern(warning.get("channels", []), channel):
            text = in_locale(warning["labels"], locale)
            claims["warning." + warning["restriction"]] = text or warning["restriction"]
    if until is not None:
        claims["until"] = until
    return claims


def project(channel: dict, sku: str, facts: dict, terms: dict, until) -> dict:
    """The claims that the channel must show, and no others."""
    projection = channel.get("projection", {})
    left_out = set(projection.get("omits", [])) | set(projection.get("implied", {}))
    claims = all_claims(channel, sku, facts, terms, until)
    return {key: text for key, text in claims.items() if key.split(".")[0] not in left_out}


def differences(expected: dict, shown: dict) -> list:
    found = []
    for key in sorted(expected.keys() | shown.keys()):
        if expected.get(key) != shown.get(key):
            difference = {"expected": expected.get(key), "field": key, "shown": shown.get(key)}
            found.append({name: text for name, text in difference.items() if text is not None})
    return found


# --- Digests -----------------------------------------------------------------


def as_number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")


def as_hex(number: int) -> str:
    return f"{number % MODULUS:064x}"


def item_element(item: dict, view: str) -> int:
    """What an item adds to the state digest of a view; 0 where it has no timeline."""
    segments = timeline_in(item, view)
    if segments is None:
        return 0
    inner = hash_of(item["facts"]) + hash_of(segments)
    return as_number(sha256(item["sku"].encode() + b"\0", inner))


def shown_element(sku: str, view: str, claims: dict) -> int:
    return as_number(sha256(sku.encode() + b"\0", view.encode() + b"\0", canonical(claims)))
