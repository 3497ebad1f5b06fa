import { parseServiceFile } from "@altlayer/restaking";
import { type CertifiedTag, createProcessMetrics, SystemClock, startProxy } from "@altlayer/rollup";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { shown } from "../rpc.ts";
import { readTextFile } from "./config-file.ts";
import { type LoggingOptions, loggerOf } from "./logging.ts";
import { requireChain } from "./restaking/context.ts";
import { stopSignal } from "./stop-signal.ts";

export interface ProxyCommandOptions extends LoggingOptions {
  readonly upstream: string;
  readonly l1Rpc: readonly string[];
  readonly agreeing?: number;
  readonly service: string;
  readonly certified: readonly CertifiedTag[];
  readonly host: string;
  readonly port: number;
  readonly metricsHost: string;
  readonly metricsPort?: number;
}

/** `altlayer proxy`: a finality proxy, until Ctrl-C. */
export async function proxy(options: ProxyCommandOptions, output: Output): Promise<number> {
  const { upstream, l1Rpc, agreeing, certified, host, port, metricsHost, metricsPort } = options;
  const [first, ...others] = l1Rpc;
  if (first === undefined || (agreeing ?? 1) > l1Rpc.length) {
    throw new CliError("USAGE", "--agreeing cannot exceed the number of --l1-rpc");
  }
  const { l1ChainId, suite } = parseServiceFile(await readTextFile(options.service), options.service);
  // One that does not answer may come back; one of another chain never proves anything.
  await Promise.all(
    l1Rpc.map((url) =>
      requireChain(l1ChainId, { l1Rpc: url }).catch((error: unknown) => {
        if (error instanceof CliError) throw error;
        output.note(`${shown(url)} does not answer yet: no certificate is taken without it`);
      }),
    ),
  );
  const stop = stopSignal({ onStop: () => output.note("stopping"), onForced: () => output.note("stopped at once") });
  try {
    const running = await startProxy(
      {
        upstream,
        l1: [first, ...others],
        ...(agreeing === undefined ? {} : { agreeing }),
        service: { l1ChainId, avs: suite.registrar, rollupId: suite.rollupId },
        certified,
        listen: { host, port },
        ...(metricsPort === undefined ? {} : { metrics: { host: metricsHost, port: metricsPort } }),
      },
      {
        clock: new SystemClock(),
        log: loggerOf(options, "warn"),
        ...(metricsPort === undefined ? {} : { processMetrics: createProcessMetrics() }),
      },
    );
    try {
      const { httpUrl, wsUrl, metricsUrl } = running;
      if (output.json)
        output.answer({ http: httpUrl, ws: wsUrl, metrics: metricsUrl, upstream: shown(upstream), certified });
      else {
        output.line(`${certified.join(", ")} of ${shown(upstream)} means certified, at`);
        output.line(`  HTTP       ${httpUrl}`);
        output.line(`  WebSocket  ${wsUrl}`);
        if (metricsUrl !== null) output.line(`  metrics    ${metricsUrl}/metrics`);
        output.note("what the chain computes (eth_call, balances, logs) is its word: see docs/finality.md");
      }
      if (!stop.signal.aborted)
        await new Promise((done) => stop.signal.addEventListener("abort", done, { once: true }));
    } finally {
      await running.close();
    }
    return EXIT.ok;
  } finally {
    stop.release();
  }
}
