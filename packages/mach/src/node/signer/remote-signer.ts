import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { bytesToHex, encodeMessage, type Hex } from "@altlayer/protocol";
import type { z } from "zod";
import { MachError } from "../../errors.ts";
import {
  errorSchema,
  journalSchema,
  keysSchema,
  MAX_BODY_BYTES,
  signatureSchema,
  writeAppend,
  writeReport,
} from "./protocol.ts";
import type { MachSigner } from "./signer.ts";

export interface RemoteSignerOptions {
  /** `http://..`, `https://..`, or `unix:/path/of/socket`. */
  readonly endpoint: string;
  /** The secret that both sides know. Over plain HTTP everyone on the way does. */
  readonly token: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 3_000;

/**
 * A signer in another process, which keeps key and journal (`serveSigner`).
 * @param expected.domainSeparator of the service that it must sign for
 * @throws MachError `SIGNER_UNREACHABLE` (temporary), `SIGNER_REFUSED`, `SIGNER_FOREIGN`
 */
export async function remoteSigner(
  options: RemoteSignerOptions,
  expected: { readonly domainSeparator: Hex },
): Promise<MachSigner> {
  const ask = <Schema extends z.ZodType>(method: "GET" | "POST", path: string, schema: Schema, body?: unknown) =>
    call(options, { method, path, schema, ...(body === undefined ? {} : { body }) });
  const keys = await ask("GET", "/v1/keys", keysSchema);
  if (keys.domainSeparator !== expected.domainSeparator) {
    throw new MachError("SIGNER_FOREIGN", "the signer is of another service", { operator: keys.operator });
  }
  const signed = async (path: string, body: unknown) => (await ask("POST", path, signatureSchema, body)).signature;
  return {
    operator: keys.operator,
    publicKeys: { g1: keys.g1, g2: keys.g2 },
    sign: (message) => signed("/v1/sign", { message: bytesToHex(encodeMessage(message)) }),
    signAlert: (alert) => signed("/v1/alert", alert),
    signLink: (link) => signed("/v1/link", link),
    signReport: (report) => signed("/v1/report", writeReport(report)),
    journal: {
      read: () => ask("GET", "/v1/journal", journalSchema),
      append: async (record, extension) =>
        void (await ask("POST", "/v1/journal", journalSchema, writeAppend(record, extension))),
    },
  };
}

interface Call<Schema> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly schema: Schema;
  readonly body?: unknown;
}

function call<Schema extends z.ZodType>(
  { endpoint, token, timeoutMs = TIMEOUT_MS }: RemoteSignerOptions,
  { method, path, schema, body }: Call<Schema>,
): Promise<z.output<Schema>> {
  const unix = endpoint.startsWith("unix:") ? endpoint.slice("unix:".length) : null;
  const request = endpoint.startsWith("https:") ? httpsRequest : httpRequest;
  const content = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(content === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(content) }),
  };
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const unreachable = (cause: unknown) =>
      reject(
        new MachError(
          "SIGNER_UNREACHABLE",
          `the signer does not answer: ${cause instanceof Error ? cause.message : cause}`,
          {
            endpoint,
          },
        ),
      );
    const sent = request(
      { ...(unix === null ? addressOf(endpoint) : { socketPath: unix }), path, method, headers, signal },
      (response) => {
        const parts: Buffer[] = [];
        let length = 0;
        response.on("data", (part: Buffer) => {
          length += part.length;
          if (length > MAX_BODY_BYTES) response.destroy(new MachError("SIGNER_REFUSED", "the answer is too large"));
          else parts.push(part);
        });
        response.on("error", unreachable);
        response.on("end", () => {
          try {
            const json: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
            if (response.statusCode === 200) resolve(schema.parse(json));
            else {
              const { code } = errorSchema.parse(json);
              reject(
                new MachError("SIGNER_REFUSED", `the signer refuses: ${code}`, {
                  code,
                  status: response.statusCode ?? 0,
                }),
              );
            }
          } catch (error) {
            unreachable(error);
          }
        });
      },
    );
    sent.on("error", unreachable);
    sent.end(content);
  });
}

function addressOf(endpoint: string) {
  const { hostname, port } = new URL(endpoint);
  return port === "" ? { hostname } : { hostname, port };
}
