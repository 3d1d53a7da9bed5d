// What a converter must write for a model that our tables know: exactly what engine `stream` would, and with the same books.
import type { Plan } from '../../plan/types.ts';
import type { Expectation, ExpectedTensor } from './types.ts';

export function expectPlanned(plan: Plan): Expectation {
  const tensors = plan.files.flatMap((file) => file.tensors.map((tensor) => ({ ...tensor, file: file.name })));
  return {
    family: plan.family,
    tensors: new Map(tensors.map(({ name, shape, dtype }): [string, ExpectedTensor] => [name, { shape, dtype }])),
    weightMap: Object.fromEntries(tensors.map(({ name, file }) => [name, file])),
    books: plan.books,
    parameters: plan.parameters,
    bytes: plan.bytes,
    // Their shapes say it.
    vocabulary: null,
    isComplete: true,
  };
}
