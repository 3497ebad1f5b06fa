import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CONTRACTS_DIRECTORY, PROTOCOL_CONTRACTS, protocolContract } from "./artifacts.ts";
import { ContractsError } from "./errors.ts";

/** EIP-170. */
const RUNTIME_CODE_BYTES_MAX = 24_576;
const FOLDERS = ["src/restaking", "src/alt", "src/avs"];

/**
 * The native program inside the npm package.
 * @throws ContractsError `FORGE_MISSING` on a platform for which there is none.
 */
export function forgeBinary(): string {
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  try {
    const wrapper = createRequire(createRequire(import.meta.url).resolve("@foundry-rs/forge/package.json"));
    return join(dirname(wrapper.resolve(`@foundry-rs/forge-${platform}/package.json`)), "bin", "forge");
  } catch (cause) {
    throw new ContractsError("FORGE_MISSING", `there is no forge for this platform (${platform})`, {
      platform,
      cause: String(cause),
    });
  }
}

/**
 * Compiles the protocol's own folders with forge, which skips what is unchanged (foundry.toml says how and with what).
 * @throws ContractsError `COMPILATION_FAILED` with forge's messages, `CONTRACT_TOO_LARGE` past EIP-170.
 */
export function compileProtocolContracts(): void {
  const { status, stdout, stderr } = spawnSync(forgeBinary(), ["build", "--offline", "--color", "never", ...FOLDERS], {
    cwd: CONTRACTS_DIRECTORY,
    encoding: "utf8",
  });
  if (status !== 0) throw new ContractsError("COMPILATION_FAILED", `${stdout}\n${stderr}`, { status });
  for (const name of PROTOCOL_CONTRACTS) {
    const size = (protocolContract(name).deployedBytecode.length - 2) / 2;
    if (size > RUNTIME_CODE_BYTES_MAX) {
      throw new ContractsError("CONTRACT_TOO_LARGE", `${name} has ${size} bytes of ${RUNTIME_CODE_BYTES_MAX}`, {
        size,
      });
    }
  }
}
