import { useState } from "react";
import { formatUnits, parseUnits } from "../chain/format.ts";
import type { ControlProps } from "../ui/Field.tsx";
import { isWei } from "./check.ts";
import type { JsonSchema } from "./schema.ts";

const WEI_DECIMALS = 18;

export interface ControlOptions {
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly control: ControlProps;
  readonly disabled?: boolean;
}

/** The input that fits a field's schema. */
export function Control({ schema, value, onChange, control, disabled = false }: ControlOptions) {
  if (schema.type === "boolean") {
    return (
      <select
        {...control}
        className="select"
        disabled={disabled}
        value={String(value ?? schema.default ?? false)}
        onChange={(event) => onChange(event.target.value === "true")}
      >
        <option value="true">Yes</option>
        <option value="false">No</option>
      </select>
    );
  }
  if (schema.enum !== undefined) {
    return (
      <select
        {...control}
        className="select"
        disabled={disabled}
        value={String(value ?? schema.default ?? "")}
        onChange={(event) => onChange(event.target.value)}
      >
        {schema.enum.map((option) => (
          <option key={String(option)} value={String(option)}>
            {String(option)}
          </option>
        ))}
      </select>
    );
  }
  if (isWei(schema)) return <EtherInput {...{ schema, value, onChange, control, disabled }} />;
  if (schema.type === "integer" || schema.type === "number") {
    return (
      <Affixed unit={schema["x-altlayer"]?.unit}>
        <input
          {...control}
          className="input"
          inputMode="numeric"
          autoComplete="off"
          disabled={disabled}
          value={value === undefined ? "" : String(value)}
          placeholder={schema.default === undefined ? undefined : String(schema.default)}
          // What is no number stays as it was typed, and is complained of: nothing vanishes under the user's hands.
          onChange={({ target: { value: text } }) =>
            onChange(text === "" ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : text)
          }
        />
      </Affixed>
    );
  }
  if (schema.type === "array" && schema.items?.type === "string") {
    const lines = Array.isArray(value) ? value : Array.isArray(schema.default) ? schema.default : [];
    return (
      <textarea
        {...control}
        className="textarea mono"
        rows={3}
        disabled={disabled}
        value={lines.join("\n")}
        onChange={(event) => onChange(event.target.value === "" ? [] : event.target.value.split("\n"))}
      />
    );
  }
  if (schema.type === "object") return <JsonInput {...{ schema, value, onChange, control, disabled }} />;
  const long = (schema.maxLength ?? 0) > 1_000;
  const Tag = long ? "textarea" : "input";
  return (
    <Tag
      {...control}
      className={`${long ? "textarea" : "input"}${schema.pattern?.includes("0x") ? " mono" : ""}`}
      autoComplete="off"
      spellCheck={false}
      disabled={disabled}
      value={typeof value === "string" ? value : ""}
      placeholder={typeof schema.default === "string" ? schema.default : undefined}
      onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
    />
  );
}

function Affixed({ unit, children }: { readonly unit: string | undefined; readonly children: React.ReactNode }) {
  return unit === undefined ? (
    children
  ) : (
    <div className="affixed">
      {children}
      <span className="unit" aria-hidden="true">
        {unit}
      </span>
    </div>
  );
}

/** An amount that the spec holds as wei and a person thinks of as ether. */
function EtherInput({ schema, value, onChange, control, disabled }: ControlOptions) {
  const shown = (wei: unknown) =>
    typeof wei === "string" && /^\d+$/.test(wei)
      ? formatUnits(BigInt(wei), WEI_DECIMALS, WEI_DECIMALS).replaceAll(",", "")
      : "";
  const [text, setText] = useState(shown(value));
  return (
    <Affixed unit="ETH">
      <input
        {...control}
        className="input"
        inputMode="decimal"
        autoComplete="off"
        disabled={disabled}
        value={text}
        placeholder={shown(schema.default)}
        onChange={(event) => {
          setText(event.target.value);
          const wei = parseUnits(event.target.value, WEI_DECIMALS);
          onChange(event.target.value.trim() === "" ? undefined : (wei?.toString() ?? event.target.value));
        }}
      />
    </Affixed>
  );
}

/** A map, written as JSON: rare and for experts, such as a contract's storage. */
function JsonInput({ value, onChange, control, disabled }: ControlOptions) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  return (
    <textarea
      {...control}
      className="textarea mono"
      rows={3}
      disabled={disabled}
      value={text}
      placeholder="{}"
      onChange={(event) => {
        setText(event.target.value);
        try {
          onChange(event.target.value.trim() === "" ? undefined : JSON.parse(event.target.value));
        } catch {
          // Not JSON yet: the control plane's check will say so if it stays like this.
          onChange(event.target.value);
        }
      }}
    />
  );
}
