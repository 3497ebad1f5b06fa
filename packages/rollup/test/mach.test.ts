import { createPublicClient, createWalletClient, defineChain, type Hex, http, keccak256, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, expect, it } from "vitest";
import type { NodeConfigInput } from "../src/config/node-config.ts";
import type { RollupNode } from "../src/node/node.ts";
import { type Devnet, keyOf, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { type MachDevnet, startMachDevnet } from "./support/mach.ts";
import { until } from "./support/until.ts";

const chain = defineChain({
  id: 901,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [] } },
});
const account = privateKeyToAccount(ROLES.owner);
const fees = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 6n };
const LEVELS = ["pending", "slice", "sliceCertificate", "block", "blockCertificate", "safe", "finalized", "settled"];

interface Finality {
  readonly blockNumber: Hex;
  readonly transactionIndex: Hex;
  readonly level: string;
  readonly levels: readonly {
    readonly level: string;
    readonly reached: boolean;
    readonly at: Hex | null;
    readonly by: Readonly<Record<string, unknown>> | null;
  }[];
}
interface Certificate {
  readonly digest: Hex;
  readonly kind: string;
  readonly height: Hex;
  readonly blockHash: Hex | null;
  readonly signers: readonly { readonly operator: Hex }[];
  readonly absent: readonly object[];
  readonly void: { readonly reason: string } | null;
}

let devnet: Devnet;
let mach: MachDevnet;
const sockets: { close(): void }[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await mach?.close();
  await devnet?.close();
}, 60_000);

/** A sequencer that gathers certificates, and four operators that follow it, each with an engine of its own. */
async function startNetwork(sequencing: Partial<NodeConfigInput>) {
  const l1 = { ...devnet.l1, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 1 } as const };
  const sequencer = await devnet.node("sequencer", {
    ...sequencing,
    l1,
    mach: mach.config,
    sequencer: { ...sequencing.sequencer, signer: keyOf("owner") },
    flashblocks: { port: 0 },
    gossip: {},
  });
  const gossip = { peers: [...(sequencer.gossip?.node.addresses ?? [])] };
  const followSlices = `${sequencer.flashblocks?.url}/slices`;
  const peers = [...(sequencer.mach?.service.status().addresses ?? [])];
  const operators: RollupNode[] = [];
  for (let i = 0; i < 4; i++) {
    const config = { l1, gossip, followSlices, mach: { ...mach.config, peers: [...peers] } };
    const node = await devnet.node(`operator-${i}`, config, { machOperator: mach.operator(i) });
    operators.push(node);
    peers.push(...(node.mach?.service.status().addresses ?? []));
  }
  const transport = http(sequencer.rpc?.httpUrl);
  const client = createPublicClient({ chain, transport });
  const ask = <T>(method: string, ...params: unknown[]) => client.request({ method, params } as never) as Promise<T>;
  const certified = async () => (await ask<{ certified: { number: Hex; hash: Hex } | null }>("mach_getHead")).certified;
  return { sequencer, operators, transport, ask, certified };
}

it("certifies slices and blocks by operators that execute them, and says of a transaction how final it is", async () => {
  devnet = await startDevnet({ blockTime: 2 });
  mach = await startMachDevnet(devnet);
  const { sequencer, operators, transport, ask, certified } = await startNetwork(sequencing());
  await until(async () => (await certified()) !== null, 60_000);
  const subscriber = createPublicClient({ chain, transport: webSocket(sequencer.rpc?.wsUrl, { reconnect: false }) });
  sockets.push(await subscriber.transport.getRpcClient());
  const told: Certificate[] = [];
  await subscriber.transport.subscribe({
    params: ["machCertificates"] as unknown as ["newHeads"],
    onData: (data) => told.push(data.result as unknown as Certificate),
  });

  const wallet = createWalletClient({ account, chain, transport });
  const raw = await wallet.signTransaction({ to: account.address, value: 1n, nonce: 0, type: "eip1559", ...fees });
  const hash = keccak256(raw);
  const finality = () => ask<Finality>("mach_getFinality", hash);
  expect((await finality()).levels.some(({ reached }) => reached)).toBe(false);
  await ask("eth_sendRawTransactionSync", raw);
  await until(async () => LEVELS.indexOf((await finality()).level) >= LEVELS.indexOf("sliceCertificate"), 10_000);
  await until(async () => (await finality()).level === "blockCertificate", 10_000);
  const rungs = new Map((await finality()).levels.map((rung) => [rung.level, rung]));
  for (const level of LEVELS) expect([level, rungs.get(level)?.reached]).toEqual([level, LEVELS.indexOf(level) <= 4]);
  const times = LEVELS.slice(1, 5).map((level) => Number(rungs.get(level)?.at));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(rungs.get("slice")?.by).toEqual({ sequencer: account.address.toLowerCase() });
  for (const level of ["sliceCertificate", "blockCertificate"]) {
    const { operators, signedWeight, totalWeight } = (rungs.get(level)?.by ?? {}) as Record<string, Hex[]>;
    expect(operators?.length).toBeGreaterThanOrEqual(3);
    for (const [i, weight] of signedWeight?.entries() ?? []) {
      expect(BigInt(weight) * 3n > BigInt(totalWeight?.[i] ?? 0) * 2n).toBe(true);
    }
  }
  const { blockNumber, transactionIndex } = await finality();
  const { hash: blockHash } = await createPublicClient({ chain, transport }).getBlock({
    blockNumber: BigInt(blockNumber),
  });
  expect(transactionIndex).toBe("0x1");

  // By any of its names; the table holds all that an L1 contract asks.
  const certificate = await ask<Certificate>("mach_getCertificate", hash);
  expect(certificate).toMatchObject({ kind: "block", height: blockNumber, blockHash, void: null });
  expect(certificate.signers.length + certificate.absent.length).toBe(4);
  for (const id of [blockNumber, blockHash, certificate.digest]) {
    expect((await ask<Certificate>("mach_getCertificate", id)).digest).toBe(certificate.digest);
  }
  expect(told.map(({ kind, height }) => `${kind} ${height}`)).toContain(`slice ${blockNumber}`);
  expect(told.map(({ digest }) => digest)).toContain(certificate.digest);
  expect(await ask("mach_getAlerts")).toEqual([]);
  expect(await ask("mach_getService")).toMatchObject({ avs: mach.config.avs, slashableInTime: true });

  // An operator that starts again signs on; what is certified becomes safe, and stays certified.
  await operators[0]?.close();
  await until(async () => (await finality()).level === "finalized", 60_000);
  expect(Number((await certified())?.number)).toBeGreaterThan(Number(blockNumber));
}, 180_000);
