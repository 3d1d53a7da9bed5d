// The grammar of OmegaConf's interpolations: `${a.b}`, `${oc.env:VAR}`, `${oc.env:VAR,default}`, `${oc.decode:text}`; arguments may nest.

/** Parts are concatenated; a template of one part keeps that part's type. */
export type Template = readonly Part[];
export type Part =
  | string
  | { readonly kind: 'reference'; readonly path: string }
  | { readonly kind: 'resolver'; readonly name: string; readonly arguments: readonly Template[] };

/** @throws SyntaxError naming what is wrong. A backslash before `${` makes it plain text. */
export function parseTemplate(text: string): Template {
  const scanner = { text, position: 0 };
  const template = readParts(scanner, '');
  return template;
}

interface Scanner {
  readonly text: string;
  position: number;
}

/** Reads until the end, or until one of `stops` outside of nested interpolations. */
function readParts(scanner: Scanner, stops: string): Part[] {
  const parts: Part[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') parts.push(plain);
    plain = '';
  };
  while (scanner.position < scanner.text.length) {
    const rest = scanner.text.slice(scanner.position);
    if (rest.startsWith('\\${')) {
      plain += '${';
      scanner.position += 3;
    } else if (rest.startsWith('${')) {
      flush();
      scanner.position += 2;
      parts.push(readInterpolation(scanner));
    } else if (stops.includes(rest.charAt(0))) {
      break;
    } else {
      plain += rest.charAt(0);
      scanner.position++;
    }
  }
  flush();
  return parts;
}

function readInterpolation(scanner: Scanner): Part {
  const start = scanner.position;
  const name = /^[^:{}$,]*/.exec(scanner.text.slice(start))?.[0] ?? '';
  scanner.position += name.length;
  const next = scanner.text[scanner.position];
  if (next === '}') {
    scanner.position++;
    if (!/^[\w-]+(\.[\w-]+)*$/.test(name)) throw new SyntaxError(`\${${name}} names no parameter`);
    return { kind: 'reference', path: name };
  }
  if (next !== ':') throw new SyntaxError(`\${${name} is not closed with }`);
  const args: Template[] = [];
  do {
    scanner.position++;
    args.push(readParts(scanner, ',}'));
  } while (scanner.text[scanner.position] === ',');
  if (scanner.text[scanner.position] !== '}') throw new SyntaxError(`\${${name}: is not closed with }`);
  scanner.position++;
  return { kind: 'resolver', name: name.trim(), arguments: args };
}
