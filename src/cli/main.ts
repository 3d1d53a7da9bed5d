#!/usr/bin/env node
// The command line. This file and the command definitions import nothing heavy: `--help` must start fast.
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

// `... | head` closes the pipe when it has seen enough: no reason for a stack trace, nor to stop a conversion. What is printed from then on is
// lost, and the exit code is that of the work.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await createProgram(await parametersHelp(process.argv.slice(2))).parseAsync();
} catch (error) {
  const json = process.argv.includes('--json');
  if (!(error instanceof CommanderError)) process.exitCode = await reportError(error, { json });
  else if (error.exitCode === 0) process.exitCode = 0;
  else process.exitCode = await endUsage(error, json);
}

/** Commander has said it to people; a script that reads stdout is told as well. */
async function endUsage({ message }: CommanderError, json: boolean): Promise<number> {
  if (!json) return 2;
  const { ConversionError } = await import('../contract/index.ts');
  return reportError(new ConversionError('InvalidInput', message.replace(/^error: /, '')), { json });
}

/** The list of parameters where the help of `run` or `convert` is asked for. */
async function parametersHelp(words: readonly string[]): Promise<string> {
  const asked = words.some((word) => word === '-h' || word === '--help' || word === 'help');
  if (!asked || !words.some((word) => word === 'run' || word === 'convert')) return '';
  return await (await import('./options-help.ts')).renderOptionsHelp();
}
