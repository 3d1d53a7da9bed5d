// All commands. Each file adds one; what a command does is imported when it runs.
import { Command } from 'commander';
import { addCancelCommand } from './commands/cancel.ts';
import { addCheckCommand } from './commands/check.ts';
import { addConvertCommand } from './commands/convert.ts';
import { addDescribeCommand } from './commands/describe.ts';
import { addDevCommand } from './commands/dev.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addProfileCommand } from './commands/profile.ts';
import { addRetryCommand } from './commands/retry.ts';
import { addRunCommand } from './commands/run.ts';
import { addStatusCommand } from './commands/status.ts';
import { addWorkerCommand } from './commands/worker.ts';
import { readVersion } from './version.ts';

/** `parameters` is the list that the help of `run` and `convert` shows; computing it costs a schema, so only help pays for it. */
export function createProgram(parameters: string): Command {
  const program = new Command('megatron-to-hf')
    .description('Turns a Megatron torch_dist checkpoint into a validated Hugging Face directory, durably.')
    .version(readVersion(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(add --help for usage)')
    .addHelpText('after', EPILOGUE);
  addRunCommand(program, parameters);
  addConvertCommand(program, parameters);
  addCheckCommand(program);
  addInspectCommand(program);
  addDiffCommand(program);
  addDescribeCommand(program);
  addStatusCommand(program);
  addRetryCommand(program);
  addCancelCommand(program);
  addProfileCommand(program);
  addWorkerCommand(program);
  addDevCommand(program);
  return program;
}

const EPILOGUE = `
Start here:
  $ megatron-to-hf check /runs/sft/iter_0000100                 is this checkpoint complete?
  $ megatron-to-hf convert megatron_path=/runs/sft/iter_0000100 \\
      hf_model_id=meta-llama/Llama-3.1-8B hf_path=./sft-hf       convert here and now, no server
  $ megatron-to-hf dev                                          a Temporal server and a worker on this machine
  $ megatron-to-hf run megatron_path=... hf_model_id=... hf_path=...   the durable way

Exit codes: 0 done, 1 failed or different, 2 invalid request, 3 cancelled or terminated, 4 incomplete or timed out, 5 no server, 130 interrupted.
Temporal connection: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, as for the temporal command.`;
