"""Private instances of what a figure needs, stopped however a run ends.

Unlike `tests/run` these keep what they are told: PostgreSQL with fsync, as in
production.
"""

import atexit
import contextlib
import glob
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from machine import say

_started = []
_directory = None


class Unusable(Exception):
    """Something is missing or did not start; one line for the operator."""


def directory():
    """A temporary directory, removed at the end unless OFFERCAST_BENCH_KEEP is set."""
    global _directory
    if _directory is None:
        _directory = pathlib.Path(tempfile.mkdtemp(prefix="offercast-bench."))
        _directory.chmod(0o755)
        if "OFFERCAST_BENCH_KEEP" in os.environ:
            say(f"files are kept in {_directory}")
    return _directory


@atexit.register
def clean_up():
    """Stops everything and removes the directory; the next figure gets another."""
    global _directory
    for process in reversed(list(_started)):
        stop(process)
    if _directory is not None and "OFFERCAST_BENCH_KEEP" not in os.environ:
        shutil.rmtree(_directory, ignore_errors=True)
    _directory = None


def start(command, log=None, **options):
    """Starts a process in a group of its own."""
    output = open(log, "ab") if log else subprocess.DEVNULL
    options.setdefault("stdout", output)
    process = subprocess.Popen(command, stdin=options.pop("stdin", subprocess.DEVNULL), stderr=output, start_new_session=True, **options)
    _started.append(process)
    return process


def stop(process, patience_s=30):
    """Asks a process group to end, waits, insists."""
    if process in _started:
        _started.remove(process)
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_port(port, process, log, patience_s=90):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    tail = pathlib.Path(log).read_text(errors="replace")[-2000:]
    raise Unusable(f"{process.args[0]} does not answer on port {port}; its log ends:\n{tail}")


def program(package, *candidates):
    """The first of these commands or globs that exists."""
    for candidate in candidates:
        found = sorted(glob.glob(candidate)) if "/" in candidate else [shutil.which(candidate)]
        if found and found[-1]:
            return found[-1]
    raise Unusable(f"missing {candidates[0]}; install it, on Debian: apt-get install {package}")


def as_postgres():
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


class Postgres:
    """A PostgreSQL with its own settings but for the address."""

    def __init__(self):
        initdb = program("postgresql", "/usr/lib/postgresql/*/bin/initdb", "initdb")
        self.psql = program("postgresql-client", "psql")
        home = directory() / "postgres"
        home.mkdir()
        if os.geteuid() == 0:
            shutil.chown(home, "postgres")
        log = directory() / "postgres.log"
        log.touch()
        with open(log, "ab") as output:
            subprocess.run([*as_postgres(), initdb, "-D", f"{home}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--locale-provider=icu", "--icu-locale=en-US"], cwd="/", stdout=output, stderr=output, check=True)
        self.port = free_port()
        self.process = start([*as_postgres(), str(pathlib.Path(initdb).with_name("postgres")), "-D", f"{home}/data", "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={home}"], log, cwd="/")
        await_port(self.port, self.process, log)
        for _ in range(100):
            if subprocess.run([self.psql, "-X", "-q", "-d", self.url("postgres"), "-c", "SELECT 1"], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        raise Unusable("PostgreSQL takes no connections")

    def url(self, name):
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def sql(self, database, *statements):
        """Runs statements, gives what the last one answers."""
        commands = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run([self.psql, "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), *commands], capture_output=True, text=True)
        if done.returncode != 0:
            raise Unusable(f"{statements}: {done.stderr.strip()}")
        return done.stdout.strip()

    def create(self, name, template="template0"):
        self.sql("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop(self, name):
        self.sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Rabbit:
    """A RabbitMQ as it comes, on ports of its own."""

    def __init__(self):
        server = program("rabbitmq-server", "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
        epmd = program("rabbitmq-server", "epmd")
        home = directory() / "rabbitmq"
        home.mkdir()
        (home / "enabled_plugins").write_text("[].\n")
        self.port, distribution, names = free_port(), free_port(), free_port()
        (home / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 64MB\nlog.file.level = warning\n")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ")},
            "HOME": str(home), "ERL_EPMD_PORT": str(names), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"offercast-bench-{names}@localhost", "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia", "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{home}/generated", "RABBITMQ_SCHEMA_DIR": f"{home}/generated",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none", "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{home}/none.config", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
        }
        log = directory() / "rabbitmq.log"
        # Erlang's name server, private too: it would outlive the broker.
        start([epmd], directory() / "epmd.log", env=environment)
        self.process = start([server], log, env=environment, cwd=home)
        await_port(self.port, self.process, log)

    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2f"


def nginx(body, workers):
    """nginx with one static file; gives the process and its port."""
    home = directory() / "nginx"
    home.mkdir()
    (home / "item.json").write_bytes(body)
    home.chmod(0o755)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(re.sub(r"^ +", "", f"""
        {user} daemon off; worker_processes {workers}; pid {home}/pid; error_log {home}/error.log;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/json;
            client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3; uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
            server {{ listen 127.0.0.1:{port}; root {home}; }}
        }}
        """, flags=re.M))
    log = directory() / "nginx.log"
    process = start([program("nginx-light", "nginx", "/usr/sbin/nginx"), "-c", f"{home}/nginx.conf"], log)
    await_port(port, process, log)
    return process, port
