"""Lets the real Megatron-Bridge 0.3.1 run on a machine without a GPU: in PYTHONPATH, Python imports this file at its start.

Patched are the calls of CUDA that fixtures/scripts/megatron_cpu.py patches too, the process group (gloo), and fusions that need CUDA. Packages
that need CUDA to be installed are stood for, for megatron.bridge alone: megatron.core must see that they are missing.
"""

import importlib.abc
import importlib.machinery
import sys
import types

ABSENT = {
    "accelerate", "causal_conv1d", "datasets", "decord", "fla", "flash_attn", "grouped_gemm", "hydra", "mamba_ssm", "mlflow", "modelopt",
    "multistorageclient", "nemo_run", "nvdlfw_inspect", "nvidia_resiliency_ext", "open_clip", "qwen_vl_utils", "tensorboard", "timm",
    "transformer_engine", "wandb",
}  # fmt: skip


class Anything(type):
    """A class of whatever name, that can be inherited from, called and indexed."""

    def __getattr__(cls, name):
        return make(name)


def make(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Anything(name, (), {"__init__": lambda self, *_, **__: None, "__class_getitem__": classmethod(lambda cls, _: cls)})


class Stub(types.ModuleType):
    __path__ = []
    __version__ = "0"

    def __getattr__(self, name):
        return make(name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in ABSENT:
            return None
        frame = sys._getframe(1)
        while frame is not None:
            room = frame.f_globals.get("__name__", "").split(".")[:2]
            if room[0] in ("torch", "transformers") or room == ["megatron", "core"]:
                return None
            if room == ["megatron", "bridge"]:
                return importlib.machinery.ModuleSpec(name, self, is_package=True)
            frame = frame.f_back
        return None

    def create_module(self, spec):
        return Stub(spec.name)

    def exec_module(self, module):
        pass


def patch():
    sys.meta_path.append(Finder())
    for name in ("torch.utils.tensorboard", "torch.utils.tensorboard.writer"):
        sys.modules[name] = Stub(name)
    import torch

    torch.cuda.current_device = lambda: torch.device("cpu")
    torch.cuda.synchronize = lambda *_, **__: None
    torch.cuda.set_device = lambda *_, **__: None
    torch.Tensor.cuda = lambda tensor, *_, **__: tensor
    torch.nn.Module.cuda = lambda module, *_, **__: module
    start = torch.distributed.init_process_group
    torch.distributed.init_process_group = lambda backend=None, *a, device_id=None, **k: start("gloo", *a, **k)
    # Before megatron.bridge: these look once whether Transformer Engine is there.
    import megatron.core.dist_checkpointing  # noqa: F401
    import megatron.core.models.gpt.gpt_layer_specs  # noqa: F401
    import megatron.core.optimizer  # noqa: F401
    import megatron.core.transformer.transformer_block  # noqa: F401
    from megatron.core.tensor_parallel.random import initialize_rng_tracker

    initialize_rng_tracker(inference_rng_tracker=True)
    from megatron.bridge import AutoBridge

    save, provide = AutoBridge.save_hf_pretrained, AutoBridge.to_megatron_provider
    # Distributed saving came with 0.4: rank 0 saves.
    AutoBridge.save_hf_pretrained = lambda self, *a, distributed_save=False, save_every_n_ranks=1, **k: save(self, *a, **k)

    def without_fusions(self, *arguments, **options):
        provider = provide(self, *arguments, **options)
        for name in ("apply_rope", "masked_softmax", "bias_activation", "bias_dropout", "gradient_accumulation"):
            setattr(provider, f"{name}_fusion", False)
        return provider

    AutoBridge.to_megatron_provider = without_fusions


if len(sys.orig_argv) > 1 and sys.orig_argv[1].endswith("bridge_rank.py"):
    patch()
