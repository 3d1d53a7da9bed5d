"""Load two exports with transformers as a user would, and say whether they are one model.

usage: compare_models.py EXPORT OTHER

Prints one JSON object: the key lists of both loading reports, the largest difference of the logits over 64 tokens, and the fields in which
the configs as transformers reads them differ, as [ours, theirs]. float32, on a CPU.
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM


def load(export: str) -> tuple[torch.nn.Module, dict[str, list[str]]]:
    """A model and what its loading reports."""
    model, report = AutoModelForCausalLM.from_pretrained(export, dtype=torch.float32, output_loading_info=True)
    return model.eval(), {name: sorted(map(str, keys)) for name, keys in report.items() if hasattr(keys, "__iter__")}


def main() -> None:
    """Load both, run forward once, compare."""
    (ours, our_report), (theirs, their_report) = (load(path) for path in sys.argv[1:3])
    ids = torch.arange(64)[None]
    with torch.no_grad():
        difference = (ours(input_ids=ids).logits - theirs(input_ids=ids).logits).abs().max().item()
    one, other = ours.config.to_dict(), theirs.config.to_dict()
    fields = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    print(
        json.dumps(
            {
                "architectures": [type(ours).__name__, type(theirs).__name__],
                "problems": [keys for report in (our_report, their_report) for keys in report.values() if keys],
                "difference": difference,
                "fields": {name: [one.get(name), other.get(name)] for name in fields},
            }
        )
    )


if __name__ == "__main__":
    main()
