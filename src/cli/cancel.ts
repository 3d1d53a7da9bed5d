// `cancel`: ask a run to stop.
import { cancelConversion, type ConversionHandle } from '../client.ts';
import type { megatronToHf } from '../workflows/megatron-to-hf.ts';
import type { CancelFlags } from './flags.ts';
import { connectServer } from './connect-server.ts';
import { EXIT_CODES } from './exit-codes.ts';

export async function cancel(id: string, flags: CancelFlags): Promise<number> {
  const client = await connectServer();
  try {
    const handle: ConversionHandle = client.workflow.getHandle<typeof megatronToHf>(id);
    await cancelConversion(handle);
  } finally {
    await client.connection.close();
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ event: 'cancelling', workflow_id: id })}\n`);
  else process.stderr.write(`asked ${id} to cancel; see it end with: megatron-to-hf status ${id} --follow\n`);
  return EXIT_CODES.done.code;
}
