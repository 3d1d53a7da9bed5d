// YAML as configuration files of the Python world mean it.
import {
  isScalar,
  LineCounter,
  parseDocument,
  stringify,
  YAMLParseError,
  type Document,
  type ScalarTag,
  type Tags,
} from 'yaml';
import { BOOLEANS, NUMBERS } from './yaml-numbers.ts';

const OWN: readonly ScalarTag[] = [...BOOLEANS, ...NUMBERS];
const OWN_TAGS = new Set(OWN.map(({ tag }) => tag));

/** Our scalars instead of those of YAML 1.2. */
const tags = (core: Tags): Tags => [...OWN, ...core.filter((tag) => typeof tag === 'string' || !OWN_TAGS.has(tag.tag))];

/** A YAML document with the line of each position. Errors are in `document.errors`, tags that nobody knows among them. */
export function parseYaml(text: string): { document: Document.Parsed; lines: LineCounter } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    customTags: tags,
    merge: true,
    // Warnings become errors here; nothing is printed behind our back.
    logLevel: 'error',
  });
  for (const { pos, code, message } of document.warnings) document.errors.push(new YAMLParseError(pos, code, message));
  return { document, lines };
}

/** Source text of a plain scalar, null for quoted ones and for everything else. */
export function plainText(node: unknown): string | null {
  return isScalar(node) && node.type === 'PLAIN' ? (node.source ?? null) : null;
}

/** What a single value means in YAML, or null where it is no valid YAML. */
export function decodeYaml(text: string): { value: unknown; text: string | null } | null {
  const { document } = parseYaml(text);
  if (document.errors.length > 0) return null;
  return { value: document.toJS() as unknown, text: plainText(document.contents) };
}

/** YAML that `parseYaml` reads back as the same values: text such as `no` is quoted. Long text stays on its line. */
export function printYaml(value: object): string {
  return stringify(value, { customTags: (core) => [...core, ...OWN], lineWidth: 0 });
}
