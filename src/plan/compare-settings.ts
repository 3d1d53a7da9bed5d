// Settings that shape no tensor, in the reference and in what the training run recorded. Nothing in the weights shows a wrong one.
import type { TrainingConfig } from '../checkpoint/types.ts';
import type { ModelConfig } from '../models/types.ts';

/** Sentences with both values; empty where they agree or one side says nothing. */
export function compareSettings(config: ModelConfig, training: TrainingConfig): string[] {
  const { values, source } = training;
  const rope = config['rope_parameters'] ?? config['rope_scaling'];
  const nested = typeof rope === 'object' && rope !== null && 'rope_theta' in rope ? rope.rope_theta : undefined;
  const rows: [field: string, says: unknown, recorded: unknown][] = [
    ['rope_theta', config['rope_theta'] ?? nested, values['rotary_base']],
    // Megatron-Core names it layernorm_epsilon, Megatron-LM's arguments norm_epsilon.
    ['rms_norm_eps', config['rms_norm_eps'], values['layernorm_epsilon'] ?? values['norm_epsilon']],
  ];
  return rows
    .filter(([, says, recorded]) => typeof says === 'number' && typeof recorded === 'number' && says !== recorded)
    .map(
      ([field, says, recorded]) =>
        `${field}: config.json says ${String(says)}, the training run recorded ${String(recorded)} (${source}). ` +
        'The export takes that of config.json; check hf_model_id.',
    );
}
