// What a conversion consumes and produces, by the artifact types of the Nemotron steps. Safe in the workflow sandbox.

export const ARTIFACTS = {
  consumes: {
    type: 'checkpoint_megatron',
    parameter: 'megatron_path',
    meaning: 'one iteration directory of a Megatron torch_dist checkpoint, normally iter_NNNNNNN',
  },
  produces: {
    type: 'checkpoint_hf',
    parameter: 'hf_path',
    meaning: 'a Hugging Face safetensors checkpoint with config and tokenizer, and export_manifest.json',
  },
} as const;
