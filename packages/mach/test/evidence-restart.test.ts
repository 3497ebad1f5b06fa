import { EvidenceWatch, operatorStatus } from "@altlayer/restaking";
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  getAddress,
  http,
  type PublicClient,
  toHex,
} from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Attacker, certify } from "./support/attacker.ts";
import { blockMessage, named, sliceMessage } from "./support/chain.ts";
import { Network, until } from "./support/network.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const keyOf = (addressIndex: number) =>
  toHex(mnemonicToAccount(MNEMONIC, { addressIndex }).getHdKey().privateKey as Uint8Array);

let network: Network;
beforeAll(async () => {
  network = await Network.start(4);
  await network.ready();
}, 60_000);
afterAll(() => network.close());

test("equivocation by a quorum, of which a node heard before a crash, is brought to the L1 after its start", async () => {
  const { l1, rollup, digests } = network;
  const base = await rollup.base(0, 0);
  const { branch } = rollup;
  const first = await rollup.add(["x", "y", "z"], branch);
  const other = await rollup.add(["another"], branch.fork(0));
  const next = await rollup.add(["next"], branch);
  const slice = sliceMessage(other, 2, base);
  const elsewhere = { ...slice, core: { ...slice.core, attributesHash: named("others") } };
  const observer = await network.run(null);
  const attacker = await Attacker.join(network, observer);
  // A node reads its tables beside its start, and certificates are made by one.
  await until("the table is known", () => observer.table());
  const certificates = [
    certify(network, blockMessage(first, base), [0, 1, 2]),
    certify(network, blockMessage(other, base), [1, 2, 3]),
    // Of other attributes: it contradicts both blocks, and is kept though a block is certified.
    certify(network, elsewhere, [1, 2, 3]),
    certify(network, blockMessage(next, base), [0, 1, 2]),
  ];
  for (const encoded of certificates) attacker.send({ type: "certificate", encoded });
  await until("all are held", () => observer.certificates().length === certificates.length);
  await attacker.close();
  // One that was there to look would have seen it: nobody was.
  await network.stop("observer");

  const again = await network.run(null, { peers: [] });
  const held = again.certificates();
  expect(held.map(({ certificate }) => certificate.message.core.height)).toEqual([1, 1, 1, 2]);
  expect(again.certificate({ height: 1, transactionCount: 2 })?.certificate.message.kind).toBe(2);
  expect(again.certificatesNear(1)).toHaveLength(4);
  expect(again.certificatesNear(7).map(({ certificate }) => certificate.message.core.height)).toEqual([2]);

  const transport = http(l1.anvil.url, { timeout: 60_000 });
  const publicClient: PublicClient = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
  await createTestClient({ mode: "anvil", chain, transport }).setAutomine(true);
  const walletClient = createWalletClient({ account: privateKeyToAccount(keyOf(9)), chain, transport });
  const watch = new EvidenceWatch(
    { context: l1.file, secret: toHex(1, { size: 32 }), retryMs: 50 },
    { clients: { publicClient, walletClient }, log: network.logger, digests },
  );
  await watch.replay({ certificates: held.map(({ certificate }) => certificate), shares: again.furthestShares() });
  const slashed = async () => {
    const operators = [0, 1, 2, 3].map((i) => getAddress(network.address(i)));
    const states = await Promise.all(
      operators.map((operator) => operatorStatus({ ...l1.file, operator }, publicClient)),
    );
    return states.map((state) => state.slashed);
  };
  // Who signed both blocks, or the slice and one of them. Operator 0 signed one branch.
  await expect.poll(slashed, { timeout: 60_000, interval: 100 }).toEqual([false, true, true, true]);
  await watch.close();
}, 180_000);

test("shares of before the crash are told again, too", async () => {
  const { rollup } = network;
  const base = await rollup.base(0, 0);
  const mine = await network.run(0, { peers: [] });
  const before = await rollup.add(["before"], rollup.branch.fork(0));
  const message = blockMessage(before, base);
  const attacker = await Attacker.join(network, mine, Attacker.speaker(network, 3));
  const signature = await network.signer(3).sign(message);
  attacker.send({ type: "share", share: { message, signature } });
  const isThere = () => mine.furthestShares().length > 0;
  // A share that finds no quorum is checked within seconds.
  await until("the share was checked", isThere);
  await attacker.close();
  await network.stop("operator 0");

  const again = await network.run(0, { peers: [], createJournal: false });
  expect(again.furthestShares()).toEqual([{ operator: network.address(3), message, signature }]);
}, 120_000);
