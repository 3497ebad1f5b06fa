import { type Command, InvalidArgumentError, Option } from "commander";
import { action, positive, whole } from "./command-line.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log.ts";

const LEVELS = ["slice", "sliceCertificate", "block", "blockCertificate", "safe", "finalized", "settled"];
const TAGS = ["latest", "safe", "finalized"];

/** `altlayer finality` and `altlayer proxy`. */
export function addFinalityCommands(root: Command, done: (exitCode: number) => void): void {
  const finality = root
    .command("finality")
    .description("show how final a transaction or block is: each level, when it was reached, and who vouches")
    .argument("<id>", "hash of a transaction or block, or a block's number", id)
    .option("--rpc <url>", "JSON-RPC of the rollup", "http://127.0.0.1:9545")
    .addOption(new Option("--wait <level>", "wait until it has reached this level").choices(LEVELS))
    .option("--timeout <seconds>", "how long to wait", positive, 60)
    .option("--json", "print one JSON object");
  const run = action(async () => (await import("./commands/finality.ts")).finality, done);
  finality.action((of: string, options: object) => run({ ...options, id: of } as Parameters<typeof run>[0]));

  root
    .command("proxy")
    .description("put MACH in front of a chain's JSON-RPC: `latest` means certified, and certificates are checked here")
    .option("--upstream <url>", "JSON-RPC of the rollup", "http://127.0.0.1:9545")
    .option("--l1-rpc <url...>", "JSON-RPC of the L1; with several, --agreeing of them must name the same block", [
      "http://127.0.0.1:8545",
    ])
    .option("--agreeing <count>", "L1 nodes that must agree; all unless given", positive)
    .option("--service <file>", "mach.json: the service's addresses", ".altlayer/dev/mach.json")
    .addOption(new Option("--certified <tag...>", "tags that mean certified").choices(TAGS).default(["latest"]))
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <port>", "HTTP and WebSocket; 0 for a free port", whole, 9645)
    .option("--metrics-port <port>", "Prometheus metrics, /healthz and /readyz; nowhere unless given", whole)
    .option("--metrics-host <address>", "where they are served", "127.0.0.1")
    .option("--json", "print one JSON object when ready")
    .addOption(new Option("--log-level <level>", "what is logged to standard error").choices(LOG_LEVELS))
    .addOption(new Option("--log-format <format>", "how it is logged").choices(LOG_FORMATS).default("text"))
    .action(action(async () => (await import("./commands/proxy.ts")).proxy, done));
}

function id(text: string): string {
  if (/^0x[0-9a-fA-F]{64}$/.test(text) || /^(0x[0-9a-fA-F]{1,13}|[0-9]{1,15})$/.test(text)) return text;
  throw new InvalidArgumentError("neither a hash of 32 bytes nor a block number");
}
