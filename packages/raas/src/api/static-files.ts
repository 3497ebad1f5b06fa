import staticFiles from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** What the console's build names by a hash of its content: a name stands for the same bytes for ever. */
const HASHED = "/assets/";
const YEAR_SECONDS = 365 * 86_400;

/**
 * Serves the builds of console and documentation. Beside a file of the console may lie the same file compressed (`.br`,
 * `.gz`): whoever takes that gets it. All carry an ETag; those with a hash in their name are not even asked for again.
 */
export async function serveStaticFiles(
  app: FastifyInstance,
  { consoleDir, docsDir }: { readonly consoleDir?: string | undefined; readonly docsDir?: string | undefined },
): Promise<void> {
  const shared = { wildcard: true, index: "index.html", dotfiles: "deny" } as const;
  if (docsDir !== undefined) {
    await app.register(staticFiles, {
      ...shared,
      root: docsDir,
      prefix: "/docs/",
      decorateReply: consoleDir === undefined,
      redirect: true,
    });
  }
  if (consoleDir === undefined) return;
  await app.register(staticFiles, {
    ...shared,
    root: consoleDir,
    preCompressed: true,
    setHeaders: (reply) => {
      if (!reply.request.url.startsWith(HASHED)) return;
      reply.header("cache-control", `public, max-age=${YEAR_SECONDS}, immutable`);
    },
  });
}

/** Whether a path that is no file is a page of the console, which finds its way by itself. */
export function isPage(method: string, url: string): boolean {
  return method === "GET" && !url.startsWith("/api/") && !url.startsWith(HASHED);
}
