"""Runs Python scripts in forks of one process, which has imported torch and transformers: their imports take longer than most scripts do.

A line on stdin is a request: {"id", "script", "args", "directory"}. The fork reads DIRECTORY/stdin and writes DIRECTORY/stdout and
DIRECTORY/stderr. A line on stdout tells of its end: {"id", "code"}. Ends with stdin.
"""

import gc
import json
import os
import runpy
import select
import sys
import traceback
from pathlib import Path

import torch  # noqa: F401
import transformers  # noqa: F401
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: F401

PAUSE = 0.05
"""Seconds between two looks for forks that have ended."""


def run(request: dict) -> None:
    """In the fork: the script as `python SCRIPT ARGS` would run it."""
    directory = Path(request["directory"])
    for number, name, flags in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_WRONLY | os.O_CREAT), (2, "stderr", os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(directory / name, flags, 0o600), number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", closefd=False), open(2, "w", closefd=False)
    sys.argv = [request["script"], *request["args"]]
    sys.path.insert(0, str(Path(request["script"]).parent))
    code = 0
    try:
        runpy.run_path(request["script"], run_name="__main__")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def tell(message: dict) -> None:
    os.write(1, (json.dumps(message) + "\n").encode())


def main() -> None:
    gc.freeze()
    running: dict[int, str] = {}
    buffer = b""
    while True:
        readable, _, _ = select.select([0], [], [], PAUSE if running else None)
        if readable:
            chunk = os.read(0, 65_536)
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                request = json.loads(line)
                child = os.fork()
                if child == 0:
                    run(request)
                running[child] = request["id"]
        for child in list(running):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                tell({"id": running.pop(child), "code": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main()
