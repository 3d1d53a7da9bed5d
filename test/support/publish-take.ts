// One of two processes that race for targets. Prints a character a round: 1 when it became the owner. The test has left the record of a dead
// owner at each.
import { join } from 'node:path';
import { takeOwnership } from '../../src/publish/ownership.ts';
import { BYTE_DIGEST, surroundings, worker } from './publish-staging.ts';

const [folder = '', name = '', rounds = '0'] = process.argv.slice(2);
const isOwnerAlive = (owner: { workflowId: string }): Promise<boolean> => Promise.resolve(owner.workflowId !== 'dead');
let line = '';
for (let round = 0; round < Number(rounds); round += 1) {
  const target = join(folder, `round-${round}`);
  const request = surroundings({ worker: worker({ workflowId: name }), isOwnerAlive });
  line += await takeOwnership(target, BYTE_DIGEST, request).then(
    () => '1',
    () => '0',
  );
}
process.stdout.write(`${line}\n`);
