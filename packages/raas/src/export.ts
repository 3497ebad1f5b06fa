import { createCipheriv, randomBytes, randomUUID, scrypt } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { createGzip } from "node:zlib";
import { writeDurably } from "@altlayer/rollup";
import { pack } from "tar-stream";
import { hexToBytes, keccak256 } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { z } from "zod";
import type { Services } from "./api/services.ts";
import { RaasError } from "./errors.ts";
import { machExportOf } from "./export-mach.ts";
import { GENESIS_FILE, ROLLUP_FILE, readChainFiles, scheduledFiles } from "./runtime/chain-files.ts";
import { nodeConfigOf } from "./runtime/node-config.ts";
import type { Role } from "./secrets/key-store.ts";
import { type Hex, word } from "./spec/primitives.ts";
import { operatorsOf } from "./steps/restake.ts";
import { contractsResult, restakeResult } from "./steps/results.ts";
import type { RollupRecord } from "./store/rollup-records.ts";

const EXPORT_TIMEOUT_MS = 60_000;
const DRAIN_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const PORTS = { rpc: 8545, flashblocks: 1111 };
const SNAPSHOT = "export.snapshot";
const SCRYPT = { n: 131_072, r: 8, p: 1, dklen: 32 };
const derive = promisify<string, Buffer, number, object, Buffer>(scrypt as never);

/**
 * Everything that running the rollup without us needs, as a tar.gz. Our sequencer is fenced first and for good: from
 * then on this control plane never starts the rollup again, so that two never sign.
 * @throws RaasError `CONFLICT` before the rollup was launched, or when its node does not end in time
 */
export async function exportRollup(
  { rollup, password }: { readonly rollup: RollupRecord; readonly password: string },
  services: Services,
): Promise<Readable> {
  const { rollups, runtime, reconciler, events, directoryOf } = services;
  const steps = await rollups.steps(rollup.id);
  const done = (name: string) => steps.find((step) => step.name === name && step.status === "done");
  const contracts = contractsResult.safeParse(done("contracts")?.result);
  if (!contracts.success || done("genesis") === undefined) {
    throw new RaasError("CONFLICT", `${rollup.name} was not launched yet: there is nothing to leave with`);
  }
  const directory = directoryOf(rollup.id);
  // Nobody counts the blocks of a node that does not run.
  let leftBehind: number | null = null;
  if (runtime.running(rollup.id) !== null) {
    // What was promised to users, and certified, should be on the L1 before the chain moves.
    leftBehind = await runtime.drain(rollup.id, DRAIN_TIMEOUT_MS);
    // Without a safe block there is no snapshot, and the chain is derived from the settlement network alone.
    const path = join(directory, SNAPSHOT);
    const info = await runtime.snapshot(rollup.id, { path, block: "safe" }).catch(() => null);
    if (info !== null) await writeDurably(`${path}.json`, JSON.stringify({ blockHash: info.blockHash }));
  }
  const fenced = await rollups.setDesired(rollup.id, "exported");
  events.changed(fenced);
  reconciler.interrupt(rollup.id);
  const deadline = performance.now() + EXPORT_TIMEOUT_MS;
  while ((await rollups.get(rollup.id)).phase !== "exported") {
    if (performance.now() > deadline) throw new RaasError("CONFLICT", "the node does not end: try again");
    await sleep(POLL_MS);
  }
  const addresses = contracts.data.addresses;
  return await archiveOf({ rollup, addresses, password, leftBehind, restake: done("restake")?.result }, services);
}

