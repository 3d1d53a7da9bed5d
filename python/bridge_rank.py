"""One rank of the bridge engine: runs a Megatron-Bridge converter script in this process, and tells its launcher that it is alive.

    bridge_rank.py --staging DIR --attempt N [--world] [--first-owner] --script FILE -- ARGUMENTS OF THE SCRIPT

`--world`: the script wants the variables of torchrun; a single rank is started without it, and gets a world of one.

Events are the JSON lines of the other ranks (src/launch/rank-events.ts). What the script prints goes where it would go, and into
`attempt-N/logs/rank-R.log` as well. Rank 0 leaves `attempt-N/converter.json`: which script ran, and with which versions.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import resource
import runpy
import signal
import socket
import sys
import threading
import time

from bridge_first_owner import install as let_first_owner_export

RANK = int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", "0")))
# Seconds between two looks, and the bytes that reads and writes must have grown by to count as life: a rank that waits for another
# reads a little from /proc and from sockets all the time.
LOOK = 2.0
LIFE_BYTES = 1 << 20
PACKAGES = ("megatron-bridge", "megatron-core", "torch", "transformers", "safetensors")


class Tee:
    """A text stream that keeps a copy. Everything else is the stream's own."""

    def __init__(self, stream, copy):
        self._stream, self._copy = stream, copy

    def write(self, text):
        self._copy.write(text)
        return self._stream.write(text)

    def flush(self):
        self._copy.flush()
        self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)


def emit(event, **fields):
    line = json.dumps({"event": event, "rank": RANK, **fields}, separators=(",", ":"))
    # One write, on a line of its own whatever the script left unfinished.
    os.write(1, f"\n{line}\n".encode())


def moved_bytes():
    """Bytes that this process read and wrote so far."""
    try:
        with open("/proc/self/io", encoding="ascii") as file:
            fields = dict(line.split(": ") for line in file.read().splitlines())
    except OSError:
        return 0
    return int(fields["rchar"]) + int(fields["wchar"])


def watch(parent, copy, alive):
    """Tells of life, on stdout and in the file `alive` for launchers elsewhere, and ends this process once its launcher is gone: torchrun's death alone would leave it behind."""
    told = moved_bytes()
    while True:
        time.sleep(LOOK)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            copy.flush()
        except ValueError:
            return
        moved = moved_bytes()
        if moved - told >= LIFE_BYTES:
            told = moved
            emit("progress", file="", bytes=moved)
            with open(alive, "w", encoding="ascii") as file:
                file.write(str(moved))


def world_of_one():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    one = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}
    return {**one, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}


def version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        module = sys.modules.get(package.replace("-", "."))
        return getattr(module, "__version__", None)


def describe(script):
    with open(script, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    versions = {package: version_of(package) for package in PACKAGES}
    versions["python"] = sys.version.split()[0]
    return {"script": script, "sha256": digest, "versions": {k: v for k, v in versions.items() if v is not None}}


def leave(path, record):
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(record, file)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--staging", required=True)
    parser.add_argument("--attempt", required=True)
    parser.add_argument("--script", required=True)
    parser.add_argument("--world", action="store_true")
    parser.add_argument("--first-owner", action="store_true")
    # Not read: tells this process from the other ranks on its machine.
    parser.add_argument("--mark")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    attempt = os.path.join(options.staging, f"attempt-{options.attempt}")
    if not os.path.isfile(options.script):
        sys.exit(
            f"Distributed conversion script not found: {options.script}. Use a container that ships Megatron-Bridge's "
            "converter, or set bridge.script in the worker configuration."
        )
    record = os.path.join(attempt, "converter.json")
    logs = os.path.join(attempt, "logs")
    os.makedirs(logs, exist_ok=True)
    copy = open(os.path.join(logs, f"rank-{RANK}.log"), "w", encoding="utf-8", errors="backslashreplace")
    sys.stdout, sys.stderr = Tee(sys.stdout, copy), Tee(sys.stderr, copy)
    emit("start", pid=os.getpid(), files=0)
    if RANK == 0:
        leave(record, describe(options.script))
    alive = os.path.join(logs, f"rank-{RANK}.alive")
    threading.Thread(target=watch, args=(os.getppid(), copy, alive), daemon=True).start()
    if options.world and "WORLD_SIZE" not in os.environ and "SLURM_NTASKS" not in os.environ:
        os.environ.update(world_of_one())
    sys.argv = [options.script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(options.script))
    if options.first_owner:
        let_first_owner_export()
    runpy.run_path(options.script, run_name="__main__")
    if RANK == 0:
        leave(record, describe(options.script))
    sys.stdout.flush()
    sys.stderr.flush()
    emit("end", peakMemory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
