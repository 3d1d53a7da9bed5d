// The converter that this worker has: the operator's script, or the first in the usual places.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BridgePolicy, ConverterGeneration } from '../../contract/bridge.ts';
import { isMissing } from '../../files/error-code.ts';
import { COMMAND_LINES, generationOf } from './command-lines.ts';

/** Of NVIDIA's containers. */
const ROOT = '/opt/Megatron-Bridge';
const USUAL = [COMMAND_LINES.scripts.path, COMMAND_LINES.examples.path].map((path) => join(ROOT, path));

export interface Converter {
  readonly script: string;
  readonly generation: Exclude<ConverterGeneration, 'helper'>;
  /** Options of its generation that this very script lacks. */
  readonly lacking: readonly string[];
}

/**
 * @param here whether the ranks see the files of this machine; a script elsewhere is taken at its word
 * @returns a sentence where there is none
 */
export async function findConverter(
  { script }: Pick<BridgePolicy, 'script'>,
  here: boolean,
): Promise<Converter | string> {
  if (!here) {
    if (script !== null) return { script, generation: generationOf(script), lacking: [] };
    return 'Distributed conversion script not found: the ranks run elsewhere, so set bridge.script in the worker configuration to its path there.';
  }
  const candidates = script === null ? USUAL : [script];
  for (const path of candidates) {
    const text = await readText(path);
    if (text === null) continue;
    const generation = generationOf(path);
    const lacking = COMMAND_LINES[generation].sometimes.filter((option) => !text.includes(`"${option}"`));
    return { script: path, generation, lacking };
  }
  return (
    `Distributed conversion script not found: ${candidates.join(', ')}. Use a container that ships Megatron-Bridge's converter, ` +
    'set bridge.script in the worker configuration to where it is, or distributed=false for one process with AutoBridge.'
  );
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
