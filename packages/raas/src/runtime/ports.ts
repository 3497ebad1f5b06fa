import { createServer } from "node:net";
import type { Ports } from "../store/rollup-records.ts";

const ATTEMPTS = 3;

/**
 * Boots on the ports of the last run, so that wallets keep their URL, unless somebody has taken one meanwhile: then on
 * free ones. Between choosing a port and binding it, somebody else may be faster.
 */
export async function bootOnPorts<T>(last: Ports | null, boot: (ports: Ports) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(attempt === 1 ? last : null);
    try {
      return await boot(ports);
    } catch (error) {
      if (attempt === ATTEMPTS || !isPortTaken(error)) throw error;
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && ((error as NodeJS.ErrnoException).code === "EADDRINUSE" || isPortTaken(error.cause));
}

async function choosePorts(last: Ports | null): Promise<Ports> {
  const rpc = await listenable(last?.rpc ?? 0);
  return { rpc, flashblocks: await listenable(last?.flashblocks ?? 0, rpc) };
}

function listenable(wished: number, taken?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" && wished !== 0) resolve(listenable(0, taken));
      else reject(error);
    });
    server.listen({ port: wished, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port === taken ? listenable(0, taken) : port));
    });
  });
}
