// `convert` as the step launches several nodes: the same words on each, with its own node_rank.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { isNodeOfSeveral } from '../../src/cli/start-node.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { makeFolder } from '../config/config-folder.ts';
import { findFreePorts } from '../support/temporal-server.ts';
import { findDescendants, stillAlive } from './processes.ts';
import { FIXTURE, ITERATION, runCli } from './run-cli.ts';

/** All words but the number of the node. */
async function requestFor(folder: string): Promise<string[]> {
  const [port] = await findFreePorts(1);
  return [
    'convert',
    `megatron_path=${ITERATION}`,
    `hf_model_id=${FIXTURE}/reference`,
    `hf_path=${folder}/hf`,
    'smoke.enabled=false',
    'max_shard_size=1MB',
    'torchrun.nproc_per_node=1',
    'torchrun.nnodes=2',
    'torchrun.master_addr=127.0.0.1',
    `torchrun.master_port=${port}`,
  ];
}

test('two nodes publish one export', async () => {
  const folder = await makeFolder();
  const request = await requestFor(folder);
  const nodes = [0, 1].map((node) => runCli([...request, `torchrun.node_rank=${node}`]));
  const ends = await Promise.all(nodes);
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(ends.map(({ stdout }) => stdout)).toEqual([join(folder, 'hf'), '']);
  const manifest = JSON.parse(await readFile(join(folder, 'hf/export_manifest.json'), 'utf8')) as object;
  expect(manifest).toMatchObject({ engine: { ranks: 2 } });
});

test('Ctrl-C while the other node is missing: nothing is left, exit 130', async () => {
  const folder = await makeFolder();
  const waiting = runCli([...(await requestFor(folder)), 'torchrun.node_rank=0']);
  await vi.waitFor(() => expect(findDescendants(waiting.pid)).not.toEqual([]), { timeout: 30_000, interval: 50 });
  const children = findDescendants(waiting.pid);
  waiting.kill('SIGINT');
  expect((await waiting).exitCode).toBe(130);
  expect(stillAlive(children)).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  [['torchrun.nnodes=2', 'torchrun.node_rank=0', 'torchrun.master_addr=host'], true],
  [['torchrun.nnodes=2'], false],
  [['torchrun.node_rank=0', 'torchrun.master_port=1234'], false],
  [['torchrun.nnodes=2', 'torchrun.node_rank=0', 'distributed=false'], false],
])('%j starts torchrun for a node: %s', async (overrides, expected) => {
  const { input, node } = await load(overrides);
  expect(isNodeOfSeveral(input, node)).toBe(expected);
});

test.each([
  [['torchrun.nnodes=2', 'torchrun.node_rank=0'], 'torchrun.nnodes=2: give torchrun.master_addr'],
  [['torchrun.nnodes=2', 'torchrun.master_addr=host'], 'torchrun.nnodes=2: give torchrun.node_rank, from 0'],
  [['torchrun.nnodes=2', 'torchrun.node_rank=2', 'torchrun.master_addr=h'], 'torchrun.node_rank=2 is not below'],
  [['torchrun.node_rank=1'], 'torchrun.node_rank=1 is not below torchrun.nnodes=1'],
])('%j is refused', async (overrides, expected) => {
  const { input, node } = await load(overrides);
  expect(() => isNodeOfSeveral(input, node)).toThrow(expected);
});

test.each(['torchrun.master_addr=--x', 'torchrun.node_rank=-1', 'torchrun.master_port=0'])(
  '%s is no value',
  async (override) => {
    await expect(load([override])).rejects.toThrow(`${override.split('=')[0]} (command line): `);
  },
);

const load = (overrides: readonly string[]) =>
  loadConfig({ overrides: ['megatron_path=/x', ...overrides], environment: {}, startsNodes: true });
