// Directories that are not one iteration of a torch_dist checkpoint, recognised by what they hold. Pure.
import type { MetadataJson } from '../metadata-json.ts';
import type { Survey } from './types.ts';
import { iterationsAmong } from './survey.ts';

interface Evidence {
  readonly survey: Survey;
  readonly names: ReadonlySet<string>;
  readonly metadataJson: MetadataJson;
  readonly recordedFormat: string | null;
  /** Tracker inside the directory. */
  readonly innerTracker: string | null;
}

interface ForeignFormat {
  readonly is: (evidence: Evidence) => boolean;
  readonly message: (evidence: Evidence) => string;
}

const hasName = ({ names }: Evidence, pattern: RegExp): boolean => [...names].some((name) => pattern.test(name));
const hasShards = (evidence: Evidence): boolean => evidence.names.has('.metadata') || hasName(evidence, /\.distcp$/);

const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  {
    is: (evidence) => iterationsAmong([...evidence.names]).length > 0 && !hasShards(evidence),
    message: ({ names, survey, innerTracker }) => {
      const found = iterationsAmong([...names]);
      const list =
        found.length > 20 ? `${found.slice(-20).join(', ')} and ${found.length - 20} older ones` : found.join(', ');
      const latest = innerTracker === null ? '' : `; its tracker names iteration ${innerTracker}`;
      return `it is the folder of a training run, not one iteration. It holds ${list}${latest}. Name one of them, for example ${survey.path}/${found.at(-1)}`;
    },
  },
  {
    is: ({ metadataJson }) => metadataJson.state === 'read' && metadataJson.backend !== 'torch_dist',
    message: ({ metadataJson }) =>
      `metadata.json says that it was saved with the backend ${metadataJson.state === 'read' ? JSON.stringify(metadataJson.backend) : '?'}; only torch_dist is read. Convert it with Megatron first`,
  },
  {
    is: ({ recordedFormat, metadataJson }) => recordedFormat === 'fsdp_dtensor' && metadataJson.state === 'absent',
    message: () => 'run_config.yaml says that it was saved as fsdp_dtensor (Megatron-FSDP); only torch_dist is read',
  },
  {
    is: (evidence) => hasName(evidence, /^mp_rank_\d+/) && !hasShards(evidence),
    message: () =>
      'it holds mp_rank_* folders: a checkpoint of the legacy format "torch", one file for each rank. Load it with Megatron and save it as torch_dist',
  },
  {
    is: (evidence) => hasName(evidence, /^__\d+\.metadata$/) && !evidence.names.has('.metadata'),
    message: () => 'it has one metadata file for each rank (torch saved it without collectives), which is not read',
  },
  {
    is: (evidence) => evidence.names.has('config.json') && hasName(evidence, /\.safetensors$/) && !hasShards(evidence),
    message: () => 'it is a Hugging Face checkpoint already (config.json and safetensors files)',
  },
];

/** What the directory is instead, as the end of a sentence that begins with its path, or null. */
export function recogniseForeignFormat(evidence: Evidence): string | null {
  return FOREIGN_FORMATS.find(({ is }) => is(evidence))?.message(evidence) ?? null;
}
