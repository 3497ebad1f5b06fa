import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { rpc, shown } from "../rpc.ts";

export interface SequencerCommandOptions {
  readonly rpc: string;
}

/** `altlayer sequencer start`: a standby takes over, or a stopped sequencer goes on. Refused while another one is live. */
export async function startSequencer({ rpc: url }: SequencerCommandOptions, output: Output): Promise<number> {
  await rpc(url, "admin_startSequencer");
  return told({ url, active: true, text: "sequences" }, output);
}

/** `altlayer sequencer stop`: ends after the block in work. */
export async function stopSequencer({ rpc: url }: SequencerCommandOptions, output: Output): Promise<number> {
  const head = await rpc<string>(url, "admin_stopSequencer");
  return told({ url, active: false, head, text: `has stopped at ${head}` }, output);
}

/** `altlayer sequencer status` */
export async function sequencerStatus({ rpc: url }: SequencerCommandOptions, output: Output): Promise<number> {
  const active = await rpc<boolean>(url, "admin_sequencerActive");
  return told({ url, active, text: active ? "sequences" : "does not sequence" }, output);
}

function told(
  {
    url,
    text,
    ...fields
  }: { readonly url: string; readonly active: boolean; readonly head?: string; readonly text: string },
  output: Output,
): number {
  if (output.json) output.answer({ rpc: shown(url), ...fields });
  else output.line(`${shown(url)} ${text}`);
  return EXIT.ok;
}
