import { timingSafeEqual } from "node:crypto";
import { hashOf, newSecret } from "../ids.ts";
import type { PeopleStore } from "../store/people.ts";

export interface SignInLink {
  readonly url: string;
  readonly expiresAt: number;
}

const LINK_MS = 10 * 60_000;

/** Signs in the person at this machine, by links that each work once. */
export class LocalSignIn {
  /**
   * Whoever has this gets links. It is new at each start and kept nowhere here: the program around us writes it where
   * only its own user reads. No API token does the same, since a token is of one team and a session of all.
   */
  readonly secret: string = newSecret();
  readonly #options: { readonly nowMs: () => number; readonly origin: () => string };
  readonly #people: PeopleStore;

  constructor(
    options: { readonly nowMs: () => number; readonly origin: () => string },
    dependencies: { readonly people: PeopleStore },
  ) {
    this.#options = options;
    this.#people = dependencies.people;
  }

  /** Without regard to how much of it is right. */
  knows(secret: string): boolean {
    return timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(hashOf(this.secret)));
  }

  /** A link for the local user; its token is in the fragment, which browsers do not send. */
  async link(): Promise<SignInLink> {
    const { nowMs, origin } = this.#options;
    const user = await this.#people.localUser();
    const token = await this.#people.createLink(user.id, LINK_MS);
    return { url: `${origin()}/#sign-in=${token}`, expiresAt: nowMs() + LINK_MS };
  }
}
