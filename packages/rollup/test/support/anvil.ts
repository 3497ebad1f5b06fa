import { type Anvil as AnyAnvil, startAnvil as startAnyAnvil } from "../../../deployer/test/anvil.ts";

export interface Anvil extends AnyAnvil {
  readonly chainId: number;
  /** A JSON-RPC call that throws on an error answer. */
  call<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>;
  mine(blocks?: number): Promise<void>;
  /** Stops the process without ending it: the L1 accepts connections and answers nothing. */
  freeze(): void;
  thaw(): void;
}

/** The first of the well-known development accounts. */
export const DEV_KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
] as const;

/** Starts a real anvil on a free port. Without `blockTime` it mines when told to (`mine`) or on each transaction. */
export async function startAnvil(
  options: {
    readonly blockTime?: number;
    readonly manual?: boolean;
    readonly chainId?: number;
    readonly args?: readonly string[];
  } = {},
): Promise<Anvil> {
  const chainId = options.chainId ?? 900;
  const flags = ["--chain-id", String(chainId), "--gas-limit", "200000000"];
  if (options.blockTime !== undefined) flags.push("--block-time", String(options.blockTime));
  if (options.manual) flags.push("--no-mining");
  const anvil = await startAnyAnvil([...flags, ...(options.args ?? [])]);
  const call = async <T>(method: string, params: readonly unknown[] = []): Promise<T> => {
    const response = await fetch(anvil.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(20_000),
    });
    const body = (await response.json()) as { result?: T; error?: { message: string } };
    if (body.error) throw new TypeError(`${method}: ${body.error.message}`);
    return body.result as T;
  };
  return {
    ...anvil,
    chainId,
    call,
    mine: async (blocks = 1) => void (await call("anvil_mine", [`0x${blocks.toString(16)}`])),
    freeze: () => void process.kill(anvil.pid, "SIGSTOP"),
    thaw: () => void process.kill(anvil.pid, "SIGCONT"),
  };
}
