// `convert` as the tasks of a real srun step: one world, without torchrun; and what the environment of each kind of step looks like.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { findWorld } from '../../src/world/find-world.ts';
import { jsonLines, MAIN, runCli } from '../cli/run-cli.ts';
import { bridgeRequest } from '../support/bridge-request.ts';
import { waitFor } from '../support/launch-processes.ts';
import { digestTensors, expectedOf, temporaryDirectory } from '../support/rank-conversion.ts';
import { collect, digestExport, REQUEST } from '../world/ranks.ts';

const environment = { SLURM_CONF: inject('slurmConf'), NO_COLOR: '1' };

/** Not `makeFolder`: tests that run at the same time would remove each other's. */
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
async function makeFolder(): Promise<string> {
  const folder = await temporaryDirectory();
  folders.push(folder);
  return folder;
}

/** The command line that users type. */
const srun = (options: readonly string[], args: readonly string[]) =>
  execa('srun', [...options, process.execPath, MAIN, 'convert', ...args], { reject: false, env: environment });

describe.concurrent('a step of srun', () => {
  it('on two nodes gives the bytes of one process', async () => {
    const folder = await makeFolder();
    const alone = await runCli(['convert', ...REQUEST, `hf_path=${folder}/alone`, 'distributed=false']);
    expect(alone.exitCode).toBe(0);
    const step = await srun(['-N', '2', '-n', '2'], [...REQUEST, `hf_path=${folder}/hf`]);
    expect(step.stderr).toContain('2 ranks, engine stream');
    expect(step.exitCode).toBe(0);
    expect(step.stdout).toBe(`${folder}/hf`);
    expect(await digestExport(`${folder}/hf`)).toEqual(await digestExport(`${folder}/alone`));
    expect((await readdir(folder)).toSorted()).toEqual(['alone', 'hf']);
  });

  it('becomes the converters of engine bridge, which find each other', async () => {
    const folder = await makeFolder();
    const step = await srun(['-N', '2', '-n', '2'], [...(await bridgeRequest(folder)), `hf_path=${folder}/hf`]);
    expect(jsonLines(step.stdout).at(-1)).toMatchObject({ event: 'result', engine: 'bridge', ranks: 2 });
    expect(step.exitCode).toBe(0);
    expect(await digestTensors(`${folder}/hf`)).toEqual((await expectedOf('llama-trained')).tensors);
  });

  it('ends when a task is killed, although srun does not end the others', async () => {
    const folder = await makeFolder();
    await mkdir(`${folder}/iter_0000001`);
    await writeFile(`${folder}/iter_0000001/common.pt`, '');
    const args = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`, 'retry.heartbeat=5s'];
    const step = srun(['-N', '2', '-n', '2', '--kill-on-bad-exit=0'], args);
    const printed = collect(step);
    await waitFor(() => printed().includes('waiting (attempt 1'), 60);
    const meeting = (await readdir(folder)).find((name) => name.startsWith('.hf.world-')) ?? '';
    const { pid } = JSON.parse(await readFile(join(folder, meeting, 'beat-1.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    const { exitCode, stderr } = await step;
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`RankFailed: rank 1 (process ${pid} on`);
  });

  it('is a world where it has several tasks; the script of sbatch and a lone task are none', async () => {
    const folder = await makeFolder();
    const print = `${process.execPath} -e 'process.stdout.write(JSON.stringify(process.env))'`;
    const script = join(folder, 'job.sh');
    const lines = [
      '#!/bin/sh',
      `${print} >${folder}/batch.json`,
      `srun -n 2 sh -c "${print} >${folder}/task-\\$SLURM_PROCID.json"`,
      `srun -n 1 -N 1 ${print} >${folder}/lone.json`,
    ];
    await writeFile(script, `${lines.join('\n')}\n`);
    const options = ['--wait', '-N', '2', '-n', '2', '-o', `${folder}/out`];
    expect(await execa('sbatch', [...options, script], { reject: false, env: environment })).toMatchObject({
      exitCode: 0,
    });
    const read = async (name: string): Promise<Record<string, string>> =>
      JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as Record<string, string>;
    const batch = await read('batch');
    expect(batch).toMatchObject({ SLURM_PROCID: '0', SLURM_NTASKS: '2' });
    expect(findWorld(batch)).toBeNull();
    expect(findWorld(await read('lone'))).toBeNull();
    const worlds = [findWorld(await read('task-0')), findWorld(await read('task-1'))];
    expect(worlds).toMatchObject([
      { launcher: 'slurm', rank: 0, size: 2 },
      { launcher: 'slurm', rank: 1, size: 2 },
    ]);
    expect(worlds[0]?.id).toBe(worlds[1]?.id);
  });
});
