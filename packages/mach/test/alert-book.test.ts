import { ALERT_REASONS, type Alert, type Base } from "@altlayer/protocol";
import { expect, test } from "vitest";
import { type AlertEffect, type AlertInput, EMPTY_ALERT_BOOK, stepAlertBook } from "../src/index.ts";
import { blockMessage, type ExampleBlock, ExampleChain, named } from "./support/chain.ts";
import { TABLE } from "./support/operator.ts";
import { digests, keccak256 } from "./support/vectors.ts";

const BASE_0: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };
const chain = new ExampleChain(BASE_0, { digests, keccak256 });
const block = chain.add(["l1"]);
const alert: Alert = { epoch: 0, height: 1, blockHash: block.core.blockHash, reason: 3, transactionIndex: 0 };

class TestBook {
  state = EMPTY_ALERT_BOOK;

  constructor() {
    this.input({ type: "table", table: TABLE });
  }

  input(input: AlertInput): readonly AlertEffect[] {
    const { state, effects } = stepAlertBook(this.state, input);
    this.state = state;
    return effects;
  }

  alert(from: number, about: Partial<Alert> = {}): readonly string[] {
    return this.input({ type: "alert", from, alert: { ...alert, ...about } }).map(({ type }) => type);
  }

  share(from: number, about: ExampleBlock = block): void {
    this.input({ type: "share", from, message: blockMessage(about, BASE_0) });
  }
}

test("one alert is shown, more than a third of the weight holds the block back, once", () => {
  const book = new TestBook();
  expect(book.alert(0)).toEqual(["show"]);
  expect(book.alert(1)).toEqual(["holdBack"]);
  expect(book.alert(2)).toEqual([]);
});

test("a third exactly is not more than a third", () => {
  const book = new TestBook();
  const weights = new Map([0, 1, 2].map((index) => [index, [1n]]));
  book.input({ type: "table", table: { epoch: 0, weights, total: [3n] } });
  expect(book.alert(0)).toEqual(["show"]);
  expect(book.alert(1)).toEqual(["holdBack"]);
});

test("one alert an operator and height; strangers and unknown epochs do not count", () => {
  const book = new TestBook();
  expect(book.alert(9)).toEqual([]);
  expect(book.alert(0, { epoch: 5 })).toEqual([]);
  expect(book.alert(0)).toEqual(["show"]);
  expect(book.alert(0)).toEqual([]);
  expect(book.alert(0, { blockHash: named("another") })).toEqual([]);
  expect(book.alert(0, { height: 2, blockHash: named("next") })).toEqual(["show"]);
});

test("an alert about a slice takes not the place of one about its block", () => {
  const book = new TestBook();
  const slice = { reason: ALERT_REASONS.slice, blockHash: named("a slice's id") };
  expect(book.alert(0, slice)).toEqual(["show"]);
  expect(book.alert(0, { ...slice, blockHash: named("another slice's") })).toEqual([]);
  expect(book.alert(0)).toEqual(["show"]);
  expect(book.alert(1, slice)).toEqual(["holdBack"]);
});

test("who signed the block raises no alert about it, whichever came first", () => {
  const book = new TestBook();
  book.share(0);
  expect(book.alert(0)).toEqual([]);
  expect(book.alert(1)).toEqual(["show"]);
  book.share(1);
  expect(book.alert(2)).toEqual([]);
  expect(book.alert(3)).toEqual(["holdBack"]);
});

test("what is settled, or far ahead, is not held back any more", () => {
  const book = new TestBook();
  expect(book.alert(0)).toEqual(["show"]);
  book.input({ type: "settled", height: 1 });
  expect(book.alert(1)).toEqual([]);
  expect(book.state.suspects.size + book.state.alerted.size).toBe(0);
  expect(book.alert(1, { height: 40_000 })).toEqual([]);
});
