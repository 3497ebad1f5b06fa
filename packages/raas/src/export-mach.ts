import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createKeystore } from "@altlayer/mach";
import { type MachServiceFile, serviceFileJson } from "@altlayer/restaking";
import type { NodeConfigInput } from "@altlayer/rollup";
import { hexToBytes } from "viem";
import { GENESIS_FILE, ROLLUP_FILE } from "./runtime/chain-files.ts";
import { serviceNames } from "./runtime/operators.ts";
import type { Hex } from "./spec/primitives.ts";

/** An operator as its keys say. */
export interface ExportedOperator {
  readonly address: Hex;
  readonly blsSeed: Hex;
}

export interface MachExport {
  /** Of the sequencer's configuration. */
  readonly node: Pick<NodeConfigInput, "gossip" | "mach">;
  readonly files: readonly (readonly [name: string, content: string | Buffer])[];
}

/** All on one machine, as they come out of the archive; to part them, change the addresses. */
const GOSSIP_PORT = 9222;
const MACH_PORT = 9100;
const at = (port: number) => `/ip4/127.0.0.1/tcp/${port}`;
/** What an operator must not lose: what it has signed, and how far it has seen the others. */
const JOURNALS = ["signing.journal", "furthest.log"];

/**
 * The rollup's MACH service for whoever runs it from now on: its contracts, and for each operator a node's
 * configuration, the keystore of its BLS seed, and its signing journal, without which it could contradict itself.
 */
export async function machExportOf(options: {
  readonly service: MachServiceFile;
  readonly operators: readonly ExportedOperator[];
  readonly l1: NodeConfigInput["l1"];
  readonly clockOffsetMs: number;
  readonly flashblocksPort: number;
  /** Of the rollup; the operators' data lie below it. */
  readonly directory: string;
  readonly password: string;
}): Promise<MachExport> {
  const { service, operators, l1, clockOffsetMs, flashblocksPort, directory, password } = options;
  const names = serviceNames(service);
  const addresses = operators.map((_, index) => at(MACH_PORT + 1 + index));
  const files: (readonly [string, string | Buffer])[] = [["mach.json", serviceFileJson(service)]];
  for (const [index, { address, blsSeed }] of operators.entries()) {
    const journals = await filesIn(join(directory, "operators", String(index), "mach"), JOURNALS);
    const config: NodeConfigInput = {
      dataDir: "data",
      genesisFile: `../../${GENESIS_FILE}`,
      rollupFile: `../../${ROLLUP_FILE}`,
      clockOffsetMs,
      l1,
      rpc: null,
      gossip: { peers: [at(GOSSIP_PORT)] },
      followSlices: `ws://127.0.0.1:${flashblocksPort}/slices`,
      mach: {
        ...names,
        listen: [addresses[index] as string],
        peers: [at(MACH_PORT), ...addresses.filter((_, other) => other !== index)],
        operator: {
          address: address.toLowerCase(),
          keystore: `../../keys/operator-${index}-bls.json`,
          passwordFile: "../../password",
          // Without its journal it signs nothing until the L1 has settled what it may have signed.
          ...(journals.length === 0 ? { quarantineIfLost: true } : {}),
        },
      },
    };
    const keystore = await createKeystore({ seed: hexToBytes(blsSeed), password, description: `operator ${index}` });
    files.push([`operators/${index}/node.json`, JSON.stringify(config, null, 2)]);
    files.push([`keys/operator-${index}-bls.json`, JSON.stringify(keystore)]);
    for (const [name, content] of journals) files.push([`operators/${index}/data/mach/${name}`, content]);
  }
  return {
    node: {
      gossip: { listen: [at(GOSSIP_PORT)] },
      mach: { ...names, listen: [at(MACH_PORT)], peers: addresses },
    },
    files,
  };
}

async function filesIn(directory: string, names: readonly string[]): Promise<readonly (readonly [string, Buffer])[]> {
  const found = await Promise.all(
    names.map(async (name) => [name, await readFile(join(directory, name)).catch(() => null)] as const),
  );
  return found.flatMap(([name, content]) => (content === null ? [] : [[name, content] as const]));
}
