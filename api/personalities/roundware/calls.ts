import type { Call } from './http/ask.js';
import { projectCalls } from './resources/projects.js';
import { sessionCalls } from './resources/sessions.js';
import { userCalls } from './resources/users.js';
import type { Services } from './services.js';

/** Every call of the API. */
export function allCalls(services: Services): readonly Call[] {
  return [...userCalls(services), ...sessionCalls(services), ...projectCalls(services)];
}
