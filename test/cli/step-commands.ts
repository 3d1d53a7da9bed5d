// The command lines of the Nemotron step's page, and what becomes of them on this machine.

/** "Export a validated Megatron checkpoint iteration to Hugging Face layout". */
export const EXPORT = String.raw`$ nemotron steps run convert/megatron_to_hf -c default \
megatron_path=/path/to/megatron/iter_0000100 \
hf_model_id=nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16 \
hf_path=./output/convert/sft-hf \
tp=1 pp=1 ep=8`;

/** "Submit the export through a generated Lepton profile". */
export const SUBMIT = String.raw`$ nemotron steps run convert/megatron_to_hf -c default --batch lepton_convert_model \
megatron_path=/mnt/lustre-shared/output/sft/megatron_bridge/iter_0000100 \
hf_model_id=nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16 \
hf_path=/mnt/lustre-shared/output/convert/sft-hf`;

/** The examples of the single parameters. */
export const PARAMETERS = String.raw`megatron_path=/lustre/runs/sft/checkpoints/iter_0000100
hf_model_id=nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16
hf_path=/lustre/output/convert/sft-hf`;

export interface Places {
  readonly checkpoint: string;
  readonly reference: string;
  /** Stands for the shared file system of the examples. */
  readonly lustre: string;
}

/** The words of a command line of the page for `megatron-to-hf`, with the paths of this machine. */
export function adaptCommand(command: string, { checkpoint, reference, lustre }: Places): string[] {
  return command
    .replace(/^\$ nemotron steps run convert\/megatron_to_hf/, 'run')
    .replaceAll('\\\n', ' ')
    .replaceAll(/(?<=megatron_path=)\S+/g, checkpoint)
    .replaceAll(/(?<=hf_model_id=)\S+/g, reference)
    .replaceAll(/(?<=hf_path=)(?:\/mnt\/lustre-shared|\/lustre)/g, lustre)
    .split(/\s+/);
}
