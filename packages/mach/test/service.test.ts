import { afterAll, beforeAll, expect, test } from "vitest";
import { Network, until } from "./support/network.ts";

let network: Network;

beforeAll(async () => {
  network = await Network.start(4);
  for (const i of [0, 1, 2, 3]) await network.run(i);
  await network.run(null);
});
afterAll(() => network.close());

test("four operators certify a block that each executed, and an observer has the certificate", async () => {
  await network.ready();
  const block = await network.rollup.block("a", "b");
  for (const service of network.services.values()) {
    const record = await until("a certificate", () => service.certificate({ height: 1 }));
    expect(record.certificate.message.core).toEqual(block.core);
  }
});
