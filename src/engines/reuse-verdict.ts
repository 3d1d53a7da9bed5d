// Does the smoke generation that a manifest records answer this request, so that it need not run again? Pure.
import { isDeepStrictEqual } from 'node:util';
import { SmokeOptions, type ConversionInput } from '../contract/input.ts';
import type { SmokeResult } from '../contract/results.ts';
import type { Manifest } from '../publish/manifest.ts';
import { figureReasons } from '../smoke/judge.ts';

type Asked = Pick<ConversionInput, 'smoke' | 'trust_remote_code'>;

/** What decides the text and the figures. Limits are judged anew on the recorded figures; memory and time only say how it ran. */
const DECISIVE = [
  'device',
  'dtype',
  'prompts',
  'max_new_tokens',
  'repetition_penalty',
] as const satisfies (keyof Asked['smoke'])[];

/**
 * The recorded verdict, where the model was found to work by a generation with the same settings and its figures meet the limits of
 * this request; null where it must be tried (again). A request without a smoke generation takes whatever was proved.
 */
export function recordedVerdict(
  { validation, smoke, options, reference }: Pick<Manifest, 'validation' | 'smoke' | 'options' | 'reference'>,
  { smoke: asked, trust_remote_code: trust }: Asked,
): SmokeResult | null {
  if (validation !== 'VALIDATED' || !smoke.validated) return null;
  if (!asked.enabled) return smoke;
  // With its code, and without, it is another program that was tried.
  if (reference.remote_code.length > 0 && options['trust_remote_code'] !== trust) return null;
  const recorded = SmokeOptions.safeParse(options['smoke']).data;
  if (!recorded || DECISIVE.some((name) => !isSame(recorded[name], asked[name]))) return null;
  const { perplexity, shuffled_perplexity: shuffled, ratio, context_gain: contextGain } = smoke;
  if (perplexity === null || shuffled === null || ratio === null || contextGain == null) return null;
  return figureReasons({ perplexity, shuffled, ratio, contextGain }, asked).length === 0 ? smoke : null;
}

const isSame = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a ?? null, b ?? null);
