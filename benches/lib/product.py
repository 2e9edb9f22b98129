"""The product under measurement: building, running, asking."""

import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import time
import uuid

import backends
from backends import Unusable
from machine import ROOT, say

TOKEN = "bench-token"
_built = {}


def build():
    """Builds the program and the references, in release; gives their paths.

    OFFERCAST_BENCH_PROFILE=dev is for working on these scripts;
    OFFERCAST_BENCH_BIN names a folder with the three programs built elsewhere.
    """
    if _built:
        return _built
    if folder := os.environ.get("OFFERCAST_BENCH_BIN"):
        _built.update({name: f"{folder}/{name}" for name in ("offercast", "bare_handler", "raw_hop")})
        return _built
    profile = os.environ.get("OFFERCAST_BENCH_PROFILE", "release")
    say(f"building (cargo build --profile {profile})")
    command = ["cargo", "build", "--profile", profile, "--message-format=json-render-diagnostics", "-p", "offercast", "--bin", "offercast", "--bench", "bare_handler", "--bench", "raw_hop"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Unusable("the program does not build")
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable"):
            _built[message["target"]["name"]] = message["executable"]
    return _built


class Installation:
    """One installation: its settings, and the processes that were started."""

    def __init__(self, name, database=None, broker="embedded"):
        self.home = backends.directory() / name
        self.home.mkdir()
        self.port = backends.free_port()
        self.environment = {
            "HOME": str(self.home), "PATH": os.environ["PATH"],
            "OFFERCAST_DATA_DIR": str(self.home / "data"),
            "OFFERCAST_BROKER__URL": broker,
            "OFFERCAST_BROKER__NAMESPACE": name,
            "OFFERCAST_HTTP__LISTEN": f"127.0.0.1:{self.port}",
            "OFFERCAST_SERVER_URL": f"http://127.0.0.1:{self.port}",
            "OFFERCAST_SERVER_TOKEN": TOKEN,
            "OFFERCAST_LOGGING__FILTER": os.environ.get("OFFERCAST_BENCH_LOG", "warn"),
            "OFFERCAST_TOKENS": '[{name = "bench", scopes = ["adapter", "admin", "read", "write"], sha256 = "%s"}]' % hashlib.sha256(TOKEN.encode()).hexdigest(),
        }
        if database:
            self.environment["OFFERCAST_DATABASE__URL"] = database

    def command(self, *arguments):
        """Runs a command of the program to its end; gives seconds and output."""
        begun = time.monotonic()
        done = subprocess.run([build()["offercast"], *map(str, arguments)], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise Unusable(f"offercast {' '.join(map(str, arguments))}: {done.stderr.strip()[-2000:]} {done.stdout.strip()[-500:]}")
        return time.monotonic() - begun, done.stdout

    def publish(self, changes, reason):
        file = self.home / "changes.json"
        file.write_text(json.dumps(changes))
        return self.command("publish", file, "--reason", reason)

    def serve(self, *arguments):
        """Starts a server; gives the process and the seconds until it is ready."""
        begun = time.monotonic()
        log = self.home / "serve.log"
        process = backends.start([build()["offercast"], "serve", *arguments], log, env=self.environment)
        backends.await_port(self.port, process, log, patience_s=600)
        self.await_answer("/health/live")
        return process, time.monotonic() - begun

    def adapter(self, *channels):
        return backends.start([build()["offercast"], "adapter", *channels], self.home / f"adapter-{'-'.join(channels)}.log", env=self.environment)

    def await_answer(self, path, patience_s=600):
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if self.ask("GET", path)[0] == 200:
                return
            time.sleep(0.02)
        raise Unusable(f"{path} does not answer with 200")

    def ask(self, method, path, body=None, headers=None, connection=None):
        """One request; gives status, headers, body."""
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        sent = {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
        if body is not None:
            sent |= {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        own.request(method, path, json.dumps(body) if body is not None else None, sent)
        answer = own.getresponse()
        content = answer.read()
        if connection is None:
            own.close()
        return answer.status, dict(answer.getheaders()), content

    def change(self, changes, connection=None):
        """Publishes changes over HTTP; gives the revision."""
        status, _, content = self.ask("POST", "/v1/changes", {"changes": changes, "reason": "bench"}, connection=connection)
        if status != 201:
            raise Unusable(f"POST /v1/changes: {status} {content[:1000].decode()}")
        return json.loads(content)["revision"]

    def board(self):
        return json.loads(self.ask("GET", "/v1/channels")[2])

    def await_rung(self, channels, rungs, revision=None, patience_s=3600):
        """Waits until channels are at the head, at one of these rungs."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            board = self.board()
            head = revision or board["head"]["revision"]
            rows = [row for row in board["channels"] if row["id"] in channels]
            if len(rows) == len(channels) and all(row["revision"] >= head and row["rung"] in rungs for row in rows):
                return board
            time.sleep(0.2)
        raise Unusable(f"not all channels came to {rungs}: " + json.dumps([[row["id"], row["revision"], row["rung"], row["note"]] for row in board["channels"]]))


MARKET = {
    "id": "hr", "name": "Hrvatska", "currency": "EUR", "time_zone": "Europe/Zagreb", "locales": ["hr"],
    "prices_include_tax": True, "tax_rates": {"standard": 2500},
}


def prepare(installation, channels):
    """Schema, market and channels (id: family) of an installation."""
    installation.command("migrate")
    installation.publish([{"type": "put_market", "market": MARKET}], "market")
    for channel, arguments in channels.items():
        installation.command("channel", channel, "--market", "hr", "--locale", "hr", *arguments)
