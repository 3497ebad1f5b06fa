import type { ConnectionEncrypter, MessageStream } from "@libp2p/interface";

/**
 * An encryption that hands each of its messages to the transport in one piece. Noise hands over a length and a ciphertext,
 * and the TCP transport writes each by itself at once: two packets, and two turns of whoever reads them.
 */
export function inOnePiece<Components, Extension>(
  encryption: (components: Components) => ConnectionEncrypter<Extension>,
): (components: Components) => ConnectionEncrypter<Extension> {
  return (components) => {
    const inner = encryption(components);
    const { secureInbound, secureOutbound } = inner;
    inner.secureInbound = (connection, options) => secureInbound.call(inner, joining(connection), options);
    inner.secureOutbound = (connection, options) => secureOutbound.call(inner, joining(connection), options);
    return inner;
  };
}

function joining(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection);
  connection.send = (data) => send(data.subarray());
  return connection;
}
