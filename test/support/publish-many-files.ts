/** Enough files that a kill meets publishing in the middle. */
export const MANY_FILES: Readonly<Record<string, string>> = Object.fromEntries([
  ['config.json', '{}'],
  ...Array.from({ length: 40 }, (_, index) => [`model-${index}.safetensors`, `weights ${index}`]),
]);
