"""Load an exported model with transformers, generate text and measure how well it reads English.

Run: python smoke_generate.py REQUEST.json

Prints one JSON object a line on stdout and nothing else; messages of the libraries go to stderr. Events:

    load        how the weights fitted: missing, unexpected and mismatched keys, errors
    step        a sign of life during long work
    sample      one greedy continuation of a prompt
    perplexity  one passage: its perplexity, that of its tokens shuffled, and what distant context is worth
    end         everything was measured
    error       it was not, and why

It measures and does not judge: that is the caller's part (src/smoke/judge.ts). Nothing here uses the network.
"""

import importlib.util
import json
import math
import os
import platform
import sys
import time
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

EVENTS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.generation.streamers import BaseStreamer

SECONDS_BETWEEN_STEPS = 1.0
MOST_TOKENS = 512
BATCH_TOKENS = 2048
KEYS_SHOWN = 20


def emit(event: str, **fields) -> None:
    EVENTS.write(json.dumps({"event": event, **fields}) + "\n")


class Steps(BaseStreamer):
    """Signs of life: one event a second while tokens come out."""

    def __init__(self, what: str):
        self.what, self.tokens, self.last = what, 0, time.monotonic()

    def put(self, value) -> None:
        self.tokens += 1
        if time.monotonic() - self.last >= SECONDS_BETWEEN_STEPS:
            self.last = time.monotonic()
            emit("step", message=self.what, tokens=self.tokens)

    def end(self) -> None:
        pass


def choose_device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def choose_dtype(wanted: str, device: str):
    """On a CPU half precision is slow and rounds; elsewhere the checkpoint's own dtype is right."""
    if wanted == "auto":
        return torch.float32 if device == "cpu" else "auto"
    return getattr(torch, wanted)


class AccelerateMissing(RuntimeError):
    """Something is to be spread, and there is nothing to spread it with."""


def placement(request: dict, device: str) -> dict:
    """How to spread the model: accelerate where it is installed and something is to be spread, else one device."""
    limit, folder = request["max_memory"], request["offload_folder"]
    if request["spread_by"] and importlib.util.find_spec("accelerate") is None:
        raise AccelerateMissing(
            f"{' and '.join(request['spread_by'])} spread the model with accelerate, which {sys.executable} does not have: "
            "install it there (pip install accelerate), or leave them out"
        )
    if importlib.util.find_spec("accelerate") is None or (limit is None and folder is None and device == "cpu"):
        return {}
    spread = {"device_map": "auto" if request["device"] == "auto" else {"": device}}
    if limit is not None and request["device"] == "auto":
        devices = range(torch.cuda.device_count()) if device == "cuda" else ["cpu"]
        spread["max_memory"] = {name: limit for name in devices}
    if folder is not None:
        spread["offload_folder"] = folder
    return spread


def load(request: dict):
    began = time.monotonic()
    directory, device = request["directory"], choose_device(request["device"])
    spread = placement(request, device)
    common = {"local_files_only": True, "trust_remote_code": request["trust_remote_code"]}
    tokenizer = AutoTokenizer.from_pretrained(directory, **common)
    model, info = AutoModelForCausalLM.from_pretrained(
        directory,
        dtype=choose_dtype(request["dtype"], device),
        output_loading_info=True,
        **common,
        **spread,
    )
    model = (model if spread else model.to(device)).eval()
    report = {name: sorted(map(str, info.get(f"{name}_keys") or [])) for name in ("missing", "unexpected", "mismatched")}
    errors = [str(entry) for name in ("error_msgs", "conversion_errors") for entry in info.get(name) or []]
    emit(
        "load",
        seconds=time.monotonic() - began,
        device=str(next(model.parameters()).device),
        dtype=str(next(model.parameters()).dtype).removeprefix("torch."),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        vocabulary=model.get_input_embeddings().weight.shape[0],
        tokenizer_vocabulary=len(tokenizer),
        versions={
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        errors=errors[:KEYS_SHOWN],
        **{name: keys[:KEYS_SHOWN] for name, keys in report.items()},
        counts={name: len(keys) for name, keys in report.items()},
    )
    return tokenizer, model


@torch.no_grad()
def generate(tokenizer, model, prompt: str, request: dict) -> None:
    """Greedy, so that the same weights give the same text. Sampling values of generation_config.json are put out of the way."""
    inputs = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False).to(model.device)
    output = model.generate(
        **inputs,
        do_sample=False,
        num_beams=1,
        temperature=None,
        top_p=None,
        top_k=None,
        min_new_tokens=min(4, request["max_new_tokens"]),
        max_new_tokens=request["max_new_tokens"],
        repetition_penalty=request["repetition_penalty"],
        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0,
        streamer=Steps("generating"),
    )
    new = output[0, inputs["input_ids"].shape[1] :]
    emit("sample", prompt=prompt, text=tokenizer.decode(new, skip_special_tokens=True), tokens=len(new))


