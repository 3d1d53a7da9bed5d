"""Two pipeline stages that hold tensors: both, the second alone, none; with the refusal of Megatron-Bridge and with the first owner's.

Prints a JSON line of what stage 1 got. Run with the folders `site` and `python` in PYTHONPATH.
"""

import json
import os
import sys

import torch
from bridge_first_owner import install
from megatron.bridge.models.conversion.param_mapping import MegatronParamMapping


def ask(mapping, tensor, key):
    try:
        found = mapping.broadcast_from_pp_rank(tensor, key)
    except (ValueError, IndexError) as error:
        return f"{type(error).__name__}: {error}"
    return None if found is None else found.tolist()


def run(stage, folder):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=stage, world_size=2)
    mapping = MegatronParamMapping(2, None)
    mine = torch.tensor([float(stage)])
    refused = ask(mapping, mine, "both")
    install()
    cases = {
        "refused": refused,
        "both": ask(mapping, mine, "both"),
        "both again": ask(mapping, mine, "both"),
        "without a key": ask(mapping, mine, None),
        "second": ask(mapping, mine if stage == 1 else None, "second"),
        "none": ask(mapping, None, "none"),
    }
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    return cases


if __name__ == "__main__":
    child = os.fork()
    cases = run(0 if child == 0 else 1, sys.argv[1])
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    print(json.dumps(cases))
