import { type AnyClient, parse } from "../rpc/call.ts";
import { type CertificateRecord, certificateRecordSchema } from "../rpc/schemas.ts";
import { subscribe } from "../rpc/subscribe.ts";
import { getCertificate } from "./getCertificate.ts";

export interface WatchCertificatesOptions {
  readonly onCertificate: (certificate: CertificateRecord) => void;
  /** A request or the subscription failed, or an answer was malformed. Watching goes on. */
  readonly onError?: (error: unknown) => void;
  /** Between two looks where the transport has no subscriptions; the client's polling interval unless given. */
  readonly pollingIntervalMs?: number;
}

/**
 * Tells of certificates as they come: by subscription over WebSocket (each one), by polling otherwise (the newest at
 * each look; some are missed, and each certifies all below it).
 * @returns stops watching.
 */
export function watchCertificates(client: AnyClient, options: WatchCertificatesOptions): () => void {
  const { onCertificate, onError = () => {} } = options;
  const unsubscribe = subscribe(client, {
    params: ["machCertificates"],
    onData: (result) => {
      let record: CertificateRecord;
      try {
        record = parse(certificateRecordSchema, result, "machCertificates");
      } catch (error) {
        onError(error);
        return;
      }
      onCertificate(record);
    },
    onError,
  });
  return unsubscribe ?? poll(client, options);
}

function poll(client: AnyClient, { onCertificate, onError, pollingIntervalMs }: WatchCertificatesOptions): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let newest = "";
  const look = async () => {
    const found = await getCertificate(client).catch((error: unknown) => {
      if (!stopped) onError?.(error);
      return null;
    });
    if (stopped) return;
    timer = setTimeout(() => void look(), pollingIntervalMs ?? client.pollingInterval);
    if (found === null || found.digest === newest) return;
    newest = found.digest;
    onCertificate(found);
  };
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
