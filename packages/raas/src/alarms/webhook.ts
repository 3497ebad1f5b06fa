import { createHmac, randomBytes } from "node:crypto";
import { RaasError } from "../errors.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Message, Outcome } from "./message.ts";
import { failedBy } from "./message.ts";

const SECRET_PREFIX = "whsec_";
const SECRET_BYTES = 32;
const TIMEOUT_MS = 10_000;
const RESPONSE_MAX_BYTES = 64 * 1024;
const REDIRECTS = 3;
const GONE = 410;

/** A secret as receivers' libraries expect it: the prefix and base64. */
export const newWebhookSecret = (): string => `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString("base64")}`;

/**
 * Headers that let a receiver know the sender, refuse old messages, and drop repeated ones, after the Standard Webhooks
 * specification: HMAC-SHA256 over id, timestamp (seconds) and body.
 */
function webhookHeaders(
  { id, body }: Pick<Message, "id" | "body">,
  { secret, nowMs }: { readonly secret: string; readonly nowMs: number },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "content-type": "application/json",
    "user-agent": "AltLayer-Alarms/1",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}

/** Delivered is what the receiver has answered with success. */
export async function sendWebhook(
  message: Message,
  { url, secret, nowMs }: { readonly url: string; readonly secret: string; readonly nowMs: number },
  { outbound }: { readonly outbound: Outbound },
): Promise<Outcome> {
  try {
    const { status } = await outbound.post(url, {
      headers: webhookHeaders(message, { secret, nowMs }),
      body: message.body,
      timeoutMs: TIMEOUT_MS,
      responseMaxBytes: RESPONSE_MAX_BYTES,
      redirects: REDIRECTS,
    });
    if (status >= 200 && status < 300) return { kind: "delivered" };
    return { kind: "failed", permanent: status === GONE, problem: `it answered HTTP ${status}` };
  } catch (error) {
    return failedBy(error, error instanceof RaasError && error.code === "ADDRESS_REFUSED");
  }
}
