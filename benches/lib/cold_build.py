"""A cold build: CPU-seconds and packages."""

import os
import resource
import subprocess
import time

import backends
from machine import ROOT, table


def packages(*arguments):
    done = subprocess.run(["cargo", "tree", "--prefix", "none", "--no-dedupe", "-e", "normal,build", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return len({line.split(" (")[0].strip() for line in done.stdout.splitlines() if line.strip()})


def run():
    target = backends.directory() / "target"
    rows = [["build from nothing", "CPU-seconds", "seconds"]]
    for name, arguments in (("cargo build --release", ["--release"]), ("cargo build", [])):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        done = subprocess.run(["cargo", "build", "--bin", "offercast", *arguments], cwd=ROOT, env={**os.environ, "CARGO_TARGET_DIR": str(target)})
        if done.returncode != 0:
            raise backends.Unusable("the program does not build")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        rows.append([name, f"{cpu:.0f}", f"{time.monotonic() - begun:.0f}"])
    return "\n".join([f"{packages()} packages are compiled, this repository's own included.", "", table(rows)])
