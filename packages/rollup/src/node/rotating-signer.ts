import type { Hex } from "@altlayer/engine";
import type { PrivateKeyAccount } from "viem/accounts";

/** What signs unsafe blocks and slices: the sequencer's key, which may be another one from one block to the next. */
export class RotatingSigner {
  #account: PrivateKeyAccount;

  constructor(account: PrivateKeyAccount) {
    this.#account = account;
  }

  get address(): Hex {
    return this.#account.address;
  }

  /** 65 bytes; the last is 27 or 28. */
  sign({ hash }: { readonly hash: Hex }): Promise<Hex> {
    return this.#account.sign({ hash });
  }

  rotate(account: PrivateKeyAccount): void {
    this.#account = account;
  }
}
