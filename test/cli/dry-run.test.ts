// `-d`: the compiled configuration; it reads back as the same request, hides secrets, and nothing happens.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeFolder } from '../config/config-folder.ts';
import { jsonLines, runCli } from './run-cli.ts';

/** Nobody serves it: whoever contacts the server fails. */
const NO_SERVER = { TEMPORAL_ADDRESS: '127.0.0.1:9' };

test('-d prints the two parts, which give the same request again, and touches nothing', async () => {
  const cwd = await makeFolder({});
  const overrides = [
    'megatron_path=iter_0000001',
    'tp=2',
    // Text that looks like an interpolation, and text that looks like numbers.
    String.raw`smoke.prompts=["The sea", "no", '\${not} \\\${this}', "010", "12:30", "1_0"]`,
    'wait.timeout=90',
    'hf_revision=0123',
    'torch_dtype=half',
  ];
  const first = await runCli(['run', '-d', ...overrides, '-b', 'slurm_convert_model'], { cwd, env: NO_SERVER });
  expect(first.stderr).toBe('');
  expect(first.exitCode).toBe(0);
  expect(await readdir(cwd)).toEqual([]);
  const compiled = parse(first.stdout) as Compiled;
  // As the step's build_job_config makes it: env, mode, profile, cli, recipe.
  expect(compiled.run).toMatchObject({
    env: { container_image: 'nvcr.io/nvidia/nemo:26.04' },
    mode: 'batch',
    profile: 'slurm_convert_model',
    cli: { config: 'default', dotlist: overrides, passthrough: [] },
    recipe: { name: 'steps/convert/megatron_to_hf' },
  });
  expect(compiled.config).toMatchObject({
    megatron_path: `${cwd}/iter_0000001`,
    torch_dtype: 'float16',
    megatron_to_hf: {
      profile: 'slurm_convert_model',
      hf_revision: '0123',
      wait: { timeout: 90 },
      smoke: { prompts: ['The sea', 'no', String.raw`\${not} \\\${this}`, '010', '12:30', '1_0'] },
      defaulted: { pp: 1, ep: 8, etp: 1, 'torchrun.nproc_per_node': 8 },
    },
  });
  await writeFile(join(cwd, 'again.yaml'), first.stdout);
  const second = await runCli(['convert', '--dry-run', '-c', './again.yaml'], { cwd });
  expect(second.exitCode).toBe(0);
  expect((parse(second.stdout) as Compiled).config).toEqual(compiled.config);
  expect(compiled.run).toHaveProperty('megatron_to_hf.environment.PWD', cwd);

  // What a person edits in the file is a choice, and no default any more.
  await writeFile(join(cwd, 'edited.yaml'), first.stdout.replace(/^ {2}ep: 8$/m, '  ep: 4'));
  const edited = parse((await runCli(['run', '-d', '-c', './edited.yaml'], { cwd })).stdout) as Compiled;
  expect(edited.config).toMatchObject({
    ep: 4,
    megatron_to_hf: { defaulted: { pp: 1, etp: 1, 'torchrun.nproc_per_node': 8 } },
  });
});

test('-d alone shows the defaults; what must still be given is ???', async () => {
  const cwd = await makeFolder({});
  const { stdout, exitCode } = await runCli(['run', '-d'], { cwd, env: NO_SERVER });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('# ??? must still be given.');
  expect((parse(stdout) as Compiled).config).toMatchObject({ megatron_path: '???', ep: 8 });
  await writeFile(join(cwd, 'later.yaml'), stdout);
  const later = await runCli(['run', '-c', './later.yaml'], { cwd, env: NO_SERVER });
  expect(later.exitCode).toBe(2);
  expect(later.stderr).toContain('megatron_path is mandatory');
});

test('-d --json is one object; secrets are masked in both parts, and a masked one is not taken for a value', async () => {
  const cwd = await makeFolder({
    'mine.yaml': 'defaults: quickstart\nhf_revision: ${oc.env:MY_API_KEY}\nhf_path: /out/${oc.env:MAX_NEW_TOKENS}\n',
  });
  const env = { ...NO_SERVER, MY_API_KEY: 'sesame', MAX_NEW_TOKENS: '7' };
  const flags = ['-c', './mine.yaml', 'megatron_path=/x', 'tokenizer_source=checkpoint'];
  const { stdout, stderr } = await runCli(['run', '--dry-run', '--json', '--force-squash', ...flags], { cwd, env });
  expect(stdout).not.toContain('sesame');
  expect(stderr).toMatch(/^--force-squash does nothing here/);
  expect(jsonLines(stdout)).toEqual([
    {
      event: 'config',
      files: [expect.stringMatching(/default\.yaml$/), expect.stringMatching(/quickstart\.yaml$/), `${cwd}/mine.yaml`],
      run: expect.objectContaining({
        mode: 'local',
        megatron_to_hf: { environment: { MAX_NEW_TOKENS: '7', MY_API_KEY: '******' } },
      }) as object,
      config: expect.objectContaining({
        hf_path: '/out/7',
        megatron_to_hf: expect.objectContaining({
          hf_revision: '******',
          tokenizer_source: 'checkpoint',
          max_shard_size: '1MB',
        }) as object,
      }) as object,
    },
  ]);
  const yaml = await runCli(['run', '-d', ...flags], { cwd, env });
  await writeFile(join(cwd, 'masked.yaml'), yaml.stdout);
  const again = await runCli(['run', '-d', '-c', './masked.yaml'], { cwd, env });
  expect(again.exitCode).toBe(2);
  expect(again.stderr).toContain('megatron_to_hf.hf_revision was masked when this configuration was printed');
});

interface Compiled {
  readonly run: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}
