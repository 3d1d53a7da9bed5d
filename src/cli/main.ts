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
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = await reportError(error, { json: process.argv.includes('--json') });
}

/** The list of parameters where the help of `run` or `convert` is asked for. */
async function parametersHelp(words: readonly string[]): Promise<string> {
  const asked = words.some((word) => word === '-h' || word === '--help' || word === 'help');
  if (!asked || !words.some((word) => word === 'run' || word === 'convert')) return '';
  return (await import('./options-help.ts')).renderOptionsHelp();
}
