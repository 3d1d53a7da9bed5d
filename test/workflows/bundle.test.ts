// The workflow must bundle for the sandbox: no Node built-in, no activity code, not even through somebody else.
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';

import { WORKFLOW_TYPE } from '../../src/contract/index.ts';
import * as workflows from '../../src/workflows/index.ts';
import { WORKFLOWS_PATH } from '../../src/worker/workflow-code.ts';

it('bundles without Node built-ins and without the domain', async () => {
  // The bundler itself fails on every module that the sandbox does not have.
  const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: new DefaultLogger('ERROR') });
  expect(code).toContain(WORKFLOW_TYPE);
  for (const foreign of ['src/activities/', 'src/engines/', 'src/checkpoint/', 'src/worker/', 'execa']) {
    expect(code.includes(`"./${foreign}`), foreign).toBe(false);
  }
});

it('exports the workflow under its type', () => {
  expect(workflows.megatronToHf.name).toBe(WORKFLOW_TYPE);
  expect(workflows.WORKFLOW_TYPE).toBe(WORKFLOW_TYPE);
});
