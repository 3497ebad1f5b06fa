/** Text for people. Chain data is hostile: what is not plain printable text is shown escaped, and cut. */
const TEXT_MAX = 64;
const WEI_DECIMALS = 18;

const integer = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
export const formatInteger = (value: number | bigint): string => integer.format(value);

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 });
export const formatCompact = (value: number): string => compact.format(value);

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
/** Three figures that count: 0.00123, 45.6, 12,300. */
export const formatSignificant = (value: number): string => significant.format(value);

/** `value` in units of 10^decimals, with thousands separators and at most `digits` significant decimals after the point. */
export function formatUnits(value: bigint, decimals: number, digits = 6): string {
  const negative = value < 0n;
  const magnitude = negative ? -value : value;
  const base = 10n ** BigInt(decimals);
  const whole = integer.format(magnitude / base);
  const fraction = (magnitude % base).toString().padStart(decimals, "0").slice(0, decimals);
  const leading = /^0*/.exec(fraction)?.[0].length ?? 0;
  // Small amounts keep their first digits, so that dust does not read as nothing.
  const kept = magnitude < base ? fraction.slice(0, Math.max(digits, leading + 3)) : fraction.slice(0, digits);
  const shown = kept.replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}${shown === "" ? "" : `.${shown}`}`;
}

export const formatEther = (wei: bigint, digits = 6): string => formatUnits(wei, WEI_DECIMALS, digits);
export const formatGwei = (wei: bigint): string => formatUnits(wei, 9, 4);

/** Parses an amount as typed ("1.5") into base units; undefined when it is none or finer than `decimals`. */
export function parseUnits(text: string, decimals: number): bigint | undefined {
  const match = /^(\d{1,60})(?:\.(\d*))?$/.exec(text.trim());
  const fraction = match?.[2] ?? "";
  if (match === null || fraction.length > decimals) return undefined;
  return BigInt(match[1] + fraction.padEnd(decimals, "0"));
}

/** 0x1234…cdef */
export const shortHash = (hash: string, head = 6, tail = 4): string =>
  hash.length <= 2 + head + tail ? hash : `${hash.slice(0, 2 + head)}…${hash.slice(-tail)}`;

/**
 * A name that a contract chose (token, symbol). Control, direction and invisible characters are replaced, so that it
 * can neither reorder the text around it nor pretend to be another; React keeps markup inert.
 */
export function plainText(text: string, max = TEXT_MAX): string {
  const cleaned = text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, "\u{fffd}").trim();
  return [...cleaned].length > max ? `${[...cleaned].slice(0, max).join("")}…` : cleaned;
}

/** "3 s", "5 min", "2 h", "4 d": how long `milliseconds` is, in one unit. */
export function formatDuration(milliseconds: number): string {
  const value = Math.abs(milliseconds);
  if (value < 1_000) return `${Math.round(value)} ms`;
  if (value < 9_950) return `${(value / 1_000).toFixed(1)} s`;
  if (value < 120_000) return `${Math.round(value / 1_000)} s`;
  if (value < 7_200_000) return `${Math.round(value / 60_000)} min`;
  if (value < 172_800_000) return `${Math.round(value / 3_600_000)} h`;
  return `${Math.round(value / 86_400_000)} d`;
}

export function formatAgo(sinceMs: number, nowMs: number): string {
  const ago = nowMs - sinceMs;
  // Clocks differ a little between machines: that is no future.
  if (Math.abs(ago) < 1_000) return "just now";
  return ago < 0 ? `in ${formatDuration(ago)}` : `${formatDuration(ago)} ago`;
}

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
export const formatDate = (milliseconds: number): string => dateTime.format(milliseconds);

export const formatBytes = (bytes: number): string => {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(1)} KiB`;
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
};

/** The link's target if it is an http(s) URL without credentials, else undefined: nothing else becomes a link. */
export function safeUrl(text: string | null | undefined): string | undefined {
  if (!text || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === ""
    ? url.href
    : undefined;
}
