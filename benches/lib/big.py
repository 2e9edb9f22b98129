"""A big catalogue: import, start-up and memory; and one discount on a tenth of
it until every channel has it."""

import gzip
import json
import time
import urllib.parse

import backends
import catalogue
import product
from edit import CHANNELS, RUNGS, Tap
from machine import cpu_s, memory_mib, say, table


def offer(skus):
    return {"type": "put_offer", "offer": {
        "id": "tenth", "markets": ["hr"], "audience": "everyone", "zones": [], "effect": {"percent_off": 1000}, "priority": 0,
        "target": {"include": [{"category": "grupa-3"}], "exclude": []},
        "labels": {"hr": "Akcija −10 %"}, "valid_from": "2025-01-01T00:00:00Z",
    }}


def price_paid(body):
    return json.loads(body)["price"]["amount"]


def run(skus=1_000_000, adapters=1):
    product.build()
    postgres, rabbit = backends.Postgres(), backends.Rabbit()
    postgres.create("big")
    ours = product.Installation("big", postgres.url("big"), rabbit.url())
    product.prepare(ours, CHANNELS)
    say(f"generating and importing {skus:,} SKUs")
    prices, mapping = catalogue.write(ours.home, skus)
    import_s, _ = ours.command("import", prices, "--market", "hr", "--mapping", mapping)
    rows = [["what", "value"], [f"import of {skus:,} SKUs with a price each", f"{import_s:.0f} s"]]

    begun = time.monotonic()
    server, _ = ours.serve()
    ours.await_answer(f"/v1/channels/app/items/{catalogue.sku(0)}")
    start_s, start_cpu_s = time.monotonic() - begun, cpu_s(server.pid)
    rows.append(["start of a server until it answers for an item", f"{start_s:.1f} s ({start_cpu_s:.1f} CPU-seconds)"])
    rows.append(["memory of the server after its start (highest meanwhile)", f"{memory_mib(server.pid):.0f} MiB ({memory_mib(server.pid, 'VmHWM'):.0f})"])

    running = {}
    if adapters:
        say("adapters take their first snapshot")
        begun = time.monotonic()
        running = {channel: ours.adapter(channel) for channel in CHANNELS}
        # A pulled channel is observed item by item, which this does not wait for.
        ours.await_rung(CHANNELS, RUNGS)
        rows.append([f"first snapshot of {len(CHANNELS)} adapters at once, until all are rendered", f"{time.monotonic() - begun:.0f} s"])
        for channel, process in running.items():
            rows.append([f"memory of adapter {channel} (highest meanwhile)", f"{memory_mib(process.pid):.0f} MiB ({memory_mib(process.pid, 'VmHWM'):.0f})"])

    inside = catalogue.sku(skus * 35 // 100)
    path = f"/v1/channels/app/items/{inside}"
    before = price_paid(ours.ask("GET", path)[2])
    tap = Tap(rabbit, "big")
    head = ours.board()["head"]
    begun = time.monotonic()
    revision = ours.change([offer(skus)])
    rows.append([f"discount on {skus // 10:,} SKUs: request answered", f"{time.monotonic() - begun:.2f} s"])
    while price_paid(ours.ask("GET", path)[2]) == before:
        time.sleep(0.01)
    rows.append(["discount: pulled channels show it", f"{time.monotonic() - begun:.2f} s"])
    if adapters:
        folded, rendered = None, None
        while rendered is None:
            shown = [row for row in ours.board()["channels"] if row["id"] in CHANNELS]
            if folded is None and all(row["revision"] >= revision for row in shown):
                folded = time.monotonic() - begun
            if folded is not None and all(row["revision"] >= revision and row["rung"] in RUNGS for row in shown):
                rendered = time.monotonic() - begun
            time.sleep(0.1)
        rows.append(["discount: folded by every adapter", f"{folded:.1f} s"])
        rows.append(["discount: rendered and read back by every adapter", f"{rendered:.1f} s"])
        counted = tap.counted()
        through = ", ".join(f"{key} {messages} of {size:,} B" for key, (messages, size) in sorted(counted.items()))
        rows.append(["discount: through the broker", through])
        pages, size, plain = pulled(ours, "site", head, revision)
        rows.append(["discount: an adapter's pull", f"{pages} pages of {size:,} B with gzip, {plain:,} B without"])
    rows.append(["memory of the server at the end (highest)", f"{memory_mib(server.pid):.0f} MiB ({memory_mib(server.pid, 'VmHWM'):.0f})"])
    for process in (*running.values(), server):
        backends.stop(process)
    return "\n".join([f"A catalogue of {skus:,} generated SKUs, PostgreSQL and RabbitMQ, server and {len(CHANNELS)} adapters as processes, all on this machine.", "", table(rows)])


def pulled(installation, channel, after, revision):
    """What an adapter at the position `after` pulls to come to `revision`:
    pages, bytes with gzip, bytes without. The message itself says whether it
    has to."""
    position = {"epoch": after["epoch"], "after": after["revision"], "after_horizon": after["horizon"]}
    query = {**position, "until": revision, "horizon": installation.board()["head"]["horizon"]}
    pages, size, plain = 0, 0, 0
    while True:
        path = f"/v1/channels/{channel}/updates?{urllib.parse.urlencode(query)}"
        status, _, body = installation.ask("GET", path, headers={"Accept-Encoding": "gzip"})
        if status != 200:
            raise backends.Unusable(f"{path}: {status} {body[:500]}")
        text = gzip.decompress(body)
        pages, size, plain = pages + 1, size + len(body), plain + len(text)
        cursor = json.loads(text).get("next")
        if not cursor:
            return pages, size, plain
        query["cursor"] = cursor
