// Configurations mean what the real OmegaConf makes of them; record_omegaconf.py wrote the cases.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseDotlist } from '../../src/config/dotlist.ts';
import { interpolate } from '../../src/config/interpolate.ts';
import { mergeLeaves, nestLeaves, type Leaves } from '../../src/config/leaf.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import { makeFolder } from './config-folder.ts';

const ENVIRONMENT = {
  HOME: '/home/ann',
  EMPTY: '',
  LIST: '[1, two]',
  NAME: 'HOME',
  EIGHT: '8',
  YES: 'yes',
  NIL: 'null',
};

const Cases = z.array(
  z.object({
    files: z.array(z.string()),
    dotlist: z.array(z.string()),
    value: z.unknown().optional(),
    error: z.string().optional(),
  }),
);
type Case = z.infer<typeof Cases>[number];

/** Where we differ on purpose, by the end of the last file. */
const DIFFERENT: Readonly<Record<string, string>> = {
  '${oc.decode:true}': 'OmegaConf refuses to decode what is no text; it is decoded already',
  '${oc.env:ABSENT,a=b}': 'the grammar of OmegaConf does not know = there; the meaning is plain',
  '${oc.env:ABSENT,1.50}': 'a default stays as it was written, OmegaConf makes 1.5 of it; as a number it is the same',
  'a: [2]': 'a list in the place of a mapping is refused by the schema of the parameters, with its place',
  'a: {b: 2}': 'as above',
  'a.b: 1': 'a dotted key in a file is a path, as on the command line',
  'a: {b.c: 1}': 'as above',
};

async function ourOutcome({ files, dotlist }: Case): Promise<{ value: unknown } | { error: string }> {
  const folder = await makeFolder();
  try {
    const layers: Leaves[] = [];
    for (const [index, text] of files.entries()) {
      const path = join(folder, `${index}.yaml`);
      await writeFile(path, text);
      layers.push((await readYaml(path, 'file')).leaves);
    }
    const overrides = parseDotlist(dotlist);
    const { leaves, problems } = interpolate(mergeLeaves([...layers, overrides.leaves]), ENVIRONMENT);
    const [problem] = [...overrides.problems, ...problems];
    if (problem !== undefined) return { error: problem };
    const given = new Map([...leaves].filter(([, leaf]) => leaf.value !== '???'));
    return { value: JSON.parse(JSON.stringify(nestLeaves(given))) as unknown };
  } catch (error) {
    return { error: String(error) };
  }
}

test('every recorded configuration has the value that OmegaConf gives it, or is refused as there', async () => {
  const recorded = await readFile(new URL('omegaconf-cases.json', import.meta.url), 'utf8');
  const cases = Cases.parse(JSON.parse(recorded));
  expect(cases.length).toBeGreaterThan(200);
  const different = new Set<string>();
  for (const it of cases) {
    const ours = await ourOutcome(it);
    const agree = it.error === undefined ? 'value' in ours && isDeepStrictEqual(ours.value, it.value) : 'error' in ours;
    const reason = Object.keys(DIFFERENT).find(
      (end) => it.dotlist.length === 0 && it.files.at(-1)?.endsWith(`${end}\n`) === true && !agree,
    );
    if (reason === undefined) expect({ it, ours, agree }).toMatchObject({ agree: true });
    else different.add(reason);
  }
  expect([...different].toSorted()).toEqual(Object.keys(DIFFERENT).toSorted());
});
