// The grammar of OmegaConf's interpolations: `${a.b}`, `${oc.env:VAR}`, `${oc.env:VAR,default}`, `${oc.decode:text}`; arguments may nest.

/** Parts are concatenated; a template of one part keeps that part's type. */
export type Template = readonly Part[];
export type Part =
  | string
  | { readonly kind: 'reference'; readonly path: string }
  | { readonly kind: 'resolver'; readonly name: string; readonly arguments: readonly Argument[] };

/** One argument of a resolver. A quoted one is text, whatever it looks like. */
export interface Argument {
  readonly quoted: boolean;
  readonly template: Template;
}

interface Scanner {
  readonly text: string;
  position: number;
}

/** @throws SyntaxError naming what is wrong. A backslash before `${` makes it plain text, and two are one backslash before a value. */
export function parseTemplate(text: string): Template {
  return readParts({ text, position: 0 }, () => false);
}

/** Reads plain text and interpolations until the end, or until `isEnd` says so of a character outside of them. */
function readParts(scanner: Scanner, isEnd: (character: string) => boolean): Part[] {
  const parts: Part[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain !== '') parts.push(plain);
    plain = '';
  };
  while (scanner.position < scanner.text.length) {
    const [found, slashes = ''] = /^(\\*)\$\{/.exec(scanner.text.slice(scanner.position)) ?? [];
    const character = scanner.text.charAt(scanner.position);
    if (found !== undefined) {
      plain += '\\'.repeat(slashes.length / 2);
      scanner.position += found.length;
      if (slashes.length % 2 === 1) plain += '${';
      else {
        flush();
        parts.push(readInterpolation(scanner));
      }
    } else if (isEnd(character)) {
      break;
    } else {
      plain += character;
      scanner.position++;
    }
  }
  flush();
  return parts;
}

function readInterpolation(scanner: Scanner): Part {
  const name = readWhile(scanner, /^[^:{}$,]*/).trim();
  const next = scanner.text[scanner.position++];
  if (next === '}') {
    const path = name.replaceAll(/\[\s*([\w-]+)\s*\]/g, '.$1');
    if (!/^\.*[\w-]+(\.[\w-]+)*$/.test(path)) throw new SyntaxError(`\${${name}} names no parameter`);
    return { kind: 'reference', path: name.startsWith('[') ? path.slice(1) : path };
  }
  if (next !== ':') throw new SyntaxError(`\${${name} is not closed with }`);
  const args: Argument[] = [];
  for (;;) {
    args.push(readArgument(scanner));
    const end = scanner.text[scanner.position++];
    if (end === '}') return { kind: 'resolver', name, arguments: args };
    if (end !== ',') throw new SyntaxError(`\${${name}: is not closed with }`);
  }
}

/** Up to the next comma or brace that stands in no quotes, brackets or braces. */
function readArgument(scanner: Scanner): Argument {
  readWhile(scanner, /^\s*/);
  const quote = scanner.text.charAt(scanner.position);
  if (quote === "'" || quote === '"') {
    scanner.position++;
    const template = readParts(scanner, (character) => character === quote);
    if (scanner.text[scanner.position++] !== quote) throw new SyntaxError(`a ${quote} is not closed`);
    readWhile(scanner, /^\s*/);
    return { quoted: true, template };
  }
  let depth = 0;
  const template = readParts(scanner, (character) => {
    if (depth === 0 && (character === ',' || character === '}')) return true;
    if ('[{'.includes(character)) depth++;
    else if (']}'.includes(character)) depth--;
    return false;
  });
  const last = template.at(-1);
  return { quoted: false, template: typeof last === 'string' ? [...template.slice(0, -1), last.trimEnd()] : template };
}

function readWhile(scanner: Scanner, pattern: RegExp): string {
  const text = pattern.exec(scanner.text.slice(scanner.position))?.[0] ?? '';
  scanner.position += text.length;
  return text;
}
