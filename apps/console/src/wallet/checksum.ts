export { getAddress as checksummed } from "viem/utils";
