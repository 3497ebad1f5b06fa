import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { CHAIN_ID } from "../workload.ts";

/** Writes a genesis.json of a plain Ethereum development chain (Prague) with the accounts of a file. */
export async function writeEthereumGenesis(
  path: string,
  options: { readonly allocPath: string; readonly gasLimit: number },
): Promise<void> {
  const blobs = { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 };
  const genesis = {
    config: {
      chainId: CHAIN_ID,
      ...Object.fromEntries(
        [
          "homestead",
          "eip150",
          "eip155",
          "eip158",
          "byzantium",
          "constantinople",
          "petersburg",
          "istanbul",
          "berlin",
          "london",
        ].map((fork) => [`${fork}Block`, 0]),
      ),
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      terminalTotalDifficulty: 0,
      blobSchedule: { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 }, prague: blobs },
    },
    difficulty: "0x0",
    gasLimit: `0x${options.gasLimit.toString(16)}`,
    baseFeePerGas: "0x3b9aca00",
    alloc: {},
  };
  const [head, tail] = JSON.stringify(genesis).split('"alloc":{}') as [string, string];
  await pipeline(async function* () {
    yield `${head}"alloc":{`;
    yield* createReadStream(options.allocPath);
    yield `}${tail}`;
  }, createWriteStream(path));
}
