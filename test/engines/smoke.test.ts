import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConversionInput, type ConvertResult, type PreflightResult } from '../../src/contract/index.ts';
import { NOT_VALIDATED } from '../../src/contract/run-phases.ts';
import { smokePhase } from '../../src/engines/smoke.ts';
import { copyReference } from '../../src/publish/copy-reference.ts';
import { resolveReference } from '../../src/reference/resolve.ts';
import { stagingPath } from '../../src/files/staging.ts';
import { BYTE_DIGEST, makeFolder, surroundings } from '../support/publish-staging.ts';

/** Says what it was asked, as Python would, and then loads or refuses. */
const STAND_IN = `
request=$(cat "$2")
case "$request" in *'"trust_remote_code":true'*) trust=yes;; *) trust=no;; esac
if [ "$TRUST_NEEDED" != "" ] && [ $trust = no ]; then echo '{"event":"error","type":"ValueError","message":"code"}'; exit 1; fi
echo '{"event":"load","seconds":1,"device":"'$trust'","dtype":"float32","parameters":1,"vocabulary":1,"tokenizer_vocabulary":1,"versions":{},"errors":[],"missing":[],"unexpected":[],"mismatched":[],"counts":{"missing":0,"unexpected":0,"mismatched":0}}'
echo '{"event":"perplexity","passage":"p","tokens":9,"finite":true,"perplexity":2,"shuffled_perplexity":900,"context_gain":2}'
echo '{"event":"sample","prompt":"a","text":"b","tokens":9}'
echo '{"event":"end","seconds":1}'
`;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let staging: string;
let digest: string;

beforeEach(async () => {
  folder = await makeFolder();
  staging = join(folder.path, '.hf.abababababab.partial');
  await mkdir(staging);
  await mkdir(join(folder.path, 'reference'));
  const config = '{"architectures": ["L"], "model_type": "l", "auto_map": {"AutoModel": "modeling_l.L"}}';
  await writeFile(join(folder.path, 'reference', 'config.json'), config);
  await writeFile(join(folder.path, 'reference', 'modeling_l.py'), '');
  await writeFile(join(folder.path, 'reference', 'tokenizer.json'), '{}');
});
afterEach(() => folder.remove());

async function smoke(options: {
  code: string[];
  trust?: boolean;
  needed?: boolean;
  enabled?: boolean;
}): ReturnType<typeof smokePhase> {
  const input = ConversionInput.parse({
    megatron_path: '/run/iter_1',
    hf_model_id: join(folder.path, 'reference'),
    hf_path: join(folder.path, 'hf'),
    trust_remote_code: options.trust ?? true,
    smoke: { enabled: options.enabled ?? true },
  });
  const reference = await resolveReference(input, surroundings(), {});
  digest = reference.digest;
  await copyReference(input, { files: [], books: { dropped: [], excused: [] } }, reference, staging);
  const program = join(folder.path, 'python.sh');
  await writeFile(program, `${options.needed ? 'TRUST_NEEDED=1' : ''}\n${STAND_IN}`);
  const policy = {
    ...surroundings().policy,
    python: ['/bin/sh', program],
    remoteCode: options.code.map((name) => name || digest),
  };
  const preflight = { reference_revision: null, reference_digest: digest, byte_digest: BYTE_DIGEST } as PreflightResult;
  return smokePhase(input, preflight, { staging } as ConvertResult, surroundings({ policy }));
}

describe('smokePhase', () => {
  it('proves nothing where it is switched off, and says so', async () => {
    expect(await smoke({ code: [], enabled: false })).toBe(NOT_VALIDATED);
    expect(NOT_VALIDATED).toMatchObject({ validated: false, warnings: [expect.stringContaining('NOT VALIDATED')] });
  });

  it('lets code run only where request and policy allow it', async () => {
    expect(await smoke({ code: ['*'] })).toMatchObject({ device: 'yes', warnings: [] });
    expect(await smoke({ code: [''] })).toMatchObject({ device: 'yes' });
    for (const options of [{ code: [] }, { code: ['*'], trust: false }, { code: ['another digest'] }]) {
      expect(await smoke(options)).toMatchObject({ device: 'no', warnings: [expect.stringContaining('modeling_l')] });
    }
  });

  it('is PolicyRefused where the model does not load without its code', async () => {
    await expect(smoke({ code: [], needed: true })).rejects.toMatchObject({
      type: 'PolicyRefused',
      message: expect.stringMatching(/modeling_l.*worker policy does not name/),
    });
    await expect(smoke({ code: ['*'], trust: false, needed: true })).rejects.toThrow('trust_remote_code=false');
  });

  it('is final where nothing is left to try', async () => {
    const input = ConversionInput.parse({ megatron_path: '/a', hf_model_id: 'b', hf_path: join(folder.path, 'gone') });
    const preflight = { byte_digest: BYTE_DIGEST } as PreflightResult;
    const lost = { staging: stagingPath(input.hf_path, BYTE_DIGEST) } as ConvertResult;
    await expect(smokePhase(input, preflight, lost, surroundings())).rejects.toMatchObject({
      type: 'VerificationFailed',
    });
  });
});
