// YAML as configuration files of the Python world mean it: PyYAML's booleans, OmegaConf's numbers.
import { isScalar, LineCounter, parseDocument, stringify, type Document, type ScalarTag, type Tags } from 'yaml';

/** PyYAML reads yes/no/on/off as booleans, YAML 1.2 does not; whoever comes from the step writes them. */
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const booleans: readonly ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:bool', default: true, identify: () => false, test: TRUE, resolve: () => true },
  { tag: 'tag:yaml.org,2002:bool', default: true, identify: () => false, test: FALSE, resolve: () => false },
];

const addBooleans = (tags: Tags): Tags => [...booleans, ...tags];

/** A YAML document with the line of each position. Errors are in `document.errors`. */
export function parseYaml(text: string): { document: Document.Parsed; lines: LineCounter } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    customTags: addBooleans,
  });
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

/** YAML that `parseYaml` reads back as the same values: text such as `no` is quoted. */
export function printYaml(value: object): string {
  return stringify(value, { customTags: addBooleans });
}
