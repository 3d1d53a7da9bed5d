// `profile import`: the profiles of an env.toml as the `profiles:` section of worker.yaml.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { styleText } from 'node:util';
import { checkImported } from '../config/env-toml/check-imported.ts';
import { importProfiles, type ImportedProfile } from '../config/env-toml/import-profiles.ts';
import { readEnvToml, type EnvFile } from '../config/env-toml/read-env-toml.ts';
import { renderProfiles } from '../config/env-toml/render-profiles.ts';
import { closest } from '../config/suggest.ts';
import { ConversionError } from '../contract/failures.ts';
import { errorCode } from '../files/error-code.ts';
import type { ProfileImportFlags } from './flags.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** What cannot be taken over is said in comments and on stderr; nothing of it fails. @throws ConversionError InvalidInput */
export async function importEnvToml(
  path: string,
  names: readonly string[],
  { out }: ProfileImportFlags,
): Promise<number> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConversionError(
      'InvalidInput',
      `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  const file = readEnvToml(text, path);
  refuseUnknown(names, file, path);
  const profiles = importProfiles(file, names.length === 0 ? [...file.profiles.keys()] : names);
  const yaml = renderProfiles(profiles, { file: basename(path), ...file });
  if (out === undefined) process.stdout.write(yaml);
  else await writeNew(out, yaml);
  warn(profiles, checkImported(yaml, process.env));
  return EXIT_CODES.done.code;
}

function refuseUnknown(names: readonly string[], { profiles }: EnvFile, path: string): void {
  const known = [...profiles.keys()];
  const problems = names
    .filter((name) => !profiles.has(name))
    .map((name) => {
      const near = closest(name, known);
      return `${path} has no profile ${name}${near === null ? '' : `; did you mean ${near}?`} It has ${known.join(', ')}`;
    });
  if (problems.length > 0) throw new ConversionError('InvalidInput', problems.join('\n'), { problems });
}

async function writeNew(out: string, yaml: string): Promise<void> {
  try {
    await writeFile(out, yaml, { flag: 'wx' });
  } catch (error) {
    const what = errorCode(error) === 'EEXIST' ? 'exists; name a new file' : `cannot be written: ${String(error)}`;
    throw new ConversionError('InvalidInput', `${resolve(out)} ${what}`, { cause: error });
  }
}

function warn(profiles: readonly ImportedProfile[], problems: readonly string[]): void {
  const unknown = profiles.flatMap(({ name, notes }) =>
    notes.filter((note) => note.unknown).map(({ key }) => `${name}.${key}`),
  );
  const others = profiles.reduce((sum, { notes }) => sum + notes.filter((note) => !note.unknown).length, 0);
  const made = profiles.filter(({ fields }) => fields !== null).length;
  const lines = [
    `${made} of ${profiles.length} profiles imported${others === 0 ? '' : `; ${others} keys are explained in comments`}`,
    ...(unknown.length === 0
      ? []
      : [warning(`not known to the step or to this package, and left out: ${unknown.join(', ')}`)]),
    ...problems.map((problem) => warning(`to be corrected before a worker can use it: ${problem}`)),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

const warning = (text: string): string => `${styleText('yellow', 'warning', { stream: process.stderr })}: ${text}`;
