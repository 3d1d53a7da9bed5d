// `oc.decode`: one value in OmegaConf's own grammar, which is narrower than YAML: `yes` and `010` are text.
import { parseDocument, type ScalarTag, type Tags } from 'yaml';
import { DECIMALS, tagOf } from './yaml-numbers.ts';

const SCALARS: readonly ScalarTag[] = [
  ...DECIMALS,
  tagOf('tag:yaml.org,2002:bool', /^true$/i, () => true),
  tagOf('tag:yaml.org,2002:bool', /^false$/i, () => false),
  tagOf('tag:yaml.org,2002:null', /^null$/i, () => null),
];

/** Ours instead of the scalars of YAML, apart from text. */
const tags = (core: Tags): Tags => [
  ...SCALARS,
  ...core.filter((tag) => typeof tag === 'string' || tag.collection !== undefined || tag.tag.endsWith(':str')),
];

/** The value, or null where the text holds none. */
export function decodeElement(text: string): { readonly value: unknown } | null {
  if (text.trim() === '') return null;
  const document = parseDocument(text, { prettyErrors: false, customTags: tags });
  return document.errors.length > 0 ? null : { value: document.toJS() as unknown };
}
