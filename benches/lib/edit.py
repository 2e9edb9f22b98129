"""An edit of 20 SKUs until every adapter says that it is rendered, against a
commit, a fan-out and a return hop without any of the product's code."""

import http.client
import json
import subprocess
import threading
import time

import backends
import catalogue
import product
from machine import median, say, spread, table

CHANNELS = {"site": ["--family", "site"], "app": ["--family", "app"], "till": ["--family", "till"]}
RUNGS = ("rendered", "delivered", "observed")


class Tap:
    """Counts what goes through the product's exchange."""

    def __init__(self, rabbit, namespace):
        self.process = backends.start([product.build()["raw_hop"], "tap", rabbit.url(), f"{namespace}.offercast"], backends.directory() / "tap.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def counted(self):
        """Messages and bytes by the first word of the routing key."""
        out, _ = self.process.communicate()
        backends.stop(self.process)
        return {key: (int(messages), int(size)) for key, messages, size in (line.split() for line in out.decode().splitlines())}


class Watcher(threading.Thread):
    """Follows the board as its page does, and notes when channels show what."""

    def __init__(self, installation):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", installation.port)
        self.connection.request("GET", "/v1/events", headers={"Authorization": f"Bearer {product.TOKEN}"})
        self.answer = self.connection.getresponse()
        self.changed = threading.Condition()
        self.shown = (0, 0.0)
        self.start()

    def run(self):
        while line := self.answer.readline():
            if line.startswith(b"data:"):
                rows = json.loads(line[5:])["channels"]
                at = time.time()
                reached = min(row["revision"] if row["rung"] in RUNGS else row["revision"] - 1 for row in rows)
                with self.changed:
                    if reached > self.shown[0]:
                        self.shown = (reached, at)
                        self.changed.notify_all()

    def await_revision(self, revision, patience_s=60):
        with self.changed:
            if not self.changed.wait_for(lambda: self.shown[0] >= revision, patience_s):
                raise backends.Unusable(f"the board does not come to revision {revision}")
            return self.shown[1]


def prices(round_number, skus):
    return [{"type": "set_price", "sku": catalogue.sku(number), "market": "hr", "kind": "regular", "amount": f"5.{(round_number * 7 + number) % 90 + 10}"} for number in range(skus)]


def acknowledged(postgres, database, revision):
    """When the last channel said first that it rendered, by the clock of its
    adapter, and when the server received that; in seconds since 1970."""
    rungs = ", ".join(f"'{rung}'" for rung in RUNGS)
    answer = postgres.sql(database, f"SELECT count(*), max(said), max(heard) FROM (SELECT channel, min(clock) AS said, min(received_at) AS heard FROM acknowledgements WHERE revision >= {revision} AND rung IN ({rungs}) GROUP BY channel) AS a")
    count, said, heard = answer.split("\t")
    if int(count) != len(CHANNELS):
        raise backends.Unusable(f"{count} channels acknowledged revision {revision}")
    return int(said) / 1_000_000, int(heard) / 1_000_000


def settled(postgres, database, revision):
    """When the server received of the last channel that customers see it, or
    that the till's file lies there; in seconds since 1970."""
    answer = postgres.sql(database, f"SELECT count(*), max(heard) FROM (SELECT channel, min(received_at) AS heard FROM acknowledgements WHERE revision >= {revision} AND rung = CASE channel WHEN 'till' THEN 'delivered' ELSE 'observed' END GROUP BY channel) AS a")
    count, heard = answer.split("\t")
    if int(count) != len(CHANNELS):
        raise backends.Unusable(f"{count} channels show revision {revision}")
    return int(heard) / 1_000_000


def run(catalogue_skus=2_000, changed=20, rounds=40):
    built = product.build()
    postgres, rabbit = backends.Postgres(), backends.Rabbit()
    postgres.create("edit")
    ours = product.Installation("edit", postgres.url("edit"), rabbit.url())
    product.prepare(ours, CHANNELS)
    file, mapping = catalogue.write(ours.home, catalogue_skus)
    ours.command("import", file, "--market", "hr", "--mapping", mapping)
    # Once as the product has it, once for the reference.
    ours.publish(prices(0, changed), "first prices")
    postgres.create("raw", template="edit")
    server, _ = ours.serve()
    adapters = [ours.adapter(channel) for channel in CHANNELS]
    ours.await_rung(CHANNELS, RUNGS)
    say("all channels show the catalogue; measuring")
    connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=60)
    watcher = Watcher(ours)

    tap = Tap(rabbit, "edit")
    for number in range(1, 4):
        revision = ours.change(prices(number, changed), connection)
        watcher.await_revision(revision)
    time.sleep(1)
    counted = tap.counted()
    update_bytes = counted["update"][1] // counted["update"][0]
    answer_bytes = counted["answer"][1] // counted["answer"][0]
    answers_an_edit = counted["answer"][0] / counted["update"][0]

    def raw(count):
        command = [built["raw_hop"], postgres.url("raw"), rabbit.url(), str(changed), str(update_bytes), str(answer_bytes), str(len(CHANNELS)), str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [int(line) / 1000 for line in done.stdout.split()][2:]

    begun, revisions, posts, shown, reference = {}, [], [], [], []
    batch = 10
    for first in range(0, rounds, batch):
        for number in range(first, first + batch):
            at = time.time()
            revision = ours.change(prices(number + 10, changed), connection)
            posts.append((time.time() - at) * 1000)
            begun[revision] = at
            revisions.append(revision)
            shown.append((watcher.await_revision(revision) - at) * 1000)
            time.sleep(0.25)
        reference += raw(batch + 2)
    time.sleep(1)
    said, rendered, shown_all = [], [], []
    for revision in revisions:
        times = acknowledged(postgres, "edit", revision)
        said.append((times[0] - begun[revision]) * 1000)
        rendered.append((times[1] - begun[revision]) * 1000)
        shown_all.append((settled(postgres, "edit", revision) - begun[revision]) * 1000)
    ratio = median(rendered) / median(reference)
    for process in (*adapters, server):
        backends.stop(process)
    rows = [["what", "ms: median (smallest to largest)", "ratio of medians", "target"]]
    rows.append(["raw: commit, fan-out, return hop", spread(reference, 1), "1", ""])
    rows.append(["edit until rendered is acknowledged by all", spread(rendered, 1), f"{ratio:.2f}", "<= 3"])
    rows.append(["edit until its request is answered", spread(posts, 1), f"{median(posts) / median(reference):.2f}", ""])
    rows.append(["edit until the last adapter says rendered", spread(said, 1), f"{median(said) / median(reference):.2f}", ""])
    rows.append(["edit until all is observed, or delivered to the till", spread(shown_all, 1), f"{median(shown_all) / median(reference):.2f}", ""])
    rows.append(["edit until a watched board shows it", spread(shown, 1), f"{median(shown) / median(reference):.2f}", ""])
    return "\n".join([
        f"Edit of {changed} SKUs, {len(CHANNELS)} adapters as processes, PostgreSQL (fsync) and RabbitMQ (quorum queues), {rounds} edits;",
        f"update of {update_bytes:,} B, answers of {answer_bytes:,} B, {answers_an_edit:.1f} of them an edit.",
        "", table(rows),
    ])
