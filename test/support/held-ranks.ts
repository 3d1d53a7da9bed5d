// Ranks that are held until a test lets them go: each is started through `setpriv`, and this folder has another one of that name.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';

export class HeldRanks {
  /** Variables for the processes whose ranks are to be held. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #go: string;

  constructor(folder: string) {
    const programs = join(folder, 'programs');
    this.#go = join(programs, 'go');
    const setpriv = execFileSync('sh', ['-c', 'command -v setpriv'], { encoding: 'utf8' }).trim();
    const hold = `until [ -e ${this.#go} ]; do sleep 0.05; done; exec "$@"`;
    mkdirSync(programs);
    // The real one first: also a held rank ends with its parent.
    const script = `#!/bin/sh
# --pdeathsig SIGNAL PROGRAM...
signal=$2
shift 2
exec ${setpriv} --pdeathsig "$signal" sh -c '${hold}' sh "$@"
`;
    writeFileSync(join(programs, 'setpriv'), script, { mode: 0o755 });
    this.environment = { PATH: `${programs}:${process.env['PATH'] ?? ''}` };
  }

  /** From now on ranks start at once. */
  letGo(): void {
    writeFileSync(this.#go, '');
  }
}
