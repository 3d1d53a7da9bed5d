// A workflow id may be that of any workflow on the server: ours alone are touched.
import { ConversionError, WORKFLOW_TYPE } from '../contract/index.ts';

/** @throws ConversionError InvalidInput for a run of another workflow type. */
export function refuseOtherType(run: { readonly workflowId: string; readonly type: string }): void {
  if (run.type === WORKFLOW_TYPE) return;
  const problem = `${run.workflowId} is a run of ${run.type}, and not of ${WORKFLOW_TYPE}`;
  throw new ConversionError('InvalidInput', `${problem}.`, { problems: [problem] });
}
