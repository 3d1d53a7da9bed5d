// Parent workflows for tests: the examples', and one that goes on after it has left its export running.
import { sleep } from '@temporalio/workflow';

import { trainAndLeave } from '../../examples/typescript-parent/workflows.ts';
import type { ConversionRequest } from '../../src/workflows/index.ts';

export { trainAndExport } from '../../examples/typescript-parent/workflows.ts';

export async function trainOn(request: ConversionRequest): Promise<void> {
  await trainAndLeave(request);
  await sleep('1 hour');
}
