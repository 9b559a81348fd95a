// Prints one closing line that says how many tests ran: "tests: N passed, N failed".
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      if (module.children.size === 0 || module.errors().length > 0) counts.failed += 1;
    }
    const failed = counts.failed + unhandledErrors.length;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    process.stdout.write(`\ntests: ${counts.passed} passed, ${failed} failed${skipped}\n`);
  }
}
