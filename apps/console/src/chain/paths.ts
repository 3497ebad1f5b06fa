import { segment } from "../api/client.ts";

/** Where the control plane passes on JSON-RPC of a settlement network. */
export const networkPath = (network: string): string => `/networks/${segment(network)}/rpc`;
