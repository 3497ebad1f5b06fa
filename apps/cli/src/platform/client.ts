import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../errors.ts";

/** In the platform's data directory: its URL and a token, for commands on the same machine. */
export const CREDENTIALS_FILE = "local-access.json";
const API = "/api/v1";
const TIMEOUT_MS = 30_000;
const DOWNLOAD_MS = 60 * 60_000;

/** What that file holds. */
export interface LocalAccess {
  readonly url: string;
  readonly token: string;
  /** Makes sign-in links of this start. */
  readonly linkSecret: string;
}

/** How commands are told which control plane they speak to. */
export interface RemoteOptions {
  readonly url?: string;
  readonly tokenEnv?: string;
  readonly dataDir: string;
  readonly team?: string;
}

export interface ApiErrorBody {
  readonly code: string;
  readonly number: number;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** An answer of the control plane that is no success, with its own code. */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly code: string;
  readonly number: number;
  readonly data: Readonly<Record<string, unknown>>;

  constructor({ code, number, message, details }: ApiErrorBody) {
    super(message);
    this.code = code;
    this.number = number;
    this.data = details;
  }
}

/** A new one-time link to the console. @throws CliError `CONFIG_NOT_FOUND`, `PLATFORM_UNREACHABLE`; PlatformError */
export async function newSignInLink(dataDir: string): Promise<{ readonly url: string; readonly expiresAt: string }> {
  const { url, token, linkSecret } = await localAccess(dataDir);
  return await new PlatformClient({ url, token, team: "" }).request("POST", "/session/link/new", {
    secret: linkSecret,
  });
}

/** The control plane over HTTP. Paths are below /api/v1; `team` is the token's. */
export class PlatformClient {
  readonly url: string;
  readonly team: string;
  readonly #token: string;

  constructor(options: { readonly url: string; readonly token: string; readonly team: string }) {
    this.url = options.url;
    this.team = options.team;
    this.#token = options.token;
  }

  /**
   * By --url and the token in an environment variable, else by the file that the platform on this machine wrote.
   * @throws CliError `CONFIG_NOT_FOUND`, `PLATFORM_UNREACHABLE`; PlatformError
   */
  static async connect(options: RemoteOptions): Promise<PlatformClient> {
    const { url, token } = await accessOf(options);
    const probe = new PlatformClient({ url, token, team: "" });
    const { items } = await probe.request<{ items: { id: string }[] }>("GET", "/teams");
    const team = options.team ?? items[0]?.id ?? "";
    return new PlatformClient({ url, token, team });
  }

  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body, AbortSignal.timeout(TIMEOUT_MS));
    return (response.status === 204 ? null : await response.json()) as T;
  }

  /** Below the team. */
  async inTeam<T>(method: string, path: string, body?: unknown): Promise<T> {
    return await this.request<T>(method, `/teams/${this.team}${path}`, body);
  }

  /** The body of an answer that is not JSON, as it comes: an archive is as large as a chain's state. */
  async download(path: string, body: unknown): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#fetch("POST", `/teams/${this.team}${path}`, body, AbortSignal.timeout(DOWNLOAD_MS));
    if (response.body === null) throw this.#unreachable(new TypeError("an answer without a body"));
    return response.body;
  }

  /** The bytes of a file. */
  async fetchFile(path: string): Promise<Uint8Array> {
    const signal = AbortSignal.timeout(10 * TIMEOUT_MS);
    const response = await this.#fetch("GET", `/teams/${this.team}${path}`, undefined, signal);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Events of a stream until the signal aborts or the server ends it. */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<{ readonly event: string; readonly data: unknown }> {
    const response = await this.#fetch("GET", `/teams/${this.team}${path}`, undefined, signal);
    let buffer = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        buffer += decoder.decode(chunk, { stream: true });
        const blocks = buffer.split("\n\n");
        buffer = blocks.pop() ?? "";
        for (const block of blocks) {
          const event = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) };
        }
      }
    } catch (error) {
      if (!signal.aborted) throw this.#unreachable(error);
    }
  }

  async #fetch(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.url}${API}${path}`, {
        method,
        signal,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
    if (response.ok) return response;
    const answer = (await response.json().catch(() => null)) as { error?: ApiErrorBody } | null;
    if (answer?.error === undefined) throw this.#unreachable(new TypeError(`HTTP ${response.status}`));
    throw new PlatformError(answer.error);
  }

  #unreachable(cause: unknown): CliError {
    return new CliError(
      "PLATFORM_UNREACHABLE",
      `no control plane answers at ${this.url}: is \`altlayer platform\` running?`,
      {
        data: { url: this.url },
        cause,
      },
    );
  }
}

async function accessOf({
  url,
  tokenEnv = "ALTLAYER_TOKEN",
  dataDir,
}: RemoteOptions): Promise<{ url: string; token: string }> {
  if (url !== undefined) {
    const token = process.env[tokenEnv];
    if (token === undefined || token === "") {
      throw new CliError("KEY_UNAVAILABLE", `environment variable ${tokenEnv} holds no token for ${url}`);
    }
    return { url: url.replace(/\/+$/, ""), token };
  }
  return await localAccess(dataDir);
}

/** What the platform on this machine wrote for its commands. @throws CliError `CONFIG_NOT_FOUND` */
async function localAccess(dataDir: string): Promise<LocalAccess> {
  const file = join(dataDir, "platform", CREDENTIALS_FILE);
  try {
    return JSON.parse(await readFile(file, "utf8")) as LocalAccess;
  } catch (cause) {
    throw new CliError(
      "CONFIG_NOT_FOUND",
      `no platform has run in ${dataDir}: start \`altlayer platform\`, or name a control plane with --url`,
      { data: { file }, cause },
    );
  }
}
