// The lines below the table of phases in the UI, once a run has ended well.
import { type ConversionResult, formatBytes, formatSeconds } from '../contract/index.ts';

/** Markdown paragraphs. */
export function closingNotes(result: ConversionResult): string[] {
  const samples = result.smoke.samples.map((it) => `> **${oneLine(it.prompt)}** ${oneLine(it.text)}`);
  return [
    `**${result.validation}** \`${result.hf_path}\`: ${formatBytes(result.bytes)} in ${formatSeconds(result.seconds.total)}`,
    ...samples,
    ...result.warnings.map((warning) => `- warning: ${oneLine(warning)}`),
  ];
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 1000);
