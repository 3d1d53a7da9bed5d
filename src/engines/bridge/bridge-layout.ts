// The parallel layout of a converter: it builds the model, so each size has a number, and the rules are hard.
import type { ConversionInput } from '../../contract/input.ts';
import type { ModelDimensions } from '../../models/types.ts';
import { findEmbedding } from '../../plan/index-sources.ts';
import { judgeLayout, type LayoutVerdict } from '../../plan/judge-layout.ts';
import { readLayout, type LayoutName, type Setting } from '../../plan/layout-facts.ts';
import { readTrainingValues } from '../../plan/training-values.ts';
import type { SourceBasis } from '../build-plan.ts';
import type { BridgeWorld } from './bridge-world.ts';

export type LayoutSizes = Readonly<Record<LayoutName, number>>;

export interface BridgeLayout extends LayoutVerdict {
  readonly sizes: LayoutSizes;
}

const count = (setting: Setting, value: number): Setting => ({ ...setting, value });

/** @param dimensions null where no table knows the model: then only the rules about ranks can be tried */
export function judgeBridgeLayout(
  input: ConversionInput,
  { checkpoint, training }: Pick<SourceBasis, 'checkpoint' | 'training'>,
  dimensions: ModelDimensions | null,
  world: BridgeWorld,
): BridgeLayout {
  const read = readLayout(input);
  const verdict = judgeLayout(
    {
      engine: 'bridge',
      ...read,
      distributed: world.distributed,
      isElsewhere: !world.isHere,
      nproc: count(read.nproc, world.ranksPerNode),
      nnodes: count(read.nnodes, world.nodes),
      dimensions,
      paddedVocab: findEmbedding(checkpoint)?.entry.shape[0] ?? null,
      training: training ? readTrainingValues(training) : null,
      files: null,
    },
    world.ranksPerNode,
  );
  const size = (name: LayoutName): number => verdict.layout[name].value ?? 1;
  return { ...verdict, sizes: { tp: size('tp'), pp: size('pp'), ep: size('ep'), etp: size('etp') } };
}
