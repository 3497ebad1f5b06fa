/** A failure that the user can act on: one sentence of what is wrong and what to do, no stack. */
export class TaskFailure extends Error {
  /** @param {string} code @param {string} message @param {{ log?: string, exitCode?: number }} [details] */
  constructor(code, message, details = {}) {
    super(message);
    this.name = "TaskFailure";
    this.code = code;
    this.log = details.log;
    this.exitCode = details.exitCode ?? 1;
  }
}
