// The content of `model.safetensors.index.json`, as transformers 5.24 writes it (`modeling_utils.py: save_pretrained`).
import type { FilePlan, Plan } from './types.ts';

/** Keys sorted, as `json.dumps(index, indent=2, sort_keys=True)` sorts them; null for a single file. */
export function buildIndex(files: readonly FilePlan[], parameters: number, bytes: number): Plan['index'] {
  if (files.length < 2) return null;
  const entries = files.flatMap(({ name, tensors }) => tensors.map((tensor) => [tensor.name, name] as const));
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    metadata: { total_parameters: parameters, total_size: bytes },
    weight_map: Object.fromEntries(entries),
  };
}
