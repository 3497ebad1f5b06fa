import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Ajv } from "ajv";

interface OpenRpc {
  readonly methods: readonly { readonly name: string; readonly result: { readonly schema: object } }[];
  readonly components: { readonly schemas: Record<string, Schema> };
}

interface Schema {
  properties?: Record<string, unknown>;
  required?: string[];
  oneOf?: unknown[];
}

const VECTOR = new URL("../../../../../test/vectors/execution-apis/openrpc.json.gz", import.meta.url);
const QUANTITY = { type: "string", pattern: "^0x(0|[1-9a-f][0-9a-f]*)$" };

/** Fields by which an OP Stack receipt goes beyond Ethereum's (op-geth's `core/types/receipt.go`). */
const OP_RECEIPT_FIELDS = [
  "l1GasPrice",
  "l1GasUsed",
  "l1Fee",
  "l1BaseFeeScalar",
  "l1BlobBaseFee",
  "l1BlobBaseFeeScalar",
  "depositNonce",
  "depositReceiptVersion",
];

/** Checks answers against the schemas of ethereum/execution-apis, extended by what the OP Stack adds. */
export class ExecutionApis {
  readonly methods: readonly string[];
  readonly #ajv = new Ajv({ strict: false, allErrors: false });

  constructor() {
    const document = JSON.parse(gunzipSync(readFileSync(VECTOR)).toString("utf8")) as OpenRpc;
    this.methods = document.methods.map((method) => method.name);
    const { schemas } = document.components;
    const receipt = schemas.ReceiptInfo;
    // A filled transaction that names both prices is one that eth_estimateGas refuses: like go-ethereum, we leave out
    // the old one, which the schema still asks for.
    const filled = schemas.Transaction1559Unsigned!;
    schemas.FilledTransaction!.oneOf!.push({
      ...filled,
      required: filled.required!.filter((field) => field !== "gasPrice"),
      not: { required: ["gasPrice"] },
    });
    for (const field of OP_RECEIPT_FIELDS) receipt!.properties![field] = QUANTITY;
    // A deposit (type 0x7e) is a transaction without signature (specs/protocol/deposits.md).
    schemas.TransactionSigned!.oneOf!.push({
      type: "object",
      required: ["type", "sourceHash", "from", "mint", "value", "gas", "input"],
      properties: { type: { const: "0x7e" } },
    });
    this.#ajv.addSchema({ ...document, $id: "execution-apis" });
  }

  /** What is wrong with an answer; `undefined` if nothing is. */
  problem(method: string, result: unknown): string | undefined {
    const index = this.methods.indexOf(method);
    const validate = this.#ajv.compile({ $ref: `execution-apis#/methods/${index}/result/schema` });
    if (validate(result)) return undefined;
    return `${method}: ${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(result)?.slice(0, 1_000)}`;
  }
}
