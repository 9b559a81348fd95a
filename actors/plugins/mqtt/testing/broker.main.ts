/** A broker as a process of its own: `node broker.main.js PORT [PASSWORD]`. Prints its port when it is ready. */
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const [port = '0', password] = process.argv.slice(2);
const broker = await Aedes.createBroker({
  authenticate: (_client, _user, secret, done) => {
    done(null, password === undefined || secret?.toString() === password);
  },
});
const server = createServer((socket) => {
  broker.handle(socket);
});
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? (address?.port ?? 0) : 0}\n`);
});
