"""Stands for the package megatron-bridge: the part of AutoBridge that a one-process export uses."""

import stand_in

__version__ = "0.0.stand-in"


class AutoBridge:
    def __init__(self, path):
        self._path = path

    @classmethod
    def from_hf_pretrained(cls, path, **kwargs):
        assert set(kwargs) == {"trust_remote_code", "torch_dtype"}, kwargs
        return cls(path)

    def export_ckpt(self, megatron_path, hf_path, show_progress=True, strict=False, source_path=None):
        stand_in.export(self._path, megatron_path, hf_path, strict)
