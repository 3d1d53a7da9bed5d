"""Save a case of the family fixtures by megatron-core's own model at given parallel sizes, one process a rank, started by torchrun.

usage: torchrun --nproc-per-node RANKS save_under_torchrun.py FAMILY CASE OUT SIZES    SIZES: JSON, [{"tp": 2, "pp": 2, "ep": 2}, ...]

OUT/layouts/ must hold the layout that the case's real model loads; the new ones come beside it.
"""

import json
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES / "families"))

import build  # noqa: E402, F401  completes sys.path
import megatron_cpu  # noqa: E402
import real  # noqa: E402


def main(family: str, name: str, out: Path, sizes: list[dict[str, int]]) -> None:
    (case,) = build.load_cases([family], [name])
    megatron_cpu.start()
    for size in sizes:
        real.run_size(case, size, out)
    megatron_cpu.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4]))
