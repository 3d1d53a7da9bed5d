// The source items of one output file: opened at their first use, checked and forgotten after their last.
import type { FilePlan } from '../plan/types.ts';
import type { SourceFiles } from './source-files.ts';
import { SourceItem } from './source-item.ts';

export class ItemStore {
  readonly #plan: FilePlan;
  readonly #sources: SourceFiles;
  readonly #scratch: Buffer;
  readonly #open = new Map<number, SourceItem>();
  /** Index of the last tensor that uses each item. */
  readonly #lastUse = new Map<number, number>();
  bytesRead = 0;
  /** Items whose writer stored no checksum. */
  unchecked = 0;

  constructor(plan: FilePlan, sources: SourceFiles, scratch: Buffer) {
    this.#plan = plan;
    this.#sources = sources;
    this.#scratch = scratch;
    for (const [index, tensor] of plan.tensors.entries()) {
      for (const copy of tensor.copies) this.#lastUse.set(copy.item, index);
    }
  }

  get(index: number, tensor: string): SourceItem {
    const known = this.#open.get(index);
    if (known !== undefined) return known;
    const planned = this.#plan.items[index];
    if (planned === undefined) throw new RangeError(`${this.#plan.name}: the plan has no item ${index}`);
    const item = new SourceItem(this.#sources, planned, tensor);
    this.#open.set(index, item);
    return item;
  }

  /** Checks the items that no tensor after `tensor` (an index) uses. @throws ConversionError CorruptData. */
  finishUpTo(tensor: number): void {
    for (const [index, item] of this.#open) {
      if ((this.#lastUse.get(index) ?? 0) > tensor) continue;
      item.finish(this.#scratch);
      this.bytesRead += item.bytesRead;
      if (!item.hasChecksum) this.unchecked++;
      this.#open.delete(index);
    }
  }
}
