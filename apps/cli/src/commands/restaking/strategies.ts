import { type CoreAddresses, type MachServiceFile, type ServiceAddresses, tokenOf } from "@altlayer/restaking";
import { erc20Abi, type PublicClient, parseEther } from "viem";
import { CliError } from "../../errors.ts";
import { addressOf } from "./context.ts";

type Strategies = MachServiceFile["strategies"];
const CLASSES_MAX = 2;
const STRATEGIES_MAX = 4;

/** `<strategy>:<class>[:<multiplier>]` of the command line, ascending as the contracts want it. */
export async function strategiesOf(
  texts: readonly string[],
  { services }: { readonly core: CoreAddresses; readonly services: ServiceAddresses },
  publicClient: PublicClient,
): Promise<Strategies> {
  if (texts.length === 0 || texts.length > STRATEGIES_MAX) {
    throw new CliError(
      "USAGE",
      `say what counts as stake, one to four times: --strategy <address>:<class>[:<multiplier>]; ALT is ${services.alt}, and altlayer restake strategy finds a token's strategy`,
    );
  }
  const strategies = await Promise.all(
    texts.map(async (text) => {
      const [address = "", class_ = "0", multiplier = "1", ...more] = text.split(":");
      const number = Number(class_);
      if (
        more.length > 0 ||
        !Number.isInteger(number) ||
        number < 0 ||
        number >= CLASSES_MAX ||
        !/^\d+(\.\d+)?$/.test(multiplier)
      ) {
        throw new CliError("USAGE", `not <strategy>:<class>[:<multiplier>], with class 0 or 1: ${text}`);
      }
      const strategy = addressOf(address, "strategy");
      const token = await tokenOf(strategy, publicClient);
      const symbol = await publicClient
        .readContract({ address: token, abi: erc20Abi, functionName: "symbol" })
        .catch(() => token);
      return { strategy, token, symbol: symbol.slice(0, 64), class: number, multiplier: parseEther(multiplier) };
    }),
  );
  return strategies.sort((a, b) => (a.strategy.toLowerCase() < b.strategy.toLowerCase() ? -1 : 1));
}
