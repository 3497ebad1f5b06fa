import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { RaasError } from "../errors.ts";
import { type AddressPolicy, checkUrl, lookupWithin, type Resolve } from "./addresses.ts";

export interface OutboundOptions {
  readonly policy: AddressPolicy;
  /** The system's, unless a test has its own. */
  readonly resolve?: Resolve;
}

export interface OutboundRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly responseMaxBytes: number;
  /** Redirects that keep the method (307, 308) and are followed, each address checked anew. */
  readonly redirects: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly body: string;
}

const CONNECTIONS_MAX = 64;
const PER_HOST_MAX = 8;

/**
 * Posts to URLs that customers chose. Their addresses are checked when connecting, not before, and after each redirect,
 * so that nobody makes us call what only we can reach (SSRF).
 */
export class Outbound {
  readonly #policy: AddressPolicy;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor({ policy, resolve }: OutboundOptions) {
    this.#policy = policy;
    const agent = {
      keepAlive: true,
      maxSockets: PER_HOST_MAX,
      maxTotalSockets: CONNECTIONS_MAX,
      lookup: lookupWithin(policy, resolve),
    };
    this.#http = new HttpAgent(agent);
    this.#https = new HttpsAgent(agent);
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** What can be said of a URL without connecting. @throws RaasError `ADDRESS_REFUSED` */
  check(url: string): URL {
    return checkUrl(url, this.#policy);
  }

  /** @throws RaasError `ADDRESS_REFUSED` for good; `UPSTREAM` when it does not answer, or with too much */
  async post(url: string, request: OutboundRequest): Promise<OutboundAnswer> {
    const signal = AbortSignal.timeout(request.timeoutMs);
    let target = this.check(url);
    for (let hops = 0; ; hops++) {
      const response = await this.#send(target, request, signal);
      const { statusCode: status = 0 } = response;
      const { location } = response.headers;
      if ((status !== 307 && status !== 308) || location === undefined) {
        return { status, body: await read(response, request.responseMaxBytes) };
      }
      response.destroy();
      if (hops >= request.redirects) throw new RaasError("UPSTREAM", "redirected too often");
      const next = URL.canParse(location, target.href) ? new URL(location, target) : null;
      if (next !== null && target.protocol === "https:" && next.protocol === "http:") {
        throw new RaasError("ADDRESS_REFUSED", "a redirect from https to http is not followed");
      }
      target = this.check(next?.href ?? "");
    }
  }

  #send(target: URL, { headers, body }: OutboundRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const secure = target.protocol === "https:";
    return new Promise((resolve, reject) => {
      const sent = (secure ? httpsRequest : httpRequest)(
        target,
        {
          method: "POST",
          agent: secure ? this.#https : this.#http,
          headers: { ...headers, "content-length": Buffer.byteLength(body), "accept-encoding": "identity" },
          signal,
        },
        resolve,
      );
      sent.once("error", (error) => reject(asRaasError(error, target)));
      sent.end(body);
    });
  }
}

async function read(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > maxBytes) {
        response.destroy();
        throw new RaasError("UPSTREAM", `it answered more than ${maxBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof RaasError ? error : new RaasError("UPSTREAM", "its answer broke off", { cause: error });
  }
  return Buffer.concat(chunks).toString("utf8");
}

function asRaasError(error: Error, { host }: URL): RaasError {
  if (error instanceof RaasError) return error;
  const reason = error.name === "TimeoutError" ? "in time" : `(${(error as NodeJS.ErrnoException).code ?? error.name})`;
  return new RaasError("UPSTREAM", `${host} does not answer ${reason}`, { cause: error });
}
