"""What the adapter holds, durably: position, items, digests.

One SQLite file. Position, items and digests change in one transaction, so a
kill at any moment leaves either the old state or the new one.
"""

import json
import sqlite3

import contract


class State:
    def __init__(self, path: str):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        self.db.execute("CREATE TABLE IF NOT EXISTS items (sku TEXT PRIMARY KEY, body TEXT NOT NULL)")
        self.db.execute("CREATE TABLE IF NOT EXISTS staged (sku TEXT PRIMARY KEY, body TEXT NOT NULL)")

    def get(self, key: str, default=None):
        row = self.db.execute("SELECT value FROM facts WHERE key = ?", [key]).fetchone()
        return json.loads(row[0]) if row else default

    def put(self, **values) -> None:
        for key, value in values.items():
            self.db.execute("REPLACE INTO facts VALUES (?, ?)", [key, json.dumps(value)])

    @property
    def position(self):
        return self.get("position")

    @property
    def channel(self):
        return self.get("channel")

    def items(self):
        for (body,) in self.db.execute("SELECT body FROM items ORDER BY sku"):
            yield json.loads(body)

    def item(self, sku: str):
        row = self.db.execute("SELECT body FROM items WHERE sku = ?", [sku]).fetchone()
        return json.loads(row[0]) if row else None

    def digests(self) -> dict:
        """State digests of the channel's views."""
        return self.get("digests", {})

    # --- Staging a pull ------------------------------------------------------

    def stage_nothing(self) -> None:
        self.db.execute("DELETE FROM staged")

    def stage(self, items: list) -> None:
        rows = [(item["sku"], json.dumps(item)) for item in items]
        self.db.execute("BEGIN")
        self.db.executemany("REPLACE INTO staged VALUES (?, ?)", rows)
        self.db.execute("COMMIT")

    def apply_staged(self, at: dict, resolver: int, state: dict, channel: dict, snapshot: bool) -> None:
        rows = self.db.execute("SELECT body FROM staged ORDER BY sku").fetchall()
        self.apply([json.loads(body) for (body,) in rows], at, resolver, state, channel, snapshot)

    # --- Applying ------------------------------------------------------------

    def apply(self, items: list, at: dict, resolver: int, state: dict, channel: dict, snapshot: bool) -> None:
        """Takes items and moves to `at`, or changes nothing and says why."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            views = channel["views"]
            rebuilt = snapshot or self.channel is None or self.channel["views"] != views
            if snapshot:
                self.db.execute("DELETE FROM items")
            digests = {view: int(self.digests().get(view, "0"), 16) for view in views}
            for item in items:
                if not rebuilt:
                    self.move(digests, item)
                if "facts" in item:
                    self.db.execute("REPLACE INTO items VALUES (?, ?)", [item["sku"], json.dumps(item)])
                else:
                    self.db.execute("DELETE FROM items WHERE sku = ?", [item["sku"]])
            if rebuilt:
                digests = dict.fromkeys(views, 0)
                for item in self.items():
                    for view in views:
                        digests[view] += contract.item_element(item, view)
            held = {view: contract.as_hex(number) for view, number in digests.items()}
            for view, digest in held.items():
                if state.get(view, contract.as_hex(0)) != digest:
                    raise contract.Refused(f"the state digest of {view} differs")
            self.db.execute("DELETE FROM staged")
            self.put(position=at, resolver=resolver, channel=channel, digests=held)
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise

    def move(self, digests: dict, item: dict) -> None:
        old = self.item(item["sku"])
        for view in digests:
            if old:
                digests[view] -= contract.item_element(old, view)
            digests[view] += contract.item_element(item, view)
