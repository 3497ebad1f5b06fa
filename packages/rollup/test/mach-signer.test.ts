import { join } from "node:path";
import { bn254 } from "@altlayer/engine";
import { deriveSetSecret, readServiceTerms, remoteSigner, type SignerServer, serveSigner } from "@altlayer/mach";
import { MachDigests, type Message, rollupId, SLICE } from "@altlayer/protocol";
import { createPublicClient, createWalletClient, http, keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, expect, it } from "vitest";
import { silentLogger } from "../src/log.ts";
import { type Devnet, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { type MachDevnet, startMachDevnet } from "./support/mach.ts";
import { chain, fees, startNetwork } from "./support/mach-network.ts";
import { until } from "./support/until.ts";

const keccakBytes = (bytes: Uint8Array) => keccak256(bytes, "bytes");
const TOKEN = "a secret of both sides";
const account = privateKeyToAccount(ROLES.owner);

let devnet: Devnet;
let mach: MachDevnet;
let server: SignerServer | undefined;
afterEach(async () => {
  await mach?.close();
  await devnet?.close();
  await server?.close();
}, 60_000);

it("shows an operator's remote signer that slices and blocks go on with what it signed", async () => {
  devnet = await startDevnet({ blockTime: 2 });
  mach = await startMachDevnet(devnet);
  const { identity } = mach;
  const publicClient = createPublicClient({ transport: http(devnet.anvil.url) });
  const request = (method: string, params: readonly unknown[]) => publicClient.request({ method, params } as never);
  const { schedule } = await readServiceTerms(identity, { l1: { request } });
  const { address } = mach.operator(0);
  server = await serveSigner(
    {
      ...{ service: identity, operator: address, schedule, token: TOKEN, createJournal: true },
      secret: deriveSetSecret({ seed: mach.seed(0), set: identity }, { bn254 }),
      journalFile: join(devnet.directory, "signer.journal"),
      listen: { host: "127.0.0.1", port: 0 },
    },
    { bn254, keccak256: keccakBytes, log: silentLogger },
  );
  const { domainSeparator } = new MachDigests(
    { ...identity, rollupId: rollupId(identity, keccakBytes) },
    { keccak256: keccakBytes },
  );
  const signer = await remoteSigner({ endpoint: server.endpoint, token: TOKEN }, { domainSeparator });
  const { operators, transport } = await startNetwork({ devnet, mach }, sequencing(), {
    operator: (i) => (i === 0 ? { address, signer } : mach.operator(i)),
  });

  const [own, witness] = operators;
  const signed: Message[] = [];
  witness?.mach?.service.onShare(({ operator, message }) => {
    if (operator === address) signed.push(message);
  });
  const wallet = createWalletClient({ account, chain, transport });
  // In one block, each longer than the last, and then the block: that takes what the node alone knows of it.
  const slices = () => signed.filter(({ kind }) => kind === SLICE).map(({ core }) => core);
  const longer = () =>
    slices().some(({ height, transactionCount: count }) =>
      slices().some((other) => other.height === height && other.transactionCount > count),
    );
  let nonce = 0;
  await until(async () => {
    await wallet.sendTransaction({ to: account.address, value: 1n, nonce: nonce++, ...fees });
    await new Promise((resolve) => setTimeout(resolve, 100));
    return longer();
  }, 180_000);
  const { height } = signed.at(-1)?.core ?? { height: 0 };
  await until(() => signed.some(({ kind, core }) => kind !== SLICE && core.height > height), 180_000);
  const status = own?.mach?.service.status();
  expect(Object.keys(status?.counters ?? {}).filter((name) => name.startsWith("refused by the signer"))).toEqual([]);
  expect((await signer.journal?.read())?.tip?.core.height).toBeGreaterThan(height);
}, 480_000);
