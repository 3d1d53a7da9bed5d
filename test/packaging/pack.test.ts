// The published package, as a stranger meets it: the tarball installed into an empty project, compiled, without the repository around it.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIndex } from '../../src/safetensors/read-index.ts';

const ROOT = join(import.meta.dirname, '../..');
const project = mkdtempSync(join(tmpdir(), 'packaging-'));
const installed = join(project, 'node_modules', 'megatron-to-hf');

const inProject = execa({
  cwd: project,
  timeout: 120_000,
  // Node of the test first, then the Python of the repository, which a stranger would install from PyPI.
  env: { PATH: [dirname(process.execPath), join(ROOT, '.venv', 'bin'), process.env['PATH']].join(delimiter) },
});

beforeAll(async () => {
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', project], { cwd: ROOT });
  // The build's own output comes first.
  const [{ filename }] = JSON.parse(stdout.slice(stdout.lastIndexOf('\n[') + 1)) as [{ filename: string }];
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  await inProject('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(project, filename)]);
}, 300_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the tarball', () => {
  it('holds compiled code, configuration and Python, and no sources, tests or fixtures', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter(
      (name) => !name.startsWith('node_modules'),
    );
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/cli/main.js',
        'dist/rank/main.js',
        'dist/client.d.ts',
        'config/default.yaml',
        'python/smoke_generate.py',
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
      ]),
    );
    expect(
      files.filter((name) => /^(src|test|fixtures|scripts|\.venv)\b/.test(name) || /(?<!\.d)\.ts$/.test(name)),
    ).toEqual([]);
  });

  it('exports what package.json names', async () => {
    const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const names = Object.keys(exports).filter((name) => !name.endsWith('.json'));
    const program = names.map(
      (name) => `console.log('${name}', Object.keys(await import('megatron-to-hf${name.slice(1)}')).length)`,
    );
    const { stdout } = await inProject('node', ['--input-type=module', '--eval', program.join(';')]);
    const counts = stdout.split('\n').map((line) => Number(line.split(' ')[1]));
    expect(counts).toHaveLength(names.length);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('gives a TypeScript project its types', async () => {
    writeFileSync(join(project, 'parent.ts'), PARENT);
    const options = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--skipLibCheck',
      'false',
      '--types',
      '',
    ];
    const { stdout } = await inProject(join(ROOT, 'node_modules/.bin/tsc'), [...options, 'parent.ts'], {
      reject: false,
    });
    expect(stdout.split('\n').filter((line) => /^(parent\.ts|node_modules\/megatron-to-hf\/)/.test(line))).toEqual([]);
  });
});

describe('the command line', () => {
  const command = join(project, 'node_modules', '.bin', 'megatron-to-hf');

  it('prints its help', async () => {
    const { stdout } = await inProject(command, ['--help']);
    expect(stdout).toContain('Usage: megatron-to-hf');
    expect(stdout).toContain('convert');
  });

  it('converts a real checkpoint', async () => {
    const fixture = join(ROOT, 'fixtures/llama-trained');
    const iteration = readdirSync(join(fixture, 'checkpoint')).find((name) => name.startsWith('iter_'));
    const target = join(project, 'hf');
    const request = [
      `megatron_path=${fixture}/checkpoint/${iteration}`,
      `hf_model_id=${fixture}/reference`,
      `hf_path=${target}`,
    ];
    const ranks = ['torchrun.nproc_per_node=2', 'max_shard_size=1MB'];
    const { stderr } = await inProject(command, ['convert', ...request, ...ranks]);
    expect(stderr).toContain('VALIDATED');
    const index = await readIndex(target);
    expect(Object.keys(index?.weight_map ?? {}).length).toBeGreaterThan(10);
    expect(readdirSync(target)).toContain('export_manifest.json');
  }, 180_000);
});

describe('a foreign worker', () => {
  it('bundles the workflow from ./workflow', async () => {
    writeFileSync(
      join(project, 'workflows.js'),
      "export * from 'megatron-to-hf/workflow';\nexport async function own() {}\n",
    );
    const program = `
      import { bundleWorkflowCode } from '@temporalio/worker';
      const { code } = await bundleWorkflowCode({ workflowsPath: '${join(project, 'workflows.js')}' });
      console.log(code.includes('megatronToHf'), code.length);`;
    const { stdout } = await inProject('node', ['--input-type=module', '--eval', program]);
    expect(stdout).toMatch(/true \d+$/);
  });
});

const PARENT = `
import type { ConversionRequest, ConversionResult } from 'megatron-to-hf/contract';
import { startConversion, connect } from 'megatron-to-hf';
import type { megatronToHf } from 'megatron-to-hf/workflow';

const request: ConversionRequest = { megatron_path: '/a/iter_0000001', hf_model_id: 'x/y', hf_path: '/b' };
const { handle } = await startConversion(await connect(), request);
const result: ConversionResult = await handle.result();
const path: string = result.hf_path;
type Parent = (...args: Parameters<typeof megatronToHf>) => Promise<string>;
// @ts-expect-error: a misspelt key is an error, so the types are not any
const wrong: ConversionRequest = { megatron_path: '/a', hf_model_id: 'x/y', hf_paht: '/b' };
export { path, wrong, type Parent };
`;
