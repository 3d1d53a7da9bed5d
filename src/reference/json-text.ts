// JSON as Python writes it (NaN and Infinity allowed), and edits that leave every other byte of the text alone.

interface Member {
  readonly key: string;
  /** `[start, end)` of the member: from the key's quote to the end of the value. */
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
}

interface Parsed {
  readonly value: unknown;
  readonly end: number;
  /** Members of the value, when it is an object. */
  readonly members: readonly Member[];
}

const MAX_DEPTH = 200;
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /-?[A-Za-z0-9+.-]+/y;
const SPACE = /[ \t\r\n]*/y;

/** Parse a JSON object, with the three words that Python's `json` writes beyond the standard. @throws SyntaxError with the position. */
export function parseJsonObject(text: string): Record<string, unknown> {
  const { value } = parseWhole(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SyntaxError('expected a JSON object');
  }
  return value as Record<string, unknown>;
}

/** The text with the value of one top-level member replaced by `replacement`, JSON text. The member must exist. */
export function replaceMember(text: string, key: string, replacement: string): string {
  const member = lastMember(text, key).member;
  return text.slice(0, member.valueStart) + replacement + text.slice(member.end);
}

/** The text without one top-level member, its comma and its line. The member must exist. */
export function removeMember(text: string, key: string): string {
  const { members, index, member } = lastMember(text, key);
  const next = members[index + 1];
  if (next) return text.slice(0, member.start) + text.slice(next.start);
  const before = members[index - 1];
  return text.slice(0, before ? before.end : text.indexOf('{') + 1) + text.slice(member.end);
}

function lastMember(text: string, key: string): { members: readonly Member[]; index: number; member: Member } {
  const { members } = parseWhole(text);
  const index = members.findLastIndex((candidate) => candidate.key === key);
  const member = members[index];
  if (!member) throw new RangeError(`no member "${key}"`);
  return { members, index, member };
}

function parseWhole(text: string): Parsed {
  const start = text.charCodeAt(0) === 0xfe_ff ? 1 : 0;
  const parsed = parseValue(text, skipSpace(text, start), 0);
  const end = skipSpace(text, parsed.end);
  if (end !== text.length) throw new SyntaxError(`unexpected text at character ${end}`);
  return parsed;
}

function parseValue(text: string, at: number, depth: number): Parsed {
  if (depth > MAX_DEPTH) throw new SyntaxError(`more than ${MAX_DEPTH} levels deep at character ${at}`);
  if (text[at] === '{') return parseObject(text, at, depth);
  if (text[at] === '[') return parseArray(text, at, depth);
  if (text[at] === '"') {
    const literal = match(STRING, text, at);
    return { value: JSON.parse(literal), end: at + literal.length, members: [] };
  }
  const word = match(SCALAR, text, at);
  const value = WORDS.has(word) ? WORDS.get(word) : (JSON.parse(word) as unknown);
  return { value, end: at + word.length, members: [] };
}

function parseObject(text: string, open: number, depth: number): Parsed {
  const entries: [string, unknown][] = [];
  const members: Member[] = [];
  let at = skipSpace(text, open + 1);
  while (text[at] !== '}') {
    if (entries.length > 0) at = skipSpace(text, expect(text, at, ','));
    const start = at;
    const literal = match(STRING, text, at);
    const valueStart = skipSpace(text, expect(text, skipSpace(text, at + literal.length), ':'));
    const parsed = parseValue(text, valueStart, depth + 1);
    const key = JSON.parse(literal) as string;
    entries.push([key, parsed.value]);
    members.push({ key, start, end: parsed.end, valueStart });
    at = skipSpace(text, parsed.end);
  }
  return { value: Object.fromEntries(entries), end: at + 1, members };
}

function parseArray(text: string, open: number, depth: number): Parsed {
  const values: unknown[] = [];
  let at = skipSpace(text, open + 1);
  while (text[at] !== ']') {
    if (values.length > 0) at = skipSpace(text, expect(text, at, ','));
    const parsed = parseValue(text, at, depth + 1);
    values.push(parsed.value);
    at = skipSpace(text, parsed.end);
  }
  return { value: values, end: at + 1, members: [] };
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (!found) {
    throw new SyntaxError(at < text.length ? `unexpected "${text[at]}" at character ${at}` : 'the text ends early');
  }
  return found[0];
}

function expect(text: string, at: number, character: string): number {
  if (text[at] === character) return at + 1;
  throw new SyntaxError(`expected "${character}" at character ${at}`);
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  return at + (SPACE.exec(text)?.[0].length ?? 0);
}
