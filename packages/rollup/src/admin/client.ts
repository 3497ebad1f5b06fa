import { request } from "node:http";
import { RollupError } from "../errors.ts";
import { type AdminOrder, type AdminOrders, adminSocket } from "./protocol.ts";

/**
 * Gives an order to the node that runs on this data directory, and waits until it is done.
 * @throws RollupError `ADMIN_UNREACHABLE` if no node listens there, `ADMIN_REFUSED` with the node's own code and words
 */
export async function giveOrder<K extends AdminOrder>(
  dataDir: string,
  order: K,
  fields: AdminOrders[K],
): Promise<unknown> {
  const socketPath = adminSocket(dataDir);
  const text = await new Promise<string>((resolve, reject) => {
    const outgoing = request({ socketPath, path: `/${order}`, method: "POST" }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify(fields));
  }).catch((cause: unknown) => {
    throw new RollupError("ADMIN_UNREACHABLE", `no node answers at ${socketPath}`, {
      severity: "temporary",
      data: { socketPath },
      cause,
    });
  });
  const { result, error } = JSON.parse(text) as { result?: unknown; error?: { code: string; message: string } };
  if (!error) return result;
  throw new RollupError("ADMIN_REFUSED", `the node refuses: ${error.message}`, {
    severity: "permanent",
    data: { code: error.code },
  });
}