async function archiveOf(
  {
    rollup,
    addresses,
    password,
    leftBehind,
    restake,
  }: {
    readonly rollup: RollupRecord;
    readonly addresses: Readonly<Record<string, Hex>>;
    readonly password: string;
    readonly leftBehind: number | null;
    /** What the step left behind; absent where it has not run. */
    readonly restake: unknown;
  },
  services: Services,
): Promise<Readable> {
  const { rollups, keys, keyRotations, networks, directoryOf } = services;
  const directory = directoryOf(rollup.id);
  const spec = await rollups.spec(rollup);
  const network = networks.get(rollup.networkId);
  const { service } = restakeResult.parse(restake ?? { service: null, operators: [] });
  // What MACH signs is based on the state of every block since its service began, which a snapshot does not hold: a
  // restaked chain is derived from its genesis.
  const snapshot = service === null ? await snapshotOf(directory) : null;
  const config = nodeConfigOf(
    {
      spec,
      // A provider's URL may carry our own key: the customer puts in theirs.
      network: network.development
        ? network
        : { ...network, rpcUrl: "https://l1.example", beaconUrl: "https://beacon.example" },
      directory: ".",
      disputeGameFactory: addresses.DisputeGameFactoryProxy!,
      ports: null,
      snapshot: null,
      // Described below: operators are nodes of their own from now on.
      mach: null,
    },
    PORTS,
  );
  // A development L1's clock may be shifted, elsewhere it is the world's.
  const clockOffsetMs = network.development ? network.clockOffsetMs : 0;
  const operators =
    service === null ? [] : operatorsOf(service, { secret: await keys.privateKey(rollup.id, "restaking"), spec });
  const mach =
    service === null
      ? null
      : await machExportOf({
          service,
          operators,
          l1: config.l1,
          clockOffsetMs,
          flashblocksPort: PORTS.flashblocks,
          directory,
          password,
        });
  const chain = scheduledFiles(await readChainFiles(directory), spec);
  const keystore = (role: Role) => ({ kind: "keystore" as const, path: `keys/${role}.json` });
  const files: [string, string | Buffer | FileOnDisk][] = [
    [
      "README.md",
      readme(rollup, { network: network.name, snapshot: snapshot !== null, leftBehind, operators: operators.length }),
    ],
    [
      "node.json",
      JSON.stringify(
        {
          ...config,
          clockOffsetMs,
          ...mach?.node,
          sequencer: { ...config.sequencer, signer: keystore("sequencer") },
          batcher: { ...config.batcher, key: keystore("batcher") },
          proposer: { ...config.proposer, key: keystore("proposer") },
          // A sequencer begins from a snapshot only when told that its block is right: it is our own.
          ...(snapshot === null ? {} : { snapshot: { file: SNAPSHOT, blockHash: snapshot.blockHash } }),
        },
        null,
        2,
      ),
    ],
    ["spec.json", JSON.stringify(spec, null, 2)],
    ["addresses.json", JSON.stringify(addresses, null, 2)],
    [GENESIS_FILE, chain.genesisJson],
    [ROLLUP_FILE, chain.rollupJson],
    ...(snapshot !== null ? [[SNAPSHOT, { path: join(directory, SNAPSHOT) }] as [string, FileOnDisk]] : []),
  ];
  for (const { role } of await keys.accounts(rollup.id)) {
    // The key that the role acts by: its next one, where the L1 has accepted that already.
    const key = await keyRotations.privateKey(rollup.id, role);
    files.push([`keys/${role}.json`, await keystoreOf(key, password)]);
  }
  for (const [index, { privateKey }] of operators.entries()) {
    files.push([`keys/operator-${index}.json`, await keystoreOf(privateKey, password)]);
  }
  for (const next of await keyRotations.next(rollup.id)) {
    if (next.inUseSince !== null) continue;
    const key = await keyRotations.nextPrivateKey(next);
    files.push([`keys/${next.role}.next.json`, await keystoreOf(key, password)]);
  }
  if (mach !== null) files.push(...mach.files.map(([name, content]): [string, string | Buffer] => [name, content]));
  return packed(files);
}

/** A file that is read while it is packed: a snapshot is as large as the chain's state. */
interface FileOnDisk {
  readonly path: string;
}

