// Before any test runs: threads and child processes of the tests run what was compiled last.
export { bundle as setup } from './bundle.mjs';
