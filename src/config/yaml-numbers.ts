// Numbers and truth values as PyYAML and OmegaConf read them: `010` is 8, `1_000` is 1000, `12:30` is 750, `1e3` is a number, `on` is true.
import type { ScalarTag } from 'yaml';

const INT = 'tag:yaml.org,2002:int';
const FLOAT = 'tag:yaml.org,2002:float';
const BOOL = 'tag:yaml.org,2002:bool';

/** PyYAML reads yes/no/on/off as booleans, YAML 1.2 does not; whoever comes from the step writes them. */
export const BOOLEANS: readonly ScalarTag[] = [
  tagOf(BOOL, /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  tagOf(BOOL, /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
];

/** What YAML and the grammar of `oc.decode` both take for a number. */
export const DECIMALS: readonly ScalarTag[] = [
  tagOf(INT, /^[-+]?(?:0|[1-9][0-9_]*)$/, (text) => Number(plain(text))),
  tagOf(
    FLOAT,
    /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)$/,
    (text) => Number(plain(text)),
  ),
];

/** YAML 1.1 in PyYAML, with the exponents without a dot that OmegaConf adds. */
export const NUMBERS: readonly ScalarTag[] = [
  ...DECIMALS,
  tagOf(INT, /^[-+]?0b[01_]+$/, (text) => inBase(text, 2, 2)),
  tagOf(INT, /^[-+]?0[0-7_]+$/, (text) => inBase(text, 1, 8)),
  tagOf(INT, /^[-+]?0x[0-9a-fA-F_]+$/, (text) => inBase(text, 2, 16)),
  tagOf(INT, /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/, sexagesimal),
  tagOf(FLOAT, /^[-+]?\.(?:inf|Inf|INF)$/, (text) => (text.startsWith('-') ? -Infinity : Infinity)),
  tagOf(FLOAT, /^\.(?:nan|NaN|NAN)$/, () => Number.NaN),
];

/** How a plain scalar that matches `test` is read. It writes nothing: that is left to the tags of the library. */
export function tagOf(tag: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag {
  return { tag, default: true, identify: () => false, test, resolve };
}

const plain = (text: string): string => text.replaceAll('_', '');

/** `skip` characters of prefix after the sign. */
function inBase(text: string, skip: number, base: number): number {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(plain(text)) ?? [];
  const value = Number.parseInt(digits.slice(skip), base);
  return sign === '-' ? -value : value;
}

function sexagesimal(text: string): number {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(plain(text)) ?? [];
  const value = digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return sign === '-' ? -value : value;
}
