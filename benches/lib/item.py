"""One rendered item: requests per CPU-second of the server's process, against
a bare actix-web handler and nginx with bodies of the same size."""

import json
import re
import subprocess

import backends
import catalogue
import product
from machine import ROOT, children, cpu_s, median, say, spread, table

SCRIPT = ROOT / "benches/programs/wrk.lua"
CHANNEL = {"app": ["--family", "app"]}


def wrk(port, prefix, skus, seconds, each=False):
    """Requests answered, and the 99th percentile in microseconds."""
    command = [backends.program("wrk", "wrk"), "-t1" if each else "-t2", "-c32", f"-d{seconds}s", "-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", str(skus), prefix]
    done = subprocess.run(command + (["each"] if each else []), capture_output=True, text=True, check=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+)", done.stdout)
    if not found:
        raise backends.Unusable(f"wrk: {done.stdout} {done.stderr}")
    requests, bad, p99_us = map(int, found.groups())
    if bad:
        raise backends.Unusable(f"{bad} of {requests} answers of {prefix} were wrong")
    return requests, p99_us


def run(skus=100_000, rounds=7, seconds=4):
    built = product.build()
    ours = product.Installation("item")
    product.prepare(ours, CHANNEL)
    prices, mapping = catalogue.write(ours.home, skus, rich=True)
    ours.command("import", prices, "--market", "hr", "--mapping", mapping)
    server, _ = ours.serve()
    path = "/v1/channels/app/items/"
    status, headers, body = ours.ask("GET", path + catalogue.sku(0))
    if status != 200:
        raise backends.Unusable(f"GET {path}: {status} {body.decode()}")
    size = len(body)
    say(f"body of {size} B: {json.dumps(headers)}")

    bare_log = backends.directory() / "bare.log"
    bare = backends.start([built["bare_handler"], str(size)], bare_log, stdout=subprocess.PIPE)
    bare_port = int(bare.stdout.readline().decode().rsplit(":", 1)[1])
    nginx, nginx_port = backends.nginx(body, 2)
    backends.await_port(bare_port, bare, bare_log)

    say("rendering every item once")
    warmed, turns = 0, 0
    while warmed < skus and turns < 100:
        warmed += wrk(ours.port, path, skus, 5, each=True)[0]
        turns += 1

    targets = {
        "offercast": (server.pid, ours.port, path),
        "bare handler": (bare.pid, bare_port, path),
        "nginx": (nginx.pid, nginx_port, "/item.json?item-sku="),
    }
    rates = {name: [] for name in targets}
    p99s = {name: [] for name in targets}
    for _ in range(rounds):
        for name, (pid, port, prefix) in targets.items():
            before = cpu_s(pid, with_children=True)
            requests, p99_us = wrk(port, prefix, skus, seconds)
            rates[name].append(requests / (cpu_s(pid, with_children=True) - before))
            p99s[name].append(p99_us / 1000)
    assert children(nginx.pid)
    scrape = ours.ask("GET", "/metrics")[2].decode()
    counted = {name: int(value) for name, value in re.findall(r"^offercast_item_(hits|misses)_total (\d+)", scrape, re.M)}
    to_bare = [a / b for a, b in zip(rates["offercast"], rates["bare handler"])]
    to_nginx = [a / b for a, b in zip(rates["offercast"], rates["nginx"])]
    rows = [["server", "requests per CPU-second", "p99 ms", "offercast / it", "target"]]
    rows.append(["offercast", spread(rates["offercast"], 0), f"{median(p99s['offercast']):.1f}", "1", ""])
    rows.append(["bare actix-web handler", spread(rates["bare handler"], 0), f"{median(p99s['bare handler']):.1f}", spread(to_bare), ">= 0.90"])
    rows.append(["nginx, static file", spread(rates["nginx"], 0), f"{median(p99s['nginx']):.1f}", spread(to_nginx), ">= 1.1"])
    for process in (server, bare, nginx):
        backends.stop(process)
    return "\n".join([
        f"GET of one rendered item, body of {size} B, {skus:,} SKUs, random keys, {rounds} rounds of {seconds} s each in turn;",
        f"answers from kept bodies {counted.get('hits', 0):,}, rendered {counted.get('misses', 0):,}.",
        "", table(rows),
    ])
