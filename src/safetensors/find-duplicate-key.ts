// Duplicate keys of a JSON text. `JSON.parse` keeps the last one silently, other readers the first.

/** First key that occurs twice in one object of `text`, at any depth, or null. `text` must be valid JSON. */
export function findDuplicateKey(text: string): string | null {
  const scopes: (Set<string> | null)[] = [];
  // Strings are taken whole, so that brackets and colons inside them do not count. A string before ":" is a key.
  for (const [token, key] of text.matchAll(/("(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[[\]{}]/gsu)) {
    if (key !== undefined) {
      const name = JSON.parse(key) as string;
      const scope = scopes.at(-1);
      if (scope?.has(name)) return name;
      scope?.add(name);
    } else if (token === '{') scopes.push(new Set());
    else if (token === '[') scopes.push(null);
    else if (token === '}' || token === ']') scopes.pop();
  }
  return null;
}
