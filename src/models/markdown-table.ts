// Tables of the generated documents.

/** A Markdown table with aligned columns, as the formatter leaves it. The first row is the header. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [header = []] = rows;
  const widths = header.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |\n`;
  const dashes = widths.map((width) => '-'.repeat(width));
  return [header, dashes, ...rows.slice(1)].map(line).join('');
}
