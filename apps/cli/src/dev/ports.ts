import { createServer } from "node:net";
import { CliError } from "../errors.ts";

const LOOPBACK = "127.0.0.1";

/** A port as the user or a default asks for it. `fixed`: the user named it, so another one is no answer. */
export interface PortWish {
  readonly name: string;
  readonly port: number;
  readonly fixed: boolean;
}

/** What an option of the command line says of a port. */
export const wish = (name: string, port: number | undefined, byDefault: number): PortWish => ({
  name,
  port: port ?? byDefault,
  // Port 0 asks for any free port, as a default that is taken does.
  fixed: port !== undefined && port !== 0,
});

/**
 * The wished port when it is free, else any free one.
 * @throws CliError `PORT_IN_USE` when the user named the port.
 */
export async function choosePort(
  { name, port, fixed }: PortWish,
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  if (port !== 0 && !taken.has(port) && (await isFree(port))) return port;
  if (fixed) {
    throw new CliError(
      "PORT_IN_USE",
      `port ${port} (${name}) is in use: stop what listens there, or name another port`,
      {
        data: { name, port },
      },
    );
  }
  for (;;) {
    const any = await freePort();
    if (!taken.has(any)) return any;
  }
}

export type PortsOf<Wishes> = { readonly [Name in keyof Wishes]: number };

/** Others that start at the same moment see the same ports free: so often they may be faster. */
const ATTEMPTS = 5;

/**
 * Chooses the ports right before `bind` binds them, and others when another process was faster.
 * @throws CliError `PORT_IN_USE` when the user named the port.
 */
export async function onPorts<Wishes extends Readonly<Record<string, PortWish>>, Bound>(
  wishes: Wishes,
  bind: (ports: PortsOf<Wishes>) => Promise<Bound>,
): Promise<Bound> {
  for (let attempt = 1; ; attempt++) {
    const ports: Record<string, number> = {};
    for (const [name, wish] of Object.entries(wishes)) {
      ports[name] = await choosePort(wish, new Set(Object.values(ports)));
    }
    try {
      return await bind(ports as PortsOf<Wishes>);
    } catch (error) {
      if (!isInUse(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

function isInUse(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === "EADDRINUSE" || code === "PORT_IN_USE" || isInUse(error.cause);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: LOOPBACK }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
