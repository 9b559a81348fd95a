import { readFile } from 'node:fs/promises';
import { type UpdatesAnswer, updatesAnswer } from '../contract/ops.js';
import { type Route, route } from '../http/route.types.js';

/** `## version`, `### section`, `- line` of the changelog; everything else is left out. */
export function readChangelog(text: string): UpdatesAnswer['versions'] {
  const versions: { name: string; sections: { title: string; lines: string[] }[] }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const name = /^## (.+)$/.exec(line)?.[1];
    const title = /^### (.+)$/.exec(line)?.[1];
    const said = /^[-*] (.+)$/.exec(line)?.[1];
    const version = versions.at(-1);
    const section = version?.sections.at(-1);
    if (name !== undefined) versions.push({ name: name.trim(), sections: [] });
    else if (title !== undefined) version?.sections.push({ title: title.trim(), lines: [] });
    else if (said !== undefined) section?.lines.push(said.trim());
    else if (/^ {2,}\S/.test(line) && section !== undefined && section.lines.length > 0) {
      section.lines.push(`${section.lines.pop() ?? ''} ${line.trim()}`);
    }
  }
  return versions;
}

export function updateRoutes(changelogFile: string, version: string): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/updates',
      summary: 'The running version, and what changed with each',
      tag: 'site',
      access: 'viewer',
      response: updatesAnswer,
      handler: async () => ({
        version,
        versions: readChangelog(await readFile(changelogFile, 'utf8')),
      }),
    }),
  ];
}
