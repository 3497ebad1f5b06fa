import { createHash, timingSafeEqual } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type EpochSchedule, type Hex, isProtocolError, type Keccak256, MachDigests } from "@altlayer/protocol";
import type { z } from "zod";
import { type SignerRefusal, sameMessage, signerRefusal } from "../../core/signer-rule.ts";
import type { Extension, JournalRecord } from "../../core/types.ts";
import { MachError } from "../../errors.ts";
import { openOperatorJournal } from "../operator/operator-journal.ts";
import type { Bn254Like, MachLog, ServiceIdentity } from "../options.ts";
import { domainOf, journalIdentity } from "../service-domain.ts";
import { localSigner } from "./local-signer.ts";
import {
  alertSchema,
  appendSchema,
  linkSchema,
  MAX_BODY_BYTES,
  reportSchema,
  signSchema,
  writeJournal,
} from "./protocol.ts";

export interface SignerServerOptions {
  readonly service: ServiceIdentity;
  readonly operator: Hex;
  /** Of this set: `deriveSetSecret`. */
  readonly secret: Uint8Array;
  /** Of the service's table contract: well-formed messages take it. */
  readonly schedule: EpochSchedule;
  readonly journalFile: string;
  /** Makes the journal where there is none: only for an operator that never signed for this service. */
  readonly createJournal?: boolean;
  /** At least 16 characters; sent as `Authorization: Bearer`. */
  readonly token: string;
  readonly listen: { readonly socketPath: string } | { readonly host: string; readonly port: number };
}

export interface SignerServer {
  /** As `remoteSigner` takes it. */
  readonly endpoint: string;
  close(): Promise<void>;
}

const MIN_TOKEN_LENGTH = 16;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Signs for a node that holds no key. The journal is here, and nothing is signed but its tip; records that the rules
 * forbid (`signerRefusal`) do not get into it, whatever the node says.
 * @throws MachError as `SigningJournal.open`; `SIGNER_REFUSED` for a token that is too short
 */
export async function serveSigner(
  options: SignerServerOptions,
  dependencies: { readonly bn254: Bn254Like; readonly keccak256: Keccak256; readonly log: MachLog },
): Promise<SignerServer> {
  const { listen, token } = options;
  if (token.length < MIN_TOKEN_LENGTH) {
    throw new MachError("SIGNER_REFUSED", `the token is shorter than ${MIN_TOKEN_LENGTH} characters`);
  }
  const signer = await Signer.open(options, dependencies);
  const server = createServer(
    (request, response) => void answer(request, response, { signer, token, log: dependencies.log }),
  );
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  if ("socketPath" in listen) await rm(listen.socketPath, { force: true });
  await listening(server, listen);
  if ("socketPath" in listen) await chmod(listen.socketPath, 0o600);
  return {
    endpoint: endpointOf(server, listen),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await signer.close();
    },
  };
}

class Signer {
  readonly #options: SignerServerOptions;
  readonly #keys: ReturnType<typeof localSigner>;
  readonly #digests: MachDigests;
  readonly #keccak256: Keccak256;
  readonly #append: (record: JournalRecord) => Promise<void>;
  readonly #close: () => Promise<void>;
  #record: JournalRecord;
  /** Appends one after the other: each is judged by what the one before left. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    options: SignerServerOptions,
    parts: {
      readonly keys: ReturnType<typeof localSigner>;
      readonly digests: MachDigests;
      readonly keccak256: Keccak256;
      readonly journal: Awaited<ReturnType<typeof openOperatorJournal>>;
    },
  ) {
    this.#options = options;
    this.#keys = parts.keys;
    this.#digests = parts.digests;
    this.#keccak256 = parts.keccak256;
    this.#record = parts.journal.record;
    this.#append = (record) => parts.journal.append(record);
    this.#close = () => parts.journal.close();
  }

  static async open(
    options: SignerServerOptions,
    { bn254, keccak256 }: { readonly bn254: Bn254Like; readonly keccak256: Keccak256 },
  ): Promise<Signer> {
    // As links and journals write it.
    const operator = options.operator.toLowerCase() as Hex;
    const keys = localSigner({ ...options, operator }, { bn254, keccak256 });
    const digests = new MachDigests(domainOf(options.service, keccak256), { keccak256 });
    const identity = journalIdentity(digests, operator, keccak256);
    const journal = await openOperatorJournal(
      { file: options.journalFile, identity, create: options.createJournal ?? false },
      { signer: keys },
    );
    return new Signer(options, { keys, digests, keccak256, journal });
  }

  get keys() {
    return { operator: this.#keys.operator, ...this.#keys.publicKeys, domainSeparator: this.#digests.domainSeparator };
  }

  get record(): JournalRecord {
    return this.#record;
  }

  append(record: JournalRecord, extension: Extension | null): Promise<SignerRefusal | null> {
    const { schedule } = this.#options;
    const context = { schedule, digests: this.#digests, keccak256: this.#keccak256, extension };
    const done = this.#last.then(async () => {
      const refusal = signerRefusal(record, this.#record, context);
      if (refusal !== null) return refusal;
      await this.#append(record);
      this.#record = record;
      return null;
    });
    this.#last = done.catch(() => {});
    return done;
  }

  /** S9. @returns null for what is not the journal's tip */
  async sign(message: NonNullable<JournalRecord["tip"]>): Promise<Hex | null> {
    const { tip, quarantineHeight } = this.#record;
    return quarantineHeight === null && sameMessage(message, tip) ? this.#keys.sign(message) : null;
  }

