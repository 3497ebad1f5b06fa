import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { RaasError } from "../errors.ts";

/** Which addresses may be called for customers. */
export interface AddressPolicy {
  readonly allows: (address: string) => boolean;
  /** http:// too. */
  readonly plainHttp: boolean;
}

/** Turns a host name into addresses. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

const resolveBySystem: Resolve = (host) =>
  new Promise((resolve, reject) => {
    systemLookup(host, { all: true, verbatim: true }, (error, found) => (error ? reject(error) : resolve(found)));
  });

/** Whether an address is on the open Internet: not this machine, not its network, nothing reserved. */
export function isPublicAddress(address: string): boolean {
  // `process` turns an IPv4 address that is written as IPv6 back, so that it is judged as what it is.
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast";
}

export const PUBLIC_ONLY: AddressPolicy = { allows: isPublicAddress, plainHttp: false };
export const ANYWHERE: AddressPolicy = { allows: () => true, plainHttp: true };

/**
 * The lookup of a socket that must keep to a policy. What was checked is what is connected to: a name that resolves
 * differently a moment later (DNS rebinding) gains nothing.
 */
export function lookupWithin({ allows }: AddressPolicy, resolve: Resolve = resolveBySystem): LookupFunction {
  return (host, options: LookupOptions, done) => {
    resolve(host).then(
      (found) => {
        const [first] = found;
        // One forbidden address among them is enough: the socket may choose any.
        if (first === undefined || !found.every(({ address }) => allows(address))) done(refusedAddress(host), "", 0);
        else if (options.all) done(null, found as LookupAddress[]);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, "", 0),
    );
  };
}

/** What can be said of a URL without connecting; a host that is an address is never looked up. @throws RaasError `ADDRESS_REFUSED` */
export function checkUrl(url: string, { allows, plainHttp }: AddressPolicy): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const known = parsed?.protocol === "https:" || (plainHttp && parsed?.protocol === "http:");
  if (parsed === null || !known || parsed.username !== "" || parsed.password !== "") {
    const wanted = plainHttp ? "http:// or https://" : "https://";
    throw new RaasError("ADDRESS_REFUSED", `a URL that is called must begin with ${wanted} and hold no password`);
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !allows(host)) throw refusedAddress(host);
  return parsed;
}

const refusedAddress = (host: string): RaasError =>
  new RaasError("ADDRESS_REFUSED", `${host} is not on the public Internet: this platform does not call it`, {
    details: { host },
  });
