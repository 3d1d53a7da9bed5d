// Where a worker takes the workflow from: the bundle that the package was built with, or the sources, bundled at start.
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';

import type { WorkerOptions } from '@temporalio/worker';

const FOLDER = import.meta.dirname;

/** `dist/workflow-bundle.js`, where the build wrote one. It belongs to the very SDK version that it was made with. */
export const BUNDLE_FILE = join(FOLDER, '..', 'workflow-bundle.js');

/** The module to bundle: `.ts` in a checkout, `.js` in the published package. */
export const WORKFLOWS_PATH = join(FOLDER, '..', 'workflows', `index${extname(import.meta.filename)}`);

export function findWorkflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return existsSync(BUNDLE_FILE) ? { workflowBundle: { codePath: BUNDLE_FILE } } : { workflowsPath: WORKFLOWS_PATH };
}
