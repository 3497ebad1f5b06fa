import type { Argument, Decoded } from "../../chain/decode.ts";
import { plainText } from "../../chain/format.ts";
import { Hash } from "../../ui/Hash.tsx";

const TEXT_MAX = 400;
const ITEMS_MAX = 32;

/** A decoded call or event: its name and arguments. Whatever a contract wrote is shown as plain text. */
export function DecodedArguments({ decoded }: { readonly decoded: Decoded }) {
  if (decoded.arguments.length === 0) return null;
  return (
    <dl className="arguments">
      {decoded.arguments.map((argument, index) => (
        <div key={`${argument.name}-${index + 1}`} className="contents">
          <dt>
            {argument.name || index} <span className="faint">{argument.type}</span>
          </dt>
          <dd>
            <ArgumentValue argument={argument} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function ArgumentValue({ argument }: { readonly argument: Argument }) {
  const { type, value } = argument;
  if (type === "address" && typeof value === "string")
    return <Hash value={value.toLowerCase()} what="address" to="address" full />;
  if (Array.isArray(value)) {
    return (
      <span className="mono">
        [{value.slice(0, ITEMS_MAX).map(plain).join(", ")}
        {value.length > ITEMS_MAX ? `, ${value.length - ITEMS_MAX} more` : ""}]
      </span>
    );
  }
  return <span className="mono">{plain(value)}</span>;
}

function plain(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    return plainText(
      JSON.stringify(value, (_, held) => (typeof held === "bigint" ? held.toString() : held)),
      TEXT_MAX,
    );
  }
  return plainText(String(value), TEXT_MAX);
}

export const callName = (decoded: Decoded | undefined, input: string): string =>
  decoded?.name ?? (input.length >= 10 ? input.slice(0, 10) : "transfer of ether");
