// What a subprocess may see of our environment: an allow-list, so that no token, key or outer rank leaks into it.

const ALLOWED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'HF_HOME',
  'HF_HUB_CACHE',
  'HF_MODULES_CACHE',
  'LD_LIBRARY_PATH',
  'VIRTUAL_ENV',
  'NODE_COMPILE_CACHE',
  'CUDA_HOME',
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
] as const;

/** The allowed variables of `source`, and `extra` on top. RANK, WORLD_SIZE, MASTER_*, TORCHELASTIC_* and SLURM_* of an outer launch stay out. */
export function minimalEnvironment(
  extra: Readonly<Record<string, string>> = {},
  source: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of ALLOWED) {
    const value = source[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...extra };
}
