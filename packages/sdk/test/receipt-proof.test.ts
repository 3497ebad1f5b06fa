import { coreHash, historyLeaf, MountainRange, transactionLeaf } from "@altlayer/protocol";
import { MerklePatriciaTrie } from "@ethereumjs/mpt";
import {
  createClient,
  createTestClient,
  createWalletClient,
  custom,
  type Hex,
  hexToBytes,
  http,
  keccak256,
  numberToHex,
  toRlp,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeReceipt, receiptSchema } from "../src/contracts/receipt.ts";
import { getReceiptProof, isSdkError } from "../src/index.ts";
import { parse } from "../src/rpc/call.ts";
import { certificateRecordSchema } from "../src/rpc/schemas.ts";
import { tamperedClient } from "./support/tampered-client.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 60_000);
afterAll(() => world?.stop());

const request = (method: string, params: unknown[]) =>
  (world.l1.request as unknown as (args: unknown) => Promise<unknown>)({ method, params });
const receiptsOf = async (number: bigint) =>
  ((await request("eth_getBlockReceipts", [numberToHex(number)])) as unknown[]).map((r) =>
    parse(receiptSchema, r, "r"),
  );

test("receipts are encoded as the receipts trie has them", async () => {
  const head = await world.l1.getBlockNumber();
  let logs = 0;
  for (let number = head; number > head - 12n; number--) {
    const trie = new MerklePatriciaTrie();
    for (const [i, receipt] of (await receiptsOf(number)).entries()) {
      logs += receipt.logs.length;
      await trie.put(toRlp(i === 0 ? "0x" : numberToHex(i), "bytes"), hexToBytes(encodeReceipt(receipt)));
    }
    expect(Buffer.from(trie.root()).toString("hex")).toBe(
      (await world.l1.getBlock({ blockNumber: number })).receiptsRoot.slice(2),
    );
  }
  expect(logs).toBeGreaterThan(5);
});

test("a receipt under the transaction root of its block's certificate, or of a slice that holds it", async () => {
  // A block of five transactions on the chain that stands for the rollup here.
  const account = mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex: 9 });
  const wallet = createWalletClient({ chain, transport: http(world.anvil.url), account });
  const control = createTestClient({ chain, transport: http(world.anvil.url), mode: "anvil" });
  await control.setAutomine(false);
  const hashes: Hex[] = [];
  for (let i = 0; i < 5; i++)
    hashes.push(await wallet.sendTransaction({ to: account.address, value: 1n, nonce: i, gas: 21_000n }));
  await control.mine({ blocks: 1 });
  await control.setAutomine(true);
  const { number, hash: blockHash } = await world.l1.getBlock();
  const receipts = await receiptsOf(number);
  expect(receipts).toHaveLength(5);
  const keccakBytes = (bytes: Uint8Array) => keccak256(bytes, "bytes");
  const range = new MountainRange({ keccak256: keccakBytes });
  for (const receipt of receipts)
    range.append(transactionLeaf(receipt.transactionHash, keccak256(encodeReceipt(receipt)), keccakBytes));
  const certify = async (count: number, kind: 1 | 2) => {
    const fields = {
      height: Number(number),
      blockHash,
      kind,
      transactionCount: count,
      transactionRoot: range.root(count),
    };
    return parse(certificateRecordSchema, world.certify(await world.message(fields), [0, 1, 2]), "test");
  };
  const wanted = receipts[3]?.transactionHash as Hex;
  for (const certificate of [await certify(5, 2), await certify(4, 1)]) {
    const proof = await getReceiptProof(world.l1, { hash: wanted, certificate });
    expect(proof.transactionHash).toBe(wanted);
    let node: Hex = transactionLeaf(wanted, keccak256(proof.receipt), keccakBytes);
    for (const [i, sibling] of proof.siblings.entries()) {
      const left = ((proof.directions >> BigInt(i)) & 1n) === 1n;
      node = keccak256(`0x01${(left ? sibling : node).slice(2)}${(left ? node : sibling).slice(2)}`);
    }
    expect(node).toBe(range.root(certificate.transactionCount));
  }

  // Under the certificate of a later block, by the node's proof of what lies between.
  const past = (
    await world.message({
      height: Number(number),
      blockHash,
      kind: 2,
      transactionCount: 5,
      transactionRoot: range.root(),
    })
  ).core;
  const history = new MountainRange({ keccak256: keccakBytes });
  for (const core of [{ ...past, height: past.height - 1 }, past, { ...past, height: past.height + 1 }])
    history.append(historyLeaf(coreHash(core, keccakBytes), keccakBytes));
  const high = await world.message({ height: past.height + 2, kind: 2 });
  const later = { ...high, core: { ...high.core, historyRoot: history.root() } };
  const certificateOfLater = parse(certificateRecordSchema, world.certify(later, [0, 1, 2]), "test");
  const { path, directions } = history.inclusion(1);
  const { height, timestamp, originNumber, transactionCount, ...roots } = past;
  const numbers = Object.entries({ height, timestamp, originNumber, transactionCount });
  const core = { ...roots, ...Object.fromEntries(numbers.map(([name, value]) => [name, numberToHex(value)])) };
  const asked: unknown[] = [];
  const proving = (answer: object | null) =>
    createClient({
      transport: custom({
        request: async ({ method, params }: { method: string; params: unknown[] }) => {
          if (method !== "mach_getHistoryProof") return request(method, params);
          asked.push(params);
          return answer;
        },
      }),
    });
  const answer = { core, path, directions: numberToHex(directions) };
  const proof = await getReceiptProof(proving(answer), { hash: wanted, certificate: certificateOfLater });
  expect(asked).toEqual([[numberToHex(past.height), certificateOfLater.digest]]);
  expect(proof).toMatchObject({ past: { height: number, blockHash }, pastSiblings: path, pastDirections: directions });
  expect(proof.siblings).toHaveLength(3);

  const codeOf = (error: unknown) => (isSdkError(error) ? error.code : String(error));
  const short = await certify(3, 1);
  expect(codeOf(await getReceiptProof(world.l1, { hash: wanted, certificate: short }).catch((e: unknown) => e))).toBe(
    "RECEIPT_UNPROVEN",
  );
  const another = { ...core, outputRoot: keccak256("0x01") };
  for (const lie of [null, { ...answer, core: another }, { ...answer, directions: "0x0" }, { ...answer, path: [] }]) {
    const refused = getReceiptProof(proving(lie), { hash: wanted, certificate: certificateOfLater });
    expect(codeOf(await refused.catch((e: unknown) => e))).toBe("RECEIPT_UNPROVEN");
  }
  const liar = tamperedClient(world.l1, (method, answer) =>
    method === "eth_getBlockReceipts" ? (answer as object[]).map((r) => ({ ...r, cumulativeGasUsed: "0x1" })) : answer,
  );
  const certificate = await certify(5, 2);
  expect(codeOf(await getReceiptProof(liar, { hash: wanted, certificate }).catch((e: unknown) => e))).toBe(
    "RECEIPT_UNPROVEN",
  );
}, 60_000);
