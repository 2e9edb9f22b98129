"""Import of a price list on PostgreSQL, against `\\copy` of all final rows into
the same tables, empty and indexed."""

import subprocess
import time

import backends
import catalogue
import product
from machine import spread, table

TABLES = ["documents", "prices", "revisions", "outbox"]


def run(rounds=5):
    product.build()
    postgres = backends.Postgres()
    file, what = catalogue.konzum(backends.directory())
    rows_dir = backends.directory() / "rows"
    rows_dir.mkdir()
    postgres.create("empty")
    product.Installation("schema", postgres.url("empty")).command("migrate")

    imports, copies, counts = [], [], {}
    for number in range(rounds):
        postgres.create("imported", template="empty")
        ours = product.Installation(f"import-{number}", postgres.url("imported"))
        imports.append(ours.command("import", file, "--market", "hr")[0])
        if not counts:
            for name in TABLES:
                counts[name] = int(postgres.sql("imported", f"SELECT count(*) FROM {name}"))
                postgres.sql("imported", f"\\copy {name} TO '{rows_dir / name}'")
        postgres.drop("imported")
        postgres.create("copied", template="empty")
        # As the import: one transaction.
        statements = ["BEGIN", *(f"\\copy {name} FROM '{rows_dir / name}'" for name in TABLES), "COMMIT"]
        command = [part for statement in statements for part in ("-c", statement)]
        begun = time.monotonic()
        subprocess.run([postgres.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", postgres.url("copied"), *command], check=True, capture_output=True)
        copies.append(time.monotonic() - begun)
        postgres.drop("copied")
    ratios = [copy / own for copy, own in zip(copies, imports)]
    rows = [["what", "seconds: median (smallest to largest)", "\\copy / it", "target"]]
    rows.append(["psql \\copy of the rows", spread(copies), "1", ""])
    rows.append(["offercast import", spread(imports), spread(ratios), ">= 0.3"])
    total = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return "\n".join([
        f"Import of {what} (whole process, checks included) and \\copy of the resulting rows ({total}), {rounds} rounds in turn.",
        "", table(rows),
    ])
