// Imported profiles as the `profiles:` section of worker.yaml, with what could not be taken over as comments. Pure.
import { printYaml } from '../yaml-values.ts';
import type { Note } from './convert-profile.ts';
import type { ImportedProfile } from './import-profiles.ts';
import { RESERVED_SECTIONS } from './key-rules.ts';

interface Source {
  /** Name of the file, for the first line. */
  readonly file: string;
  readonly reserved: readonly string[];
  readonly strays: readonly string[];
}

export function renderProfiles(profiles: readonly ImportedProfile[], { file, reserved, strays }: Source): string {
  const left = [
    ...reserved.map((name) => `[${name}] is left out: ${RESERVED_SECTIONS[name] ?? 'it is no profile'}.`),
    ...strays.map((name) => `${oneLine(name)} is left out: it stands in no section.`),
  ];
  const head = [
    `# The profiles of ${oneLine(file)} by \`megatron-to-hf profile import\`, for worker.yaml.`,
    '# The ranks need Node and this package at that place: set `node` and `package_root` where they are not where the worker has them.',
    '# References to the environment are resolved when the worker starts.',
    ...left.map((line) => `# ${line}`),
  ];
  const blocks = profiles.map(renderProfile);
  const body = profiles.some(({ fields }) => fields !== null) ? 'profiles:' : 'profiles: {}';
  return `${head.join('\n')}\n\n${[body, blocks.join('\n\n')].join('\n')}\n`;
}

function renderProfile({ name, fields, notes }: ImportedProfile): string {
  const title = fields === null ? [`  # ${name}:`] : [];
  const comments = groupNotes(notes).map((line) => `  # ${line}`);
  const yaml =
    fields === null
      ? []
      : printYaml({ [name]: fields })
          .trimEnd()
          .split('\n');
  return [...title, ...comments, ...yaml.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');
}

/** `tunnel, host: why`, one line for each text. */
function groupNotes(notes: readonly Note[]): string[] {
  const keys = new Map<string, string[]>();
  for (const { key, text } of notes) keys.set(text, [...(keys.get(text) ?? []), key]);
  return [...keys].map(([text, names]) => oneLine(`${[...new Set(names)].join(', ')}: ${text}`));
}

/** A comment ends with its line, and names come from a file. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029\u0085]+/g, ' ');
}
