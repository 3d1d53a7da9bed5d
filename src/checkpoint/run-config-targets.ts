// What `run_config.yaml` would have instantiated by somebody who loads it: every `_target_`, read as text.
import { join } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, parseDocument, visit, type Node } from 'yaml';
import { ConversionError } from '../contract/failures.ts';
import { readSmallFile } from './read-small-file.ts';
import { MAX_YAML_BYTES } from './training-config.ts';

export interface RunConfigTargets {
  /** Names as they stand there, each once. */
  readonly targets: readonly string[];
  /** What a loader could make names of that are not written out: interpolations, targets that are no text. A sentence each. */
  readonly hidden: readonly string[];
}

/**
 * All of the file is looked at, equal keys and unused anchors included. Null where there is no such file.
 * @throws ConversionError CheckpointDamaged for what is no YAML mapping.
 */
export async function readRunConfigTargets(path: string): Promise<RunConfigTargets | null> {
  const bytes = await readSmallFile(join(path, 'run_config.yaml'), MAX_YAML_BYTES);
  if (bytes === null) return null;
  const document = parseDocument(bytes.toString('utf8'), { uniqueKeys: false, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined || !isMap(document.contents)) {
    const why = problem === undefined ? 'it is no mapping' : `${problem.code} at character ${problem.pos[0]}`;
    throw new ConversionError('CheckpointDamaged', `${path}/run_config.yaml cannot be read: ${why}`, {
      problems: [why],
    });
  }
  const targets = new Set<string>();
  const hidden = new Set<string>();
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key)) hidden.add('a key that is no plain text');
      else if (key.value === '_target_') takeTarget(value as Node | null, targets, hidden);
    },
    Scalar(_, { value }) {
      // OmegaConf resolves these while it loads, and some of them make mappings out of text.
      if (typeof value === 'string' && value.includes('${')) hidden.add(`the interpolation ${shorten(value)}`);
    },
  });
  return { targets: [...targets].sort(), hidden: [...hidden].sort() };
}

function takeTarget(value: Node | null, targets: Set<string>, hidden: Set<string>): void {
  if (isScalar(value) && typeof value.value === 'string') targets.add(value.value);
  else if (isAlias(value) || isMap(value) || isSeq(value)) hidden.add('a _target_ that is no plain text');
  else hidden.add(`the _target_ ${shorten(String(isScalar(value) ? value.value : value))}`);
}

function shorten(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
