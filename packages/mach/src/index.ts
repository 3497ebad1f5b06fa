export {
  type OperatorContext,
  type OperatorEffect,
  type OperatorInput,
  type OperatorState,
  type OperatorStep,
  startOperator,
  stepOperator,
} from "./core/operator.ts";
export { type Obstacle, SIGNING_RULES, type SigningRule } from "./core/signing-rule.ts";
export type * from "./core/types.ts";
export { OPERATOR_LIMITS } from "./core/types.ts";
