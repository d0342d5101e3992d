// @ts-check
/** Counts what passed and failed, and prints the line that machines read: `N passed, N failed`. */
export class Tally {
  #passed = 0;
  #failed = 0;

  add(/** @type {{ passed: number, failed: number }} */ { passed, failed }) {
    this.#passed += passed;
    this.#failed += failed;
  }

  /**
   * One named check: it fails when `action` throws.
   * @param {string} name
   * @param {() => unknown} action may return a promise
   * @returns whether it passed
   */
  async check(name, action) {
    try {
      await action();
      this.#passed += 1;
      console.log(`  ok      ${name}`);
      return true;
    } catch (error) {
      this.#failed += 1;
      console.log(`  FAILED  ${name}\n${error instanceof Error ? error.message : error}`);
      return false;
    }
  }

  /** Prints the closing line and sets the exit code. */
  close() {
    console.log(`\n${this.#passed} passed, ${this.#failed} failed`);
    if (this.#failed > 0) process.exitCode = 1;
  }
}
