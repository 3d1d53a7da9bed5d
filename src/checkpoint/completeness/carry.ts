// What one attempt hands to the next through its heartbeat details.
import { z } from 'zod';
import { Progress } from '../../contract/results.ts';
import type { Carry, Look, Survey } from './types.ts';

const CarrySchema = z.object({
  digest: z.string(),
  since: z.number(),
  firstSeen: z.number(),
  changed: z.boolean(),
  checked: z.string().nullable(),
});

/** The carry in the details of the previous attempt's last heartbeat, or null where there is none, or of another kind. */
export function parseCarry(details: unknown): Carry | null {
  const progress = Progress.safeParse(details);
  const carry = CarrySchema.safeParse(progress.success ? progress.data.carry?.['completeness'] : undefined);
  return carry.success ? carry.data : null;
}

/** What the next attempt needs to know of this look. */
export function carryOf(look: Survey & Partial<Pick<Look, 'itemsChecked' | 'damage'>>, previous: Carry | null): Carry {
  const same = previous?.digest === look.digest;
  const sound = look.itemsChecked === true && look.damage?.length === 0;
  return {
    digest: look.digest,
    since: same ? previous.since : look.at,
    firstSeen: previous?.firstSeen ?? look.at,
    changed: previous !== null && (previous.changed || !same),
    checked: sound ? look.digest : same ? previous.checked : null,
  };
}

/** As `Progress.carry`. */
export function wrapCarry(carry: Carry): Record<string, unknown> {
  return { completeness: carry };
}
