"""The machine, processes and their CPU time and memory, and plain tables."""

import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def say(text):
    print(f"benches/run: {text}", file=sys.stderr, flush=True)


def cpu_s(pid, with_children=False):
    """CPU-seconds (user and system) that a process has used."""
    total = 0.0
    for one in [pid, *(children(pid) if with_children else [])]:
        stat = pathlib.Path(f"/proc/{one}/stat").read_text()
        fields = stat.rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return total


def children(pid):
    task = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in task.read_text().split()]


def memory_mib(pid, field="VmRSS"):
    """Resident memory of a process; `VmHWM` for the highest so far."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def description():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")), platform.machine())
    meminfo = pathlib.Path("/proc/meminfo").read_text().split()
    memory_gib = int(meminfo[meminfo.index("MemTotal:") + 1]) / 1024**2
    return f"{os.cpu_count()} cores ({model}), {memory_gib:.0f} GiB, Linux {platform.release().split('-')[0]}"


def load():
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def versions(*commands):
    found = []
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).strip().splitlines()
        if lines:
            found.append(lines[0].strip())
    return "; ".join(found)


def median(values):
    return statistics.median(values)


def spread(values, digits=2):
    """Median, with the smallest and the largest."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(rows):
    """Rows of texts as a Markdown table that is also readable as it stands."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for index, row in enumerate(rows):
        cells = [str(cell).ljust(width) for cell, width in zip(row, widths)]
        lines.append("| " + " | ".join(cells) + " |")
        if index == 0:
            lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
