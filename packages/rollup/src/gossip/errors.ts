/** Why a gossip message, a request or a response was refused. Every code but `request-failed` is permanent for that message. */
export type GossipErrorCode =
  | "compression-invalid"
  | "message-too-large"
  | "message-too-small"
  | "signature-invalid"
  | "payload-invalid"
  | "request-failed";

/** A refusal on the peer-to-peer network, with what was wrong and with what. */
export class GossipError extends Error {
  override readonly name = "GossipError";
  readonly code: GossipErrorCode;

  constructor(code: GossipErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
