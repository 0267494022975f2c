import t from 'tap';
import { missingShells, shells } from '../run-script.js';

// Everywhere else only the shells that are there are tried; here it is said which are not.
t.ok(shells.length > 0);
for (const [shell, why] of missingShells) t.test(shell, { skip: why }, async () => {});
