/** `snapshot.child FILE TARGET`: one moment of a SQLite store as a new file, while others read and write it. */
import Database from 'libsql';

const [, , file = '', target = ''] = process.argv;
const database = new Database(file);
try {
  database.pragma('busy_timeout = 30000');
  database.prepare('vacuum into ?').run(target);
} finally {
  database.close();
}
