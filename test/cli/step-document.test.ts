// Each command line of the Nemotron step's page, with the paths of this machine, against a real server, worker and checkpoint: what it does.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { parseManifest, type Manifest } from '../../src/publish/manifest.ts';
import { makeWorkspace } from '../support/temporal-checkpoints.ts';
import { findFreePorts } from '../support/temporal-server.ts';
import { startLepton, type LeptonStandIn } from '../support/lepton-stand-in.ts';
import { FIXTURE, ITERATION, jsonLines, ROOT, runCli } from './run-cli.ts';
import { adaptCommand, EXPORT, PARAMETERS, SUBMIT, type Places } from './step-commands.ts';

/** The layout that the fixture was trained with; the page's is that of a mixture of experts. */
const LAYOUT = ['tp=2', 'pp=2', 'ep=1'];

/** A Lepton whose nodes are this machine, and a profile without a scheduler. */
const WORKER = `profiles:
  here: {executor: local}
  lepton_convert_model:
    executor: lepton
    container_image: nvcr.io/nvidia/nemo:26.04
    resource_shape: cpu.large
    nproc_per_node: 2
    torchrun: [${ROOT}.venv/bin/torchrun]
    poll: 0.2
`;

/** Of a user; the smoke generation is tried in the runs of the page. */
const MINE = 'defaults: default\nsmoke: {enabled: false}\nwait: {initial_interval: 1s}\n';

let folder: string;
let places: Places;
let env: Readonly<Record<string, string>>;
let lepton: LeptonStandIn;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const workspace = await makeWorkspace();
  ends.push(workspace.remove);
  folder = workspace.path;
  places = { checkpoint: ITERATION, reference: `${FIXTURE}/reference`, lustre: `${folder}/lustre` };
  lepton = await startLepton({ queueMs: 10 });
  ends.push(() => lepton.close());
  const worker = join(folder, 'worker.yaml');
  await writeFile(worker, WORKER);
  await writeFile(join(folder, 'mine.yaml'), MINE);
  const [port, uiPort] = await findFreePorts(2);
  env = { TEMPORAL_ADDRESS: `127.0.0.1:${port}`, TEMPORAL_UI_URL: `http://127.0.0.1:${uiPort}` };
  const dev = runCli(['dev', '--port', String(port), '--ui-port', String(uiPort), '-c', worker], {
    env: lepton.environment,
  });
  ends.push(async () => {
    dev.kill('SIGTERM');
    await dev;
  });
  let output = '';
  dev.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await vi.waitFor(() => expect(output).toContain('worker           ready'), { timeout: 90_000, interval: 200 });
}, 100_000);

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  runCli(args, { cwd: folder, env: { ...env, ...more } });

async function manifestAt(target: string): Promise<Manifest> {
  const manifest = parseManifest(await readFile(join(target, 'export_manifest.json'), 'utf8'));
  if (manifest === null) throw new Error(`no manifest at ${target}`);
  return manifest;
}

test('the export of the page, with the layout of this checkpoint: published, validated, both artifacts recorded', async () => {
  const words = adaptCommand(EXPORT.replace('tp=1 pp=1 ep=8', LAYOUT.join(' ')), places);
  const { stdout, stderr, exitCode } = await run(words, { NEMOTRON_CONVERT_NPROC_PER_NODE: '4' });
  expect(stderr).toContain('VALIDATED');
  expect(exitCode).toBe(0);
  const target = join(folder, 'output/convert/sft-hf');
  expect(stdout).toBe(target);
  const manifest = await manifestAt(target);
  expect(manifest).toMatchObject({
    validation: 'VALIDATED',
    engine: { name: 'stream', ranks: 4 },
    options: { hf_model_id: places.reference, tp: 2, pp: 2, ep: 1, etp: 1, strict: true, trust_remote_code: true },
    artifacts: {
      consumes: [{ type: 'checkpoint_megatron', path: ITERATION, digest: manifest.source.metadata_digest }],
      produces: [{ type: 'checkpoint_hf', path: target, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string }],
    },
  });
  expect(manifest.smoke.samples).not.toEqual([]);
});

test('the export of the page with the layout of another model: refused with what to set', async () => {
  const words = adaptCommand(EXPORT, places).map((word) => word.replace('sft-hf', 'never'));
  const { stderr, exitCode } = await run(words);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('LayoutInvalid');
  expect(stderr).toContain('Set tp=2, or leave it out');
  expect(existsSync(join(folder, 'output/convert/never'))).toBe(false);
});

