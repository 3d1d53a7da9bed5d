// The bash script that one node of a cloud job runs: the ranks under torchrun, their output in a file, and how they ended.
import { quote, quoteAll } from '../quote.ts';
import type { JobSpec } from '../types.ts';

/** The variable that tells one submission from another: all nodes of a job have the same, also when they start again. */
export const SUBMISSION_VARIABLE = 'MEGATRON_TO_HF_SUBMISSION';

/** Exit code where the node does not see the folder, or cannot write there. */
const NO_FOLDER = 66;

export const logName = (node: string): string => `node-${node}.log`;
export const exitName = (node: string): string => `node-${node}.exit`;

/** The number of the node, of several. Pods of a PyTorchJob are called NAME-worker-NUMBER, should nothing else tell. */
const NODE_LINES = [
  'ordinal="${HOSTNAME##*-}"; case "$ordinal" in "" | *[!0-9]*) ordinal=0 ;; esac',
  'node="${NODE_RANK:-${PET_NODE_RANK:-${LEPTON_JOB_WORKER_INDEX:-${RANK:-$ordinal}}}}"',
];

interface Place {
  /** torchrun at that place, with leading arguments. */
  readonly torchrun: readonly string[];
  /** Shell lines before the ranks. The first that fails ends the node. */
  readonly setup: readonly string[];
}

/**
 * Nodes learn their number and the address of the first from what the scheduler sets: NODE_RANK and MASTER_ADDR where a launcher
 * does, PET_* in an elastic PyTorchJob (Run:ai), LEPTON_JOB_* on Lepton. The script itself holds no secret.
 */
export function writeNodeScript(spec: JobSpec, place: Place): string {
  const folder = quote(spec.folder);
  return [
    'set -u',
    `folder=${folder}`,
    `[ -d "$folder" ] || { echo "megatron-to-hf: $folder is not there; mount the file system of the export at the path at which the worker sees it" >&2; exit ${NO_FOLDER}; }`,
    ...(spec.nodes === 1 ? ['node=0'] : NODE_LINES),
    ...claimLines(),
    `log="$folder/${logName('$node')}"; result="$folder/${exitName('$node')}"`,
    'touch "$log" && rm -f "$result" || exit 1',
    'begin=$(($(wc -c < "$log") + 1))',
    '(',
    'set +u -e',
    ...place.setup,
    ...launchLines(spec, place.torchrun),
    ') >> "$log" 2>&1 < /dev/null &',
    'child=$!',
    // The scheduler's own log shows the same lines.
    'tail -c "+$begin" -f --pid="$child" "$log" & follower=$!',
    // A first process of a container gets no signal that it does not ask for; torchrun passes it on to the ranks.
    `trap 'kill -TERM "$child" 2> /dev/null' TERM INT`,
    'while :; do wait "$child"; code=$?; kill -0 "$child" 2> /dev/null || break; done',
    'wait "$follower"',
    'echo "$code" > "$result.new" && mv "$result.new" "$result"',
    'exit "$code"',
  ].join('\n');
}

/**
 * Two jobs of one attempt would write the same files at the same time. They can be there where a submission got no answer and the job
 * was not listed yet when it was looked for: the first that starts does the work, and the other ends as it does.
 */
function claimLines(): string[] {
  return [
    `own="\${${SUBMISSION_VARIABLE}:-}"; claim="$folder/claim"`,
    '(set -o noclobber; echo "$own" > "$claim") 2> /dev/null',
    `[ -e "$claim" ] || { echo "megatron-to-hf: $folder cannot be written; mount its file system for writing, and run as a user who may write there" >&2; exit ${NO_FOLDER}; }`,
    'for _ in $(seq 100); do holder="$(cat "$claim")"; [ -n "$holder" ] && break; sleep 0.1; done',
    'if [ "$holder" != "$own" ]; then',
    'echo "megatron-to-hf: another job does the work of this attempt; this one waits for its end"',
    `until [ -f "$folder/${exitName('0')}" ] || [ ! -d "$folder" ]; do sleep 1; done`,
    `exit "$(cat "$folder/${exitName('0')}" 2> /dev/null || echo 0)"`,
    'fi',
  ];
}

function launchLines(spec: JobSpec, torchrun: readonly string[]): string[] {
  const program = quoteAll(spec.program);
  if (!spec.distributed || spec.nodes * spec.ranksPerNode === 1) return [`exec ${program}`];
  const start = `exec ${quoteAll(torchrun)} --nproc-per-node ${spec.ranksPerNode}`;
  if (spec.nodes === 1) return [`${start} --standalone --no-python ${program}`];
  return [
    'if [ -n "${PET_RDZV_ENDPOINT:-}" ]; then',
    `${start} --nnodes ${spec.nodes} --rdzv-backend "\${PET_RDZV_BACKEND:-c10d}" --rdzv-endpoint "$PET_RDZV_ENDPOINT" --rdzv-id ${quote(spec.name)} --no-python ${program}`,
    'fi',
    'lepton="${LEPTON_JOB_SERVICE_PREFIX:-${LEPTON_JOB_NAME:-}}"',
    'if [ -z "${MASTER_ADDR:-}" ] && [ -n "$lepton" ]; then',
    'MASTER_ADDR="$lepton-0.${LEPTON_SUBDOMAIN:-$lepton-job-svc}"',
    'fi',
    `${start} --nnodes ${spec.nodes} --node-rank "$node" --master-addr "\${MASTER_ADDR:-127.0.0.1}" --master-port "\${MASTER_PORT:-29500}" --no-python ${program}`,
  ];
}
