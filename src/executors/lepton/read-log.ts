// The end of a job's log as Lepton streams it, for a job that left none on disk.
import { openApi, unexpected } from '../rest/call-api.ts';
import { lastLines } from '../rest/node-logs.ts';
import { listReplicas, request } from './calls.ts';
import { TOKEN_HINT, type Workspace } from './workspace.ts';

/** A running job's log does not end: what has come after so long, or before so long a silence, is what there is. Milliseconds. */
const READING_LIMIT = 10_000;
const SILENCE_LIMIT = 1500;
const KEPT_CHARACTERS = 256 * 1024;

/** The last lines of the first node; empty where the job has no nodes yet. */
export async function readLeptonLog(workspace: Workspace, id: string, lines: number): Promise<string[]> {
  const [replica] = await listReplicas(workspace, id);
  if (replica === undefined) return [];
  const path = `/jobs/${encodeURIComponent(id)}/replicas/${encodeURIComponent(replica)}/log`;
  const call = request(workspace, 'GET', path, `read the log of the job ${id}`);
  const response = await openApi(workspace, call);
  if (!response.ok)
    throw unexpected(workspace, call, { status: response.status, text: await response.text() }, TOKEN_HINT);
  return lastLines(await readUntilSilent(response.body), lines);
}

async function readUntilSilent(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const stop = (): void => {
    reader.cancel().catch(() => undefined);
  };
  const limit = setTimeout(stop, READING_LIMIT);
  const silence = setTimeout(stop, SILENCE_LIMIT);
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      silence.refresh();
      text = (text + decoder.decode(value, { stream: true })).slice(-KEPT_CHARACTERS);
    }
  } finally {
    clearTimeout(limit);
    clearTimeout(silence);
  }
}