test('the submission of the page: id, link and how to follow at once; the job runs at Lepton; the export appears', async () => {
  const { stdout, stderr, exitCode } = await run(adaptCommand(SUBMIT, places));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^megatron-to-hf-sft-hf-[0-9a-f]{12}$/);
  expect(stderr).toContain(`${env['TEMPORAL_UI_URL']}/namespaces/default/workflows/${stdout}/`);
  expect(stderr).toContain(`megatron-to-hf status ${stdout} --follow`);
  const target = `${places.lustre}/output/convert/sft-hf`;
  expect(existsSync(target)).toBe(false);

  const end = await run(['status', stdout, '--follow', '--json']);
  expect(jsonLines(end.stdout).at(-1)).toMatchObject({ event: 'result', hf_path: target, validation: 'VALIDATED' });
  expect(end.exitCode).toBe(0);
  expect(lepton.jobs.map(({ state, request }) => [state, request.spec.container.image])).toEqual([
    ['Completed', 'nvcr.io/nvidia/nemo:26.04'],
  ]);
  expect((await manifestAt(target)).artifacts).toMatchObject({ produces: [{ type: 'checkpoint_hf', path: target }] });
});

test('every switch of the page turned, with the examples of the single parameters and a configuration by path', async () => {
  const switches = ['trust_remote_code=false', 'show_progress=false', 'strict=false', 'distributed=false'];
  const lustre = `${folder}/parameters`;
  const examples = adaptCommand(PARAMETERS, { ...places, lustre });
  const { stdout, exitCode } = await run(['run', '-c', './mine.yaml', '--json', ...examples, ...switches]);
  expect(exitCode).toBe(0);
  const events = jsonLines(stdout);
  expect(events.filter(({ event }) => event === 'progress')).toEqual([]);
  const target = `${lustre}/output/convert/sft-hf`;
  expect(events.at(-1)).toMatchObject({ event: 'result', hf_path: target, ranks: 1 });
  expect((await manifestAt(target)).options).toMatchObject({ trust_remote_code: false, strict: false });
});

test('distributed=auto with torchrun.nproc_per_node and distributed_save, attached to a profile, options last', async () => {
  const given = [`megatron_path=${ITERATION}`, `hf_model_id=${places.reference}`, 'hf_path=attached'];
  const options = ['-c', './mine.yaml', '-r', 'here', '--force-squash'];
  const parameters = ['distributed=auto', 'distributed_save=false', 'torchrun.nproc_per_node=2'];
  const { stdout, stderr, exitCode } = await run(['run', ...given, ...parameters, ...options]);
  expect(stderr).toContain('--force-squash does nothing here');
  expect(exitCode).toBe(0);
  expect(stdout).toBe(join(folder, 'attached'));
  expect((await manifestAt(join(folder, 'attached'))).engine.ranks).toBe(2);
});

test('the variables of the page give number of ranks, layout and target', async () => {
  const variables = {
    NEMOTRON_CONVERT_NPROC_PER_NODE: '1',
    NEMOTRON_CONVERT_TP: '2',
    NEMOTRON_CONVERT_PP: '2',
    NEMOTRON_CONVERT_EP: '1',
    NEMOTRON_CONVERT_ETP: '1',
    CONVERT_OUTPUT_DIR: join(folder, 'by-variable'),
  };
  const given = [`megatron_path=${ITERATION}`, `hf_model_id=${places.reference}`, '-c', './mine.yaml'];
  const { stdout, exitCode } = await run(['run', ...given, 'distributed=false'], variables);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(join(folder, 'by-variable/megatron_to_hf/hf'));
  expect((await manifestAt(stdout)).options).toMatchObject({ tp: 2, pp: 2, ep: 1, etp: 1 });
});

test('-d prints the compiled configuration of the submission and starts nothing', async () => {
  const words = adaptCommand(SUBMIT, { ...places, lustre: `${folder}/dry` });
  const { stdout, stderr, exitCode } = await run([...words, '-d']);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(parse(stdout)).toMatchObject({
    run: { mode: 'batch', profile: 'lepton_convert_model', cli: { config: 'default' } },
    config: { hf_path: `${folder}/dry/output/convert/sft-hf`, tp: 1, ep: 8, torchrun: { nproc_per_node: 8 } },
  });
  expect(existsSync(`${folder}/dry`)).toBe(false);
  expect(lepton.jobs).toHaveLength(1);
});

test('a profile that the worker does not have is refused by name, with those that it has', async () => {
  const given = [`megatron_path=${ITERATION}`, `hf_model_id=${places.reference}`, 'hf_path=nowhere'];
  const { stderr, exitCode } = await run(['run', ...given, '-c', './mine.yaml', '-r', 'lepton_convert']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('PolicyRefused');
  expect(stderr).toContain('lepton_convert_model');
});
