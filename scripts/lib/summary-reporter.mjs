// Prints one closing line that says how many tests ran: "tests: N passed, N failed". Before it those that passed at their second attempt
// only: a busy machine may be slow once, but a name that comes back is a defect.
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const again = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        counts[test.result().state] += 1;
        if (test.diagnostic()?.flaky === true)
          again.push(`${module.relativeModuleId}: ${test.fullName}`);
      }
      if (module.children.size === 0 || module.errors().length > 0) counts.failed += 1;
    }
    const failed = counts.failed + unhandledErrors.length;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    for (const name of again) process.stdout.write(`\nat the second attempt: ${name}`);
    process.stdout.write(`\ntests: ${counts.passed} passed, ${failed} failed${skipped}\n`);
  }
}
