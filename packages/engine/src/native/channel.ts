import { EngineError, EngineQueryError } from "../errors.ts";
import { type Addon, addon, type Deliver, type NativeEngine } from "./addon.ts";
import { MESSAGE } from "./messages.ts";

interface Waiter {
  readonly resolve: (text: string) => void;
  readonly reject: (error: EngineError | EngineQueryError) => void;
}

/** Promises over the binding's ids. Events go to one handler. */
export class Channel {
  readonly #waiters = new Map<number, Waiter>();
  readonly #onEvent: (json: string, attachment: string | null) => void;
  /** Belongs to the event behind it. */
  #attachment: string | null = null;
  readonly #native: NativeEngine;
  /** The description that opening answers with. */
  readonly opened: Promise<string>;
  #nextId = 1;

  constructor(
    options: {
      readonly json: string;
      readonly genesis: string;
      /** `attachment`: what goes with the event as it is, unparsed. */
      readonly onEvent: (json: string, attachment: string | null) => void;
    },
    native: Addon = addon(),
  ) {
    this.#onEvent = options.onEvent;
    this.opened = this.#wait(0);
    this.#native = new native.NativeEngine(options.json, options.genesis, this.#deliver);
  }

  request(operation: string, fields: object): Promise<string> {
    const id = this.#takeId();
    const answer = this.#wait(id);
    this.#native.request(id, operation, JSON.stringify(fields));
    return answer;
  }

  query(method: string, params: string): Promise<string> {
    const id = this.#takeId();
    const answer = this.#wait(id);
    this.#native.query(id, method, params);
    return answer;
  }

  submit(flat: Uint8Array): Promise<string> {
    const id = this.#takeId();
    const answer = this.#wait(id);
    this.#native.submit(id, flat);
    return answer;
  }

  /** Answered with a receipt. `cancel` forgets it; the promise stays open. */
  submitSync(raw: Uint8Array): { readonly answer: Promise<string>; readonly cancel: () => void } {
    const id = this.#takeId();
    const answer = this.#wait(id);
    this.#native.submitSync(id, raw);
    const cancel = () => {
      if (!this.#waiters.delete(id)) return;
      // Nobody minds if the engine is closed by now.
      this.request("stopWaiting", { id }).catch(() => undefined);
    };
    return { answer, cancel };
  }

  async close(): Promise<void> {
    const id = this.#takeId();
    const answer = this.#wait(id);
    this.#native.close(id);
    try {
      await answer;
    } finally {
      // Nothing is delivered after this answer.
      const error = new EngineError({ code: "ENGINE_CLOSED", message: "the engine is closed" });
      for (const waiter of this.#waiters.values()) waiter.reject(error);
      this.#waiters.clear();
    }
  }

  #takeId(): number {
    const id = this.#nextId;
    // Ids are u32; 0 is the opening's.
    this.#nextId = id >= 0xffff_ffff ? 1 : id + 1;
    return id;
  }

  #wait(id: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiters.set(id, { resolve, reject });
    return promise;
  }

  readonly #deliver: Deliver = (ids, kinds, texts) => {
    for (const [index, id] of ids.entries()) {
      const kind = kinds[index];
      const text = texts[index] ?? "null";
      if (kind === MESSAGE.attachment) {
        this.#attachment = text;
        continue;
      }
      if (kind === MESSAGE.event) {
        const attachment = this.#attachment;
        this.#attachment = null;
        this.#onEvent(text, attachment);
        continue;
      }
      const waiter = this.#waiters.get(id);
      this.#waiters.delete(id);
      if (kind === MESSAGE.answer) waiter?.resolve(text);
      else if (kind === MESSAGE.rpcError) waiter?.reject(new EngineQueryError(JSON.parse(text)));
      else waiter?.reject(new EngineError(JSON.parse(text)));
    }
  };
}
