// A list that a sentence can hold.

/** The first five, and dots for the others. */
export function nameFew(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '');
}
