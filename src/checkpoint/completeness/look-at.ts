// One look at a directory: cheap questions first, and the deep ones only where the cheap ones are answered well.
import { join } from 'node:path';
import { ConversionError } from '../../contract/failures.ts';
import { isMissing } from '../../files/error-code.ts';
import { checkObjectItem } from '../item-header.ts';
import { readMetadataJson } from '../metadata-json.ts';
import { openFile } from '../open-file.ts';
import { readCheckpoint } from '../read-checkpoint.ts';
import { readSmallFile } from '../read-small-file.ts';
import { MAX_YAML_BYTES, readRunConfig } from '../training-config.ts';
import type { Checkpoint } from '../types.ts';
import { checkItems } from './check-items.ts';
import { findCoverageProblem } from './coverage.ts';
import { recogniseForeignFormat } from './foreign-formats.ts';
import { readTracker, survey } from './survey.ts';
import type { FileSeen, Look, ShortFile, Survey } from './types.ts';

export interface LookOptions {
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Digest whose items an earlier look has checked: they are not read again. */
  readonly checked: string | null;
  readonly onChecked: (done: number, total: number) => void;
}

const MAX_PROBLEMS = 20;
/** Keys of tensors that are no part of the model: their coverage is not our concern. */
const NOT_MODEL = /optimizer|_state/;

export async function lookAt(path: string, options: LookOptions): Promise<Look> {
  const seen = await survey(path, options.now());
  if (seen.place !== 'directory') return nothingSeen(seen);
  const metadataJson = await readMetadataJson(path);
  const damage: string[] = metadataJson.state === 'malformed' ? [metadataJson.problem] : [];
  const recordedFormat = await attempt(damage, null, async () => formatOf(await readRunConfig(path)));
  const cutOff = await attempt(damage, [], () => findCutOff(path));
  const names = new Set(seen.entries.map(({ name }) => name));
  const foreign = recogniseForeignFormat({
    survey: seen,
    names,
    metadataJson,
    recordedFormat,
    innerTracker: await readTracker(path),
  });
  if (foreign !== null || !names.has('.metadata')) {
    return { ...nothingSeen(seen), metadataJson, damage, cutOff, recordedFormat, unsupported: foreign };
  }
  return lookInside(seen, { metadataJson, cutOff, recordedFormat }, damage, options);
}

async function lookInside(
  seen: Survey,
  settings: Pick<Look, 'metadataJson' | 'cutOff' | 'recordedFormat'>,
  damage: string[],
  options: LookOptions,
): Promise<Look> {
  const shallow = { ...nothingSeen(seen), ...settings, damage };
  let checkpoint: Checkpoint;
  try {
    checkpoint = await readCheckpoint(seen.path, options.signal);
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    if (error.type === 'CheckpointUnsupported') return { ...shallow, refused: error.message };
    return { ...shallow, damage: [...damage, error.message] };
  }
  const shortFiles = findShortFiles(checkpoint, seen.entries);
  if (shortFiles.length > 0) return { ...shallow, checkpoint, shortFiles };
  if (options.checked === seen.digest && damage.length === 0) return { ...shallow, checkpoint, itemsChecked: true };
  damage.push(...coverageProblems(checkpoint));
  if (damage.length === 0) {
    await attempt(damage, undefined, () => checkCommonFile(seen));
    const problems = await attempt(damage, [], () => checkItems(checkpoint, options.signal, options.onChecked));
    damage.push(...problems);
  }
  return { ...shallow, checkpoint, damage, itemsChecked: true };
}

function nothingSeen(seen: Survey): Look {
  return {
    ...seen,
    metadataJson: { state: 'absent' },
    checkpoint: null,
    unsupported: null,
    refused: null,
    damage: [],
    shortFiles: [],
    cutOff: [],
    recordedFormat: null,
    itemsChecked: false,
  };
}

/** Notes a defect as damage; a file that vanished since it was listed is one too, until the next look. */
async function attempt<T>(damage: string[], otherwise: T, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ConversionError || isMissing(error)) {
      damage.push(error instanceof Error ? error.message : String(error));
      return otherwise;
    }
    throw error;
  }
}

function findShortFiles(checkpoint: Checkpoint, entries: readonly FileSeen[]): ShortFile[] {
  const sizes = new Map(entries.filter(({ directory }) => !directory).map(({ name, size }) => [name, size]));
  return [...checkpoint.files]
    .map(([file, expected]) => ({ file, expected, found: sizes.get(file) ?? null }))
    .filter(({ expected, found }) => found === null || found < expected)
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

function coverageProblems(checkpoint: Checkpoint): string[] {
  const problems: string[] = [];
  for (const entry of checkpoint.tensors.values()) {
    if (problems.length >= MAX_PROBLEMS) break;
    const problem = NOT_MODEL.test(entry.key) ? null : findCoverageProblem(entry);
    if (problem !== null) problems.push(`${entry.key}: ${problem}`);
  }
  return problems;
}

/** `common.pt` is not required; where it is, it must be whole, since the training settings may be read from it. */
async function checkCommonFile({ path, entries }: Survey): Promise<void> {
  const common = entries.find(({ name }) => name === 'common.pt');
  if (common === undefined) return;
  const file = await openFile(join(path, common.name));
  if (file === null) return;
  try {
    checkObjectItem(file.handle.fd, { file: common.name, offset: 0, length: file.size });
  } finally {
    await file.handle.close();
  }
}

/** safe_dump ends every file with a newline. */
async function findCutOff(path: string): Promise<string[]> {
  const bytes = await readSmallFile(join(path, 'run_config.yaml'), MAX_YAML_BYTES);
  return bytes === null || bytes.at(-1) === 0x0a ? [] : ['run_config.yaml'];
}

function formatOf(config: Readonly<Record<string, unknown>> | null): string | null {
  const section = config?.['checkpoint'];
  if (typeof section !== 'object' || section === null || !('ckpt_format' in section)) return null;
  return typeof section.ckpt_format === 'string' ? section.ckpt_format : null;
}
