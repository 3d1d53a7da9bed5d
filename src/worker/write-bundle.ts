// A program for the build: writes the workflow bundle beside the compiled worker, which then starts a few seconds sooner.
import { writeFile } from 'node:fs/promises';

import { bundleWorkflowCode } from '@temporalio/worker';

import { BUNDLE_FILE, WORKFLOWS_PATH } from './workflow-code.ts';

const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH });
await writeFile(BUNDLE_FILE, code);
