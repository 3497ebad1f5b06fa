import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kzg } from "@altlayer/engine";
import { createWalletClient, hexToBytes, http, toBlobs } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BEACON_API_DEFAULTS, BeaconApi } from "../src/beacon/beacon-api.ts";
import { type BeaconFacadeService, startBeaconFacade } from "../src/beacon/service.ts";
import { BeaconBlobSource } from "../src/l1/blob-source.ts";
import { versionedHash } from "../src/l1/kzg.ts";
import { type Anvil, DEV_KEYS, startAnvil } from "./support/anvil.ts";
import { until } from "./support/until.ts";

interface Sidecar {
  readonly index: string;
  readonly blob: `0x${string}`;
  readonly kzg_commitment: `0x${string}`;
  readonly kzg_proof: `0x${string}`;
  readonly signed_block_header: { readonly message: { readonly slot: string } };
  readonly kzg_commitment_inclusion_proof: readonly string[];
}

describe("beacon facade before a real anvil", () => {
  let anvil: Anvil;
  let directory: string;
  let facade: BeaconFacadeService;
  let slot: number;
  let block: { number: number; timestamp: number };
  let hashes: `0x${string}`[];
  const contents = ["first", "second", "third"].map((text) => new TextEncoder().encode(text.repeat(50)));

  const start = () =>
    startBeaconFacade(
      { l1Url: anvil.url, blobsUrl: anvil.url, addressing: "block-number", directory, pollMs: 100 },
      { kzg },
    );
  const get = async (path: string) => {
    const response = await fetch(`${facade.url}${path}`);
    return { status: response.status, data: ((await response.json()) as { data: never }).data };
  };

  beforeAll(async () => {
    anvil = await startAnvil();
    directory = await mkdtemp(join(tmpdir(), "altlayer-beacon-"));
    const account = privateKeyToAccount(DEV_KEYS[0]);
    const wallet = createWalletClient({ account, transport: http(anvil.url, { timeout: 60_000 }) });
    const hash = await wallet.sendTransaction({
      blobs: contents.flatMap((data) => toBlobs({ data, to: "bytes" })),
      kzg,
      to: `0x${"11".repeat(20)}`,
      maxFeePerBlobGas: 100n,
      gas: 100_000n,
      chain: null,
    });
    type Blobs = { blockNumber: `0x${string}` | null; blobVersionedHashes: `0x${string}`[] };
    const look = () => anvil.call<Blobs>("eth_getTransactionByHash", [hash]);
    await until(async () => (await look()).blockNumber !== null, 60_000);
    const tx = await look();
    hashes = tx.blobVersionedHashes;
    const mined = await anvil.call<{ timestamp: `0x${string}` }>("eth_getBlockByNumber", [tx.blockNumber, false]);
    const genesis = await anvil.call<{ timestamp: `0x${string}` }>("eth_getBlockByNumber", ["0x0", false]);
    block = { number: Number(tx.blockNumber), timestamp: Number(mined.timestamp) };
    slot = block.timestamp - Number(genesis.timestamp);
    facade = await start();
  }, 120_000);
  afterAll(async () => {
    await facade?.close();
    await anvil?.stop();
    await rm(directory, { recursive: true });
  });

  it("answers what op-node asks at its start", async () => {
    expect((await get("/eth/v1/node/version")).data).toHaveProperty("version");
    expect((await get("/eth/v1/beacon/genesis")).data).toHaveProperty("genesis_time");
    expect((await get("/eth/v1/config/spec")).data).toMatchObject({ SECONDS_PER_SLOT: "1" });
    expect((await get("/eth/v1/beacon/states/head/root")).status).toBe(404);
  });

  it("serves sidecars by slot and index, with proofs that verify", async () => {
    const sidecars: Sidecar[] = (await get(`/eth/v1/beacon/blob_sidecars/${slot}?indices=0&indices=2`)).data;
    expect(sidecars.map(({ index }) => index)).toEqual(["0", "2"]);
    for (const sidecar of sidecars) {
      const commitment = hexToBytes(sidecar.kzg_commitment);
      expect(versionedHash(commitment)).toBe(hashes[Number(sidecar.index)]);
      expect(kzg.verify(hexToBytes(sidecar.blob), commitment, hexToBytes(sidecar.kzg_proof))).toBe(true);
      expect(sidecar.signed_block_header.message.slot).toBe(String(slot));
      expect(sidecar.kzg_commitment_inclusion_proof).toHaveLength(17);
    }
    expect((await get(`/eth/v1/beacon/blob_sidecars/${slot + 1}`)).data).toEqual([]);
  }, 30_000);

  it("gives its blobs to our own source, in the order asked for, and types what is missing", async () => {
    const source = new BeaconBlobSource(
      { addressing: "slot" },
      { servers: [new BeaconApi({ ...BEACON_API_DEFAULTS, url: facade.url })], kzg },
    );
    const wanted = [hashes[2], hashes[0]] as `0x${string}`[];
    const blobs = await source.blobs(block, wanted);
    for (const [index, blob] of blobs.entries()) {
      expect(versionedHash(await kzg.commit(blob))).toBe(wanted[index]);
    }
    await expect(source.blobs(block, [`0x01${"00".repeat(31)}`])).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
  }, 30_000);

  it("keeps blobs over a restart, and when the L1 has forgotten them", async () => {
    await facade.close();
    await anvil.call("anvil_reorg", [1, []]);
    facade = await start();
    const blobs: string[] = (await get(`/eth/v1/beacon/blobs/${slot}?versioned_hashes=${hashes[1]}`)).data;
    expect(blobs).toHaveLength(1);
  }, 30_000);
});
