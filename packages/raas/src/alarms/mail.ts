import { createTransport, type Transporter } from "nodemailer";
import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { AlarmBody, Message, Outcome } from "./message.ts";
import { failedBy, wordsOf } from "./message.ts";

/** The server that takes our mail, as the platform's operator configured it. */
const mailSchema = z.strictObject({
  /** smtp:// or smtps://, with user and password where the server wants them. */
  url: z.url({ protocol: /^smtps?$/ }),
  /** Address that messages come from. */
  from: z.email().max(254),
});
export type MailOptions = z.output<typeof mailSchema>;

const TIMEOUT_MS = 15_000;
const CONNECTIONS_MAX = 3;
const MESSAGES_PER_CONNECTION = 50;
/** SMTP replies from 500 on are final (RFC 5321, section 4.2.1). */
const PERMANENT_FROM = 500;

/** Sends alarms as e-mail. Loaded with nodemailer only where mail is configured. */
export class Mail {
  readonly #from: string;
  readonly #transport: Transporter;

  /** @throws RaasError `CONFIG_INVALID` */
  constructor(options: MailOptions) {
    const parsed = mailSchema.safeParse(options);
    if (!parsed.success) throw new RaasError("CONFIG_INVALID", "mail needs an smtp:// URL and the sender's address");
    this.#from = parsed.data.from;
    const { protocol, hostname, port, username, password } = new URL(parsed.data.url);
    const secure = protocol === "smtps:";
    this.#transport = createTransport({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (secure ? 465 : 587) : Number(port),
      secure,
      ...(username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      pool: true,
      maxConnections: CONNECTIONS_MAX,
      maxMessages: MESSAGES_PER_CONNECTION,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      // A message is text of ours: no file and no URL is ever attached.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  close(): void {
    this.#transport.close();
  }

  /** Delivered is what the server has accepted. Messages of one alarm form a thread. */
  async send(message: Message, { to, origin }: { readonly to: string; readonly origin: string }): Promise<Outcome> {
    const { subject, text } = wordsOf(JSON.parse(message.body) as AlarmBody, origin);
    const domain = this.#from.split("@")[1];
    const thread = message.incidentId === null ? {} : { references: `<${message.incidentId}@${domain}>` };
    try {
      await this.#transport.sendMail({
        from: this.#from,
        to: { name: "", address: to },
        subject,
        text,
        messageId: `<${message.id}@${domain}>`,
        headers: { "Auto-Submitted": "auto-generated" },
        ...thread,
      });
      return { kind: "delivered" };
    } catch (error) {
      const { responseCode = 0 } = error as { readonly responseCode?: number };
      return failedBy(error, responseCode >= PERMANENT_FROM);
    }
  }
}
