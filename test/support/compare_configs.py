"""Read pairs of configs with transformers, and say in which fields each pair differs.

usage: compare_configs.py PAIRS.json   (a list of [config, other])

Prints a JSON list with one object a pair: each differing field with both values, as transformers sees it.
"""

import json
import sys
from pathlib import Path

from transformers import AutoConfig


def read(config: dict) -> dict:
    """The config with the defaults and the spelling of transformers."""
    kind = config.pop("model_type")
    return AutoConfig.for_model(kind, **config).to_dict()


def main() -> None:
    """Compare each pair."""
    result = []
    for pair in json.loads(Path(sys.argv[1]).read_text()):
        one, other = (read(config) for config in pair)
        fields = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
        result.append({name: [one.get(name), other.get(name)] for name in fields})
    print(json.dumps(result))


if __name__ == "__main__":
    main()
