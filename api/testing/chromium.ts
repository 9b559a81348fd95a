import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { EngineError } from '../../engine/errors.js';

/** Debian's Chromium without windows and their own pages, which costs a quarter of the other; or the one that is named. */
const PROGRAM = process.env['EARSHOT_CHROMIUM'] ?? '/usr/bin/chromium-headless-shell';

export interface ChromiumOptions {
  /** True: pages may sound before anybody pressed anything. Default false. */
  readonly autoplay?: boolean;
  /** Further arguments of the program. */
  readonly more?: readonly string[];
}

/** A browser of its own; `close` it. @throws EngineError `internal` when there is none here. */
export function openChromium(options: ChromiumOptions = {}): Promise<Browser> {
  if (!existsSync(PROGRAM)) {
    throw new EngineError(
      'internal',
      `${PROGRAM} is missing: apt-get install chromium-headless-shell, or name another by EARSHOT_CHROMIUM`,
    );
  }
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      // Maps are drawn with WebGL.
      '--enable-unsafe-swiftshader',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--autoplay-policy=${options.autoplay === true ? 'no-user-gesture-required' : 'user-gesture-required'}`,
      ...(options.more ?? []),
    ],
  });
}
