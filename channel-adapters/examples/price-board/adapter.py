#!/usr/bin/env python3
"""An adapter of Offercast in Python: a plain-text price board.

Written from docs/CONTRACT.md alone. Consumes from RabbitMQ, pulls over HTTP,
folds, switches terms at their boundaries by its own clock, writes the board,
reads it back from the disk, and acknowledges.
"""

import argparse
import json
import logging
import os
import random
import signal
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pika

import board
import contract
from contract import Refused, micros
from state import State

LOG = logging.getLogger("price-board")
LISTED = 100
PAGE_READINGS = 1_000
KNOWN_TYPES = {"update", "beat", "resync", "audit"}


class Alarm(Exception):
    """Something that a person must look at: the adapter stops."""


class TryLater(Exception):
    """The server or the network is away."""


def now_us() -> int:
    return time.time_ns() // 1_000


def order(position: dict) -> tuple:
    return position["epoch"], position["revision"], position["horizon"]


@dataclass
class Drawn:
    """What was last written, and how it was judged."""

    expected: dict = field(default_factory=dict)
    readings: dict = field(default_factory=dict)
    held: list = field(default_factory=list)
    mismatches: list = field(default_factory=list)
    next_boundary_us: int | None = None
    rung: str = "folded"


class Adapter:
    def __init__(self, options):
        self.options = options
        self.state = State(options.state)
        self.drawn = Drawn()
        self.note = None
        self.last_boundary_us = self.state.get("last_boundary_us")
        self.instance = f"{socket.gethostname()}:{os.getpid()}"
        self.broker = None

    # --- Messages ------------------------------------------------------------

    def handle(self, body: bytes) -> None:
        message = contract.parse(body)
        if message.get("version") != contract.VERSION or message.get("type") not in KNOWN_TYPES:
            raise Refused(f"version {message.get('version')} or type {message.get('type')} is not spoken here")
        if self.state.get("stopped") and message["type"] != "beat":
            return
        getattr(self, "on_" + message["type"])(message)

    def on_update(self, update: dict) -> None:
        held, at, after = self.state.position, update["at"], update["after"]
        if held is None or at["epoch"] > held["epoch"]:
            return self.pull()
        if at["epoch"] < held["epoch"]:
            return
        for other in (at, after):
            self.compare_hashes(held, other)
        if order(at) <= order(held):
            return
        if update["resolver"] != self.state.get("resolver"):
            return self.pull()
        if self.options.channel in update.get("ended_channels", []):
            return self.end(at)
        gap = (after["revision"], after["horizon"]) != (held["revision"], held["horizon"])
        if gap or "items" not in update["payload"]:
            return self.pull(after=held, until=None if gap else at)
        channel = self.declared(update.get("channels", [])) or self.state.channel
        try:
            items = update["payload"]["items"]
            contract.check_items(items, update["items_sha256"], at["horizon"])
            if channel["views"] != self.state.channel["views"]:
                return self.pull()
            self.state.apply(items, at, update["resolver"], update["state"], channel, snapshot=False)
        except Refused as error:
            self.note = str(error)
            LOG.warning("an update was refused; pulling instead: %s", error)
            return self.pull(after=held)
        self.redraw()

    def on_beat(self, beat: dict) -> None:
        if beat["frozen"] != self.state.get("frozen", False):
            self.state.put(frozen=beat["frozen"])
            self.redraw()
        held, head = self.state.position, beat["head"]
        if self.state.get("stopped") or self.state.get("ended"):
            return self.acknowledge()
        if held is None or head["epoch"] > held["epoch"]:
            return self.pull()
        self.compare_hashes(held, head)
        if order(head) > order(held):
            return self.pull(after=held)
        if order(head) < order(held):
            return self.pull(after=held, may_be_behind=True)
        empty = contract.as_hex(0)
        if any(beat["state"].get(view, empty) != digest for view, digest in self.state.digests().items()):
            LOG.warning("the state digests differ from the beat's; taking a snapshot")
            return self.pull()
        if self.drawn.rung in ("delivered", "observed"):
            self.observe(self.drawn)  # Somebody may have changed the file.
        self.acknowledge()

    def on_resync(self, resync: dict) -> None:
        if resync["channel"] == self.options.channel:
            self.redraw() if "sku" in resync else self.pull()

    def on_audit(self, audit: dict) -> None:
        if audit["channel"] != self.options.channel:
            return
        wanted, held = audit["position"], self.state.position
        if held is None or order(held) < order(wanted):
            self.pull(after=held, until=wanted if held else None)
        # Reading comes before mending: an audit tells what customers see.
        self.answer_audit(audit["id"])

    @staticmethod
    def compare_hashes(held: dict, other: dict) -> None:
        same = (held["epoch"], held["revision"]) == (other["epoch"], other["revision"])
        if same and held["hash"] != other["hash"]:
            raise Alarm(f"revision {other['revision']} has hash {other['hash']}, and {held['hash']} is held")

    def declared(self, channels: list):
        return next((one for one in channels if one["id"] == self.options.channel), None)

    def end(self, at: dict) -> None:
        LOG.warning("the channel was ended; everything is withdrawn")
        self.state.put(ended=True, position=at)
        self.write({})
        self.drawn = Drawn(rung="observed")
        self.acknowledge()

    # --- The pinned pull -----------------------------------------------------

    def pull(self, after=None, until=None, may_be_behind=False) -> None:
        """Stages all pages, then applies them at once."""
        self.state.stage_nothing()
        query, pin, channel, resolver = {}, None, None, None
        if after:
            query |= {"epoch": after["epoch"], "after": after["revision"], "after_horizon": after["horizon"]}
        if until:
            query |= {"until": until["revision"], "horizon": until["horizon"]}
        last_sku = ""
        while True:
            page = self.fetch(query)
            if page is None:
                return self.pull()
            if pin and page["at"] != pin:
                LOG.info("the pull moved on under us; starting again")
                return self.pull(after, until, may_be_behind)
            pin, resolver = page["at"], page["resolver"]
            channel = self.declared(page.get("channels", [])) or channel
            contract.check_items(page["items"], page["items_sha256"], pin["horizon"])
            if page["items"] and page["items"][0]["sku"] <= last_sku:
                raise TryLater("the pages of a pull are out of order")
            last_sku = page["items"][-1]["sku"] if page["items"] else last_sku
            self.state.stage(page["items"])
            if "next" not in page:
                break
            query |= {"until": pin["revision"], "horizon": pin["horizon"], "cursor": page["next"]}
        held = self.state.position
        if may_be_behind and held and order(pin) < order(held):
            raise Alarm(f"the server's head {pin['revision']} is behind {held['revision']}, which is held")
        channel = channel or self.state.channel
        if channel is None:
            raise TryLater("the server did not declare the channel")
        self.state.apply_staged(pin, resolver, page.get("state", {}), channel, page["snapshot"])
        LOG.info("pulled revision %s", pin["revision"])
        self.redraw()

    def fetch(self, query: dict):
        """A page; None where the pin is no longer served."""
        url = f"{self.options.server}/v1/channels/{self.options.channel}/updates?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.options.token}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return contract.parse(response.read())
        except urllib.error.HTTPError as error:
            if error.code == 410:
                return None
            if error.code == 409:
                raise Alarm("the position held is not one of the server's log") from None
            raise TryLater(f"the server answers {error.code} to a pull") from None
        except OSError as error:
            raise TryLater(f"the server is away: {error}") from None

    # --- The board -----------------------------------------------------------

    def redraw(self) -> None:
        """Renders what holds now, proves it, writes it, reads it from the disk."""
        channel, at_us = self.state.channel, now_us()
        if channel is None or channel.get("mode") == "paused" or self.state.get("ended"):
            return self.acknowledge()
        drawn, blocks, boundaries = Drawn(), {}, []
        start_us, end_us = contract.window(self.state.position["horizon"])
        for item in self.state.items():
            for view in channel["views"]:
                segments = contract.timeline_in(item, view)
                if segments is None or not contract.carries(channel, item["sku"], item["facts"]):
                    continue
                if not start_us <= at_us < end_us:
                    drawn.held.append((item["sku"], view, "the horizon ended and no update moved it"))
                    continue
                segment = contract.segment_at(segments, at_us)
                if "until" in segment:
                    boundaries.append(micros(segment["until"]))
                if "terms" in segment and contract.visible_in(segment["terms"], channel):
                    self.draw(channel, item, view, segment, drawn, blocks)
        drawn.next_boundary_us = min([*boundaries, end_us])
        drawn.rung = "rendered"
        if not self.state.get("frozen") and channel.get("mode", "live") == "live":
            self.write(blocks)
            self.observe(drawn)
        else:
            drawn.readings = drawn.expected
        self.drawn = drawn
        self.acknowledge()

    @staticmethod
    def draw(channel, item, view, segment, drawn, blocks) -> None:
        sku = item["sku"]
        try:
            claims = contract.project(channel, sku, item["facts"], segment["terms"], segment.get("until"))
            block = board.render(claims)
            wrong = contract.differences(claims, board.read_back(block))
        except (board.NotRepresentable, board.Unreadable, Refused) as error:
            drawn.held.append((sku, view, str(error)))
            return
        if wrong:
            drawn.held.append((sku, view, f"reads back otherwise: {wrong}"))
            return
        blocks[view, sku], drawn.expected[view, sku] = block, claims

    def write(self, blocks: dict) -> None:
        """Replaces the board in one step."""
        path = Path(self.options.board)
        fresh = path.with_suffix(".new")
        with open(fresh, "w", encoding="utf-8", newline="") as file:
            file.write(board.whole(blocks))
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)

    def observe(self, drawn: Drawn) -> None:
        """Reads the file as its readers do; only this makes it observed."""
        expected = drawn.expected
        readings, unreadable = self.read_board()
        drawn.mismatches = [
            (sku, view, difference)
            for view, sku in sorted(expected.keys() | readings.keys())
            for difference in contract.differences(expected.get((view, sku), {}), readings.get((view, sku), {}))
        ]
        drawn.readings = readings
        drawn.rung = "delivered" if drawn.mismatches or unreadable else "observed"

    def read_board(self) -> tuple[dict, list]:
        readings, unreadable = {}, []
        try:
            shown = board.split(Path(self.options.board).read_text(encoding="utf-8"))
        except (OSError, UnicodeError, board.Unreadable) as error:
            LOG.error("the board cannot be read: %s", error)
            return {}, []
        for view, block in shown:
            try:
                claims = board.read_back(block)
                readings[view, claims["sku"]] = claims
            except board.Unreadable as error:
                unreadable.append((view, block.split("  ")[0], str(error)))
        return readings, unreadable

    def pass_boundary(self) -> None:
        """Switches the board where terms began or ended."""
        due = self.drawn.next_boundary_us
        if due is not None and due <= now_us():
            self.last_boundary_us = due
            self.state.put(last_boundary_us=due)
            self.redraw()

    # --- Answers -------------------------------------------------------------

    def acknowledge(self) -> None:
        position = self.state.position
        if position is None:
            return
        drawn, shown = self.drawn, 0
        for (view, sku), claims in drawn.readings.items():
            shown += contract.shown_element(sku, view, claims)
        answer = {
            "channel": self.options.channel,
            "clock": contract.instant(now_us()),
            "held": len(drawn.held),
            "instance": self.instance,
            "items": len(drawn.readings),
            "mismatches": len(drawn.mismatches),
            "position": position,
            "resolver": self.state.get("resolver"),
            "rung": drawn.rung,
            "shown": contract.as_hex(shown),
            "state": self.state.digests(),
            "stopped": bool(self.state.get("stopped")),
            "type": "acknowledgement",
        }
        if drawn.held:
            answer["held_items"] = [
                {"reason": reason, "sku": sku, "view": view} for sku, view, reason in drawn.held[:LISTED]
            ]
        if drawn.mismatches:
            answer["mismatch_items"] = [
                {"difference": difference, "sku": sku, "view": view}
                for sku, view, difference in drawn.mismatches[:LISTED]
            ]
        if self.last_boundary_us is not None:
            answer["last_boundary"] = contract.instant(self.last_boundary_us)
        if note := self.state.get("stopped") or self.note:
            answer["note"] = note
        self.publish(answer)

    def answer_audit(self, name: str) -> None:
        readings, unreadable = self.read_board()
        rows = [{"claims": claims, "sku": sku, "view": view} for (view, sku), claims in readings.items()]
        rows += [{"reason": reason, "sku": sku, "view": view} for view, sku, reason in unreadable]
        rows += [
            {"held": True, "reason": reason, "sku": sku, "view": view} for sku, view, reason in self.drawn.held
        ]
        pages = [rows[at : at + PAGE_READINGS] for at in range(0, len(rows), PAGE_READINGS)] or [[]]
        for number, page in enumerate(pages):
            self.publish(
                {
                    "channel": self.options.channel,
                    "id": name,
                    "last": number == len(pages) - 1,
                    "observed": True,
                    "page": number,
                    "position": self.state.position,
                    "readings": page,
                    "type": "audit_page",
                }
            )

    # --- The broker ----------------------------------------------------------

    def name(self, what: str) -> str:
        return f"{self.options.namespace}.{what}" if self.options.namespace else what

    def publish(self, answer: dict) -> None:
        body = contract.canonical(answer | {"version": contract.VERSION})
        self.send(self.name("offercast"), f"answer.{self.options.channel}", body)

    def send(self, exchange: str, key: str, body: bytes) -> None:
        properties = pika.BasicProperties(content_type="application/json", delivery_mode=2)
        self.broker.basic_publish(exchange, key, body, properties, mandatory=True)

    def serve(self) -> None:
        """One connection, until it breaks or something calls for a person."""
        with pika.BlockingConnection(pika.URLParameters(self.options.amqp)) as connection:
            self.broker = connection.channel()
            self.broker.confirm_delivery()
            self.broker.basic_qos(prefetch_count=16)
            if self.state.position is not None:
                self.redraw()
            queue = self.name(f"offercast.adapter.{self.options.channel}")
            for method, _, body in self.broker.consume(queue, inactivity_timeout=0.05):
                if method is not None:
                    self.take(method, body)
                self.pass_boundary()

    def take(self, method, body: bytes) -> None:
        try:
            self.handle(body)
        except (Refused, KeyError, TypeError) as error:
            LOG.error("a message that makes no sense was set aside: %r", error)
            self.send(self.name("offercast.dead"), "", body)
        except Alarm as alarm:
            LOG.error("stopped until a person acts (start with --forget): %s", alarm)
            self.state.put(stopped=str(alarm))
            self.acknowledge()
        self.broker.basic_ack(method.delivery_tag)


