/**
 * What a stage has when it is asked for its next value. `eof`: nothing more until the L1 advances; `more`: nothing this
 * time, ask again (a bounded piece of work was done); a need: ask again once it is met.
 */
export type Pull<Value> = Value | "eof" | "more" | NeedL2Block;

export interface NeedL2Block {
  readonly kind: "needL2Block";
  readonly number: number;
}