@torch.no_grad()
def token_losses(model, ids: torch.Tensor) -> torch.Tensor:
    """[batch, length] token ids -> [batch, length - 1] losses in nats, of each token given those before it; float32."""
    losses, rows, last = [], max(1, BATCH_TOKENS // ids.shape[1]), time.monotonic()
    for part in ids.split(rows):
        logits = model(part.to(model.device), use_cache=False).logits[:, :-1].float()
        targets = part[:, 1:].to(logits.device)
        flat = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        losses.append(flat.view(targets.shape).cpu())
        if time.monotonic() - last >= SECONDS_BETWEEN_STEPS:
            last = time.monotonic()
            emit("step", message="measuring perplexity")
    return torch.cat(losses)


def passage_ids(tokenizer, model, text: str) -> tuple[torch.Tensor, int]:
    """Token ids as the tokenizer makes them, cut to what the model can take, and how many leading ones are special (BOS)."""
    ids = tokenizer(text)["input_ids"]
    if len(ids) > 1 and ids[-1] == tokenizer.eos_token_id:
        ids = ids[:-1]
    prefix = 1 if ids and ids[0] in tokenizer.all_special_ids else 0
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None) or MOST_TOKENS
    return torch.tensor(ids[: min(limit, MOST_TOKENS)]), prefix


def finite_exp(loss: float) -> float | None:
    """Perplexity of a mean loss; null where JSON has no number for it."""
    return math.exp(loss) if math.isfinite(loss) and loss < 700 else None


def measure(tokenizer, model, passage: dict, request: dict) -> None:
    """Perplexity: exp of the mean loss of tokens 1..n-1, as Megatron's own evaluation computes it.

    Shuffled: the same tokens in random orders (a BOS stays in front), mean loss over all orders. Context gain: mean over tokens of
    their loss given only the `window` tokens before them, less their loss given everything before them, in nats.
    """
    ids, prefix = passage_ids(tokenizer, model, passage["text"])
    window, body = request["window"], ids[prefix:]
    if len(body) < 4 * window:
        raise ValueError(f"the tokenizer makes only {len(body)} tokens of the passage {passage['name']}")
    full = token_losses(model, ids[None])[0]
    generator = torch.Generator().manual_seed(request["seed"])
    orders = [torch.randperm(len(body), generator=generator) for _ in range(request["shuffles"])]
    shuffled = token_losses(model, torch.stack([torch.cat([ids[:prefix], body[order]]) for order in orders]))
    pieces = body.unfold(0, window + 1, 1)
    near = token_losses(model, torch.cat([ids[:prefix].expand(len(pieces), -1), pieces], dim=1))[:, -1]
    gain = float((near - full[prefix + window - 1 :]).mean())
    emit(
        "perplexity",
        passage=passage["name"],
        tokens=len(ids),
        finite=bool(torch.isfinite(full).all() and torch.isfinite(shuffled).all() and torch.isfinite(near).all()),
        perplexity=finite_exp(float(full.mean())),
        shuffled_perplexity=finite_exp(float(shuffled.mean())),
        context_gain=gain if math.isfinite(gain) else None,
    )


def main(path: str) -> None:
    began = time.monotonic()
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    emit("step", message="loading")
    tokenizer, model = load(request)
    for passage in request["passages"]:
        measure(tokenizer, model, passage, request)
    for prompt in request["prompts"]:
        generate(tokenizer, model, prompt, request)
    emit("end", seconds=time.monotonic() - began)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Exception as error:
        emit("error", type=type(error).__name__, message=str(error)[:4000])
        raise
