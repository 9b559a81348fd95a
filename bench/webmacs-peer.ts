import { createServer } from 'node:http';

// The peer of the webmacs bench: a plain Node server that reads the same batches and answers how many values they hold. It
// knows nobody and stores nothing. Prints `ready PORT`.

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const { datapoints } = JSON.parse(Buffer.concat(chunks).toString()) as {
      readonly datapoints: readonly unknown[];
    };
    response.writeHead(201, { 'content-type': 'application/json' });
    const message = `${datapoints.length} datapoints successfully created.`;
    response.end(JSON.stringify({ status: 'success', message }));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`ready ${typeof address === 'object' ? address?.port : 0}\n`);
});
