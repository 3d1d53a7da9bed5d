"""What Megatron-Bridge's converters do with a Llama checkpoint, written only with torch: reads the global tensors with
torch.distributed.checkpoint and writes the files that the index of the reference names, as `save_generator` of Megatron-Bridge 0.4 does.

STAND_IN makes it misbehave, as real converters did: see `misbehave_early` and `write`.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

SCRIPTS = Path(__file__).parents[4] / "fixtures" / "scripts"
MODE = os.environ.get("STAND_IN", "")
INDEX = "model.safetensors.index.json"
# A checkpoint's names for norms -> those of a module (fixtures/README.md, "Facts").
RENAMED = {
    "self_attention.linear_qkv.layer_norm_weight": "input_layernorm.weight",
    "mlp.linear_fc1.layer_norm_weight": "pre_mlp_layernorm.weight",
}


def misbehave_early():
    """Before torch is imported: what happens to a converter has little to do with tensors."""
    if MODE == "oom":
        print("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.50 GiB. GPU 0 has a total capacity of 79.10 GiB", file=sys.stderr)
        os._exit(1)
    if MODE == "kill":
        os.kill(os.getpid(), 9)
    if MODE == "hang":
        print("Loading Megatron checkpoint", flush=True)
        time.sleep(600)
    if MODE == "orphan":
        # A worker that was forked keeps the command line of its rank, and outlives it in a session of its own.
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
            os._exit(0)
        print("Export complete", flush=True)
        os._exit(0)
    if MODE == "orphan program":
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        os._exit(0)


def load_model(directory):
    import torch
    from torch.distributed import checkpoint

    reader = checkpoint.FileSystemReader(directory)
    stored = {key: entry for key, entry in reader.read_metadata().state_dict_metadata.items() if hasattr(entry, "size")}
    tensors = {key: torch.empty(entry.size, dtype=entry.properties.dtype) for key, entry in stored.items() if not key.startswith("optimizer.")}
    checkpoint.load(tensors, storage_reader=reader, no_dist=True)
    out = {}
    for key, tensor in tensors.items():
        match = re.fullmatch(r"decoder\.layers\.(?:(\d+)\.)?(.*)", key)
        if match is None:
            out[key] = tensor
            continue
        rest = RENAMED.get(match[2], match[2])
        layers = {int(match[1]): tensor} if match[1] else dict(enumerate(tensor.unbind(0)))
        out |= {f"decoder.layers.{i}.{rest}": value for i, value in layers.items()}
    return out


def export(hf_model, megatron_path, hf_path, strict, torch_dtype=None, distributed_save=False, save_every_n_ranks=1):
    misbehave_early()
    import torch

    sys.path.append(str(SCRIPTS))
    import hf_weights

    config = json.loads((Path(hf_model) / "config.json").read_text())
    weights = hf_weights.to_hf(load_model(megatron_path), config)
    if torch_dtype is not None:
        weights = {name: tensor.to(getattr(torch, torch_dtype)) for name, tensor in weights.items()}
    index = Path(hf_model) / INDEX
    weight_map = json.loads(index.read_text())["weight_map"] if index.exists() else {}
    for name in weights:
        if name not in weight_map and strict:
            raise KeyError(f"Tensor '{name}' from generator not found in the original model structure. To ignore, set strict=False.")
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    savers = list(range(0, world, save_every_n_ranks)) if distributed_save else [0]
    if world > 1:
        torch.distributed.init_process_group("gloo")
    write(Path(hf_path), weights, weight_map, rank, savers)
    if world > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def write(folder, weights, weight_map, rank, savers):
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(set(weight_map.values()))
    saved = dict(weight_map)
    if MODE == "missing tensor":
        del weights["model.layers.3.mlp.down_proj.weight"]
        del saved["model.layers.3.mlp.down_proj.weight"]
    if MODE == "padded vocabulary":
        weights["lm_head.weight"] = weights["lm_head.weight"].repeat(2, 1)[:2048].clone()
    if rank in savers:
        for number, file in enumerate(files):
            if number % len(savers) != savers.index(rank):
                continue
            # A rank whose files are not on the disk although it reported them.
            if MODE == "partial shard map" and number == 1:
                continue
            tensors = {name: tensor for name, tensor in weights.items() if weight_map.get(name) == file}
            save_file(tensors, folder / file)
    if rank == 0:
        (folder / INDEX).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": saved}, indent=4))
        # Converters save config and tokenizer too, in their own words.
        (folder / "config.json").write_text("{}")
        print("Export complete", flush=True)
