import type { VerifiedContract } from "../../../api/contracts.ts";
import type { Hex } from "../../../api/types.ts";
import { formatDate, formatInteger } from "../../../chain/format.ts";

const MEANING = {
  full: "Compiled here, these files make exactly the code on the chain, comments included.",
  partial:
    "Compiled here, these files make the code on the chain but for the hash of the metadata: comments and names may have been others.",
};

/** The files that make a contract's code. */
export function VerifiedSource({ verified }: { readonly verified: VerifiedContract }) {
  const files = Object.entries(verified.sources).sort(([a], [b]) =>
    a === verified.file ? -1 : b === verified.file ? 1 : a.localeCompare(b),
  );
  return (
    <>
      <p className="quiet">{MEANING[verified.match]}</p>
      <dl className="facts">
        <div>
          <dt>Contract</dt>
          <dd className="mono">{verified.name}</dd>
        </div>
        <div>
          <dt>Compiler</dt>
          <dd>solc {verified.compiler}</dd>
        </div>
        <div>
          <dt>Verified</dt>
          <dd>{formatDate(Date.parse(verified.verifiedAt))}</dd>
        </div>
        {Object.entries(verified.immutables).map(([id, value]) => (
          <div key={id}>
            <dt>Immutable {id}</dt>
            <dd className="mono breakable">{value}</dd>
          </div>
        ))}
      </dl>
      {files.map(([path, content], index) => (
        <details key={path} open={index === 0}>
          <summary className="mono breakable">{path}</summary>
          <Code text={content} />
        </details>
      ))}
      <details>
        <summary className="quiet">Compiler settings</summary>
        <Code text={JSON.stringify(verified.settings, null, 2)} />
      </details>
    </>
  );
}

export const Bytecode = ({ code }: { readonly code: Hex }) => (
  <details>
    <summary className="quiet">Bytecode, {formatInteger(code.length / 2 - 1)} bytes</summary>
    <Code text={code} />
  </details>
);

function Code({ text }: { readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <pre className="code" tabIndex={0}>
      {text}
    </pre>
  );
}