function packed(files: readonly (readonly [name: string, content: string | Buffer | FileOnDisk])[]): Readable {
  const archive = pack();
  const fill = async () => {
    for (const [name, content] of files) {
      if (typeof content === "string" || Buffer.isBuffer(content)) archive.entry({ name, mode: 0o600 }, content);
      else {
        const { size } = await stat(content.path);
        await pipeline(createReadStream(content.path), archive.entry({ name, size, mode: 0o600 }));
      }
    }
    archive.finalize();
  };
  const compressed = createGzip();
  // Who reads sees the stream break off; nothing is left to be done about it here.
  pipeline(archive, compressed).catch(() => {});
  fill().catch((error: Error) => archive.destroy(error));
  return compressed;
}

async function snapshotOf(directory: string): Promise<{ readonly blockHash: Hex } | null> {
  const text = await readFile(join(directory, `${SNAPSHOT}.json`), "utf8").catch(() => null);
  return text === null ? null : z.object({ blockHash: word }).parse(JSON.parse(text));
}

/** Web3 Secret Storage, version 3, as `altlayer node` and every wallet reads it. */
async function keystoreOf(key: Hex, password: string): Promise<string> {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const { n, r, p, dklen } = SCRYPT;
  const derived = await derive(password, salt, dklen, { N: n, r, p, maxmem: 256 * n * r });
  const cipher = createCipheriv("aes-128-ctr", derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(hexToBytes(key)), cipher.final()]);
  const mac = keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext])).slice(2);
  return JSON.stringify({
    version: 3,
    id: randomUUID(),
    address: privateKeyToAddress(key).slice(2).toLowerCase(),
    crypto: {
      cipher: "aes-128-ctr",
      ciphertext: ciphertext.toString("hex"),
      cipherparams: { iv: iv.toString("hex") },
      kdf: "scrypt",
      kdfparams: { n, r, p, dklen, salt: salt.toString("hex") },
      mac,
    },
  });
}

const readme = (
  { name, chainId }: RollupRecord,
  {
    network,
    snapshot,
    leftBehind,
    operators,
  }: {
    readonly network: string;
    readonly snapshot: boolean;
    readonly leftBehind: number | null;
    readonly operators: number;
  },
): string => `# ${name}, chain ${chainId} on ${network}

Everything that running this rollup needs. The platform that wrote it has stopped its sequencer for good.

1. Put the URL of your own node of ${network} (and of its beacon API) into \`node.json\`, where it is not there yet.
2. Run it: \`ALTLAYER_KEYSTORE_PASSWORD=... altlayer node --config node.json\`.
   ${snapshot ? "It begins from the snapshot and derives the rest from the settlement network." : "It derives the chain from the settlement network."}
3. ${operators === 0 ? "There are no operators to run." : operatorsText(operators)}
4. Send the RPC's name to the new place. Wallets need nothing else: chain id and contracts are the same.

${leftBehindText(leftBehind)}

\`keys/\` holds the accounts of batcher, proposer, challenger, sequencer and deployer as keystores (version 3) under the
password that you gave. The L1 contracts belong to the owner of the spec, as before. Any stock op-node with op-geth can
follow the chain by \`genesis.json\` and \`rollup.json\`.
`;

function leftBehindText(leftBehind: number | null): string {
  if (leftBehind === null)
    return "The node did not run when this was packed: blocks that had not reached the settlement network by then are lost.";
  if (leftBehind === 0) return "All blocks had reached the settlement network when this was packed.";
  return `${leftBehind} blocks had not reached the settlement network when this was packed: they are lost.`;
}

const operatorsText = (operators: number): string =>
  `Run the ${operators} operators, which certify blocks (MACH), each from its own folder: write the password into the file
   \`password\` (readable by you alone), then \`altlayer node --config operators/0/node.json\`, and so on. Their signing
   journals are in the archive; ours sign no more. With its L1 account, \`keys/operator-0.json\` and so on, an operator
   leaves the service and gets its stake back (\`altlayer operator leave\`). \`mach.json\` names the service's contracts. The account in
   \`keys/restaking.json\` created the service; \`altlayer operator run\` with it also keeps the operator tables fresh.`;
