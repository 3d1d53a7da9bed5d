// From `hf_model_id` to a directory of small files: a local directory, the hub cache, or the hub.
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { ConversionInput } from '../contract/input.ts';
import { ConversionError } from '../contract/failures.ts';
import { refuseOutside } from '../files/allowed-roots.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { compareTokenizers, readCheckpointTokenizer } from './checkpoint-tokenizer.ts';
import { fetchReference } from './fetch-reference.ts';
import type { Environment, Snapshot } from './hub-cache.ts';
import { findSnapshot, hubCacheDirectory, isHubId, isRevision, ownCacheDirectory } from './hub-cache.ts';
import { describeHubError, hubEndpoint, isOffline } from './hub-client.ts';
import type { DirectoryContent } from './read-directory.ts';
import { digestFiles, readDirectory } from './read-directory.ts';
import { readWeights } from './read-weights.ts';
import { hasTokenizer, isTokenizerFile } from './select-files.ts';
import type { Reference } from './types.ts';

export type ReferenceInput = Pick<
  ConversionInput,
  'hf_model_id' | 'hf_revision' | 'megatron_path' | 'tokenizer_source'
>;
type ReferenceSurroundings = Pick<Surroundings, 'signal' | 'onProgress' | 'policy'>;

interface Candidate {
  readonly content: DirectoryContent;
  readonly commit: string | null;
  /** Where links among the weights may lead; null: anywhere, as in the hub cache. */
  readonly roots: readonly string[] | null;
}

const ADVICE =
  'Set hf_model_id to the original base model or a local config source, or to from-checkpoint to make both from what the training run stored';

/**
 * Find the reference of a conversion. Order: a local directory; the hub cache; our own cache of fetched files; the hub.
 * A place whose files do not suffice is passed over, and named in the error when nothing suffices.
 * @throws ConversionError ReferenceUnavailable listing what was tried; PolicyRefused for a directory outside allowed_roots.
 */
export async function resolveReference(
  input: ReferenceInput,
  surroundings: ReferenceSurroundings,
  environment: Environment = process.env,
): Promise<Reference> {
  const tried: string[] = [];
  const candidate =
    (await fromDirectory(input, surroundings, tried)) ?? (await fromHub(input, surroundings, environment, tried));
  if (!candidate) throw unavailable(input.hf_model_id, tried);
  return completeReference(input, candidate, surroundings.policy.allowedRoots);
}

async function fromDirectory(
  input: ReferenceInput,
  surroundings: ReferenceSurroundings,
  tried: string[],
): Promise<Candidate | null> {
  const id = input.hf_model_id;
  const found = await stat(id).catch(() => null);
  if (!found?.isDirectory()) {
    if (isAbsolute(id) || /^[.~]/.test(id)) tried.push(`${id}: no such directory`);
    return null;
  }
  await refuseOutside('the reference', id, surroundings.policy.allowedRoots);
  const content = await readDirectory(id);
  for (const name of ['config.json', ...content.files]) {
    const exists = await stat(join(id, name)).catch(() => null);
    if (exists) await refuseOutside('the reference file', join(id, name), surroundings.policy.allowedRoots);
  }
  return suffices(content, input, id, tried)
    ? { content, commit: null, roots: surroundings.policy.allowedRoots }
    : null;
}

async function fromHub(
  input: ReferenceInput,
  surroundings: ReferenceSurroundings,
  environment: Environment,
  tried: string[],
): Promise<Candidate | null> {
  const id = input.hf_model_id;
  const revision = input.hf_revision ?? 'main';
  if (tried.length > 0) return null;
  if (!isHubId(id)) tried.push(`"${id}" is neither an existing directory nor a hub id (organization/name)`);
  if (!isRevision(revision)) tried.push(`hf_revision "${revision}" is not a branch, tag or commit`);
  if (tried.length > 0) return null;

  const hubCache = hubCacheDirectory(environment);
  const cached = await fromSnapshot(await findSnapshot(hubCache, id, revision), input, hubCache, tried);
  if (cached) return cached;

  const offline = isOffline(environment);
  if (offline) tried.push('the hub: HF_HUB_OFFLINE is set');
  const fetched = offline ? null : await fetchOrNull(id, revision, surroundings, environment, tried);
  const ownCache = ownCacheDirectory(environment);
  return fromSnapshot(fetched ?? (await findSnapshot(ownCache, id, revision)), input, ownCache, tried);
}

async function fetchOrNull(
  id: string,
  revision: string,
  surroundings: ReferenceSurroundings,
  environment: Environment,
  tried: string[],
): Promise<Snapshot | null> {
  try {
    const onProgress = (message: string): void => surroundings.onProgress({ phase: 'validateParallelism', message });
    return await fetchReference({ id, revision, environment, signal: surroundings.signal, onProgress });
  } catch (error) {
    surroundings.signal.throwIfAborted();
    tried.push(`the hub: ${describeHubError(error, hubEndpoint(environment))}`);
    return null;
  }
}

async function fromSnapshot(
  snapshot: Snapshot | null,
  input: ReferenceInput,
  cache: string,
  tried: string[],
): Promise<Candidate | null> {
  if (!snapshot) {
    tried.push(`${cache}: no snapshot of revision ${input.hf_revision ?? 'main'}`);
    return null;
  }
  const content = await readDirectory(snapshot.path);
  return suffices(content, input, snapshot.path, tried) ? { content, commit: snapshot.commit, roots: null } : null;
}

function suffices(content: DirectoryContent, input: ReferenceInput, place: string, tried: string[]): boolean {
  const problems = [...content.problems];
  if (input.tokenizer_source === 'reference' && !hasTokenizer(content.files)) {
    problems.push('no tokenizer.json, *.model, or vocab and merges (or set tokenizer_source=checkpoint)');
  }
  if (problems.length > 0) tried.push(`${place}: ${problems.join('; ')}`);
  return problems.length === 0;
}

async function completeReference(
  input: ReferenceInput,
  { content, commit, roots }: Candidate,
  allowedRoots: readonly string[],
): Promise<Reference> {
  const warnings = [...content.warnings];
  const fromCheckpoint = input.tokenizer_source === 'checkpoint';
  const tokenizer = fromCheckpoint ? await readCheckpointTokenizer(input.megatron_path, allowedRoots) : null;
  if (tokenizer && tokenizer.problems.length > 0) {
    throw unavailable(input.megatron_path, tokenizer.problems, 'Set tokenizer_source=reference');
  }
  if (tokenizer) warnings.push(...tokenizer.warnings, ...(await compareTokenizers(content, tokenizer)));
  const { weights, warnings: unread } = await readWeights(content.path, roots);
  warnings.push(...unread);
  const files = tokenizer ? content.files.filter((name) => !isTokenizerFile(name)) : content.files;
  const contents = new Map(['config.json', ...files].map((name) => [name, join(content.path, name)]));
  for (const name of tokenizer?.files ?? []) contents.set(name, join(tokenizer?.path ?? '', name));
  return {
    id: input.hf_model_id,
    path: content.path,
    revision: commit,
    config: content.config ?? {},
    files,
    tokenizer: tokenizer && { path: tokenizer.path, files: tokenizer.files },
    digest: await digestFiles(contents),
    remoteCode: content.remoteCode,
    weights,
    warnings,
  };
}

function unavailable(what: string, tried: readonly string[], advice = ADVICE): ConversionError {
  const message = `No Hugging Face config and tokenizer for ${what}. Tried:\n${tried.map((line) => `  - ${line}`).join('\n')}\n${advice}.`;
  return new ConversionError('ReferenceUnavailable', message, { problems: tried });
}