def options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--amqp", required=True, help="address of the broker: amqp://user:password@host/")
    parser.add_argument("--namespace", default="", help="the namespace in the server's configuration, if any")
    parser.add_argument("--server", required=True, help="address of the server: https://host")
    parser.add_argument("--token", default=os.environ.get("OFFERCAST_TOKEN", ""), help="or OFFERCAST_TOKEN")
    parser.add_argument("--channel", required=True, help="the channel that this process serves")
    parser.add_argument("--state", default="price-board.sqlite", help="file with what is held")
    parser.add_argument("--board", default="price-board.txt", help="the file that customers read")
    parser.add_argument("--forget", action="store_true", help="forget everything held, also an alarm")
    return parser.parse_args(arguments)


def main(arguments=None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    chosen = options(arguments)
    if chosen.forget:
        for suffix in ("", "-wal", "-shm"):
            Path(chosen.state + suffix).unlink(missing_ok=True)
    adapter, delay_s = Adapter(chosen), 0.2
    while True:
        started = time.monotonic()
        try:
            adapter.serve()
        except (TryLater, Refused, pika.exceptions.AMQPError, OSError) as error:
            LOG.warning("trying again: %s", error or type(error).__name__)
        except KeyboardInterrupt:
            return 0
        delay_s = 0.2 if time.monotonic() - started > 30 else min(delay_s * 2, 10)
        time.sleep(delay_s * random.uniform(0.5, 1.0))


if __name__ == "__main__":
    sys.exit(main())
