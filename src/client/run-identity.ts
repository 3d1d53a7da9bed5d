// Names of a run: its workflow id follows from the target, its digest from the whole request.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import type { ConversionInput } from '../contract/index.ts';

/** `megatron-to-hf-<name>-<12 hex digits>`: readable, and different for targets of the same name in different folders. */
export function workflowIdOf(hfPath: string): string {
  const path = hfPath.replace(/\/+$/, '');
  const name = basename(path)
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 80);
  return `megatron-to-hf-${name}-${sha256(path).slice(0, 12)}`;
}

/** Two requests with this digest in common ask for the same work. How progress is shown and where a value came from do not count. */
export function digestOf(input: ConversionInput): string {
  const { show_progress: _shown, defaulted: _defaulted, ...work } = input;
  return sha256(canonicalJson(work));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON with sorted keys, where `null` and absent are the same, as in the contract. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined && item !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
