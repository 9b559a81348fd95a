import type { ApiDocument, ApiOperation, JsonSchema } from './openapi.types.js';

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--dim:#777;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h1{margin-bottom:0}h2{margin-top:2rem;text-transform:capitalize;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:.3rem .7rem}
summary{cursor:pointer}summary code{font-weight:600}summary span{color:var(--dim)}
pre{background:var(--soft);padding:.6rem;border-radius:.4rem;overflow:auto;font-size:.85rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
b.m{display:inline-block;min-width:4.2rem}nav a{margin-right:.8rem;text-transform:capitalize}
`;

/** The document as one page: no script, nothing from elsewhere; sections fold with the browser's own `details`. */
export function docsPage(document: ApiDocument): string {
  const { title, version, description } = document.info;
  const tags = document.tags.map((tag) => tag.name);
  const sections = tags.map((tag) => {
    const parts: string[] = [];
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (operation.tags.includes(tag))
          parts.push(operationPart(document, method, path, operation));
      }
    }
    return `<section id="${text(tag)}"><h2>${text(tag)}</h2>${parts.join('')}</section>`;
  });
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details id="schema-${text(name)}"><summary><code>${text(name)}</code></summary>${pre(schema)}</details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${text(title)} API</title>
<style>${STYLE}</style></head><body>
<h1>${text(title)} API</h1><p>Version ${text(version)} · <a href="/v1/openapi.json">openapi.json</a></p>
<pre>${text(description)}</pre>
<nav aria-label="Sections">${tags.map((tag) => `<a href="#${text(tag)}">${text(tag)}</a>`).join('')}</nav>
<main>${sections.join('')}<section><h2>Schemas</h2>${schemas.join('')}</section></main>
</body></html>`;
}

function operationPart(
  document: ApiDocument,
  method: string,
  path: string,
  operation: ApiOperation,
): string {
  const body = Object.entries(operation.requestBody?.content ?? {})[0];
  const rows = operation.parameters.map(
    (parameter) =>
      `<tr><td><code>${text(parameter.name)}</code></td><td>${parameter.in}${parameter.required ? ', required' : ''}</td><td><code>${text(JSON.stringify(parameter.schema))}</code></td></tr>`,
  );
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const content = Object.entries(answer.content ?? {})[0];
    const shown =
      status.startsWith('2') && content !== undefined
        ? `${content[1].example === undefined ? '' : pre(content[1].example)}${folded(content[1].schema)}`
        : '';
    return `<tr><td>${text(status)}</td><td>${text(answer.description)}${shown}</td></tr>`;
  });
  return [
    `<details id="${text(operation.operationId)}"><summary><b class="m">${method.toUpperCase()}</b> `,
    `<code>${text(path)}</code> <span>${text(operation.summary)}</span></summary>`,
    operation.description === undefined ? '' : `<p>${text(operation.description)}</p>`,
    rows.length === 0 ? '' : `<h3>Parameters</h3><table>${rows.join('')}</table>`,
    body === undefined ? '' : `<h3>Body: ${text(body[0])}</h3>${pre(body[1].schema)}`,
    `<h3>Try it</h3><pre>${text(curl(document, method, path, operation))}</pre>`,
    `<h3>Answers</h3><table>${answers.join('')}</table></details>`,
  ].join('');
}

function curl(
  document: ApiDocument,
  method: string,
  path: string,
  operation: ApiOperation,
): string {
  const shown = new Map(operation.parameters.map((p) => [`${p.in} ${p.name}`, p.example]));
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    String(shown.get(`path ${name}`) ?? name.toUpperCase()),
  );
  const query = operation.parameters
    .filter((p) => p.in === 'query' && (p.required || p.example !== undefined))
    .map((p) => `${p.name}=${encodeURIComponent(String(p.example ?? example(document, p.schema)))}`)
    .join('&');
  const body = operation.requestBody?.content['application/json'];
  return [
    `curl -X ${method.toUpperCase()} 'http://localhost:8080${place}${query === '' ? '' : `?${query}`}'`,
    ...(operation.security.length === 0 ? [] : [`-H 'Authorization: Bearer TOKEN'`]),
    ...(body === undefined
      ? []
      : [
          `-H 'Content-Type: application/json'`,
          `-d '${quoted(JSON.stringify(body.example ?? example(document, body.schema)))}'`,
        ]),
  ].join(' \\\n  ');
}

/** A value that has the schema's shape: required parts only. */
function example(document: ApiDocument, schema: JsonSchema, depth = 0): unknown {
  if (depth > 6) return null;
  if (schema.$ref !== undefined) {
    const target = document.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
    return target === undefined ? null : example(document, target, depth + 1);
  }
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  const [first] = schema.enum ?? [];
  if (first !== undefined) return first;
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return example(document, choice, depth + 1);
  switch (typeof schema.type === 'object' ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [
          name,
          example(document, schema.properties?.[name] ?? {}, depth + 1),
        ]),
      );
    case 'array':
      return typeof schema.items !== 'object' ? [] : [example(document, schema.items, depth + 1)];
    case 'number':
    case 'integer':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    case 'string':
      return 'text';
    default:
      return null;
  }
}

function pre(value: unknown): string {
  return `<pre>${text(JSON.stringify(value, null, 2))}</pre>`;
}

function folded(schema: JsonSchema): string {
  return `<details><summary>Schema</summary>${pre(schema)}</details>`;
}

/** Within a shell's single quotes. */
const quoted = (raw: string): string => raw.replaceAll("'", "'\\''");

function text(raw: string): string {
  return raw.replace(/[&<>"']/g, (c) => `&#${String(c.charCodeAt(0))};`);
}
