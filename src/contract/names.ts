// Names that callers in any language use. Safe in the workflow sandbox.

/** The workflow type; a Python parent starts the child by this string. */
export const WORKFLOW_TYPE = 'megatronToHf';
/** Default task queue of the workflow and of the quick activities (check, validate, verify, publish). */
export const PREFLIGHT_QUEUE = 'megatron-to-hf';
/** Default task queue of the conversions. */
export const CONVERT_QUEUE = 'megatron-to-hf-convert';
/** Default task queue of the smoke generations: separate, since they may need a GPU. */
export const SMOKE_QUEUE = 'megatron-to-hf-smoke';
/** Query that answers with a `ConversionStatus`. */
export const STATUS_QUERY = 'status';
/** First detail of the cancellation of an attempt that has left nothing behind: no process, and no job with a scheduler. */
export const CLEANLY_CANCELLED = 'nothing is left';
/** The files that publishing adds beside the weights. */
export const MANIFEST_FILE = 'export_manifest.json';
