export const VERSION = "0.1.0";

/** As `web3_clientVersion` tells it, in the form that other clients use. */
export const CLIENT_VERSION = `altlayer/v${VERSION}/${process.platform}-${process.arch}/node${process.versions.node}`;