  signAlert(alert: Parameters<ReturnType<typeof localSigner>["signAlert"]>[0]): Promise<Hex> {
    return this.#keys.signAlert(alert);
  }

  signLink(link: Parameters<ReturnType<typeof localSigner>["signLink"]>[0]): Promise<Hex> {
    return this.#keys.signLink(link);
  }

  /** @returns null for what is no report */
  async signReport(report: Parameters<ReturnType<typeof localSigner>["signReport"]>[0]): Promise<Hex | null> {
    try {
      return await this.#keys.signReport(report);
    } catch (error) {
      if (isProtocolError(error)) return null;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#close();
  }
}

interface Context {
  readonly signer: Signer;
  readonly token: string;
  readonly log: MachLog;
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  try {
    const { status, body } = isAllowed(request, context.token)
      ? await reply(`${request.method} ${request.url}`, await bodyOf(request), context.signer)
      : refused(401, "UNAUTHORIZED");
    if (status !== 200)
      context.log.warn("signer refused", { request: request.url, code: (body as { code: string }).code });
    send(response, status, body);
  } catch (error) {
    context.log.error("signer failed", {
      request: request.url,
      error: error instanceof Error ? error.message : String(error),
    });
    send(response, 500, { code: "FAILED" });
  }
}

async function reply(route: string, body: unknown, signer: Signer): Promise<{ status: number; body: unknown }> {
  switch (route) {
    case "GET /v1/keys":
      return done(signer.keys);
    case "GET /v1/journal":
      return done(writeJournal(signer.record));
    case "POST /v1/journal":
      return parsed(appendSchema, body, async ({ extension, ...record }) => {
        const refusal = await signer.append(record, extension);
        return refusal === null ? done(writeJournal(record)) : refused(409, refusal);
      });
    case "POST /v1/sign":
      return parsed(signSchema, body, async ({ message }) => {
        const signature = await signer.sign(message);
        return signature === null ? refused(409, "NOT_THE_TIP") : done({ signature });
      });
    case "POST /v1/alert":
      return parsed(alertSchema, body, async (alert) => done({ signature: await signer.signAlert(alert) }));
    case "POST /v1/link":
      return parsed(linkSchema, body, async (link) =>
        link.operator === signer.keys.operator
          ? done({ signature: await signer.signLink(link) })
          : refused(409, "OTHER_OPERATOR"),
      );
    case "POST /v1/report":
      return parsed(reportSchema, body, async (report) => {
        const signature = await signer.signReport(report);
        return signature === null ? refused(400, "MALFORMED") : done({ signature });
      });
    default:
      return refused(404, "UNKNOWN");
  }
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  work: (value: z.output<Schema>) => Promise<{ status: number; body: unknown }>,
) {
  const result = schema.safeParse(body);
  return result.success ? work(result.data) : refused(400, "MALFORMED");
}

function done(body: unknown) {
  return { status: 200, body };
}

function refused(status: number, code: string) {
  return { status, body: { code } };
}

/** Hashes are compared: of one length, and telling nothing of where they differ. */
function isAllowed({ headers }: IncomingMessage, token: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(headers.authorization ?? ""), hash(`Bearer ${token}`));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function listening(server: Server, listen: SignerServerOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const ready = () => resolve();
    if ("socketPath" in listen) server.listen(listen.socketPath, ready);
    else server.listen(listen.port, listen.host, ready);
  });
}

function endpointOf(server: Server, listen: SignerServerOptions["listen"]): string {
  if ("socketPath" in listen) return `unix:${listen.socketPath}`;
  const address = server.address();
  return `http://${listen.host}:${typeof address === "object" && address !== null ? address.port : listen.port}`;
}
