import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { RestakingError } from "../errors.ts";

const schema = z.object({
  version: z.literal(1),
  deployer: z.string(),
  firstNonce: z.number().int().min(0),
  /** L1 block before the first transaction. */
  fromBlock: z.number().int().min(0),
  operators: z.array(z.object({ address: z.string(), firstNonce: z.number().int().min(0) })),
});

/** What a development deployment began with. Written before the first transaction: all addresses follow from it. */
export type DeploymentRecord = z.output<typeof schema>;

/** @throws RestakingError `RECORD_MISMATCH` where the file holds something else. */
export async function readRecord(path: string): Promise<DeploymentRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new RestakingError("RECORD_MISMATCH", `${path} is no record of a deployment: ${String(cause)}`, { path });
  }
}

/** After a crash the file holds the old or the new content in full. */
export async function writeWhole(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
