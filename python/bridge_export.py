"""`distributed: false` of the bridge engine: Megatron-Bridge's AutoBridge exports a checkpoint in this one process."""

import argparse
import inspect


def call(function, *arguments, **options):
    """Calls with every option, or fails: an option that is dropped in silence would be a promise that nobody keeps."""
    parameters = inspect.signature(function).parameters
    open_ended = any(it.kind is inspect.Parameter.VAR_KEYWORD for it in parameters.values())
    unknown = [] if open_ended else [name for name in options if name not in parameters]
    if unknown:
        raise SystemExit(
            f"This Megatron-Bridge's {function.__qualname__} does not know {', '.join(unknown)}. "
            "Use a newer Megatron-Bridge, or distributed=true."
        )
    return function(*arguments, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--hf-model", required=True)
    parser.add_argument("--megatron-path", required=True)
    parser.add_argument("--hf-path", required=True)
    parser.add_argument("--torch-dtype", required=True, choices=("bfloat16", "float16", "float32"))
    parser.add_argument("--trust-remote-code", action="store_true")
    parser.add_argument("--no-progress", action="store_true")
    parser.add_argument("--not-strict", action="store_true")
    options = parser.parse_args()

    import torch
    from megatron.bridge import AutoBridge

    bridge = call(
        AutoBridge.from_hf_pretrained,
        options.hf_model,
        trust_remote_code=options.trust_remote_code,
        torch_dtype=getattr(torch, options.torch_dtype),
    )
    call(
        bridge.export_ckpt,
        megatron_path=options.megatron_path,
        hf_path=options.hf_path,
        show_progress=not options.no_progress,
        strict=not options.not_strict,
    )


if __name__ == "__main__":
    main()
